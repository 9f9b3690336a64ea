"""What the command says: the product on stdout, talk on stderr."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from codegen.adopt.adoption import Adoption
from codegen.model.errors import CodegenError, shown
from codegen.model.options import DEFAULTS, OPTIONS
from codegen.pipeline import Outcome
from codegen.project.library import Library
from codegen.project.manifest import Manifest, images_of
from codegen.project.output import FileChange
from codegen.project.settings import Config
from codegen.streams import product, talk

COMMAND = "python -m codegen"


def say(text: str) -> None:
    talk(text)


def error(problem: CodegenError) -> None:
    say(f"error: {problem}")


@product()
def text(product: str) -> None:
    print(product, end="")


@product()
def json_document(document: object) -> None:
    print(json.dumps(document, indent=1, sort_keys=True))


def changes(config: Config, outcome: Outcome) -> None:
    """A line for each file that a run changes."""
    for change in outcome.changes:
        say(f"{change.kind}: {config.output}/{change.path}")


class Progress:
    """A line that counts compiled images: rewritten in place on a terminal, else not shown."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._shown = not quiet and sys.stderr.isatty()
        self._width = 0

    def __enter__(self) -> Progress:
        return self

    def __call__(self, done: int, total: int, name: str) -> None:
        if self._shown:
            columns = _columns()
            line = f"[{done}/{total}] {name}"[: columns - 1]
            talk(f"\r{line:<{self._width}}", end="")
            self._width = len(line)

    def say(self, sentence: str) -> None:
        """A line of its own, for which the counting makes room."""
        self._clear()
        if not self._quiet:
            say(sentence)

    def __exit__(self, *error: object) -> None:
        self._clear()

    def _clear(self) -> None:
        if self._width:
            talk(f"\r{'':<{self._width}}\r", end="")
            self._width = 0


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except OSError:  # a terminal that has gone
        return 80


def summary(config: Config, outcome: Outcome, library: Library, verbose: bool = False) -> None:
    functions = outcome.manifest.functions
    images = len({image["key"] for _, image in images_of(outcome.manifest)})
    state = "built" if library.was_built else "there already"
    counts = f"{_count(len(functions), 'function')}, {_count(images, 'image')}"
    size = _size(library.path.stat().st_size)
    say(f"{config.output}/: {counts}; {_deeds(outcome, images)}")
    for name, entry in sorted(functions.items()):
        if entry["omitted"]:
            say(_omitted(name, entry["omitted"]))
    if verbose and outcome.memory:
        say(f"memory: {_size(outcome.memory)} at most in a process that compiles")
    say(f"library: {shown(library.path)} ({state}, {size})")


def _omitted(name: str, omitted: Sequence[Mapping[str, str]]) -> str:
    first, others = omitted[0], len(omitted) - 1
    more = f"; `{COMMAND} inspect {name}` tells of {others} more" if others else ""
    reason = first["reason"].partition("\n")[0]
    return f"left out of {name}: {first['variant']} for {first['target']}: {reason}{more}"


def _deeds(outcome: Outcome, images: int) -> str:
    removed = sum(change.kind == "removed" for change in outcome.changes)
    written = len(outcome.changes) - removed
    if outcome.changes:
        deeds = [f"{_count(written, 'file')} written"] + [f"{removed} removed"] * bool(removed)
        return ", ".join([*deeds, f"{outcome.compiled} of {images} images compiled"])
    if outcome.compiled:
        return f"{outcome.compiled} of {images} images compiled, and every byte is as it was"
    return "nothing had to change" if outcome.staleness else "everything is fresh"


def watch_hint() -> None:
    say(f"To watch it all happen again: {COMMAND} regenerate --rebuild -v")


def outcome_document(
    config: Config, outcome: Outcome, library: Library | None = None
) -> dict[str, object]:
    """What `--json` prints of a run."""
    findings = [*outcome.staleness.findings, *outcome.staleness.unknown]
    return {
        "output": config.output,
        "fresh": not (outcome.changes or outcome.staleness.unknown),
        "findings": [str(finding) for finding in findings],
        "changes": {change.path: change.kind for change in outcome.changes},
        "compiled": outcome.compiled,
        "memory": outcome.memory,
        "functions": sorted(outcome.manifest.functions),
        "library": None if library is None else str(library.path),
    }


@product()
def diff(folder: str, changes: Iterable[FileChange]) -> None:
    """A unified diff of text files on stdout, and a line for each binary one."""
    import difflib  # which other runs do without

    for change in changes:
        old = "/dev/null" if change.old is None else f"a/{folder}/{change.path}"
        new = "/dev/null" if change.new is None else f"b/{folder}/{change.path}"
        before, after = _lines(change.old), _lines(change.new)
        if before is None or after is None:
            sizes = [len(side or b"") for side in (change.old, change.new)]
            print(f"Binary files {old} ({sizes[0]} bytes) and {new} ({sizes[1]} bytes) differ")
            continue
        if before == after:
            print(f"--- {old}\n+++ {new}")
        for line in difflib.unified_diff(before, after, old, new):
            print(line, end="" if line.endswith("\n") else "\n\\ No newline at end of file\n")


def _lines(content: bytes | None) -> list[str] | None:
    """The lines of a text; None for what is none."""
    try:
        text = (content or b"").decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else list(io.StringIO(text))


@product()
def functions_table(manifest: Manifest) -> None:
    """A row for each function: variants, targets, bytes of images."""
    rows = [("function", "variants", "targets", "size")]
    for name, entry in sorted(manifest.functions.items()):
        variants = entry["variants"]
        targets = sorted(
            {target for v in variants.values() for target in v["images"]}, key=_target_order
        )
        images = [image for v in variants.values() for image in v["images"].values()]
        size = sum({image["file"]: image["size"] for image in images}.values())
        labels = ", ".join(variants) if len(variants) <= 4 else str(len(variants))
        rows.append((name, labels, ", ".join(targets), _size(size)))
    _table(rows)


@product()
def adoptions(found: Sequence[Adoption]) -> None:
    """What became of each recorded kernel, and why some of it is not adopted."""
    for one in found:
        if one.file:
            new = f", {one.new} of them new" if 0 < one.new < one.listed else ""
            new = ", none of them new" if not one.new else new
            noun = "specialisation" if one.listed == 1 else "specialisations"
            grid = f", with {one.grid}" if one.grid else ""
            print(f"adopted {one.kernel}: {one.listed} {noun}{new}, in {one.file}{grid}")
        for problem in one.problems:
            print(f"{'left out' if one.file else 'not adopted'} {one.kernel}: {problem}")
    if any(one.file for one in found):
        print(f"now run `{COMMAND} regenerate`")


@product()
def inspection(name: str, entry: Mapping[str, Any]) -> None:
    """Everything the manifest says of one function."""
    from codegen.render.losses import losses  # which other runs do without

    print(entry["signature"])
    print(f"  kernel  {entry['kernel']}")
    print(f"  grid    ({', '.join(entry['grid'])})")
    for title, uses in _POINTER_ROWS.items():
        if pointers := [name for name, use in entry["pointers"].items() if use in uses]:
            print(f"  {title:<7} {', '.join(pointers)}")
    if entry["writes_through"]:
        print(f"  writes  to the addresses in {', '.join(entry['writes_through'])}")
    if (count := entry["combinations"]) is not None:
        what = "combination of" if count == 1 else "combinations of"
        decided = {one["kind"] for call in entry["calls"] for one in call["conditions"]}
        choices = ["dtypes", "None", "widths", "constexprs", "options"]
        choices += [f"{kind}s" for kind in ("heuristic", "configuration") if kind in decided]
        listed = f"{', '.join(choices[:-1])} and {choices[-1]}"
        print(f"  calls   {count} {what} {listed}; others are refused")
    by_options: dict[str, list[str]] = {}
    for label, variant in entry["variants"].items():
        by_options.setdefault(", ".join(_options(variant["options"])), []).append(label)
    for options, labels in by_options.items():
        whose = f" ({', '.join(labels)})" if len(by_options) > 1 else ""
        print(f"  options {options}{whose}")
    rows = [("  variant", "target", "threads", "registers", "spills", "shared", "scratch", "size")]
    for label, variant in entry["variants"].items():
        for target in sorted(variant["images"], key=_target_order):
            image = variant["images"][target]
            rows.append(
                (
                    f"  {label}",
                    target,
                    str(32 * image["num_warps"]),
                    str(image["registers"]),
                    _size(image["stack"]),
                    _size(image["shared"]),
                    _size(image["scratch"]),
                    _size(image["size"]),
                )
            )
    _table(rows)
    for label, variant in entry["variants"].items():
        assumes = ", ".join(variant["divisible_by_16"]) or "nothing"
        constants = ", ".join(f"{k}={v}" for k, v in variant["constexprs"].items())
        print(f"  {label} assumes divisible by 16: {assumes}")
        if constants:
            print(f"  {label} constexprs: {constants}")
    for loss in losses(entry):
        print(f"  {loss}")
    for omitted in entry["omitted"]:
        print(f"  no {omitted['target']} image of {omitted['variant']}: {omitted['reason']}")


def _options(options: Mapping[str, Any]) -> Iterable[str]:
    shown = ("num_warps", "num_stages", "enable_fp_fusion")
    for name in OPTIONS:
        if name in shown or options[name] != getattr(DEFAULTS, name):
            yield f"{name} {options[name]}"


_POINTER_ROWS = {"reads": ("in", "inout"), "writes": ("out", "inout"), "unused": ("unused",)}


def _target_order(target: str) -> tuple[str, int]:
    kind, _, capability = target.partition("_")
    return (("a" if kind == "sm" else "b"), int(capability))


def _table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )


def _size(size: int) -> str:
    return f"{size} B" if size < 10240 else f"{size / 1024:.0f} KiB"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
