"""Values of a program's launches as the library takes them, and as recordings spell them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tritonbind.arguments import value_of
from tritonbind.document import Json
from tritonbind.kernel_identity import digest_of
from tritonbind.serve.manifest import Argument, Place
from tritonbind.serve.misses import RECORD


class RefusedError(Exception):
    """Why a launch cannot be served: `<what> must be <what the library has>, got <what came>`."""

    def __init__(self, reason: str, is_of_kind: bool = True, remedy: str = RECORD) -> None:
        """`is_of_kind`: so is each launch with such types, constexprs and options."""
        super().__init__(reason)
        self.is_of_kind, self.remedy = is_of_kind, remedy


INTEGERS = {"i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64"}
FLOATS = {"fp16", "bf16", "fp32", "fp64"}
BOOLS = {"i1", "u1"}
_NUMBERS = {bool: BOOLS, int: INTEGERS, float: FLOATS}


def plain(value: Any) -> Any:
    """Without the `tl.constexpr` around it."""
    while type(value).__name__ == "constexpr" and hasattr(value, "value"):
        value = value.value
    return value


def same(value: Any, wanted: Json) -> bool:
    """Whether a constexpr has this value: 1, True and 1.0 are three.

    A function is the one of this name that means the same.
    """
    if value is wanted:
        return True
    if isinstance(wanted, dict) and "function" in wanted:
        value = plain(value)
        is_named = value_of(value) == {"function": wanted["function"]}
        return is_named and wanted.get("digest") in (None, _digest_of(value))
    if isinstance(wanted, list):
        return _all(same, plain(value), wanted)
    return bool(_typed(value_of(value)) == _typed(wanted))


def equal(value: Any, wanted: Json) -> bool:
    """Whether a constexpr equals this value, as 1, True, 1.0 and NumPy's 1 do.

    To Triton's JIT equal ones are one kernel, that of the one that came first. So a recording has
    no other.
    """
    if same(value, wanted):
        return True
    value = plain(value)
    if isinstance(wanted, list):
        return _all(equal, value, wanted)
    if isinstance(wanted, dict):
        if "float" not in wanted:
            return False
        wanted = float(wanted["float"])
    try:
        return value in {wanted}  # as the JIT's dict finds it: by its hash, and ==
    except TypeError:
        return False


def _all(test: Callable[[Any, Json], bool], value: Any, wanted: Sequence[Json]) -> bool:
    is_tuple = isinstance(value, (tuple, list)) and len(value) == len(wanted)
    return is_tuple and all(map(test, value, wanted))


def is_passed_as_text(values: Sequence[Json]) -> bool:
    """Whether the library takes the choices of a constexpr as text: not ints, bools or strings."""
    kinds = {type(value) for value in values}
    fit = all(-(1 << 63) <= value < 1 << 63 for value in values if isinstance(value, int))
    return not (str in kinds <= {str, type(None)} or (kinds in ({int}, {bool}) and fit))


def dtype_name(dtype: Any) -> str:
    """Triton's name of a dtype of torch's or its own: `bf16`."""
    text = str(dtype).rpartition(".")[2]
    return _NAMES.get(text, text)


def as_pointer(argument: Argument, value: Any) -> tuple[Any, bool]:
    """The tensor or None, or an address and True: of an object that is no tensor of DLPack's.

    Triton takes whatever has `data_ptr()` and `dtype`. An int is an int to it, never an address.
    """
    if value is None:
        return None, False
    if hasattr(type(value), "__dlpack__"):
        return (value.detach() if getattr(value, "requires_grad", False) else value), False
    if not hasattr(value, "data_ptr") or not hasattr(value, "dtype"):
        raise RefusedError(f"`{argument.name}` must be {_listed(argument.types)}, got {value!r}")
    name = f"*{dtype_name(value.dtype)}"
    if argument.types not in ((name,), (f"const {name}",)):
        raise RefusedError(
            f"`{argument.name}` must be {_listed(argument.types)} in a tensor that speaks DLPack, "
            f"got {name} in a {type(value).__name__}"
        )
    return value.data_ptr(), True


class Texts(dict[tuple[type, Any], Any]):
    """What the library takes for the values of a constexpr, by type and value, once asked for."""

    def __init__(self, argument: Argument) -> None:
        super().__init__()
        self._argument = argument

    def __missing__(self, key: tuple[type, Any]) -> Any:
        """Raises RefusedError where the library does not have the value."""
        text = self[key] = as_constexpr(self._argument, key[1])
        return text


def as_descriptor(argument: Argument, value: Any, named: Mapping[str, Any]) -> Any:
    """The tensor of a `TensorDescriptor`, of the shape and strides that this has.

    `named` are all parameters, which a block's shape may name.
    """
    block = getattr(value, "block_shape", None)
    if block is None:
        raise RefusedError(f"`{argument.name}` must be a TensorDescriptor, got {value!r}")
    came = f"tensordesc<{dtype_name(value.base.dtype)}{[int(size) for size in block]}>"
    if came not in [_sized(type_, named) for type_ in argument.types]:
        raise RefusedError(f"`{argument.name}` must be {_listed(argument.types)}, got {came}")
    if value.padding != "zero" or getattr(value, "round_f32_to_tf32", False):
        raise RefusedError(
            f"`{argument.name}` must be padded with zeros and not rounded to tf32, got {value!r}"
        )
    base, shape, strides = value.base, list(value.shape), list(value.strides)
    if [list(base.shape), _strides(base)] != [shape, strides]:
        base = base.as_strided(shape, strides)
    return base


def _strides(tensor: Any) -> list[int]:
    return [tensor.stride(axis) for axis in range(len(tensor.shape))]


def is_sized_by_parameters(type_: str) -> bool:
    """Whether the block's shape in a descriptor's type names constexprs."""
    return any(map(str.isalpha, type_.partition("[")[2]))


def _sized(type_: str, named: Mapping[str, Any]) -> str:
    """A descriptor's type with numbers for the constexprs in its block's shape."""
    if not is_sized_by_parameters(type_):
        return type_
    head, _, sizes = type_.removesuffix(">").partition("[")
    numbers = {name: value for name, value in named.items() if isinstance(value, int)}
    block = eval(f"[{sizes}", {"__builtins__": {}}, numbers)
    return f"{head}{block}>"


def check_tuples(tuples: Mapping[Place, int], named: Mapping[str, Any]) -> None:
    """Raises RefusedError where a tuple is not of the size that the kernel was built with."""
    for place, size in tuples.items():
        value = place.of(named)
        if not isinstance(value, tuple) or len(value) != size:
            raise RefusedError(f"`{place}` must be a tuple of {size}, got {value!r}")


def as_scalar(argument: Argument, value: Any, converts: bool) -> Any:
    """A number of the kind that Triton would see in it; `converts`: the kernel's annotation says.

    Triton compiles one kernel for an int, one for a float and one for a bool, so the library's
    willingness to take an int for a float must not be used.
    """
    if value is None:
        return None
    for kind, types in _NUMBERS.items():
        if isinstance(value, kind) and (converts or types & set(argument.types)):
            return kind(value)
        if isinstance(value, kind):
            break
    raise RefusedError(f"`{argument.name}` must be {_listed(argument.types)}, got {value!r}")


def as_constexpr(argument: Argument, value: Any) -> Any:
    """One of the library's values, as it takes them: this one, else one that equals it."""
    values = argument.values
    found = [one for one in values if same(value, one)] or [
        one for one in values if equal(value, one)
    ]
    if not found:
        raise RefusedError(
            f"`{argument.name}` must be {_listed(map(shown, argument.values))}, "
            f"got {shown(value_of(value))}"
        )
    return _passed(argument, found[0])


def equals(arguments: Sequence[Argument]) -> dict[int, dict[Any, list[Any]]]:
    """By the number of a constexpr, for each value that the library takes, the others that equal
    it. There are hardly ever any."""
    found: dict[int, dict[Any, list[Any]]] = {}
    for number, argument in enumerate(arguments):
        for one in argument.values if argument.kind == "constexpr" else ():
            others = [
                _passed(argument, other)
                for other in argument.values
                if other is not one and equal(one, other)
            ]
            if others:
                found.setdefault(number, {})[_passed(argument, one)] = others
    return found


def _passed(argument: Argument, value: Json) -> Any:
    """One of the values of a constexpr, as the library takes it."""
    as_text = value is not None and is_passed_as_text(argument.values)
    return shown(value) if as_text else value


def shown(value: Json) -> str:
    """A value as Python prints it. A tuple is a list in JSON."""
    if isinstance(value, dict):
        return str(value.get("function", next(iter(value.values()))))
    if isinstance(value, list):
        entries = ", ".join(map(shown, value))
        return f"({entries},)" if len(value) == 1 else f"({entries})"
    return repr(value)


def _listed(texts: Iterable[str]) -> str:
    return " or ".join(texts) or "nothing"


_digests: dict[int, tuple[Any, str]] = {}
"""Of JIT functions, by id; they are kept, so that ids stay theirs."""


def _digest_of(function: Any) -> str:
    if id(function) not in _digests:
        _digests[id(function)] = function, digest_of(function)
    return _digests[id(function)][1]


def _typed(value: Json) -> tuple[str, Json]:
    return type(value).__name__, value


_NAMES = {
    "bool": "i1",
    "int1": "i1",
    **{f"int{bits}": f"i{bits}" for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": f"u{bits}" for bits in (8, 16, 32, 64)},
    **{f"float{bits}": f"fp{bits}" for bits in (16, 32, 64)},
    "bfloat16": "bf16",
    "float8_e4m3fn": "fp8e4nv",
    "float8_e4m3fnuz": "fp8e4b8",
    "float8_e5m2": "fp8e5",
    "float8_e5m2fnuz": "fp8e5b16",
}
