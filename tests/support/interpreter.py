"""Runs Triton kernels on numpy data, without a GPU, through Triton's interpreter.

Triton decides when `@triton.jit` runs whether a kernel will be compiled or interpreted. So a kernel
file is loaded a second time here, with the interpreter on and under a name of its own, and the
copy that other code imports stays compilable in the same process.

On three points this is closer to a GPU than the interpreter as it comes: bf16 is computed with
(not with its bits as integers) and rounded to nearest even, a load that is masked off without a
default gives NaN, and an access outside the tensors of the launch is an error (ints wrap around
as they do on a GPU, so an offset that overflows is one).
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import inspect
import itertools
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import triton.language as tl
from triton import knobs
from triton._utils import _tuple_create
from triton.runtime import interpreter
from triton.runtime.interpreter import (
    InterpretedFunction,
    InterpreterBuilder,
    InterpreterOptions,
    TensorHandle,
)
from triton.runtime.jit import JITFunction

from codegen.model.declaration import DECLARATIONS, EXPLICIT, Declaration
from codegen.model.descriptors import DescriptorType, parse_parameter_type
from codegen.model.identifiers import GRID_NAMES
from codegen.read.offline.triton_driver import offline
from tests.support.bfloat16 import BF16_NAN, from_bf16, to_bf16

_TYPE_OF_DTYPE = {
    "bool": "i1",
    "int8": "i8",
    "int16": "i16",
    "int32": "i32",
    "int64": "i64",
    "uint8": "u8",
    "uint16": "bf16",
    "float16": "fp16",
    "float32": "fp32",
    "float64": "fp64",
}


class HostTensor:
    """A numpy array as the tensor argument of a launch; uint16 holds bf16."""

    def __init__(self, array: np.ndarray) -> None:
        if not array.flags.c_contiguous:
            raise ValueError("a HostTensor needs a contiguous array")
        self.array = array
        self.type = "*" + _TYPE_OF_DTYPE[array.dtype.name]

    @classmethod
    def of(cls, values: np.ndarray, dtype: type = np.float32) -> HostTensor:
        """A tensor of these values; `np.uint16` rounds them to bf16."""
        is_bf16 = dtype is np.uint16
        return cls(to_bf16(values) if is_bf16 else np.array(values, dtype, order="C"))

    @classmethod
    def unwritten(cls, *shape: int, dtype: type = np.float32) -> HostTensor:
        """An output, NaN all over: what a kernel leaves out cannot pass for a result."""
        return cls(np.full(shape, BF16_NAN if dtype is np.uint16 else np.nan, dtype))

    @property
    def address(self) -> int:
        return self.array.ctypes.data

    def values(self) -> np.ndarray:
        """The elements as float64, a copy."""
        array = from_bf16(self.array) if self.type == "*bf16" else self.array
        return array.astype(np.float64)


@dataclass(frozen=True)
class Address:
    """A raw host address as the tensor argument of a launch, such as a captured launch has."""

    address: int
    type: str
    """As in a declaration: `*bf16`."""


@dataclass(frozen=True)
class Descriptor:
    """A tensor as a tensor descriptor of a launch, zero beyond its ends."""

    base: HostTensor | Address
    block: tuple[Any, ...]
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    """In elements."""

    @classmethod
    def of(cls, tensor: HostTensor, block: tuple[Any, ...]) -> Descriptor:
        """A descriptor of the whole tensor."""
        array = tensor.array
        strides = tuple(stride // array.itemsize for stride in array.strides)
        return cls(tensor, block, array.shape, strides)


def load(path: Path | str) -> types.ModuleType:
    """Execute a kernel file with the interpreter on; its kernels are for `run` and `launch` alone.

    `module.declared` holds its declarations by the name of the kernel, `module.exported` by that
    of the function.
    """
    path = Path(path)
    name = f"interpreted.{path.stem}_{abs(hash(path.resolve()))}"
    specification = importlib.util.spec_from_file_location(name, path)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    count = len(DECLARATIONS)
    sys.modules[name] = module
    try:
        with _interpreting(), _beside(path):
            specification.loader.exec_module(module)
        made: Any = module
        made.exported = {d.name: d for d in DECLARATIONS[count:]}
        made.declared = {_function(d.kernel).__name__: d for d in DECLARATIONS[count:]}
    finally:
        del sys.modules[name]
        del DECLARATIONS[count:]
    return module


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[None]:
    """Meanwhile, `kernels` is the package that the file is in, whatever else has that name."""
    others = {name: module for name, module in sys.modules.items() if _is_of_kernels(name)}
    for name in others:
        del sys.modules[name]
    tops = [str(folder.parent) for folder in path.resolve().parents if folder.name == "kernels"]
    sys.path[:0] = tops
    try:
        yield
    finally:
        del sys.path[: len(tops)]
        for name in [name for name in sys.modules if _is_of_kernels(name)]:
            del sys.modules[name]
        sys.modules.update(others)


def _is_of_kernels(name: str) -> bool:
    return name.partition(".")[0] == "kernels"


def launch(
    declaration: Declaration,
    arguments: Mapping[str, Any],
    programs: Iterable[tuple[int, ...]] | None = None,
) -> None:
    """Launch a kernel of `module.declared` with the grid and the constexprs it declares."""
    values = _values(declaration, arguments)
    grid = grid_of(declaration, arguments)
    for name, type_ in declaration.types.items():
        declared = parse_parameter_type(type_) if "tensordesc" in str(type_) else None
        if isinstance(declared, DescriptorType):
            values[name] = Descriptor.of(arguments[name], declared.bound(values).block)
    if declaration.grid == EXPLICIT:
        values = {name: value for name, value in values.items() if name not in GRID_NAMES}
    run(declaration.kernel, grid, values, programs)


def grid_of(declaration: Declaration, arguments: Mapping[str, Any]) -> tuple[int, ...]:
    """The grid that a kernel of `module.declared` declares for these arguments."""
    values = _values(declaration, arguments)
    if declaration.grid == EXPLICIT:
        return tuple(values[name] for name in GRID_NAMES)
    grid: Any = declaration.grid
    return tuple(grid(**{name: values[name] for name in inspect.signature(grid).parameters}))


def _values(declaration: Declaration, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments, the constexprs, and what heuristics make of them, unless that is given."""
    parameters = inspect.signature(_function(declaration.kernel).fn).parameters
    defaults = {n: p.default for n, p in parameters.items() if p.default is not p.empty}
    values = {**defaults, **declaration.constexprs, **arguments}
    around: Any = declaration.kernel
    while not isinstance(around, InterpretedFunction):
        for name, heuristic in getattr(around, "values", {}).items():
            values[name] = arguments[name] if name in arguments else heuristic(values)
        around = around.fn
    return values


def run(
    kernel: Any,
    grid: tuple[int, ...],
    arguments: Mapping[str, Any],
    programs: Iterable[tuple[int, ...]] | None = None,
) -> None:
    """Launch an interpreted kernel: tensors, numbers and constexprs by name, in place.

    `programs` picks some programs of the grid; without it all of them run.
    """
    kernel = _function(kernel)
    whole_grid = tuple(grid) + (1,) * (3 - len(grid))
    builder = _Builder(
        value.base if isinstance(value, Descriptor) else value
        for value in _opened(arguments.values())
    )
    builder.set_grid_dim(*whole_grid)
    constexprs = {p for p, a in kernel.fn.__annotations__.items() if "constexpr" in str(a)}
    # A kernel that asks for the GPU is on one that has nothing which cannot be interpreted.
    with _interpreting(), _language(builder), offline(80), np.errstate(all="ignore"):
        values = {
            name: value if name in constexprs else _to_triton(value)
            for name, value in arguments.items()
        }
        for program in programs or itertools.product(*map(range, whole_grid)):
            builder.set_grid_idx(*program, *(0,) * (3 - len(program)))
            _call(_rewritten(kernel.fn), values)


def _function(kernel: Any) -> InterpretedFunction:
    """What stands below an autotuner and heuristics."""
    while not isinstance(kernel, InterpretedFunction):
        kernel = kernel.fn
    return kernel


def _call(function: types.FunctionType, values: Mapping[str, object]) -> None:
    """Those of `*args` too have their name."""
    signature = inspect.signature(function)
    given = {name: values[name] for name in signature.parameters if name in values}
    bound = inspect.BoundArguments(signature, given)
    function(*bound.args, **bound.kwargs)


def _opened(values: Iterable[object]) -> Iterator[object]:
    for value in values:
        yield from _opened(value) if isinstance(value, tuple) else (value,)


def _to_triton(value: object) -> object:
    if isinstance(value, tuple):
        return _tuple_create(value, map(_to_triton, value))
    if isinstance(value, (HostTensor, Address)):
        pointer = tl.str_to_ty(value.type, None)
        return tl.tensor(TensorHandle(np.array([value.address], np.uint64), pointer), pointer)
    if isinstance(value, Descriptor):
        return interpreter.interpreter_semantic.make_tensor_descriptor(
            _to_triton(value.base),
            [_to_triton(size) for size in value.shape],
            [_to_triton(stride) for stride in value.strides[:-1]] + [tl.constexpr(1)],
            list(value.block),
        )
    if isinstance(value, np.generic):
        value = value.item()
    return interpreter._implicit_cvt(value)


@contextlib.contextmanager
def _interpreting() -> Iterator[None]:
    with knobs.runtime.scope():
        knobs.runtime.interpret = True
        yield


@contextlib.contextmanager
def _language(builder: _Builder) -> Iterator[None]:
    """Turn the functions of triton.language into interpreted ones, calls between kernels too."""

    def call(function, *arguments, **keywords):
        return _rewritten(function.fn)(*arguments, **keywords)

    both = types.SimpleNamespace(__globals__={"tl": tl, "core": tl.core})
    scope = interpreter._patch_lang(both)
    scope.set_attr(interpreter.interpreter_semantic, "builder", builder)
    scope.set_attr(JITFunction, "__call__", call)
    scope.set_attr(InterpretedFunction, "__call__", call)
    try:
        yield
    finally:
        scope.restore()


@functools.cache
def _rewritten(function: types.FunctionType) -> types.FunctionType:
    """The function as the interpreter rewrites it, over a copy of the globals that it adds to."""
    scope = {name: _interpreted(value) for name, value in function.__globals__.items()}
    copy = types.FunctionType(function.__code__, scope, function.__name__)
    functools.update_wrapper(copy, function)
    return interpreter.FunctionRewriter(copy).rewrite_ast()


def _interpreted(value: object) -> object:
    """A global of a kernel; what waits for other kernels has nothing to wait for here."""
    is_wait = getattr(value, "__module__", None) == "triton.language.extra.cuda.gdc"
    return (lambda: None) if is_wait else value


class _Builder(InterpreterBuilder):
    """The interpreter's operations, with the repairs that the module's docstring lists."""

    def __init__(self, arguments: Iterable[object]) -> None:
        super().__init__()
        self.options = InterpreterOptions(sanitize_overflow=False)
        arguments = list(arguments)
        self._regions = [
            (tensor.address, tensor.address + tensor.array.nbytes)
            for tensor in arguments
            if isinstance(tensor, HostTensor)
        ]
        self._is_bounded = not any(isinstance(tensor, Address) for tensor in arguments)

    def cast_impl(self, source, target):
        if target.scalar == tl.bfloat16:
            return TensorHandle(to_bf16(source.data), tl.bfloat16)
        if source.dtype.scalar == tl.bfloat16:
            source = TensorHandle(from_bf16(source.data), tl.float32)
        return super().cast_impl(source, target)

    def create_dot(self, a, b, accumulator, input_precision, max_num_imprecise_acc):
        a, b = (
            TensorHandle(from_bf16(x.data), tl.float32) if x.dtype.scalar == tl.bfloat16 else x
            for x in (a, b)
        )
        return super().create_dot(a, b, accumulator, input_precision, max_num_imprecise_acc)

    def binary_op(self, lhs, rhs, op):
        if lhs.dtype.scalar == tl.bfloat16:
            wide = [TensorHandle(from_bf16(x.data), tl.float32) for x in (lhs, rhs)]
            result = super().binary_op(*wide, op)
            is_number = result.data.dtype == np.float32
            return self.cast_impl(result, tl.bfloat16) if is_number else result
        return super().binary_op(lhs, rhs, op)

    def create_masked_load(self, pointers, mask, other, *policy, **named):
        self._check(pointers, mask)
        if other is None:
            type_ = pointers.get_element_ty()
            dtype = interpreter._get_np_dtype(type_)
            undefined = np.full(pointers.data.shape + (dtype.itemsize,), 0xFF, np.uint8)
            other = TensorHandle(undefined.view(dtype)[..., 0], type_)
        return super().create_masked_load(pointers, mask, other, *policy, **named)

    def create_masked_store(self, pointers, value, mask, *policy, **named):
        self._check(pointers, mask)
        return super().create_masked_store(pointers, value, mask, *policy, **named)

    def _check(self, pointers, mask) -> None:
        used = pointers.data[mask.data]
        if not self._is_bounded or used.size == 0:
            return
        size = max(1, pointers.get_element_ty().primitive_bitwidth // 8)
        inside = np.zeros(used.shape, bool)
        for start, end in self._regions:
            inside |= (start <= used) & (used <= end - size)
        if not inside.all():
            raise IndexError(f"program {self.grid_idx} accesses memory outside its tensors")
