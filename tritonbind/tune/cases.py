"""The calls to measure: what a recording's launches passed, as a function takes it, by key."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tritonbind.recording import Example, Json, Kernel, Launch
from tritonbind.serve.values import shown
from tritonbind.tune.dtypes import label_of
from tritonbind.tune.functions import Argument, Function

MOST_CASES = 4
"""The calls of one key that are measured: the smallest, the largest, and what is between."""

Key = tuple[Json, ...]


@dataclass(frozen=True)
class Tensor:
    """Memory on the device."""

    dtype: str
    """Triton's name."""
    shape: tuple[int, ...]
    elements: int
    """How many there is room for: a stride may lead beyond the shape."""
    is_aligned: bool
    """Whether 16 divides the address."""


@dataclass(frozen=True)
class Case:
    """One call of a function, but for the configuration."""

    tensors: Mapping[str, Tensor]
    """By argument."""
    values: Mapping[str, Json]
    """The other arguments. A float that JSON cannot say is {"float": "inf"}."""

    @property
    def rank(self) -> tuple[int, str]:
        """By which cases of a key are put in order: their size first."""
        sizes = sum(math.prod(tensor.shape) for tensor in self.tensors.values())
        numbers = sum(v for v in self.values.values() if type(v) is int)
        return sizes or numbers, json.dumps(self.as_json(), sort_keys=True)

    def as_json(self) -> Json:
        tensors = {name: asdict(tensor) for name, tensor in self.tensors.items()}
        return {"tensors": tensors, "values": dict(self.values)}

    @classmethod
    def from_json(cls, document: Json) -> Case:
        tensors = {
            name: Tensor(**{**one, "shape": tuple(one["shape"])})
            for name, one in document["tensors"].items()
        }
        return cls(tensors, document["values"])


@dataclass(frozen=True)
class Cases:
    """What to measure of one function."""

    by_key: Mapping[Key, tuple[Case, ...]]
    left_out: tuple[str, ...]
    """What is not measured, and why: a sentence each."""


class _LeftOutError(Exception):
    """Why a launch cannot be a call of the function."""


def cases_of(function: Function, kernels: Iterable[Kernel]) -> Cases:
    """The cases of a function, by key, from the launches of its kernel."""
    found: dict[Key, dict[tuple[int, str], Case]] = {}
    reasons: dict[str, None] = {}
    for kernel in kernels:
        for launch in kernel.launches:
            for example in launch.examples:
                try:
                    key = _key(function, kernel, launch, example)
                    case = _case(function, launch, example)
                except _LeftOutError as error:
                    reasons.setdefault(str(error))
                else:
                    found.setdefault(key, {})[case.rank] = case
    by_key = {
        key: few(of_key)
        for key, of_key in sorted(found.items(), key=lambda item: in_order(item[0]))
    }
    return Cases(by_key, tuple(reasons))


def in_order(key: Key) -> list[tuple[str, Json]]:
    """By which keys are sorted: numbers by their size."""
    return [(type(v).__name__, v if isinstance(v, (int, float)) else str(v)) for v in key]


def few(by_rank: Mapping[tuple[int, str], Case]) -> tuple[Case, ...]:
    """Of the cases of a key those that are measured."""
    cases = [by_rank[rank] for rank in sorted(by_rank)]
    if len(cases) <= MOST_CASES:
        return tuple(cases)
    step = (len(cases) - 1) / (MOST_CASES - 1)
    return tuple(cases[round(place * step)] for place in range(MOST_CASES))


def _key(function: Function, kernel: Kernel, launch: Launch, example: Example) -> Key:
    """As Triton's autotuner makes it."""
    values = [_in_key(name, launch, example) for name in function.key]
    specs = [launch.arguments.get(name) for name in kernel.parameters]
    if any(isinstance(spec, list) for spec in specs):
        return tuple(values)  # of tuples Triton tells no types
    dtypes = [_dtype(spec) for spec in specs if isinstance(spec, str) and "*" in spec]
    return (*values, *(f"torch.{label_of(dtype)}" for dtype in dtypes))


def _in_key(name: str, launch: Launch, example: Example) -> Json:
    value = _value(name, launch, example)
    if isinstance(value, (dict, list)):
        raise _LeftOutError(f"its key has {shown(value)} for `{name}`, which no table can say")
    return value


def _case(function: Function, launch: Launch, example: Example) -> Case:
    _check_constants(function, launch, example)
    tensors: dict[str, Tensor] = {}
    values: dict[str, Json] = {}
    for argument in function.arguments:
        if argument.kind in ("pointer", "descriptor") and _spec(argument.place, launch) is not None:
            tensors[argument.name] = _tensor(argument, launch, example)
        else:
            values[argument.name] = _KINDS[argument.kind](argument, launch, example)
    return Case(tensors, values)


def _check_constants(function: Function, launch: Launch, example: Example) -> None:
    """What all variants have compiled in, but what configurations give, the launch must have."""
    given = {name for one in function.configurations for name in one}
    for place, wanted in function.constants.items():
        if place not in given:
            value = _value(place, launch, example)
            if _plain(value) != _plain(wanted):
                raise _LeftOutError(
                    f"`{place}` is {shown(value)} in a launch, and the library has {shown(wanted)}"
                )


def _tensor(argument: Argument, launch: Launch, example: Example) -> Tensor:
    spec = _spec(argument.place, launch)
    came = (
        spec.removesuffix(":16").removeprefix("const ")
        if isinstance(spec, str)
        else "a tuple" if isinstance(spec, list) else shown(spec)
    )
    types = [type_.removeprefix("const ") for type_ in argument.types]
    if not isinstance(spec, str) or (argument.kind == "pointer" and came not in types):
        raise _LeftOutError(
            f"`{argument.name}` is {came} in a launch, and the library has {' or '.join(types)}"
        )
    shape = example.shapes.get(argument.place, ())
    return Tensor(
        _dtype(spec), shape, _room(shape, example), argument.kind != "pointer" or ":16" in spec
    )


def _room(shape: Sequence[int], example: Example) -> int:
    """How many elements a launch may reach: those of the shape, or as many as the largest stride
    leads to, where some stride is none of contiguous tensors."""
    contiguous = {0, 1}
    for other in example.shapes.values():
        contiguous |= {math.prod(other[axis:]) for axis in range(len(other))}
    strides = {
        abs(value)
        for name, value in example.values.items()
        if _IS_STRIDE.search(name) and type(value) is int
    }
    elements = math.prod(shape)
    if strides <= contiguous:
        return elements
    return max(elements, max(strides) * max(shape, default=1))


_IS_STRIDE = re.compile(r"stride|^ld[a-z]?$", re.IGNORECASE)


def _scalar(argument: Argument, launch: Launch, example: Example) -> Json:
    value = _value(argument.place, launch, example)
    return shown(value) if isinstance(value, dict) and "float" not in value else value


def _constexpr(argument: Argument, launch: Launch, example: Example) -> Json:
    value = _value(argument.place, launch, example)
    for known, passed in zip(argument.values, argument.passed, strict=True):
        if _plain(known) == _plain(value):
            return passed
    texts = " or ".join(map(shown, argument.values))
    raise _LeftOutError(
        f"`{argument.name}` is {shown(value)} in a launch, and the library has {texts}"
    )


def _option(argument: Argument, launch: Launch, _: Example) -> Json:
    value = launch.options.get(argument.name)
    if value not in argument.values:
        texts = " or ".join(map(shown, argument.values))
        raise _LeftOutError(
            f"the option `{argument.name}` is {shown(value)} in a launch, and the library has "
            f"{texts}"
        )
    return value


def _grid(argument: Argument, launch: Launch, example: Example) -> Json:
    raise _LeftOutError(
        "its grid is the caller's, who computes it from the configuration; declare the grid"
    )


_KINDS: Mapping[str, Any] = {
    "pointer": lambda argument, launch, example: None,
    "descriptor": lambda argument, launch, example: None,
    "scalar": _scalar,
    "constexpr": _constexpr,
    "option": _option,
    "grid": _grid,
}


def _spec(place: str, launch: Launch) -> Json:
    """What a recording says of an argument, or of an entry of a tuple."""
    name, *path = place.split(".")
    if name not in launch.arguments:
        raise _LeftOutError(f"a launch does not say `{name}`, which the library's kernel has")
    found = launch.arguments[name]
    for index in map(int, path):
        if not isinstance(found, list) or index >= len(found):
            raise _LeftOutError(f"`{name}` is no such tuple in a launch as the library has")
        found = found[index]
    return found


def _value(place: str, launch: Launch, example: Example) -> Json:
    """The value that an argument had: compiled in, or as the example has it."""
    spec = _spec(place, launch)
    if spec is None:
        return None
    if isinstance(spec, dict):
        return spec.get("constexpr", spec)
    if isinstance(spec, str) and spec.endswith(":1"):
        return 1
    if isinstance(spec, list) or place not in example.values:
        raise _LeftOutError(f"`{place}` is {shown(spec)} in a launch, where a number is needed")
    return example.values[place]


def _dtype(spec: str) -> str:
    """Triton's name of the elements of `const *bf16:16` or `tensordesc<bf16[64]>`."""
    return re.sub(r"^(const )?\*|^tensordesc<|[\[:].*$", "", spec)


def _plain(value: Json) -> Json:
    """As text that tells 1 from True; of a function its name alone."""
    if isinstance(value, dict) and "function" in value:
        value = value["function"]
    return json.dumps(value, sort_keys=True)
