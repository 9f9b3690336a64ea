"""The kernels of all kernel files. A file that depends on the SM is read once for each SM."""

from __future__ import annotations

import contextlib
import pickle
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from codegen.model.errors import CodegenError, SourceLocation, collected
from codegen.model.kernel import Kernel
from codegen.model.surroundings import Died, excerpt, fate
from codegen.model.targets import Target
from codegen.read.combining import combine, sms
from codegen.read.differing import difference
from codegen.read.reading import Ask, Borrow, Lists, Reading, ReadRequest


def read_kernels(
    root: Path,
    files: Sequence[str],
    targets: Sequence[Target],
    jobs: int,
    borrow: Borrow,
    say: Callable[[str], None] = lambda text: None,
) -> list[Reading]:
    """What each kernel file says for the targets; `say` is told what they print.

    A borrowed process reads them all as one of the SMs. A file whose import asked for the
    device, or used what did, is read again for each SM, and what these readings say is combined;
    where the configurations of a kernel differ, once more with those of all SMs.
    """
    capabilities = sorted({target.capability for target in targets})
    first = _read(borrow, root, files, capabilities[0], say=say)
    readings = {reading.file: reading for reading in first}
    asking = [reading.file for reading in first if reading.asked]
    if asking and len(capabilities) > 1:
        readings.update(_read_for_each(borrow, root, asking, capabilities, jobs, readings))
    return list(readings.values())


def _read_for_each(
    borrow: Borrow,
    root: Path,
    files: Sequence[str],
    capabilities: Sequence[int],
    jobs: int,
    readings: Mapping[str, Reading],
) -> dict[str, Reading]:
    """One reading of each file from those for all SMs; `readings` are those for the first."""

    def read_all(of_all: Mapping[str, Lists]) -> dict[str, dict[int, Reading]]:
        found = pool.map(lambda sm: _read(borrow, root, files, sm, of_all), capabilities)
        by_file = zip(*found, strict=True)
        return {
            file: dict(zip(capabilities, of_file, strict=True))
            for file, of_file in zip(files, by_file, strict=True)
        }

    with ThreadPoolExecutor(max(jobs, 1)) as pool:
        found = read_all({})
        of_all = {file: _united(of_file.values()) for file, of_file in found.items()}
        if any(of_all.values()):
            found = read_all(of_all)
    return {file: _combined(of_file, readings[file]) for file, of_file in found.items()}


def _read(
    borrow: Borrow,
    root: Path,
    files: Sequence[str],
    capability: int,
    of_all: Mapping[str, Lists] | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> list[Reading]:
    """Kernel files as the SM of that capability sees them; `of_all` by file, as in `introspect`."""
    with tempfile.TemporaryDirectory(prefix="codegen-") as scratch, borrow() as ask:
        log = Path(scratch, "log")
        readings: list[Reading] = []
        while len(readings) < len(files):
            rest, answers = tuple(files[len(readings) :]), Path(scratch, f"{len(readings)}")
            here, lists = str(Path.cwd()), dict(of_all or {})
            request = ReadRequest(str(root), rest, capability, lists, here, str(answers), str(log))
            end = _ask(ask, request)
            found = _answers(answers)
            readings += found
            if len(found) < len(rest) and not (found and found[-1].is_last):
                readings.append(_ended(root, rest[len(found)], end))
        if log.exists() and (text := log.read_text(errors="replace").rstrip("\n")):
            say(text)
    return readings


def _ask(ask: Ask, request: ReadRequest) -> str:
    """Have files read, as many as can be until one ends the process; how it ended comes back."""
    answers, printed = Path(request.answers), ""
    try:
        end = fate(ask(request, lambda: _current(request)))
    except Died as death:
        end, printed = death.fate, death.log
    if not answers.exists():
        raise CodegenError(
            f"the process that was to read kernels died with {end}{excerpt(printed)}"
        )
    return end


def _answers(path: Path) -> list[Reading]:
    """Those that were finished."""
    found = []
    with path.open("rb") as answers, contextlib.suppress(EOFError, pickle.UnpicklingError):
        while True:
            found.append(pickle.load(answers))
    return found


def _current(request: ReadRequest) -> str:
    """What is being done, as messages say it."""
    answers = Path(request.answers)
    if not answers.exists():
        return "starting the process that reads kernels"
    done = min(len(_answers(answers)), len(request.files) - 1)
    return f"importing {Path(request.root).name}/{request.files[done]}"


def _ended(root: Path, file: str, end: str) -> Reading:
    module = ".".join([root.name, *Path(file).with_suffix("").parts])
    error = CodegenError(
        f"the kernel file ends the process that imports it: {end}",
        where=SourceLocation(str((root / file).resolve()), 1),
        hint=f"`python -c 'import {module}'` in the project's folder shows where it happens",
    )
    return Reading(file, errors=(error,))


def _united(readings: Collection[Reading]) -> Lists:
    """The configurations of all SMs, of the kernels whose lists differ."""
    names = {name: None for reading in readings for name in reading.configurations}
    united = {}
    for name in names:
        lists = {reading.configurations.get(name, ()) for reading in readings}
        if len(lists) > 1:
            each = (one for r in readings for one in r.configurations.get(name, ()))
            united[name] = tuple(dict.fromkeys(each))
    return united


def _combined(readings: Mapping[int, Reading], earlier: Reading) -> Reading:
    """One reading of a file from those for each capability; `earlier` was one for the first."""
    first = next(iter(readings.values()))
    errors = list(_errors(readings)) or list(_differences(earlier, first))
    kernels = []
    if not errors:
        names = {k.name: None for reading in readings.values() for k in reading.kernels}
        for name in names:
            with collected(errors):
                kernels.append(_kernel(name, readings))
    every = (earlier, *readings.values())
    reads = dict.fromkeys(read for reading in every for read in reading.reads)
    opened = {place: sum_ for reading in every for place, sum_ in reading.opened}
    return replace(
        earlier,
        kernels=tuple(kernels),
        errors=tuple(errors),
        reads=tuple(reads),
        opened=tuple(opened.items()),
    )


def _differences(one: Reading, other: Reading) -> Iterable[CodegenError]:
    """What two imports for one SM do not agree in."""
    others = {kernel.name: kernel for kernel in other.kernels}
    for kernel in one.kernels:
        again = others.get(kernel.name)
        if again is not None and again.made_of != kernel.made_of:
            yield difference(kernel, kernel.made_of, again.made_of)


def _errors(readings: Mapping[int, Reading]) -> Iterable[CodegenError]:
    """Each error once, with the SMs that have it unless that is all of them."""
    found: dict[str, tuple[CodegenError, list[int]]] = {}
    for capability, reading in readings.items():
        for error in reading.errors:
            found.setdefault(str(error), (error, []))[1].append(capability)
    for error, capabilities in found.values():
        some = "" if len(capabilities) == len(readings) else f" (for {sms(capabilities)})"
        yield error.but(reason=error.reason + some)


def _kernel(name: str, readings: Mapping[int, Reading]) -> Kernel:
    views = {
        capability: kernel
        for capability, reading in readings.items()
        for kernel in reading.kernels
        if kernel.name == name
    }
    some = next(iter(views.values()))
    wanted = {target.capability for target in some.targets or ()} or set(readings)
    missing = sorted(wanted & set(readings) - set(views))
    if missing:
        raise CodegenError(
            f"`{name}` is declared for {sms(list(views))}, and not for {sms(missing)}",
            where=some.location,
            hint="limit it to the targets that have it: targets=[...]",
        )
    return combine({sm: view for sm, view in views.items() if sm in wanted} or views)
