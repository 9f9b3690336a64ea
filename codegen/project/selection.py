"""Which kernel files a run works on, and what it keeps of the others from the manifest."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from codegen.model.errors import CodegenError
from codegen.model.generated_file import GeneratedFile
from codegen.model.paths import read_file
from codegen.project.freshness import Finding, Staleness
from codegen.project.imports import needed_by, with_importers
from codegen.project.manifest import NAME, UNREADABLE, Manifest, file_of
from codegen.project.settings import Config


@dataclass(frozen=True)
class Selection:
    """The kernel files to work on, and what stays of the others."""

    config: Config
    kernel_files: tuple[str, ...]
    other_files: tuple[str, ...] = ()
    """Kernel files that were not selected."""
    kept_files: tuple[str, ...] = ()
    """Their outputs."""
    kept_functions: Mapping[str, Any] = field(default_factory=dict)
    recorded: Mapping[str, str] = field(default_factory=dict)
    """The inputs as they are recorded."""
    needed_by: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """For each file of the project that is an input, the kernel files that need it; empty
    where there are no names, and all is selected."""
    gone_files: frozenset[str] = frozenset()
    """Kernel files that are no more: their outputs go."""

    def inputs(self, current: Mapping[str, str]) -> dict[str, str]:
        """What a run on this selection is made from. What other kernel files need too stays as it
        is recorded, so that it still is another one for them.

        What was left out may need what is new in this record: nobody can tell. It is recorded as
        unreadable then, so that it is another one as soon as it can be read."""
        readable = {name: digest for name, digest in current.items() if digest != UNREADABLE}
        left_out = (current.keys() - readable.keys()) & self.recorded.keys()
        if self.other_files:
            names = {*readable, *(name for name in self.recorded if not self._was_declared(name))}
            sources = {n: readable if self._is_own(n) else self.recorded for n in names}
            made = {n: source[n] for n, source in sources.items() if n in source}
        else:
            made = {**readable, **{name: self.recorded[name] for name in left_out}}
        if left_out and made != self.recorded:
            made |= dict.fromkeys(left_out, UNREADABLE)
        return dict(sorted(made.items()))

    def leaves_out(self, name: str) -> bool:
        """Whether the run does without an input, should it be no file or be closed to it."""
        is_named = bool(self.needed_by)
        return is_named and self._is_of_project(name) and not self._is_needed(name)

    def with_opened(self, opened: Mapping[str, Sequence[str]]) -> Selection:
        """The same, knowing what the import of kernel files has read, as `Manifest` has it."""
        needed = {name: {*files} for name, files in self.needed_by.items()}
        for file, places in opened.items() if needed else ():
            for place in places:
                needed.setdefault(place, set()).add(file.partition("/")[2])
        return replace(self, needed_by={name: frozenset(fs) for name, fs in needed.items()})

    def kept_opened(self, recorded: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """What is recorded of the files that those kernel files read which this run does not."""
        others = {f"{self.config.kernels}/{file}" for file in self.other_files}
        return {file: [*places] for file, places in recorded.items() if file in others}

    def _is_needed(self, name: str) -> bool:
        return bool(self.needed_by.get(name, frozenset()) & {*self.kernel_files})

    def _is_own(self, name: str) -> bool:
        """Whether an input is made new for all that need it."""
        if not self._is_of_project(name):
            return True
        users = self.needed_by.get(name, frozenset())
        chosen = users & {*self.kernel_files}
        declared = {*map(file_of, self.kept_functions.values())}
        return bool(chosen) and not (users - chosen) & declared

    def _is_of_project(self, name: str) -> bool:
        """Kernels, and what is beside them: not the generator, its templates, a variable."""
        return not name.startswith(("codegen/", "templates/", "$"))

    def _was_declared(self, name: str) -> bool:
        """Whether it is a kernel file that is gone."""
        folder, _, file = name.partition("/")
        return folder == self.config.kernels and file in self.gone_files

    def kept_reads(self, recorded: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """What is recorded of the variables that the files read which this run does not."""
        read = {f"{self.config.kernels}/{file}" for file in self.kernel_files}
        is_part = bool(self.other_files)
        return {f: [*names] for f, names in recorded.items() if is_part and f not in read}

    def read_kept(self) -> list[GeneratedFile]:
        folder = self.config.output_folder
        return [GeneratedFile(path, read_file(folder / path)) for path in self.kept_files]

    def is_elsewhere(self, finding: Finding) -> bool:
        """Whether it concerns none but kernel files that were not selected."""
        if finding.kind == "unreadable":
            return True
        if finding.is_input and self.other_files:
            return self._is_of_project(finding.path) and not self._is_needed(finding.path)
        return self._is_kept(finding)

    def refuse(self, staleness: Staleness) -> None:
        """A change that touches every file, or damage to one that stays, needs a full run.

        Raises `CodegenError`.
        """
        if not self.other_files:
            return
        for finding in staleness.findings:
            if finding.kind in ("edited", "missing"):
                is_record = finding == Finding("edited", f"{self.config.output}/{NAME}")
                concerns_others = is_record or self._is_kept(finding)
            else:
                concerns_others = not (finding.is_input and self._is_of_project(finding.path))
            if concerns_others:
                raise CodegenError(
                    f"{finding}; that concerns more than {', '.join(self.kernel_files)}",
                    hint="run it without names: `python -m codegen regenerate`",
                )

    def _is_kept(self, finding: Finding) -> bool:
        return finding.path in {f"{self.config.output}/{path}" for path in self.kept_files}


def select(config: Config, manifest: Manifest, names: Sequence[str]) -> Selection:
    """The selection that `names` (functions or kernel files) make, with the files that import
    theirs; everything when there are none.

    Raises `CodegenError` for an unknown name.
    """
    present = config.kernel_files()
    if not names:
        return Selection(config, tuple(present))
    chosen = {file for name in names for file in _files_of(config, manifest, present, name)}
    gone = sorted(chosen - {*present})
    if gone:
        raise CodegenError(
            f"{config.kernels}/{gone[0]} is gone",
            hint="run it without names: `python -m codegen regenerate`",
        )
    chosen = with_importers(config.kernels_folder, present, chosen)
    others = [file for file in present if file not in chosen]
    stems = tuple(file.removesuffix("py") for file in others)
    declared = {*map(file_of, manifest.functions.values())}
    return Selection(
        config,
        tuple(sorted(chosen)),
        tuple(others),
        tuple(path for path in manifest.files if path.startswith(stems)),
        {name: entry for name, entry in manifest.functions.items() if file_of(entry) in others},
        manifest.inputs,
        needed_by(config.kernels_folder, present, ("codegen", config.output_folder.name)),
        frozenset(declared - {*present}),
    ).with_opened(manifest.opened)


def command_for(
    config: Config, manifest: Manifest, staleness: Staleness, files: Collection[str]
) -> list[str]:
    """Those of some kernel files that a run with their names would do, as names for it."""
    present = config.kernel_files()
    able = [
        file for file in files if with_importers(config.kernels_folder, present, [file]) <= {*files}
    ]
    names = [f"{config.kernels}/{file}" for file in able]
    if not names:
        return []
    try:
        select(config, manifest, names).refuse(staleness)
    except CodegenError:
        return []
    return names


def changed_alone(config: Config, manifest: Manifest, staleness: Staleness) -> tuple[str, ...]:
    """The kernel files to work on where nothing but the text of some has changed; else none, which
    selects all. What declares no kernel may be read in a way that no import shows."""
    declaring = {
        f"{config.kernels}/{file}": file for file in map(file_of, manifest.functions.values())
    }
    findings = staleness.findings
    if all(one.kind == "changed" and one.path in declaring for one in findings):
        return tuple(declaring[one.path] for one in findings)
    return ()


def unsaid(config: Config, opened: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """What kernel files have read and their source does not say, nor is the output."""
    if not any(opened.values()):
        return {}
    others = ("codegen", config.output_folder.name)
    said = needed_by(config.kernels_folder, config.kernel_files(), others)
    rest = {
        file: [
            place
            for place in places
            if file.partition("/")[2] not in said.get(place, ())
            and not place.startswith(f"{config.output}/")
        ]
        for file, places in opened.items()
    }
    return {file: places for file, places in rest.items() if places}


def _files_of(config: Config, manifest: Manifest, present: list[str], name: str) -> list[str]:
    below = os.path.relpath(os.path.abspath(name), config.kernels_folder)
    for file in (name.removeprefix(f"{config.kernels}/"), below):
        if file in present:
            return [file]
    matches = manifest.match(name, [*present, *(f"{config.kernels}/{file}" for file in present)])
    return [file_of(manifest.functions[match]) for match in matches]
