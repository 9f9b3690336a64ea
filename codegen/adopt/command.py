"""The story of an adoption: read a recording, find its kernels, write their declarations."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from codegen.adopt.adoption import Adoption
from codegen.adopt.earlier import Earlier
from codegen.adopt.finding import Found, find
from codegen.adopt.kernel_files import (
    Adopted,
    added,
    data,
    identity,
    jit_name,
    with_declarations,
)
from codegen.adopt.kinds import alike
from codegen.adopt.own_grids import with_own_grid
from codegen.adopt.recorded_grids import Row
from codegen.model.errors import CodegenError
from codegen.model.targets import TARGETS
from codegen.project.settings import Config
from codegen.read.loading import within
from codegen.read.offline.triton_driver import offline
from tritonbind.recording import Recording
from tritonbind.recording_file import to_json

_FOLDER = "adopted"


def adopt(config: Config, recording: Recording) -> list[Adoption]:
    """Write kernel files that declare what was launched, and the data beside them.

    What an earlier adoption wrote stays, with what people made of it: new launches are added to
    the data, and new kernels at the end of a file. Raises `CodegenError` where a file cannot be
    read as what it was written as; then nothing is written.
    """
    folder = config.kernels_folder / _FOLDER
    earlier = Earlier.read(folder)
    kernels, adoptions = _found(config, recording, earlier)
    files: dict[Path, str] = {}
    by_stem: dict[str, list[Adopted]] = {}
    for kernel in kernels:
        by_stem.setdefault(kernel.stem, []).append(kernel)
        before = earlier.data_of(kernel)
        files[folder / kernel.data_file] = data(kernel, before)
        adoptions.append(_adoption(config, kernel, before, earlier))
    for stem, of_stem in by_stem.items():
        files[folder / f"{stem}.py"] = with_declarations(earlier.text_of(stem), of_stem)
    for path, content in files.items():  # the data first: a kernel file names it
        _write(path, content)
    return sorted(adoptions, key=lambda one: one.kernel)


def _found(
    config: Config, recording: Recording, earlier: Earlier
) -> tuple[list[Adopted], list[Adoption]]:
    """The kernels that are on this machine, and what is to be told of the others."""
    found: list[Adopted] = []
    others = []
    taken = {name for one in earlier.symbols for name in (one, jit_name(one))}
    with offline(_capability(recording)):
        for entry in to_json(recording)["kernels"]:
            problems = [*_unspelt(entry["launches"])]
            rows = [row for row in entry["launches"] if not _reprs(row)]
            try:
                if not rows:
                    raise CodegenError("no launch of it can be adopted")
                one = find(entry["kernel"], entry["digest"], config)
                problems += _unserved(one.kernel(config.project))
            except CodegenError as error:
                others.append(Adoption(entry["kernel"], "", 0, 0, "", (*problems, error)))
                continue
            found += _functions(entry, rows, one, problems, earlier, taken, config)
    others += [
        Adoption(row.kernel, "", 0, 0, "", (CodegenError(f"{row.reason} ({row.count} launches)"),))
        for row in recording.not_recorded
    ]
    return found, others


def _functions(
    entry: Mapping[str, Any],
    rows: Sequence[Row],
    one: Found,
    problems: Sequence[CodegenError],
    earlier: Earlier,
    taken: set[str],
    config: Config,
) -> Iterator[Adopted]:
    """A kernel as functions that take its launches: one, as far as an argument can be all that it
    was. `taken` are functions' names, to which theirs are added."""
    before = earlier.functions_of(entry["kernel"], entry["digest"], one.module)
    symbols = [symbol for symbol, _ in before]
    for number, own in enumerate(_shared_out(rows, [launches for _, launches in before])):
        if number == len(symbols):
            symbols.append(_symbol(one.name, one.module, taken, symbols))
            taken |= {symbols[-1], jit_name(symbols[-1])}
        if not own:
            continue
        kernel = Adopted(
            entry["kernel"],
            one,
            symbols[number],
            entry["digest"],
            tuple(entry["parameters"]),
            tuple(own),
            tuple(entry["tuned"]),
            tuple(grid["source"] for grid in entry["grids"]),
            tuple(problems),
            beside=symbols[0] if number else "",
        )
        problems = ()  # said once
        is_there = earlier.declares(kernel)
        yield kernel if is_there else with_own_grid(kernel, earlier.data_of(kernel), config)


def _shared_out(rows: Sequence[Row], before: Sequence[Sequence[Row]]) -> list[list[Row]]:
    """The rows for each function that takes them: those that are there, with the rows that they
    have before, and behind them new ones."""
    places = {identity(row): n for n, of_function in enumerate(before) for row in of_function}
    new = [row for row in rows if identity(row) not in places]
    groups = alike(new, before)
    shared: list[list[Row]] = [[] for _ in groups]
    for row in rows:
        if identity(row) in places:
            shared[places[identity(row)]].append(row)
    for number, group in enumerate(groups):
        shared[number] += group[len(before[number]) if number < len(before) else 0 :]
    return shared


def _unserved(kernel: Any) -> Iterator[CodegenError]:
    """What is to be told of a kernel that is built, and that `tritonbind serve` cannot launch."""
    function, _ = within(kernel)
    for one in function.params if function is not None else ():
        if one._param.kind is one._param.VAR_POSITIONAL:
            yield CodegenError(
                f"`tritonbind serve` does not serve its launches: it takes any number of "
                f"arguments as `*{one.name}`",
                hint="give it a tuple instead and record it again, or call its function, which is "
                "built",
            )


def _capability(recording: Recording) -> int:
    """Of the first device that the generator knows, so that packages find the one they had."""
    devices = (TARGETS.get(device.target) for device in recording.made_with.devices)
    return next((target.capability for target in devices if target is not None), 90)


def _unspelt(rows: Sequence[Row]) -> Iterator[CodegenError]:
    """A sentence for each argument with a value that no file can hold."""
    for name, value in dict.fromkeys(pair for row in rows for pair in _reprs(row)):
        yield CodegenError(
            f"launches with {name}={value} are left out: the value has no spelling",
            hint="declare them by hand, where the value can be named",
        )


def _reprs(row: Row) -> list[tuple[str, str]]:
    pairs = (*row["arguments"].items(), *row["options"].items())
    return [(name, text) for name, value in pairs for text in _repr_texts(value)]


def _repr_texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if "repr" in value:
            yield str(value["repr"])
        for inner in value.values():
            yield from _repr_texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _repr_texts(inner)


def _symbol(name: str, module: str, taken: set[str], others: Sequence[str]) -> str:
    """The name of the C and Python function: the kernel's own, where no other has it; of a further
    function of the kernel, with a number."""
    own = others[0] if others else re.sub(r"\W+", "_", name).strip("_")
    parts = [] if others else module.removesuffix(".py").replace("/", ".").split(".")
    longer = ("_".join((*parts[place:], own)) for place in range(len(parts) - 1, -1, -1))
    numbered = (f"{own}_{number}" for number in range(2, len(taken) + 3))
    return next(one for one in (own, *longer, *numbered) if taken.isdisjoint({one, jit_name(one)}))


def _adoption(
    config: Config, kernel: Adopted, before: Mapping[str, Any] | None, earlier: Earlier
) -> Adoption:
    new = len(added(kernel, before))
    count = new + (len(before["launches"]) if before is not None else 0)
    problems = [*kernel.problems]
    if lost := earlier.outdated(kernel):
        problems.append(
            CodegenError(
                f"the launches of an earlier adoption ({lost}) are dropped: the kernel's source, "
                "or a value that it reads, has changed since",
                hint=f"git has them, in {kernel.data_file}; record them again with this source",
            )
        )
    file = f"{config.kernels}/{_FOLDER}/{kernel.stem}.py"
    grid = "its own grid" if kernel.own_grid else ""
    grid = f"an explicit grid: {kernel.why_explicit}" if kernel.why_explicit else grid
    return Adoption(kernel.recorded, file, count, new, grid, tuple(problems))


def _write(path: Path, content: str) -> None:
    """As a whole, so that no reader finds half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.new")
    try:
        scratch.write_text(content, encoding="utf-8")
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)
