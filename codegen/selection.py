"""Which kernel files a run works on, and what it keeps of the others as it is recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from codegen.config import Config
from codegen.errors import CodegenError
from codegen.freshness import Staleness
from codegen.manifest import Manifest
from codegen.model import GeneratedFile


@dataclass(frozen=True)
class Selection:
    """The kernel files to work on, and what stays of those that were not selected."""

    kernel_files: tuple[str, ...]
    kept_files: tuple[GeneratedFile, ...] = ()
    kept_inputs: Mapping[str, str] = field(default_factory=dict)
    kept_functions: Mapping[str, Any] = field(default_factory=dict)


def select(
    config: Config, manifest: Manifest, staleness: Staleness, names: Sequence[str]
) -> Selection:
    """The selection that `names` (functions or kernel files) make; everything when there are none.

    Raises `CodegenError` for an unknown name, or when more than the selected files must change.
    """
    root = config.kernels_folder
    present = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.py"))
    if not names:
        return Selection(tuple(present))
    chosen = {file for name in names for file in _files_of(config, manifest, present, name)}
    others = [file for file in present if file not in chosen]
    _refuse_shared_changes(config, staleness, chosen, others)
    stems = [str(PurePosixPath(file).with_suffix("")) for file in others]
    kept = [path for path in manifest.files if _belongs(path, stems)]
    inputs = [f"{config.kernels}/{file}" for file in others]
    return Selection(
        tuple(sorted(chosen)),
        tuple(GeneratedFile(p, (config.output_folder / p).read_bytes()) for p in kept),
        {name: manifest.inputs[name] for name in inputs if name in manifest.inputs},
        {
            name: entry
            for name, entry in manifest.functions.items()
            if entry["kernel"].partition(":")[0] in others
        },
    )


def _files_of(config: Config, manifest: Manifest, present: list[str], name: str) -> list[str]:
    file = name.removeprefix(f"{config.kernels}/")
    if file in present:
        return [file]
    matches = manifest.match(name)
    return [manifest.functions[match]["kernel"].partition(":")[0] for match in matches]


def _refuse_shared_changes(
    config: Config, staleness: Staleness, chosen: set[str], others: Sequence[str]
) -> None:
    """A change that touches every file, or damage to one that stays, needs a full run."""
    stems = [f"{config.output}/{PurePosixPath(file).with_suffix('')}" for file in others]
    for finding in staleness.findings:
        if finding.kind in ("edited", "missing"):
            concerns_others = _belongs(finding.path, stems)
        else:
            concerns_others = not finding.path.startswith(f"{config.kernels}/")
        if concerns_others:
            raise CodegenError(
                f"{finding}; that concerns more than {', '.join(sorted(chosen))}",
                hint="run it without names: `python -m codegen regenerate`",
            )


def _belongs(path: str, stems: Sequence[str]) -> bool:
    return any(path.startswith(f"{stem}.") for stem in stems)
