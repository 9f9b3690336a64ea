"""The kernels of all kernel files. What depends on the SM is read once for each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from codegen.combining import combine, sms
from codegen.errors import CodegenError
from codegen.introspect import Lists
from codegen.introspect_worker import Reading, read, read_in_child
from codegen.model import Kernel
from codegen.offline_answers import answered
from codegen.offline_driver import offline
from codegen.targets import Target


def read_kernels(
    root: Path, files: Sequence[str], targets: Sequence[Target], jobs: int
) -> list[Reading]:
    """What each kernel file says for the targets.

    This process reads them all as one of the SMs. A file whose import asked for the device, or used
    what did, is read again by a child process for each SM, and what these read is combined; where
    the configurations of a kernel differ, once more with those of all SMs.
    """
    capabilities = sorted({target.capability for target in targets})
    readings: dict[str, Reading] = {}
    asking = []
    for file in files:
        with offline(capabilities[0]) as device:
            readings[file] = read(root, file)
        if device.asked or answered():
            asking.append(file)
    if asking and {*capabilities, *answered()} != {capabilities[0]}:
        with ThreadPoolExecutor(max(jobs, 1)) as pool:

            def read_for_each(of_all: Mapping[str, Lists]) -> dict[str, dict[int, Reading]]:
                found = pool.map(lambda sm: read_in_child(root, asking, sm, of_all), capabilities)
                by_file = zip(*found, strict=True)
                return {
                    file: dict(zip(capabilities, of_file, strict=True))
                    for file, of_file in zip(asking, by_file, strict=True)
                }

            found = read_for_each({})
            of_all = {file: _united(of_file.values()) for file, of_file in found.items()}
            if any(of_all.values()):
                found = read_for_each(of_all)
        readings.update({file: _combined(of_file) for file, of_file in found.items()})
    return list(readings.values())


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


def _combined(readings: Mapping[int, Reading]) -> Reading:
    """One reading of a file from those for each capability."""
    first = next(iter(readings.values()))
    errors = list(_errors(readings))
    kernels = []
    if not errors:
        names = {k.name: None for reading in readings.values() for k in reading.kernels}
        for name in names:
            try:
                kernels.append(_kernel(name, readings))
            except CodegenError as error:
                errors.append(error)
    return Reading(first.file, first.title, tuple(kernels), tuple(errors))


def _errors(readings: Mapping[int, Reading]) -> Iterable[CodegenError]:
    """Each error once, with the SMs that have it unless that is all of them."""
    found: dict[str, tuple[CodegenError, list[int]]] = {}
    for capability, reading in readings.items():
        for error in reading.errors:
            found.setdefault(str(error), (error, []))[1].append(capability)
    for error, capabilities in found.values():
        some = "" if len(capabilities) == len(readings) else f" (for {sms(capabilities)})"
        yield CodegenError(error.message + some, where=error.where, hint=error.hint)


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
