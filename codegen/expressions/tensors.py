"""What grids and heuristics read of a tensor: its shape, strides, number of elements and rank."""

from __future__ import annotations

import ast

from codegen.expressions.c_value import CValue, literal, operand
from codegen.expressions.evaluation import arguments_of, may_be_none, translate
from codegen.expressions.reads import FACT_INTERVALS
from codegen.expressions.refusals import TENSOR_FACTS
from codegen.expressions.scope import Scope
from codegen.expressions.values import Constant, Sizes, Tensor, Value
from codegen.model.computed import FactKind, TensorFact
from codegen.model.errors import CodegenError


def attribute_of(tensor: Tensor, name: str, node: ast.expr, scope: Scope) -> Value:
    """`x.shape`, `x.ndim`, `x.dtype` and `x.itemsize`."""
    if name == "shape":
        return sizes_of(tensor, node, scope)
    if name == "ndim":
        return fact(_present(tensor, node, scope), "ndim")
    if name == "dtype":
        return Constant(_of_one_dtype(tensor, node, scope).dtype)
    if name == "itemsize":
        return literal(_of_one_dtype(tensor, node, scope).element_size)
    raise _unknown(node, scope)


def method_of(tensor: Tensor, name: str, node: ast.Call, scope: Scope) -> Value:
    """`x.size()`, `x.size(0)`, `x.stride()`, `x.stride(0)`, `x.numel()`, `x.dim()` and the like."""
    arguments = arguments_of(node)
    if name == "element_size" and not arguments:
        return literal(_of_one_dtype(tensor, node, scope).element_size)
    kind = _METHODS.get(name)
    if kind is None:
        raise _unknown(node, scope)
    _present(tensor, node, scope)
    takes_index = kind in ("shape", "stride")
    match arguments:
        case []:
            return Sizes(tensor, kind) if takes_index else fact(tensor, kind)
        case [("" | "dim", value)] if takes_index:
            index = translate(value, scope).constant
            if index is None:
                message = f"{scope.quote(node)}: an index must be a constant int in range"
                raise scope.error(node, message)
            return entry_of(Sizes(tensor, kind), index)
    use = f"{name}(i)" if takes_index else f"{name}()"
    raise scope.error(node, f"expected {use}, got {scope.quote(node)}")


def sizes_of(tensor: Tensor, node: ast.expr, scope: Scope) -> Sizes:
    return Sizes(_present(tensor, node, scope), "shape")


def entry_of(sizes: Sizes, index: int) -> CValue:
    return fact(sizes.tensor, sizes.kind, index)


def unpacked(sizes: Sizes, count: int) -> list[CValue]:
    """The entries, where there must be so many: Python's unpacking fails otherwise."""
    return [fact(sizes.tensor, sizes.kind, index, count) for index in range(count)]


def fact(tensor: Tensor, kind: FactKind, index: int = 0, rank: int = 0) -> CValue:
    found = TensorFact(tensor.name, kind, index, rank)
    interval = FACT_INTERVALS[kind]
    return operand(found.c_name, interval.low, interval.high, found)


def _present(tensor: Tensor, node: ast.expr, scope: Scope) -> Tensor:
    """The tensor, where it is known not to be None."""
    if not may_be_none(tensor, scope):
        return tensor
    raise scope.error(
        node,
        f"{scope.subject} reads {scope.quote(node)}, and `{tensor.name}` is None in some calls",
        f"guard it: `... if {tensor.name} is not None else 0`",
    )


def _of_one_dtype(tensor: Tensor, node: ast.expr, scope: Scope) -> Tensor:
    if tensor.element_size:
        return _present(tensor, node, scope)
    message = f"{scope.subject} reads {scope.quote(node)}, and calls choose the dtype of "
    hint = f"export the kernel once for each dtype; or {scope.remedy}"
    raise scope.error(node, f"{message}`{tensor.name}`", hint)


def _unknown(node: ast.expr, scope: Scope) -> CodegenError:
    message = f"{scope.subject} has {scope.quote(node)}, which is not known in C"
    hint = f"known of a tensor are {TENSOR_FACTS}; or {scope.remedy}"
    return scope.error(node, message, hint)


_METHODS: dict[str, FactKind] = {
    "size": "shape",
    "stride": "stride",
    "numel": "numel",
    "nelement": "numel",
    "dim": "ndim",
    "ndimension": "ndim",
}
