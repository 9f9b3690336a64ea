"""What an expression cannot be, said in one sentence each."""

from __future__ import annotations

import ast

from codegen.expressions.c_value import CValue
from codegen.expressions.derived import FOR_ALL
from codegen.expressions.scope import Scope, described
from codegen.expressions.values import (
    Constant,
    DeviceProperties,
    Items,
    Meta,
    Nullable,
    Quotient,
    Real,
    Sizes,
    Tensor,
    Unusable,
    Value,
)
from codegen.model.errors import CodegenError, closest, meant


def unsupported(node: ast.expr, scope: Scope) -> CodegenError:
    message = f"{scope.subject} has {scope.quote(node)}, which is not known in C"
    return scope.error(node, message, f"{KNOWN}; or {scope.remedy}")


def no_integer(value: Value, node: ast.expr, scope: Scope) -> CodegenError:
    kind = _NO_INTEGERS.get(type(node.value if isinstance(node, ast.Constant) else node))
    if kind:
        return scope.error(node, f"expected an integer, got {kind}: {scope.quote(node)}")
    message, hint = _sentence(value, node, scope)
    return scope.error(node, message, hint)


def _sentence(value: Value, node: ast.expr, scope: Scope) -> tuple[str, str | None]:
    text = scope.quote(node).strip("`")
    reads = f"{scope.subject} reads `{text}`, which is"
    match value:
        case Unusable(reason=reason) | Nullable(value=Unusable(reason=reason)):
            return f"{reads} {reason}", omitted_parameter(node, scope)
        case Real(dtype=dtype):
            return f"{reads} of type {dtype}", omitted_parameter(node, scope)
        case Constant(value=None) if text == "None":
            return "expected an integer, got None", None
        case Constant(value=constant):
            return f"{reads} {described(constant)}", omitted_parameter(node, scope)
        case Nullable():
            return f"{reads} None in some calls", f"guard it: `{text} if {text} is not None else 0`"
        case Tensor():
            hint = f"read a number of it ({TENSOR_FACTS}), or test `{text} is None`"
            return f"{reads} a tensor", hint
        case Sizes():
            hint = f"read one of its entries: {text}[0]"
            return f"expected an integer, got a tuple: `{text}`", hint
        case Quotient():
            hint = "write `{} // {}`, or `cdiv({}, {})` to round up".format(
                *_sides(node, scope), *_sides(node, scope)
            )
            return f"`{text}` is a float, where an integer is expected", hint
        case DeviceProperties():
            return f"{reads} the properties of a device", "read their multi_processor_count"
        case Meta(entries=entries):
            example = f'{text}["{next(iter(entries), "BLOCK")}"]'
            message = f"{scope.subject} reads all of `{text}`, where an integer is expected"
            hint = f"read one of its entries: {example}"
            if text.lower() not in FOR_ALL and closest(text, entries):
                message = f"{reads} no parameter of the kernel"
                hint = meant(text, entries, hint)
            return message, hint
    return f"expected an integer, got {kind_of(value)}: `{text}`", None


def free_name(node: ast.Name, scope: Scope) -> CodegenError:
    """Of a text, in which no names stand but the kernel's."""
    message = f"{scope.subject} reads {scope.quote(node)}, which is no parameter of the kernel"
    ints = [name for name, value in scope.kernel.items() if isinstance(value, CValue)]
    own = f"the kernel's ints are {', '.join(ints)}" if ints else "the kernel has no ints to read"
    hint = f"{own}; of a variable of the file write the value instead of its name in quotes"
    return scope.error(node, message, meant(node.id, ints, hint))


def omitted_parameter(node: ast.expr, scope: Scope) -> str | None:
    """How to read a parameter of the kernel that was meant to be this name."""
    if not isinstance(node, ast.Name) or node.id not in scope.kernel:
        return None
    for name, value in scope.names.items():
        if isinstance(value, Meta):
            return f'to read the kernel\'s parameter write {name}["{node.id}"]'
    if node.id in scope.names:
        return None
    return f"to read the kernel's parameter add `{node.id}` to the function's parameters"


def kind_of(value: Value) -> str:
    match value:
        case CValue():
            return "an integer"
        case Items(values=values):
            return f"a tuple of {len(values)}"
        case Constant(value=constant):
            return described(constant)
        case Unusable(reason=reason):
            return reason
    return _KINDS[type(value)]


def _sides(node: ast.expr, scope: Scope) -> tuple[str, str]:
    if isinstance(node, ast.BinOp):
        return scope.source.quote(node.left), scope.source.quote(node.right)
    return "x", "y"


_KINDS: dict[type[Value], str] = {
    Tensor: "a tensor",
    Sizes: "a tuple",
    Nullable: "what may be None",
    Quotient: "a float",
    Real: "a float",
    DeviceProperties: "the properties of a device",
    Meta: "all parameters",
}

_NO_INTEGERS: dict[type, str] = {
    float: "a float",
    complex: "a complex number",
    str: "a string",
    bytes: "a string",
    ast.Tuple: "a tuple",
    ast.List: "a list",
}
"""Literals, by the type of what they say."""

TENSOR_FACTS = "shape, size(), stride(), numel(), dim()"
PLAIN = "pass the arguments one by one, by position"
KNOWN = (
    "known are + - * // % ** << >> & | ^ ~, comparisons, is None, in, and, or, not, if-else, "
    "assignments, if, while, for, return, cdiv, next_power_of_2, min, max, abs, int, bool, sum, "
    f"all, any, math.prod, range, bit_length(), sm_count, the {TENSOR_FACTS} of a tensor, and "
    "functions made of these"
)
