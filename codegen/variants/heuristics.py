"""Triton's heuristics: evaluated where a call's choices decide them, translated to C elsewhere."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NoReturn

from codegen.expressions.derived import by_name
from codegen.expressions.readable import readable, reads_of, tensor_dtype
from codegen.expressions.translate import translate_heuristic
from codegen.model.computed import Computed
from codegen.model.constexpr_values import (
    COMPUTED,
    canonical,
    held,
    is_plain,
    real,
    without_constexpr,
)
from codegen.model.descriptors import DescriptorType, ParameterType
from codegen.model.dtypes import DType
from codegen.model.errors import CodegenError, SourceLocation, meant, told
from codegen.model.kernel import KernelSource
from codegen.model.options import OPTIONS
from codegen.model.parameters import Constexpr, Parameter
from codegen.model.sm_count import NoDeviceYet, SmCount
from codegen.variants.combinations import Combination

Function = Callable[[dict[str, Any]], object]


@dataclass(frozen=True)
class Heuristic:
    """A value that the kernel computes from a call's arguments."""

    name: str
    """A constexpr of the kernel, or an option such as num_warps."""
    function: Function
    choices: tuple[object, ...] = ()
    """The values to build, where the declaration gives them."""
    is_declared: bool = False
    """It stands in `constexprs`, and may take arguments by their names."""


@dataclass(frozen=True)
class Found:
    """What a heuristic gives."""

    values: tuple[tuple[object, ...], ...]
    """For each combination, the values that calls may have there."""
    choices: tuple[object, ...] = ()
    computed: Computed | None = None
    """How C finds the value; None where each combination has but one."""


def evaluate_or_translate(
    kernel: KernelSource, heuristic: Heuristic, combinations: Sequence[Combination]
) -> Found:
    """Its values in each combination. Raises `CodegenError` if C cannot compute them."""
    values = evaluated(kernel, heuristic, combinations)
    if all(
        value is not None and (value or not one.reachable)
        for value, one in zip(values, combinations, strict=True)
    ):
        _check_choices(heuristic, heuristic.choices, values)
        return Found(tuple(value or (None,) for value in values))
    computed, choices = translated(kernel, heuristic, combinations)
    _check_choices(heuristic, choices, values)
    return Found(tuple(choices if v is None else v for v in values), choices, computed)


def evaluated(
    kernel: KernelSource, heuristic: Heuristic, combinations: Sequence[Combination]
) -> list[tuple[object, ...] | None]:
    """Its value in each combination; None where a call's values decide it, and nothing where no
    call leads. Raises `CodegenError` where it fails."""
    return _held(
        heuristic,
        [_evaluated(kernel, heuristic, one) if one.reachable else () for one in combinations],
    )


def _check_choices(
    heuristic: Heuristic,
    choices: Sequence[object],
    values: Sequence[tuple[object, ...] | None],
) -> None:
    """Raise `CodegenError` where some value is not among the choices, if there are any."""
    for value in values:
        if value and choices and real(value[0]) not in choices:
            raise CodegenError(
                f"the heuristic of `{heuristic.name}` gives {value[0]!r} in some calls, and its "
                f"choices are {list(choices)!r}",
                hint="add it to the choices",
            )


class NotKnown(BaseException):
    """A heuristic asks for what only a call knows; no `except Exception` catches this."""


def _refuse(*_: object, **__: object) -> NoReturn:
    raise NotKnown


_OPERATIONS = """
    lt le eq ne gt ge add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod
    divmod rdivmod pow rpow lshift rlshift rshift rrshift and rand or ror xor rxor neg pos abs
    invert bool int float index hash len iter contains getitem call str repr format round getattr
    """.split()  # noqa: SIM905


class Unknown:
    """A run-time argument: it is not None, its class may be known, and nothing else is."""

    def __init__(self, class_: type | None = None) -> None:
        self._class = class_

    __class__ = property(lambda self: self._class or _refuse())  # `isinstance` asks for it


for _name in _OPERATIONS:
    setattr(Unknown, f"__{_name}__", _refuse)


class _Tensor(Unknown):
    """A tensor argument. The choices of the call tell its dtype."""

    def __init__(self, dtype: DType) -> None:
        super().__init__(getattr(sys.modules.get("torch"), "Tensor", None))
        self.dtype = tensor_dtype(dtype)
        self._size = dtype.size

    def element_size(self) -> int:
        return self._size


_CLASSES = {"int": int, "float": float, "bool": bool}


def _argument(type_: ParameterType) -> Unknown:
    """What stands for an argument that is not None."""
    if isinstance(type_, DescriptorType):
        return Unknown()
    return _Tensor(type_.dtype) if type_.is_pointer else Unknown(_CLASSES[type_.dtype.python_type])


def _evaluated(
    kernel: KernelSource, heuristic: Heuristic, combination: Combination
) -> tuple[object, ...] | None:
    """The value in a combination; None when a call's values decide it."""
    values = {name: real(value) for name, value in combination.values.items()}
    arguments: dict[str, Any] = {**asdict(combination.options), **values}
    for name, type_ in combination.types.items():
        if name not in values:  # else None, for which there is a null pointer
            arguments[name] = _argument(type_)
    for name, shape in kernel.tuples:
        arguments[name] = shape.filled(arguments)
    SmCount.used = False
    try:
        function = heuristic.function
        if heuristic.is_declared:
            function = by_name(function, _names(kernel))
        value = function(_Arguments(arguments))
        if issubclass(type(value), (Unknown, SmCount)) or SmCount.used:
            return None
        value = without_constexpr(value)
    except (NotKnown, NoDeviceYet):
        return None
    except Exception as error:
        where = _place_of(error, heuristic.function)
        if isinstance(error, _Missing) and error.args != (heuristic.name,):
            name, known = str(error.args[0]), [parameter.name for parameter in kernel.parameters]
            all_ = ", and all in one `args`" if heuristic.is_declared else ""
            if heuristic.is_declared and getattr(heuristic.function, "__name__", "") != "<lambda>":
                all_ += "; a function that the kernel calls has @triton.jit above it"
            raise CodegenError(
                f"the heuristic of `{heuristic.name}` reads `{name}`, which is no parameter of "
                "the kernel, or is computed later",
                where=where,
                hint=(
                    f"put `{name}` before it"
                    if name in known
                    else meant(name, known, f"the kernel's parameters are {', '.join(known)}{all_}")
                ),
            ) from error
        if isinstance(error, KeyError) and error.args == (heuristic.name,):
            raise CodegenError(
                f"the heuristic of `{heuristic.name}` reads what a call passes by that name, and "
                "what that may be is not said",
                hint=f'say it, as in constexprs={{"{heuristic.name}": [False, True]}}',
            ) from error
        raise CodegenError(
            f"the heuristic of `{heuristic.name}` fails: {told(error)}",
            where=where,
            hint=_remedy(heuristic.name),
        ) from error
    try:
        canonical(value)
    except CodegenError as error:
        raise CodegenError(
            f"the heuristic of `{heuristic.name}` gives {value!r}, and can give numbers, strings, "
            "None, types and @triton.jit functions",
            hint=_remedy(heuristic.name),
        ) from error
    return (value,)


def _held(
    heuristic: Heuristic, values: Sequence[tuple[object, ...] | None]
) -> list[tuple[object, ...] | None]:
    """The values, those that stay in this process with a number by which others find theirs."""
    numbers: dict[str, int] = {}

    def one(value: object) -> object:
        if is_plain(value):
            return value
        number = numbers.setdefault(json.dumps(canonical(value)), len(numbers))
        return held(value, heuristic.name, f"{COMPUTED}{number}")

    return [None if value is None else tuple(map(one, value)) for value in values]


class _Missing(KeyError):
    """A heuristic reads what no call passes."""


class _Arguments(dict[str, Any]):
    """What a heuristic is given."""

    def __missing__(self, name: str) -> NoReturn:
        raise _Missing(name)


def _place_of(error: Exception, function: Function) -> SourceLocation | None:
    """The line of the heuristic's own file from which an exception comes."""
    path = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == path and frame.lineno]
    return SourceLocation(path, lines[-1]) if path and lines else None


def _names(kernel: KernelSource) -> set[str]:
    """What a heuristic may read."""
    tuples = (name for name, _ in kernel.tuples)
    return {*(parameter.name for parameter in kernel.parameters), *tuples, *OPTIONS}


def translated(
    kernel: KernelSource, heuristic: Heuristic, combinations: Sequence[Combination]
) -> tuple[Computed, tuple[object, ...]]:
    """How C finds its value, and what that may be. Raises `CodegenError` if C cannot."""
    names = {parameter.name for parameter in kernel.parameters}
    options = (name for name in OPTIONS if name not in names)
    listed = (*kernel.parameters, *(Constexpr(o, (), is_computed=True) for o in options))
    parameters = tuple(_as_known(parameter, combinations) for parameter in listed)
    values = readable(parameters, kernel.tuples)
    expression = translate_heuristic(
        heuristic.function, values, heuristic.name, heuristic.is_declared
    )
    choices = heuristic.choices or ((True, False) if expression.is_bool else ())
    if not choices:
        example = _EXAMPLES.get(heuristic.name, [64, 128])
        raise CodegenError(
            f"the heuristic of `{heuristic.name}` gives an int in each call, and which ones to "
            "build for is not said",
            hint=_naming(heuristic, example),
        )
    reads = reads_of(parameters, [expression])
    computed = {p.name for p in parameters if isinstance(p, Constexpr) and p.is_computed}
    derived = tuple(
        (name, tuple(next(iter(one.known(name)), 0) for one in combinations))
        for name in reads.names
        if name in computed
    )
    return Computed(expression.text, reads, expression.can_fail, derived), choices


def _as_known(
    parameter: Parameter | Constexpr, combinations: Sequence[Combination]
) -> Parameter | Constexpr:
    """A computed constexpr or option with the values that it has so far."""
    if isinstance(parameter, Parameter) or not parameter.is_computed:
        return parameter
    known = (one.known(parameter.name) for one in combinations if one.reachable)
    found = {repr(value): value for values in known for value in values}
    return replace(parameter, choices=tuple(found.values()))


def _naming(heuristic: Heuristic, example: Sequence[int]) -> str:
    """How the values are said that an int has."""
    named = f'constexprs={{"{heuristic.name}": {example}}}'
    if not heuristic.is_declared:
        return f"name them: {named}"
    around = f'triton.heuristics({{"{heuristic.name}": lambda args: ...}})'
    return f"name them, {named}, and put the function around the kernel: {around}"


_EXAMPLES = {"num_warps": [4, 8], "num_stages": [2, 3], "num_ctas": [1, 2]}


def _remedy(name: str) -> str:
    return f'give its value instead: constexprs={{"{name}": ...}}'
