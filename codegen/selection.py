"""Which kernel files a run works on, and what it keeps of the others as it is recorded."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from codegen.config import Config
from codegen.errors import CodegenError
from codegen.files import GeneratedFile
from codegen.freshness import Finding, Staleness
from codegen.imports import with_importers
from codegen.manifest import NAME, Manifest
from codegen.ordinary import read_file


@dataclass(frozen=True)
class Selection:
    """The kernel files to work on, and what stays of those that were not selected."""

    config: Config
    kernel_files: tuple[str, ...]
    other_files: tuple[str, ...] = ()
    """Kernel files that were not selected."""
    kept_files: tuple[str, ...] = ()
    """Their outputs."""
    kept_inputs: Mapping[str, str] = field(default_factory=dict)
    """They themselves, as they were when they were last selected."""
    kept_functions: Mapping[str, Any] = field(default_factory=dict)

    def inputs(self, current: Mapping[str, str]) -> dict[str, str]:
        """What a run on this selection is made from."""
        others = {f"{self.config.kernels}/{file}" for file in self.other_files}
        read = {name: digest for name, digest in current.items() if name not in others}
        return {**read, **self.kept_inputs}

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
        others = [f"{self.config.kernels}/{file}" for file in self.other_files]
        return finding.path in others or self._is_kept(finding)

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
                is_kernel = finding.path.startswith(f"{self.config.kernels}/")
                concerns_others = not is_kernel or finding.path.endswith(".json")
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
    stems = [str(PurePosixPath(file).with_suffix("")) for file in others]
    inputs = [f"{config.kernels}/{file}" for file in others]
    return Selection(
        config,
        tuple(sorted(chosen)),
        tuple(others),
        tuple(path for path in manifest.files if _belongs(path, stems)),
        {name: manifest.inputs[name] for name in inputs if name in manifest.inputs},
        {
            name: entry
            for name, entry in manifest.functions.items()
            if entry["kernel"].partition(":")[0] in others
        },
    )


def changed_alone(config: Config, manifest: Manifest, staleness: Staleness) -> tuple[str, ...]:
    """The kernel files to work on where nothing but the text of some has changed; else none, which
    selects all. What declares no kernel may be read in a way that no import shows."""
    declaring = {
        f"{config.kernels}/{file}": file
        for file in (entry["kernel"].partition(":")[0] for entry in manifest.functions.values())
    }
    findings = staleness.findings
    if all(one.kind == "changed" and one.path in declaring for one in findings):
        return tuple(declaring[one.path] for one in findings)
    return ()


def _files_of(config: Config, manifest: Manifest, present: list[str], name: str) -> list[str]:
    below = os.path.relpath(os.path.abspath(name), config.kernels_folder)
    for file in (name.removeprefix(f"{config.kernels}/"), below):
        if file in present:
            return [file]
    matches = manifest.match(name, [*present, *(f"{config.kernels}/{file}" for file in present)])
    return [manifest.functions[match]["kernel"].partition(":")[0] for match in matches]


def _belongs(path: str, stems: Sequence[str]) -> bool:
    return any(path.startswith(f"{stem}.") for stem in stems)
