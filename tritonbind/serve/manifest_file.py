"""The functions of a generated package's MANIFEST.json, each value checked before it is used."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import TypeVar

from tritonbind.document import At, Json
from tritonbind.errors import TritonbindError
from tritonbind.kernel_identity import KernelIdentity
from tritonbind.serve.manifest import Argument, Constant, Function, Place, Tuned
from tritonbind.serve.packages import Package
from tritonbind.serve.values import BOOLS, FLOATS, INTEGERS

_AGAIN = "generate the package again, with this tritonbind: `tritonbind regenerate`"
_NUMBER = "|".join(sorted(BOOLS | INTEGERS | FLOATS))
_TYPES = {
    "pointer": (rf"(const )?\*({_NUMBER}|fp8\w+)", "a pointer's type, as *fp32"),
    "scalar": (_NUMBER, "a number's type, as i32"),
    "descriptor": (r"tensordesc<.+\[.+\].*>", "a descriptor's type, as tensordesc<fp32[16, 16]>"),
}
"""Of each kind of argument that has types: how they are spelt, for the machine and for people."""
_CHOSEN = ("constexpr", "option", "configuration")
"""Kinds of arguments that have values."""
_One = TypeVar("_One")
_KINDS = (*_TYPES, *_CHOSEN, "grid")


def functions_of(package: Package) -> list[Function]:
    """The functions of a generated package.

    Raises:
        TritonbindError: the manifest cannot be read, something in it is not what it must be, or it
            says of no function which kernel it was made of.
    """
    path = package.manifest
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise TritonbindError(f"{path}: {error.strerror}", _AGAIN) from error
    except (ValueError, RecursionError) as error:
        raise TritonbindError(f"{path}: not JSON: {error}", _AGAIN) from error
    (entries,) = At(str(path), document, _AGAIN).some("functions")
    functions = entries.by_name(lambda at: at)
    if not any("kernel_identity" in at.names for at in functions.values()):
        raise TritonbindError(f"{path} says of no function which kernel it was made of", _AGAIN)
    return [_function(package, name, functions[name]) for name in sorted(functions)]


def _function(package: Package, name: str, at: At) -> Function:
    identity, python, arguments, compiled_in, tuned = at.some(
        "kernel_identity", "python", "arguments", "compiled_in", "tuned"
    )
    module, attribute = python.fields("module", "name")
    values = compiled_in.by_name(lambda one: one)
    options = {key: one for key, one in values.items() if "option" in one.names}
    return Function(
        package=package,
        name=name,
        module=module.pattern(r"[^.]+(\.[^.]+)*", "a module's name"),
        attribute=attribute.pattern(r"\w+", "a function's name"),
        identity=_identity(identity),
        arguments=arguments.each(_argument),
        constants=tuple(_constant(key, one) for key, one in values.items() if key not in options),
        options={key: _option(one) for key, one in options.items()},
        tuned=_tuned(tuned),
    )


def _identity(at: At) -> KernelIdentity:
    module, qualname, digest = at.fields("module", "qualname", "digest")
    return KernelIdentity(
        module.pattern(".+", "a module's name"),
        qualname.pattern(".+", "a kernel's name"),
        digest.pattern(r"[0-9a-f]{64}", "64 hex digits"),
    )


def _argument(at: At) -> Argument:
    called, kind = at.some("name", "kind")
    name = called.pattern(r"\w+", "a parameter's name")
    if kind.value not in _KINDS:
        raise kind.refuse(f"one of {', '.join(_KINDS)}")
    types: tuple[str, ...] = ()
    values: tuple[Json, ...] = ()
    if kind.value in _TYPES:
        (spelt,) = at.some("types")
        types = _some(spelt, lambda one: one.pattern(*_TYPES[kind.value]))
    if kind.value in _CHOSEN:
        (choices,) = at.some("values")
        values = _some(choices, _value)
    return Argument(name, kind.value, _place(name, at), types, values)


def _some(at: At, read: Callable[[At], _One]) -> tuple[_One, ...]:
    found = at.each(read)
    if not found:
        raise at.refuse("a list of one or more")
    return found


def _constant(name: str, at: At) -> Constant:
    (value,) = at.some("constexpr")
    return Constant(_place(name, at), _value(value))


def _option(at: At) -> Json:
    (value,) = at.fields("option")
    return _value(value)


def _place(name: str, at: At) -> Place:
    if not {"of", "at"} & at.names:
        return Place(name)
    of, path = at.some("of", "at")
    indices = path.numbers()
    if not indices or min(indices) < 0:
        raise path.refuse("the indices that lead to an entry of a tuple")
    return Place(of.pattern(r"\w+", "a parameter's name"), indices)


def _tuned(at: At) -> Tuned:
    (rows,) = at.some("rows")
    return Tuned(rows.each(_row))


def _row(at: At) -> tuple[tuple[Json, ...], dict[str, Json]]:
    key, config = at.some("key", "config")
    return key.each(_value), config.by_name(_value)


def _value(at: At) -> Json:
    """A constexpr's or an option's, in the notation of `tritonbind.arguments`."""
    value = at.value
    if isinstance(value, list):
        at.each(_value)
    elif not (_is_plain(value) or _is_named(value)):
        raise at.refuse("a value as recordings spell it")
    return value


def _is_plain(value: Json) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, (bool, int, str))


def _is_named(value: Json) -> bool:
    """Whether it is a dtype, a function, a float that JSON does not have, or has no spelling."""
    if not isinstance(value, dict):
        return False
    if not all(isinstance(text, str) and text for text in value.values()):
        return False
    if set(value) == {"float"}:
        return value["float"] in ("inf", "-inf", "nan")
    return set(value) in ({"dtype"}, {"repr"}, {"function"}, {"function", "digest"})
