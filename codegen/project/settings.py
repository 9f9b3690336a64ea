"""The project's settings: `[tool.codegen]` in the nearest pyproject.toml."""

from __future__ import annotations

import keyword
import os
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codegen.model.errors import CodegenError, SourceLocation, meant, shown
from codegen.model.paths import read_file
from codegen.model.surroundings import FIXED
from codegen.model.targets import TARGETS, Target

_SAID_BY_OPTIONS = {
    "TRITON_DEBUG": "leave it out, and say debug=True in declarations",
    "TRITON_DEFAULT_FP_FUSION": "leave it out, and say enable_fp_fusion=False in declarations",
    "TRITON_INSTRUMENTATION_MODE": "leave it out: instrumented kernels are not generated",
}
"""What launches take where nothing says the option; here each option has a value always."""
DEFAULT_TARGETS = ("sm_80", "sm_90", "sm_100", "sm_120", "compute_80")
CALLERS = ("rust",)
"""Languages that modules can be generated for, besides Python and C, which all packages have."""


@dataclass(frozen=True)
class Config:
    """Where kernels are, where wrappers go, and what to build for."""

    project: Path
    """The folder of pyproject.toml; the other folders are relative to it."""
    kernels: str = "kernels"
    output: str = "generated"
    targets: tuple[Target, ...] = ()
    prefix: str = ""
    """What the names in C begin with, in the place of tritonbind's; nothing: those of kernels with
    nothing before them."""
    environment: tuple[str, ...] = ()
    """The variables that kernel files may read of whoever runs the command."""
    callers: tuple[str, ...] = ()
    """The languages besides Python and C that there are modules for."""

    def listed(self) -> tuple[tuple[str, str | None], ...]:
        """Those variables with their values now; None: it is not set."""
        return tuple((name, os.environ.get(name)) for name in self.environment)

    @property
    def kernels_folder(self) -> Path:
        return self.project / self.kernels

    @property
    def output_folder(self) -> Path:
        return self.project / self.output

    def kernel_files(self) -> list[str]:
        """The Python files below the kernels folder, relative to it; none in hidden folders."""
        root = self.kernels_folder
        found = []
        for place, folders, names in os.walk(root, onerror=_cannot_read):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            _check_no_links(Path(place), folders)
            paths = [Path(place, name) for name in names if name.endswith(".py")]
            found += [path.relative_to(root) for path in paths if not path.name.startswith(".")]
        return sorted(path.as_posix() for path in found)

    @property
    def options(self) -> dict[str, object]:
        """What the output depends on, for the manifest."""
        targets = [target.name for target in self.targets]
        return {
            "kernels": self.kernels,
            "targets": targets,
            "prefix": self.prefix,
            "callers": list(self.callers),
        }


def _check_no_links(place: Path, folders: Sequence[str]) -> None:
    """What lies behind one is imported by its name there, and would be no input."""
    for path in (place / name for name in folders if (place / name).is_symlink()):
        raise CodegenError(
            f"{shown(path)} is a link to a folder, and kernels are not looked for behind one",
            hint="put the folder itself there, or move the link out of the kernels folder",
        )


def _cannot_read(error: OSError) -> None:
    """A folder whose kernels nobody sees must not look as if they were gone."""
    if not isinstance(error, FileNotFoundError):
        raise error


def read_config(start: Path) -> Config:
    """The settings for the project that holds `start`. Raises `CodegenError`."""
    if not start.is_dir():
        raise CodegenError(f"there is no folder {start}", hint="name another: --project FOLDER")
    for folder in (start.resolve(), *start.resolve().parents):
        file = folder / "pyproject.toml"
        if os.path.lexists(file):
            return _config(folder, file)
    raise CodegenError(
        f"there is no pyproject.toml in {shown(start.resolve())} or above it",
        hint="run in the project that holds the kernels, or name it: --project FOLDER",
    )


@dataclass(frozen=True)
class _Settings:
    """`[tool.codegen]`, and where each setting stands."""

    table: Mapping[str, Any]
    file: Path
    lines: Sequence[str]

    def header(self, table: str) -> SourceLocation:
        """The line that begins a table."""
        return SourceLocation(str(self.file), self._first(table) + 1)

    def where(self, key: str) -> SourceLocation:
        """The line that sets `key`, else the table's own."""
        first = self._first("tool.codegen")
        setting = re.compile(rf"\s*{re.escape(key)}\s*=")
        numbers = (n for n in range(first, len(self.lines)) if setting.match(self.lines[n]))
        return SourceLocation(str(self.file), next(numbers, first) + 1)

    def refused(self, key: str, reason: str, hint: str) -> CodegenError:
        """What is wrong with a setting."""
        return CodegenError(f"[tool.codegen] {reason}", where=self.where(key), hint=hint)

    def _first(self, table: str) -> int:
        parts = (rf"\s*[\"']?{re.escape(part)}[\"']?\s*" for part in table.split("."))
        header = re.compile(rf"\s*\[{'[.]'.join(parts)}[].]")
        return next((n for n, line in enumerate(self.lines) if header.match(line)), 0)


def _config(project: Path, file: Path) -> Config:
    settings = _settings(file)
    known = ("kernels", "output", "targets", "prefix", "environment", "callers")
    for key in settings.table:
        if key not in known:
            hint = meant(key, known, f"the settings are {', '.join(known)}")
            raise settings.refused(key, f"has no setting `{key}`", hint)
    kernels = _folder(settings, "kernels", "kernels")
    output = _folder(settings, "output", "generated")
    if kernels == output:
        reason = f"kernels and output must be two folders, got {output!r} for both"
        raise settings.refused("output", reason, 'write output = "generated"')
    return Config(
        project,
        kernels,
        output,
        _targets(settings),
        _prefix(settings),
        _environment(settings),
        _callers(settings),
    )


def _settings(file: Path) -> _Settings:
    try:
        text = read_file(file).decode()
        document = tomllib.loads(text)
    except RecursionError as error:
        raise CodegenError(
            "the file is nested too deep",
            where=SourceLocation(str(file), 1),
            hint="write it with fewer levels",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        line = re.search(r"at line (\d+)", str(error))
        raise CodegenError(
            f"the file is not TOML: {error}",
            where=SourceLocation(str(file), int(line[1]) if line else 1),
            hint="mend its syntax",
        ) from error
    tools = document.get("tool", {})
    table = tools.get("codegen", {}) if isinstance(tools, dict) else tools
    settings = _Settings(table, file, text.splitlines())
    for name in _misplaced(document):
        raise CodegenError(
            f"there is no table [{name}]: the settings are in [tool.codegen]",
            where=settings.header(name),
            hint="rename it, or join the two where both are there",
        )
    if not isinstance(table, dict):
        hint = "write the settings below a line [tool.codegen]"
        raise settings.refused("codegen", f"must be a table, got {table!r}", hint)
    return settings


def _misplaced(document: Mapping[str, Any]) -> Iterator[str]:
    """Tables that are called as the settings might be, and that nothing reads."""
    tools = document.get("tool")
    for place, tables in (("", document), ("tool.", tools if isinstance(tools, dict) else {})):
        for name, table in tables.items():
            plain = re.sub(r"[-_.]", "", name).lower()
            if isinstance(table, dict) and plain in _CALLED and f"{place}{name}" != "tool.codegen":
                yield f"{place}{name}"


_CALLED = ("codegen", "tritonbind", "codgen", "codegn", "tritonbindcodegen")


def _folder(settings: _Settings, key: str, default: str) -> str:
    value = settings.table.get(key, default)
    hint = f'write {key} = "{default}"'
    if not isinstance(value, str) or not value.isidentifier() or keyword.iskeyword(value):
        reason = (
            f"{key} must be the name of a folder beside pyproject.toml that can be imported, got "
            f"{value!r}"
        )
        raise settings.refused(key, reason, hint)
    if value in sys.stdlib_module_names:
        reason = f"{key}: a module of Python itself is called {value!r}"
        raise settings.refused(key, reason, f"rename the folder; {hint}")
    return value


def _prefix(settings: _Settings) -> str:
    value = settings.table.get("prefix", "")
    good = isinstance(value, str) and re.fullmatch(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*", value)
    if "prefix" in settings.table and not good:
        reason = (
            "prefix must be the beginning of names in C: letters, digits and single `_` between "
            f"them, got {value!r}"
        )
        raise settings.refused("prefix", reason, 'write for instance prefix = "acme"')
    return str(value)


def _environment(settings: _Settings) -> tuple[str, ...]:
    value = settings.table.get("environment", [])
    are_names = isinstance(value, list) and all(isinstance(n, str) and n for n in value)
    if not are_names or any({"=", "\0"} & {*name} for name in value):
        reason = f"environment must be a list of names of variables, got {value!r}"
        hint = 'write for instance environment = ["MY_BLOCK"]'
        raise settings.refused("environment", reason, hint)
    for name in value:
        if name in FIXED:
            reason = f"environment has {name!r}, which the generator itself sets"
            raise settings.refused("environment", reason, "leave it out")
        if name in _SAID_BY_OPTIONS:
            reason = f"environment has {name!r}, which no declaration's options follow"
            raise settings.refused("environment", reason, _SAID_BY_OPTIONS[name])
    return tuple(sorted({*value}))


def _callers(settings: _Settings) -> tuple[str, ...]:
    value = settings.table.get("callers", [])
    if not isinstance(value, list) or not all(name in CALLERS for name in value):
        reason = f"callers must be a list of some of {', '.join(CALLERS)}, got {value!r}"
        raise settings.refused("callers", reason, 'write callers = ["rust"]')
    return tuple(sorted({*value}))


def _targets(settings: _Settings) -> tuple[Target, ...]:
    value = settings.table.get("targets", list(DEFAULT_TARGETS))
    if not isinstance(value, list) or not value or not all(isinstance(n, str) for n in value):
        hint = f"write for instance targets = {list(DEFAULT_TARGETS)!r}"
        raise settings.refused("targets", f"targets must be a list of names, got {value!r}", hint)
    for name in value:
        if name not in TARGETS:
            hint = f"write some of {', '.join(TARGETS)}"
            raise settings.refused("targets", f"targets has {name!r}, which cannot be built", hint)
    chosen = {TARGETS[name] for name in value}
    return tuple(sorted(chosen, key=lambda target: (target.is_ptx, target.capability)))
