"""What it costs to choose among variants: time per plain-C call, up to a launch of an empty grid.

Run as `python -m benchmarks.dispatch`; needs no GPU and compiles no kernel, since the images are
made up. Arguments come in a random order, so that no branch is foreseen.
"""

from __future__ import annotations

import ctypes
import platform
import random
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.command_line import parser_of
from codegen.project.library import build_library
from tests.support import made

COUNTS = (1, 4, 16, 64, 256)
CALLS, ROUNDS, ARGUMENTS = 100_000, 60, 4096


@dataclass(frozen=True)
class Mix:
    """A way to have many variants."""

    title: str
    source: Callable[[int], str]
    """The declaration of `k<count>`."""
    arguments: Callable[[int, random.Random], tuple[tuple[str, str], ...]]
    """(C type, value) of each argument of a random call."""


def _declaration(count: int, parameters: str, options: str, above: str = "") -> str:
    return (
        f"@export('bench.k{count}', grid=lambda: (0,), {options})\n{above}@triton.jit\n"
        f"def k{count}({parameters}): pass\n\n"
    )


def _constexpr(count: int) -> str:
    return _declaration(
        count,
        "x, n, K: tl.constexpr",
        f"types={{'x': '*fp32', 'n': 'i32'}}, constexprs={{'K': {[7 * i for i in range(count)]}}}, "
        "cases=[]",
    )


def _strings(count: int) -> str:
    names = [f"mode_{7919 * i % 1000}" for i in range(count)]
    return _declaration(
        count,
        "x, n, K: tl.constexpr",
        f"types={{'x': '*fp32', 'n': 'i32'}}, constexprs={{'K': {names}}}, cases=[]",
    )


INTS = "abcdefgh"


def _cases(count: int) -> str:
    bits = count.bit_length() - 1
    cases = [
        {**{name: 16 for i, name in enumerate(INTS[:bits]) if mask >> i & 1}, "x": None}
        for mask in range(1, count)
    ]
    types = {"x": "*fp32", **dict.fromkeys(INTS, "i32")}
    return _declaration(count, f"x, {', '.join(INTS)}", f"types={types}, cases={cases}")


def _heuristic(count: int) -> str:
    return _declaration(
        count,
        "x, n, K: tl.constexpr",
        "types={'x': '*fp32', 'n': 'i32'}, cases=[]"
        + (f", constexprs={{'K': {list(range(count))}}}" if count > 1 else ", constexprs={'K': 0}"),
        "@triton.heuristics({'K': lambda args: args['n'] // 16})\n",
    )


def _tuned(count: int) -> str:
    rows = {(i, 3 * i): {"K": i % count} for i in range(256)}
    return _declaration(
        count,
        "x, n, m, K: tl.constexpr",
        f"types={{'x': '*fp32', 'n': 'i32', 'm': 'i32'}}, cases=[], tuned={rows}",
        f"@triton.autotune([triton.Config({{'K': i}}) for i in range({count})], key=['n', 'm'])\n",
    )


def _pointer(dice: random.Random) -> tuple[str, str]:
    return "void *", f"(void *){4096 + 4 * dice.randrange(1000)}"


def _row(dice: random.Random) -> tuple[tuple[str, str], ...]:
    row = dice.randrange(256)
    return ("int32_t", str(row)), ("int32_t", str(3 * row))


def _int(dice: random.Random, below: int) -> tuple[str, str]:
    return "int32_t", str(dice.randrange(below))


MIXES = (
    Mix(
        "an int constexpr",
        _constexpr,
        lambda count, dice: (
            *(_pointer(dice), _int(dice, 99)),
            *[("int64_t", str(7 * dice.randrange(count)))] * (count > 1),
        ),
    ),
    Mix(
        "a str constexpr",
        _strings,
        lambda count, dice: (
            *(_pointer(dice), _int(dice, 99)),
            *[("const char *", f'"mode_{7919 * dice.randrange(count) % 1000}"')] * (count > 1),
        ),
    ),
    Mix(
        "cases of eight ints",
        _cases,
        lambda count, dice: (
            _pointer(dice),
            *(("int32_t", str(dice.choice([16, 17]))) for _ in INTS),
        ),
    ),
    Mix(
        "a heuristic's int",
        _heuristic,
        lambda count, dice: (_pointer(dice), _int(dice, 16 * count)),
    ),
    Mix(
        "256 tuned keys",
        _tuned,
        lambda count, dice: (_pointer(dice), *_row(dice)),
    ),
)


def nanoseconds(mix: Mix, folder: Path) -> list[float]:
    """The time of a call for each count of variants: the least over the rounds."""
    source = "".join(mix.source(count) for count in COUNTS)
    library = made.build(
        folder / "made", [made.plan(kernel) for kernel in made.read(folder, source)]
    )
    for count in COUNTS:
        variants = library.plans[f"k{count}"].kernel.specialisation.variants
        assert len(variants) == count, f"{mix.title}: {len(variants)} variants instead of {count}"
    built = build_library(library.folder).path
    program = folder / "loops.so"
    (folder / "loops.c").write_text(HEAD + "".join(loop(mix, count) for count in COUNTS))
    flags = ["-std=c99", "-O2", "-fPIC", "-shared", f"-I{library.folder}"]
    link = [f"-L{built.parent}", f"-l:{built.name}", f"-Wl,-rpath,{built.parent}"]
    subprocess.run(["cc", *flags, folder / "loops.c", "-o", program, *link], check=True)
    loops = ctypes.CDLL(str(program))
    times = {count: float("inf") for count in COUNTS}
    for _ in range(ROUNDS):
        for count in COUNTS:
            function = loops[f"loop_{count}"]
            function.restype = ctypes.c_double
            taken = float(function(CALLS))
            assert taken > 0, "a call failed"
            times[count] = min(times[count], taken)
    return [times[count] for count in COUNTS]


HEAD = """\
#define _POSIX_C_SOURCE 200809L
#include "made.h"
#include <stddef.h>
#include <time.h>
static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return 1e9 * (double)time.tv_sec + (double)time.tv_nsec;
}
"""


def loop(mix: Mix, count: int) -> str:
    """A C function that calls `k<count>` with random arguments and gives nanoseconds per call."""
    dice = random.Random(count)
    calls = [mix.arguments(count, dice) for _ in range(ARGUMENTS)]
    fields = "".join(f" {type_} a{i};" for i, (type_, _) in enumerate(calls[0]))
    rows = ",\n".join("{" + ", ".join(value for _, value in call) + "}" for call in calls)
    passed = "".join(f", row->a{i}" for i in range(len(calls[0])))
    return (
        f"static const struct {{{fields} }} rows_{count}[] = {{\n{rows}\n}};\n"
        f"double loop_{count}(int calls)\n{{\n    const double start = now();\n"
        "    for (int i = 0; i < calls; i++) {\n"
        f"        const __typeof__(rows_{count}[0]) *row = &rows_{count}[i & {ARGUMENTS - 1}];\n"
        f"        if (k{count}_launch(NULL{passed}) != TRITONBIND_OK)\n            return -1;\n"
        "    }\n    return (now() - start) / calls;\n}\n"
    )


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def main() -> None:
    parser_of("dispatch", __doc__).parse_args()
    print(f"{processor()}; nanoseconds per call (and more than with 1 variant)\n")
    print("| variants |" + "".join(f" {count} |" for count in COUNTS))
    print("|---|" + "---|" * len(COUNTS))
    for mix in MIXES:
        with tempfile.TemporaryDirectory() as folder:
            times = nanoseconds(mix, Path(folder))
        cells = [f"{times[0]:.1f}"]
        cells += [f"{time:.1f} ({time - times[0]:+.1f})" for time in times[1:]]
        print(f"| {mix.title} |" + "".join(f" {cell} |" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
