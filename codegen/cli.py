"""The command: reads arguments, prints, and alone decides the exit code.

0: written or fresh; 1: `--check` or `--diff` found a difference; 2: could not run, or could not
print what it was asked for. A failure to write to stderr changes no exit code.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import shlex
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from codegen import extra, report, streams
from codegen.model.errors import CodegenError, CodegenErrors, shown
from codegen.pipeline import Outcome, Request, plan_run, write
from codegen.project.freshness import find_staleness
from codegen.project.library import Library, build_library
from codegen.project.manifest import Manifest, read_manifest
from codegen.project.output import exclusive, recover
from codegen.project.selection import select
from codegen.project.settings import Config, read_config
from tritonbind.errors import TritonbindError
from tritonbind.recording_file import read

FRESH, DIFFERENT, FAILED = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code comes back."""
    streams.open_closed()
    try:
        with _ended_by_signals():
            return _run(_options(arguments))
    except streams.CannotPrint as problem:
        streams.drop(sys.stdout)
        if not problem.is_unread:
            report.error(
                CodegenError(
                    f"{problem.done}cannot print on stdout: {problem}",
                    hint="send stdout where there is room, and run it again",
                )
            )
        return FAILED


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    options = _parser().parse_args(arguments)
    named = (getattr(options, name, False) for name in ("json", "diff", "show"))
    if options.run is not _regenerate or any(named):
        streams.check_product()
    return options


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end a run as ctrl-C does, and are ignored as it is where they were."""

    def end(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    ours = [number for number, handler in before.items() if handler is signal.SIG_DFL]
    if threading.current_thread() is not threading.main_thread():
        ours = []
    for number in ours:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, before[number])


def _run(options: argparse.Namespace) -> int:
    try:
        config = read_config(Path(options.project))
        code: int = options.run(options, config)
        return code
    except CodegenErrors as several:
        for error in several.errors:
            report.error(error)
        if several.whole:
            names = shlex.join(several.whole)
            report.say(f"without them: `{report.COMMAND} regenerate {names}` does what is whole")
        count = len(several.errors)
        report.say(f"{count} error{'s' if count > 1 else ''}; nothing was written")
    except CodegenError as error:
        report.error(error)
    except KeyboardInterrupt:
        report.say(f"interrupted; run `{report.COMMAND} regenerate` to go on")
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            hint = "make room, and run it again; the output is whole"
            where = f" {shown(error.filename)}" if error.filename else ""
            report.error(CodegenError(f"cannot write{where}: {error.strerror}", hint=hint))
        elif error.filename is None:
            raise
        else:
            report.error(CodegenError(f"{shown(error.filename)}: {error.strerror}"))
    return FAILED


def _regenerate(options: argparse.Namespace, config: Config) -> int:
    request = Request(
        config,
        tuple(options.kernels),
        options.rebuild,
        options.accept_triton,
        options.jobs,
        options.scheduler,
        patience=10.0 if options.verbose else 60.0,
        keeps=not options.check,
    )
    if options.check or options.diff:  # which write nothing, nor do the processes that they start
        sys.dont_write_bytecode = True
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    with _exclusive(options, config):
        if options.check and not (options.rebuild or options.diff):
            return _check(options, config)
        with report.Progress(options.quiet) as progress:
            outcome = plan_run(request, progress, progress.say)
        if options.check or options.diff:
            return _show_difference(options, config, outcome)
        was_built = write(outcome, config.output_folder)
        _tell_changes(options, config, outcome)
        library = build_library(config.output_folder)
        library = replace(library, was_built=library.was_built or was_built)
    try:
        _tell(options, config, outcome, library)
    except streams.CannotPrint as problem:
        problem.done = f"{config.output}/ is written; "
        raise
    return FRESH


def _check(options: argparse.Namespace, config: Config) -> int:
    manifest = read_manifest(config.output_folder)
    selection = select(config, manifest, options.kernels)
    staleness = find_staleness(config, manifest, selection.leaves_out)
    findings = [*staleness.findings, *staleness.unknown]
    findings = [finding for finding in findings if not selection.is_elsewhere(finding)]
    if options.json:
        report.json_document({"fresh": not findings, "findings": [str(f) for f in findings]})
    elif not options.quiet:
        for finding in findings:
            report.say(str(finding))
        _tell_freshness(config, bool(findings), not all(f.stays for f in findings))
    return DIFFERENT if findings else FRESH


def _show_difference(options: argparse.Namespace, config: Config, outcome: Outcome) -> int:
    unknown = outcome.staleness.unknown
    fresh = not (outcome.changes or unknown)
    if options.json:
        report.json_document(report.outcome_document(config, outcome))
    elif options.diff:
        report.diff(config.output, outcome.changes)
    elif not options.quiet:
        report.changes(config, outcome)
    if not (options.quiet or options.json):
        for finding in unknown:
            report.say(str(finding))
        how = " to the byte" * options.rebuild
        _tell_freshness(config, not fresh, bool(outcome.changes), how)
    return FRESH if fresh else DIFFERENT


def _tell_freshness(config: Config, differs: bool, is_stale: bool, how: str = "") -> None:
    """What a run would mend, it mends; what it would leave is said of each file."""
    if is_stale:
        report.say(f"{config.output}/ is not fresh: run `{report.COMMAND} regenerate`")
    elif not differs:
        report.say(f"{config.output}/ is fresh{how}")


def _tell_changes(options: argparse.Namespace, config: Config, outcome: Outcome) -> None:
    if options.json or options.quiet:
        return
    for finding in outcome.staleness.findings if options.verbose else ():
        report.say(str(finding))
    report.changes(config, outcome)
    for finding in outcome.staleness.unknown:
        report.say(str(finding))


def _tell(options: argparse.Namespace, config: Config, outcome: Outcome, library: Library) -> None:
    if options.json:
        report.json_document(report.outcome_document(config, outcome, library))
        return
    if options.quiet:
        return
    report.summary(config, outcome, library, options.verbose)
    if not outcome.changes and options.show:
        report.functions_table(outcome.manifest)
        report.watch_hint()


def _list(options: argparse.Namespace, config: Config) -> int:
    manifest = _manifest(config)
    if options.json:
        report.json_document(
            {name: manifest.functions[name] for name in sorted(manifest.functions)}
        )
    else:
        report.functions_table(manifest)
    return FRESH


def _inspect(options: argparse.Namespace, config: Config) -> int:
    manifest = _manifest(config)
    names = manifest.match(options.kernel)
    if options.json:
        report.json_document({name: manifest.functions[name] for name in names})
    else:
        for name in names:
            report.inspection(name, manifest.functions[name])
    return FRESH


def _adopt(options: argparse.Namespace, config: Config) -> int:
    with extra.needed():
        from codegen.adopt.command import adopt

    try:
        recording = read(options.recording)
    except TritonbindError as error:
        raise CodegenError(error.reason, hint=error.hint) from error
    with exclusive(config.project, lambda: report.say(_WAITING)):
        found = adopt(config, recording)
    report.adoptions(found)
    return FRESH if any(one.file for one in found) else FAILED


def _build(options: argparse.Namespace, config: Config) -> int:
    with _exclusive(options, config):
        _manifest(config)
        library = build_library(config.output_folder)
    report.text(f"{library.path}\n")
    return FRESH


@contextlib.contextmanager
def _exclusive(options: argparse.Namespace, config: Config) -> Iterator[None]:
    """The project for this run alone; one that writes clears away what a killed run left."""
    quiet = getattr(options, "quiet", True)
    with exclusive(config.project, lambda: None if quiet else report.say(_WAITING)):
        if not (getattr(options, "check", False) or getattr(options, "diff", False)):
            recover(config.output_folder)
        yield


_WAITING = "waiting for another run in this project to end"


def _manifest(config: Config) -> Manifest:
    manifest = read_manifest(config.output_folder)
    if not manifest.files:
        raise CodegenError(
            f"{shown(config.output_folder)} holds no generated package",
            hint=f"run `{report.COMMAND} regenerate`",
        )
    return manifest


def _jobs(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"it must be a number of 1 or more, got {text!r}")
    return int(text)


class _Parser(argparse.ArgumentParser):
    """Its help is a product, and its errors are talk: argparse itself ignores what cannot be
    printed, and leaves it in the buffer, at which Python fails as it ends."""

    def error(self, message: str) -> NoReturn:
        streams.talk(f"{self.format_usage()}{self.prog}: error: {message}")
        self.exit(FAILED)

    def print_help(self, file: object = None) -> None:
        streams.check_product()
        report.text(self.format_help())


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog=report.COMMAND, description="Triton kernels as libraries.")
    parser.add_argument("--project", default=".", help="a folder of the project (default: here)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    regenerate = commands.add_parser(
        "regenerate", help="bring the output folder up to date, and build its library"
    )
    regenerate.set_defaults(run=_regenerate)
    regenerate.add_argument(
        "kernels", nargs="*", metavar="KERNEL", help="functions or kernel files (default: all)"
    )
    regenerate.add_argument("--check", action="store_true", help="write nothing; 1 if not fresh")
    regenerate.add_argument(
        "--diff", action="store_true", help="write nothing; show what would change"
    )
    regenerate.add_argument("--rebuild", action="store_true", help="compile everything again")
    regenerate.add_argument(
        "--accept-triton", action="store_true", help="overwrite what another Triton made"
    )
    regenerate.add_argument(
        "--show", action="store_true", help="list the functions when all is fresh"
    )
    regenerate.add_argument(
        "-j", "--jobs", type=_jobs, default=os.cpu_count() or 1, help="compilers at once"
    )
    regenerate.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="have the workers of a Dask scheduler compile (tcp://host:8786)",
    )
    _common(regenerate)
    regenerate.add_argument("-v", "--verbose", action="store_true", help="say why, too")
    regenerate.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")

    listing = commands.add_parser("list", help="the functions of the output folder")
    listing.set_defaults(run=_list)
    _common(listing)
    inspect = commands.add_parser("inspect", help="everything about one function")
    inspect.set_defaults(run=_inspect)
    inspect.add_argument("kernel", metavar="KERNEL", help="a function, or its last part")
    _common(inspect)
    adopt = commands.add_parser(
        "adopt", help="write kernel files that declare what a recorded program launched"
    )
    adopt.set_defaults(run=_adopt)
    adopt.add_argument("recording", metavar="FILE", help="what `tritonbind record` wrote")
    build = commands.add_parser("build", help="build the shared library and print its path")
    build.set_defaults(run=_build)
    return parser


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print a JSON document on stdout")
