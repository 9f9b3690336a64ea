"""What MANIFEST.json says of a function's arguments, and of what all its variants have compiled in.

Types and values are spelt as recordings spell them, so that launches can be compared with them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from triton.language import dtype

from codegen.model.constexpr_values import Held, identity
from codegen.model.dtypes import dtype_name
from codegen.model.identifiers import GRID_NAMES
from codegen.model.kernel import Kernel
from codegen.model.options import OPTIONS
from codegen.model.parameters import Constexpr, Parameter
from codegen.variants.axes.configuration import ConfigurationAxis
from codegen.variants.axes.option import OptionAxis


def arguments_of(kernel: Kernel) -> list[dict[str, Any]]:
    """Each argument of the Python function, in order, without the stream.

    `passed` says what it takes for each of its `values`, where that is not the value.
    """
    parameters = {parameter.name for parameter in kernel.parameters}
    kinds = {name: axis.kind for axis in _own(kernel) for name in axis.parameters}
    found = [
        _argument(argument, "constexpr" if argument.name in parameters else kinds[argument.name])
        for argument in kernel.arguments
    ]
    for entry in found:
        entry.update(_place_in_tuple(kernel, entry["name"]))
    names = GRID_NAMES if kernel.grid.axes is None else ()
    return [*found, *({"name": name, "kind": "grid"} for name in names)]


def compiled_in(kernel: Kernel) -> dict[str, dict[str, Any]]:
    """The parameters and options that have one value in every variant."""
    variants = kernel.specialisation.variants
    arguments = {argument.name for argument in kernel.arguments}
    found: dict[str, dict[str, Any]] = {}
    for name in (p.name for p in kernel.parameters if p.name not in arguments):
        if all(name in variant.constexprs for variant in variants):
            values = [variant.constexprs[name] for variant in variants]
            if len({identity(value) for value in values}) == 1:
                found[name] = {"constexpr": spelt(values[0]), **_place_in_tuple(kernel, name)}
    for name in OPTIONS:
        options = {getattr(variant.options, name) for variant in variants}
        if len(options) == 1 and name not in found and name not in arguments:
            found[name] = {"option": options.pop()}
    return found


def told_of(axis: ConfigurationAxis) -> dict[str, Any]:
    """What is in Triton's keys, whether the nearest key decides where a call's own is not there,
    and what each configuration gives, by number: constexprs, and options by name."""
    values = [
        {name: spelt(value) for name, value in one.constexprs}
        | {name: getattr(one.options, name) for name in one.given}
        for one in axis.configurations
    ]
    return {"key": axis.key, "takes_nearest": axis.tuned.takes_nearest, "values": values}


def spelt(value: object) -> Any:
    """A constexpr's value, as recordings spell it. A function has its digest, too."""
    if isinstance(value, Held):
        if not value.function:
            return {"repr": value.text}
        return {"function": value.function, "digest": value.digest}
    if isinstance(value, dtype):
        return {"dtype": dtype_name(value)}
    if isinstance(value, (tuple, list)):
        return [spelt(entry) for entry in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": repr(value)}
    return {"repr": repr(value)}


def _own(kernel: Kernel) -> Iterator[OptionAxis | ConfigurationAxis]:
    """The axes on which an argument decides that is no parameter of the kernel."""
    for axis in kernel.specialisation.axes:
        if isinstance(axis, (OptionAxis, ConfigurationAxis)):
            yield axis


def _argument(argument: Parameter | Constexpr, kind: str) -> dict[str, Any]:
    if isinstance(argument, Constexpr):
        values = [*map(spelt, argument.choices)]
        passed = {"passed": list(argument.texts)} if argument.texts else {}
        return {"name": argument.name, "kind": kind, "values": values, **passed}
    is_descriptor = argument.descriptor is not None
    kind = "descriptor" if is_descriptor else "pointer" if argument.is_pointer else "scalar"
    return {
        "name": argument.name,
        "kind": kind,
        "types": [str(type_) for type_ in argument.types],
        "nullable": argument.nullable,
    }


def _place_in_tuple(kernel: Kernel, name: str) -> dict[str, Any]:
    """Where the entry of a tuple stands: the kernel's parameter, and the indices within."""
    for parameter, shape in kernel.tuples:
        paths: dict[str, Sequence[int]] = dict(shape.paths(()))
        if name in paths:
            return {"of": parameter, "at": list(paths[name])}
    return {}
