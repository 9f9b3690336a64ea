"""Rows of `launches=`, from what Triton's own binder makes of calls of random kernels."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codegen.model.kernel import Kernel, Variant

from . import made as support
from .specialisations import Binder, Made, arguments, random_call, random_kernel

Row = Mapping[str, Any]
Call = Mapping[str, Any]
WARPS = "num_warps"


@dataclass(frozen=True, repr=False)
class Launched:
    """A random kernel, built for random launches."""

    made: Made
    calls: tuple[Call, ...]
    """What was launched: a value for each parameter, a pointer as (dtype, address); num_warps."""
    rows: tuple[Row, ...]
    """The same as rows."""
    kernel: Kernel
    binder: Binder
    library: support.Library

    def __repr__(self) -> str:
        return self.made.name

    def row(self, call: Call) -> Row:
        """What Triton's JIT would compile for a call."""
        own = {entry.name: call[entry.name] for entry in self.made.entries}
        return row_of(self.made, self.binder.specialisation(self.made, own), call[WARPS])

    def variant(self, call: Call) -> Variant:
        """What the generated function launches for it; raises what it raises."""
        values = dict(zip(call, [*arguments(self.made, call), call[WARPS]], strict=True))
        passed = [values[argument.name] for argument in self.kernel.arguments]
        return self.library.chosen(self.made.name, *passed)

    def call(self, dice: random.Random) -> Call:
        """A random call, half of the time much like one that was launched."""
        call = _call(self.made, dice)
        if dice.random() < 0.5:
            launched = dice.choice(self.calls)
            call = {n: call[n] if dice.random() < 0.2 else launched[n] for n in call}
        return call


def launched(folder: Path, count: int, launches: int) -> list[Launched]:
    """Random kernels, each with so many launches."""
    dices = [random.Random(number) for number in range(count)]
    kernels = [random_kernel(f"k{number}", dice) for number, dice in enumerate(dices)]
    calls = [
        [_call(one, dice) for _ in range(launches)]
        for one, dice in zip(kernels, dices, strict=True)
    ]
    (folder / "kernels").mkdir()
    alone = "".join(map(_kernel, kernels))
    (folder / "kernels" / "alone.py").write_text(support.HEADER + alone)
    functions = support.declarations(folder, "alone")
    binders = [Binder(functions[one.name]) for one in kernels]
    rows = []
    for one, binder, own in zip(kernels, binders, calls, strict=True):
        bare = ({n: v for n, v in call.items() if n != WARPS} for call in own)
        found = (binder.specialisation(one, call) for call in bare)
        warps = (call[WARPS] for call in own)
        rows.append([row_of(one, *each) for each in zip(found, warps, strict=True)])
    source = "".join(
        f"@export('tests.{one.name}', launches={own!r}, grid=lambda: (1,))\n{_kernel(one)}"
        for one, own in zip(kernels, rows, strict=True)
    )
    read = support.read(folder, source)
    library = support.build(folder / "made", [support.plan(kernel) for kernel in read])
    return [
        Launched(one, tuple(own), tuple(of), kernel, binder, library)
        for one, own, of, kernel, binder in zip(kernels, calls, rows, read, binders, strict=True)
    ]


def row_of(made: Made, found: Mapping[str, tuple[Any, Any]], num_warps: int) -> Row:
    """The row of what is compiled: (type, key) of each parameter, or ("constexpr", value)."""
    arguments = {entry.name: _argument(entry.kind, *found[entry.name]) for entry in made.entries}
    return {"arguments": arguments, "options": {WARPS: num_warps}}


def row_of_variant(made: Made, variant: Variant) -> Row:
    types, constexprs = dict(variant.signature), variant.constexprs
    found = {}
    for entry in made.entries:
        key = "D" if entry.name in variant.divisible else None
        is_fixed = types[entry.name] == "constexpr"
        found[entry.name] = types[entry.name], constexprs[entry.name] if is_fixed else key
    return row_of(made, found, variant.options.num_warps)


def generic(row: Row) -> Row:
    """The row without what is assumed."""
    bare = {
        name: given.partition(":")[0] if isinstance(given, str) else given
        for name, given in row["arguments"].items()
    }
    return {**row, "arguments": bare}


def _argument(kind: str, type_: str, key: Any) -> Any:
    if kind == "constexpr":
        return {"constexpr": key}
    if type_ == "constexpr":
        return None if key is None else "i32:1"
    text = type_.replace("*k", "const *").replace("u1", "i1")
    return f"{text}:16" if "D" in str(key) else text


def _call(made: Made, dice: random.Random) -> dict[str, Any]:
    return {**random_call(made, dice), WARPS: dice.choice([4, 4, 8])}


def _kernel(made: Made) -> str:
    names = ("do_not_specialize", "do_not_specialize_on_alignment")
    flags = {flag: [e.name for e in made.entries if e.flag == flag] for flag in names}
    given = ", ".join(f"{flag}={of!r}" for flag, of in flags.items())
    parameters: Sequence[str] = [
        f"{e.name}: {e.annotation}" if e.annotation else e.name for e in made.entries
    ]
    return f"@triton.jit({given})\ndef {made.name}({', '.join(parameters)}):\n    pass\n\n\n"
