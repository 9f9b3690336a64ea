"""The command: `tritonbind record|serve|merge|tune`, and the generator's commands, handed to it.

`record` and `serve` end with the exit code of the program. Otherwise 0: done; 2: could not run.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from tritonbind import session
from tritonbind.errors import TritonbindError
from tritonbind.record_program import record_program
from tritonbind.recording import Recording
from tritonbind.talk import say

DONE, FAILED = 0, 2
GENERATORS = ("adopt", "regenerate", "list", "inspect", "build")
DEFAULT_FILE = "recording.json"
DEFAULT_PACKAGE = "./generated"


def main(arguments: Sequence[str]) -> int:
    """Run the command; the exit code comes back."""
    try:
        if arguments and arguments[0] in GENERATORS:
            from codegen.cli import main as generate

            return generate(arguments)
        options = _parser().parse_args(arguments)
        run: Callable[[argparse.Namespace], int] = options.run
        return run(options)
    except TritonbindError as error:
        say(f"error: {error}")
        return FAILED
    except KeyboardInterrupt:
        return FAILED


def _record(options: argparse.Namespace) -> int:
    if not options.command:
        raise TritonbindError(
            "record: no program is named", hint="tritonbind record -o FILE -- python app.py"
        )
    code, recording = record_program(options.command, Path(options.output))
    _tell(recording, options.output)
    return code


def _serve(options: argparse.Namespace) -> int:
    from tritonbind.serve.serve_program import serve_program

    if not options.command:
        raise TritonbindError(
            "serve: no program is named", hint="tritonbind serve -- python app.py"
        )
    return serve_program(options.command, options.package or [DEFAULT_PACKAGE], options.strict)


def _merge(options: argparse.Namespace) -> int:
    recording = session.merge(map(Path, options.files), Path(options.output))
    _tell(recording, options.output)
    return DONE


def _tune(options: argparse.Namespace) -> int:
    from tritonbind.tune.command import tune

    was_whole = tune(
        options.recording,
        options.package,
        options.output,
        options.kernel,
        options.minutes,
        options.tolerance / 100,
        options.only_recorded,
    )
    return DONE if was_whole else FAILED


def _tell(recording: Recording, file: str) -> None:
    """What was recorded, in a line; and what was not, in one for each."""
    launches = [launch for kernel in recording.kernels for launch in kernel.launches]
    if launches:
        say(
            f"{file}: {_counted(len(recording.kernels), 'kernel')}, "
            f"{_counted(len(launches), 'specialisation')}, "
            f"{_counted(sum(launch.count for launch in launches), 'launch')}"
        )
    for lost in recording.not_recorded:
        say(f"not recorded: {lost.kernel}: {lost.reason} ({lost.count})")


def _counted(count: int, what: str) -> str:
    ending = "" if count == 1 else "es" if what.endswith("ch") else "s"
    return f"{count} {what}{ending}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tritonbind",
        description="From a running program to a library.",
        epilog=f"The generator's commands are {', '.join(GENERATORS)}: see `tritonbind regenerate "
        "--help`.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    record = commands.add_parser("record", help="run a program, and note its launches of kernels")
    record.set_defaults(run=_record)
    _output(record)
    record.add_argument("command", nargs="*", metavar="-- COMMAND", help="as `-- python app.py`")

    serve = commands.add_parser("serve", help="run a program, with its kernels from a package")
    serve.set_defaults(run=_serve)
    serve.add_argument(
        "-p",
        "--package",
        action="append",
        metavar="PACKAGE",
        help="the name of a generated package, or its folder; may be repeated, and the first that "
        f"has a kernel serves it (default: {DEFAULT_PACKAGE})",
    )
    serve.add_argument(
        "--strict",
        action="store_true",
        help="a launch that the packages do not have is an error, where they have its kernel",
    )
    serve.add_argument("command", nargs="*", metavar="-- COMMAND", help="as `-- python app.py`")

    merge = commands.add_parser("merge", help="make one recording of several")
    merge.set_defaults(run=_merge)
    _output(merge)
    merge.add_argument(
        "files", nargs="+", metavar="FILE", help="recordings, or a folder FILE.parts"
    )

    tune = commands.add_parser("tune", help="find the best configurations of autotuned kernels")
    tune.set_defaults(run=_tune)
    tune.add_argument("recording", metavar="RECORDING", help="whose shapes are measured")
    tune.add_argument(
        "-p",
        "--package",
        default=DEFAULT_PACKAGE,
        help=f"the generated package, or its folder (default: {DEFAULT_PACKAGE})",
    )
    tune.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FILE|FOLDER",
        help="the table, as best.json, which `tuned=` reads; for several kernels a folder",
    )
    tune.add_argument(
        "-k",
        "--kernel",
        action="append",
        default=[],
        metavar="NAME",
        help="a function of the package; may be repeated (default: all)",
    )
    tune.add_argument(
        "--minutes", type=_positive, metavar="N", help="how long to measure; then it can go on"
    )
    tune.add_argument(
        "--tolerance",
        type=_positive,
        default=2.0,
        metavar="PERCENT",
        help="how much slower than its best a key may be for fewer images (default: 2)",
    )
    tune.add_argument(
        "--only-recorded",
        action="store_true",
        help="measure no sizes between those of the recording",
    )
    return parser


def _positive(text: str) -> float:
    number = float(text)
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number of 0 or more, got {text}")
    return number


def _output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o", "--output", default=DEFAULT_FILE, help=f"the recording (default: {DEFAULT_FILE})"
    )
