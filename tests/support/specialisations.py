"""Random declarations and calls, and what Triton's own binder makes of a call."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from triton.backends.compiler import GPUTarget
from triton.backends.nvidia.compiler import CUDABackend
from triton.runtime.jit import JITFunction, create_function_from_signature

from codegen.model.kernel import Variant

from .calls import tensor
from .jit_calls import LABELS


@dataclass(frozen=True)
class Entry:
    """A parameter of a random kernel."""

    name: str
    kind: str
    """`pointer`, `int`, `float` or `constexpr`."""
    declared: str = ""
    annotation: str = ""
    choices: tuple[Any, ...] = ()
    flag: str = ""
    """A list of `@triton.jit` that names it."""

    @property
    def types(self) -> list[str]:
        texts = (text.strip().partition(":")[0] for text in self.declared.split("|"))
        return [text.partition(" with ")[0] for text in texts]

    @property
    def partner(self) -> str:
        """The entry that is None in the same calls."""
        return self.declared.partition(" with ")[2]

    @property
    def nullable(self) -> bool:
        return "None" in self.types


@dataclass(frozen=True)
class Made:
    """The source of a random kernel, and its parameters."""

    name: str
    source: str
    entries: tuple[Entry, ...]


def random_kernel(name: str, dice: random.Random) -> Made:
    """A declaration with at most some 200 variants."""
    entries: list[Entry] = []
    combinations = 1
    for number in range(dice.randint(3, 7)):
        entry = _entry(f"p{number}", dice)
        partners = [other.name for other in entries if other.nullable and not other.partner]
        if entry.nullable and partners and dice.random() < 0.5:
            entry = replace(entry, declared=f"{entry.declared} with {dice.choice(partners)}")
        axes = max(len(entry.choices), 1) * (2 if entry.nullable and not entry.partner else 1)
        axes *= 2 if len([t for t in entry.types if t != "None"]) > 1 else 1
        if combinations * axes <= 32:
            combinations *= axes
            entries.append(entry)
    cases = _cases(entries, dice)
    flags = {
        flag: [entry.name for entry in entries if entry.flag == flag]
        for flag in ("do_not_specialize", "do_not_specialize_on_alignment")
    }
    given = ", ".join(f"{flag}={names!r}" for flag, names in flags.items())
    types = {e.name: e.declared for e in entries if e.declared}
    choices = {e.name: list(e.choices) for e in entries if e.kind == "constexpr"}
    parameters = ", ".join(f"{e.name}: {e.annotation}" if e.annotation else e.name for e in entries)
    source = (
        f"@export('tests.{name}', types={types!r}, constexprs={choices!r}, cases={cases!r}, "
        f"grid=lambda: (1,))\n@triton.jit({given})\ndef {name}({parameters}):\n    pass\n\n\n"
    )
    return Made(name, source, tuple(entries))


def _entry(name: str, dice: random.Random) -> Entry:
    kind = dice.choice(["pointer"] * 4 + ["int"] * 5 + ["float", "constexpr"])
    flag = dice.choice([""] * 6 + ["do_not_specialize", "do_not_specialize_on_alignment"])
    if kind == "constexpr":
        choices = dice.choice([(32, 64), (False, True), ("a", "b"), (1, 16, 7)])
        return Entry(name, kind, "", "tl.constexpr", choices)
    if kind == "float":
        return Entry(name, kind, dice.choice(["fp32", "fp32 | None"]))
    if kind == "pointer":
        declared = dice.choice(["*fp16", "*fp32", "*fp16 | *bf16", "const *fp32", "*i8 | *fp32"])
        return Entry(name, kind, declared + dice.choice(["", "", " | None"]), flag=flag)
    if dice.random() < 0.2:
        hint = ":16" if not flag and dice.random() < 0.5 else ""
        type_, annotation = dice.choice([("i32", "tl.int32"), ("i64", "tl.int64")])
        return Entry(name, kind, f"{type_}{hint}" if hint else type_, annotation, flag=flag)
    hints = {"": ["", ":16", ":1"], "do_not_specialize": [""]}.get(flag, ["", ":1"])
    declared = dice.choice(["i32", "i64", "i32 | i64"]) + dice.choice(hints)
    return Entry(name, kind, declared + dice.choice(["", "", " | None"]), flag=flag)


def _cases(entries: list[Entry], dice: random.Random) -> list[dict[str, int | None]] | None:
    if dice.random() < 0.3:
        return None
    cases = []
    for _ in range(dice.randint(1, 5)):
        case: dict[str, int | None] = {}
        for entry in entries:
            possible: list[int | None] = [None]
            if entry.kind == "pointer" and not entry.flag:
                possible = [16, 16, None]
            elif entry.kind == "int" and not entry.flag:
                possible = [16, None] if entry.annotation else [16, 1, None]
            elif entry.kind == "int" and entry.flag == "do_not_specialize_on_alignment":
                possible = [None] if entry.annotation else [1, None]
            if entry.kind in ("pointer", "int") and dice.random() < 0.8:
                case[entry.name] = dice.choice(possible)
        cases.append(case)
    return cases


def random_call(made: Made, dice: random.Random) -> dict[str, Any]:
    """A value for each parameter; a pointer is (dtype, address)."""
    dtypes: dict[tuple[str, ...], str] = {}
    call: dict[str, Any] = {}
    tidy = dice.random() < 0.4  # else calls that hold a case are rare
    for entry in made.entries:
        types = tuple(text for text in entry.types if text != "None")
        if entry.kind == "constexpr":
            call[entry.name] = dice.choice(entry.choices)
        elif _is_none(entry, call, dice):
            call[entry.name] = None
        elif entry.kind == "pointer":
            plain = tuple(text.rpartition("*")[2] for text in types)
            dtype = dtypes.setdefault(plain, dice.choice(plain))
            address = 2**40 + 16 * dice.randrange(1 << 30)
            call[entry.name] = dtype, address + (0 if tidy else dice.choice([0, 0, 4, 8]))
        elif entry.kind == "float":
            call[entry.name] = dice.choice([0.0, 1.0, 0.5, 16.0])
        else:
            call[entry.name] = _int(types, tidy, dice)
    return call


def _is_none(entry: Entry, call: Mapping[str, Any], dice: random.Random) -> bool:
    if entry.partner:
        return call[entry.partner] is None
    return entry.nullable and dice.random() < 0.4


def _int(types: tuple[str, ...], tidy: bool, dice: random.Random) -> int:
    values = [0, 1, -1, 16, -16, 15, 17, 2**31 - 1, -(2**31), 2**31 - 16]
    if tidy:
        values = [1, 16, 32, -16, 0]
    if types[-1] == "i64":
        values += [2**31, 2**31 + 16, -(2**31) - 1, 2**62, 2**63 - 1, -(2**63)][: 2 if tidy else 6]
    value = dice.choice(values)
    return 16 * dice.randrange(-1000, 1000) if value == 32 else value


def arguments(made: Made, call: Mapping[str, Any]) -> list[Any]:
    """The call as the generated function takes it."""
    return [
        (
            tensor(8, dtype=call[e.name][0], address=call[e.name][1])
            if e.kind == "pointer" and call[e.name] is not None
            else call[e.name]
        )
        for e in made.entries
    ]


class _Tensor:
    def __init__(self, dtype: str, address: int) -> None:
        self.dtype, self._address = f"torch.{LABELS[dtype]}", address

    def data_ptr(self) -> int:
        return self._address


class Binder:
    """What the JIT makes of the arguments of a kernel."""

    def __init__(self, function: JITFunction[Any]) -> None:
        backend = CUDABackend(GPUTarget("cuda", 90, 32))
        self._bind = create_function_from_signature(function.signature, function.params, backend)

    def specialisation(self, made: Made, call: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
        """(type, key) of each parameter, or ("constexpr", value)."""
        values = [
            (
                _Tensor(*call[e.name])
                if e.kind == "pointer" and call[e.name] is not None
                else call[e.name]
            )
            for e in made.entries
        ]
        return dict(zip(call, self.bound(*values), strict=True))

    def bound(self, *values: Any) -> list[tuple[Any, Any]]:
        """(type, key) of each value, or ("constexpr", value)."""
        found: list[tuple[Any, Any]] = self._bind(*values)[1]
        return found


def facts(made: Made, variant: Variant) -> int:
    """How much a variant assumes of ints and pointers."""
    ints = {e.name for e in made.entries if e.kind == "int"}
    constexprs = variant.constexprs
    return len(variant.divisible) + sum(constexprs.get(n) == 1 for n in ints)


def holds(made: Made, variant: Variant, found: Mapping[str, tuple[Any, Any]]) -> bool:
    """Whether all that a variant assumes is so in a call."""
    types, constexprs = dict(variant.signature), variant.constexprs
    for entry in made.entries:
        kind, key = found[entry.name]
        type_ = types[entry.name]
        if kind == "constexpr" and (entry.kind == "constexpr" or key is None):
            if type_ != "constexpr" or constexprs[entry.name] != key:
                return False
        elif type_ == "constexpr":
            if (kind, key) != ("constexpr", constexprs[entry.name]):
                return False
        else:
            is_told = entry.kind == "pointer" or len(entry.types) - entry.nullable > 1
            given = "i32" if kind == "constexpr" else kind
            if is_told and type_.replace("*k", "*") != given:
                return False
            if entry.name in variant.divisible and (kind == "constexpr" or "D" not in str(key)):
                return False
    return True


def is_the_jits_own(made: Made, variant: Variant, found: Mapping[str, tuple[Any, Any]]) -> bool:
    """Whether Triton would compile just this, but for the types that the declaration decides."""
    ones = {e.name for e in made.entries if e.kind == "int" and found[e.name] == ("constexpr", 1)}
    divisible = {n for n, (kind, key) in found.items() if kind != "constexpr" and "D" in str(key)}
    constexprs = variant.constexprs
    return (
        holds(made, variant, found)
        and set(variant.divisible) == divisible
        and all(constexprs.get(name) == 1 for name in ones)
    )
