"""Whether the output still is what its manifest says, by digests alone and without Triton."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from codegen.project import output as files
from codegen.project.manifest import (
    NAME,
    UNREADABLE,
    Manifest,
    images_of,
    installed_tools,
    read_inputs,
    read_opened,
)
from codegen.project.settings import Config
from codegen.read import sources


@dataclass(frozen=True)
class Finding:
    """One reason why the output is not fresh."""

    kind: str
    """`changed`, `added`, `gone` or `unreadable` input, `options`, `tools`; `edited`, `missing` or
    `unknown` output; `unlisted` variable."""
    path: str

    @property
    def is_input(self) -> bool:
        return self.kind in ("changed", "added", "gone", "unreadable")

    @property
    def stays(self) -> bool:
        """No run mends it."""
        return self.kind in ("unknown", "unlisted")

    def __str__(self) -> str:
        return _TEXTS[self.kind].format(path=self.path)


_TEXTS = {
    "changed": "stale: {path} has changed",
    "added": "stale: {path} is new",
    "gone": "stale: {path} is gone",
    "unreadable": "stale: {path} cannot be read",
    "options": "stale: [tool.codegen] has changed: {path}",
    "tools": "stale: another version of a tool: {path}",
    "edited": "edited by hand: {path}",
    "missing": "missing: {path}",
    "unknown": "orphaned: {path} was not generated; move it elsewhere",
    "unlisted": "ignored: {path}; list it in [tool.codegen] environment, or unset it",
}


@dataclass(frozen=True)
class Staleness:
    """Everything that is not as recorded."""

    findings: tuple[Finding, ...]
    unknown: tuple[Finding, ...] = ()
    """What no run mends: files in the output folder that none wrote, and variables that are set,
    read and not listed. A run that wrote all is fresh."""
    triton: tuple[str, str] | None = None
    """(recorded, installed) versions of Triton, when they differ."""

    def __bool__(self) -> bool:
        return bool(self.findings)


def find_staleness(
    config: Config, manifest: Manifest, leaves_out: Callable[[str], bool] = lambda name: False
) -> Staleness:
    """Compare the project with the manifest of its output; `leaves_out` as in `read_inputs`."""
    output = config.output_folder
    if not manifest.files:
        return Staleness((Finding("missing", f"{config.output}/{NAME}"),))
    current = {
        **read_opened(config, manifest.opened, leaves_out),
        **read_inputs(config, leaves_out),
    }
    findings = _inputs(manifest.inputs, current)
    findings += _package_files(manifest)
    findings += [
        Finding("options", f"{key} was {manifest.options.get(key)!r} and is {value!r}")
        for key, value in config.options.items()
        if manifest.options.get(key) != value
    ]
    findings += _files(output, manifest)
    if manifest.is_edited:
        findings.append(Finding("edited", f"{config.output}/{NAME}"))
    strangers = files.unknown_files(output, {**manifest.files, NAME: ""})
    unknown = (
        *(Finding("unknown", f"{config.output}/{path}") for path in strangers),
        *unlisted_variables(config, manifest.unlisted),
    )
    tools = installed_tools()
    findings += [
        Finding("tools", f"{tool} was {manifest.tools.get(tool)} and is {version}")
        for tool, version in tools.items()
        if manifest.tools.get(tool) != version
    ]
    versions = (manifest.tools.get("triton", ""), tools.get("triton", ""))
    differs = all(versions) and versions[0] != versions[1]
    return Staleness(tuple(findings), unknown, versions if differs else None)


def unlisted_variables(config: Config, reads: Mapping[str, Sequence[str]]) -> tuple[Finding, ...]:
    """Those that are set now: whoever set them may think that they decide something."""
    return tuple(
        Finding("unlisted", f"{file} reads the environment variable {name}, which is set")
        for file, names in sorted(reads.items())
        for name in names
        if name in os.environ and name not in config.environment
    )


def _inputs(recorded: Mapping[str, str], current: Mapping[str, str]) -> list[Finding]:
    findings = []
    for path in sorted({*recorded, *current}):
        if current.get(path) == UNREADABLE:
            findings.append(Finding("unreadable", path))
        elif path not in recorded:
            findings.append(Finding("added", path))
        elif path not in current:
            findings.append(Finding("gone", path))
        elif recorded[path] != current[path]:
            findings.append(Finding("changed", path))
    return findings


def _package_files(manifest: Manifest) -> list[Finding]:
    """Kernels of installed packages are inputs as well."""
    recorded = {
        source: digest
        for function in manifest.functions.values()
        for source, digest in function["sources"].items()
    }
    return [
        Finding("changed", source)
        for source, digest in sorted(recorded.items())
        if sources.has_changed(source, digest)
    ]


def _files(output: Path, manifest: Manifest) -> list[Finding]:
    """An image has its digest in what is recorded of its function, too."""
    findings = []
    current = files.digests(output, manifest.files)
    images = {image["file"]: image["sha256"] for _, image in images_of(manifest)}
    wanted = {**manifest.files, **images}
    for path, digest in wanted.items():
        if current.get(path) != digest:
            is_there = current.get(path) is not None or os.path.lexists(output / path)
            findings.append(Finding("edited" if is_there else "missing", f"{output.name}/{path}"))
    return findings
