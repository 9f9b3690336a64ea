"""What 1, 10, 100 and 1,000 variants of a function cost: from generating to choosing one."""

from __future__ import annotations

import ctypes
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import dispatch
from benchmarks.commands import Cost, least, python, run
from tests.support import made

COUNTS = (1, 10, 100, 1000)
FRESH_ROUNDS, LOAD_ROUNDS, DISPATCH_ROUNDS, CALLS = 10, 20, 60, 100_000

_PROJECT = '[tool.codegen]\ntargets = ["sm_90"]\n'
_LOAD = """
import ctypes, sys, time
start = time.perf_counter()
ctypes.CDLL(sys.argv[1])
print(time.perf_counter() - start)
"""


@dataclass(frozen=True)
class Point:
    """One count of variants; seconds and bytes, and nanoseconds of a call."""

    variants: int
    generate: Cost
    """`regenerate` from nothing, library included."""
    fresh: Cost
    """`regenerate` when nothing changed."""
    compile_c: float
    """Processor time of the C compiler for the function's own source."""
    c: int
    images: int
    manifest: int
    library: int
    load: float
    choose: float


def source(count: int) -> str:
    """A cheap kernel that has so many variants: a constexpr's values, each aligned and generic."""
    values = max(count // 2, 1)
    hints = "" if count > 1 else "cases=[], "
    choices: object = list(range(values)) if count > 1 else 0
    return f"""{made.HEADER}
@export(
    "scale.k{count}",
    types={{"x": "*fp32", "n": "i32:16"}},
    constexprs={{"ADDED": {choices}}},
    {hints}grid=lambda n: (cdiv(n, 128),),
)
@triton.jit
def k{count}(x, n, ADDED: tl.constexpr):
    at = tl.program_id(0) * 128 + tl.arange(0, 128)
    tl.store(x + at, tl.load(x + at, mask=at < n) + ADDED, mask=at < n)
"""


def _arguments(count: int, dice: random.Random) -> tuple[tuple[str, str], ...]:
    """Those of a call of any variant, with an empty grid."""
    pointer = "void *", f"(void *){4096 + 8 * dice.randrange(1000)}"
    added = ("int64_t", str(dice.randrange(count // 2))) if count > 1 else None
    return (pointer, ("int32_t", "0"), *[added] * (added is not None))


MIX = dispatch.Mix("variants", source, _arguments)


def measure(counts: Sequence[int] = COUNTS) -> list[Point]:
    with tempfile.TemporaryDirectory(prefix="scale-") as name:
        projects = {count: _project(Path(name, str(count)), count) for count in counts}
        costs = {count: _regenerate(projects[count]) for count in counts}
        chosen = _nanoseconds(projects)
        return [_point(count, projects[count], costs[count], chosen[count]) for count in counts]


def _project(folder: Path, count: int) -> Path:
    (folder / "kernels").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(_PROJECT)
    (folder / "kernels" / "made.py").write_text(source(count))
    return folder


def _regenerate(project: Path) -> Cost:
    return python("-m", "codegen", "--project", str(project), "regenerate", "--json")


def _library(project: Path) -> Path:
    [path] = (project / "generated" / "_lib").glob("*.so")
    return path


def _point(count: int, project: Path, generate: Cost, choose: float) -> Point:
    output, library = project / "generated", _library(project)
    sizes = [path.stat().st_size for path in (output / "made.images").iterdir()]
    flags = ["-std=c99", "-O2", "-fPIC", "-fvisibility=hidden", "-c", "made.c"]
    compiled = least(lambda: run(["cc", *flags, "-o", project / "made.o"], output), 3)
    loading = [sys.executable, "-c", _LOAD, library]
    return Point(
        variants=count,
        generate=generate,
        fresh=least(lambda: _regenerate(project), FRESH_ROUNDS),
        compile_c=compiled.cpu,
        c=(output / "made.c").stat().st_size,
        images=sum(sizes),
        manifest=(output / "MANIFEST.json").stat().st_size,
        library=library.stat().st_size,
        load=min(float(run(loading).output) for _ in range(LOAD_ROUNDS)),
        choose=choose,
    )


def _nanoseconds(projects: dict[int, Path]) -> dict[int, float]:
    """The time of a call that launches nothing; all counts take turns, and the least is taken."""
    loops = {}
    for count, project in projects.items():
        program, library = project / "loops.so", _library(project)
        (project / "loops.c").write_text(dispatch.HEAD + dispatch.loop(MIX, count))
        flags = ["-std=c99", "-O2", "-fPIC", "-shared", f"-I{project / 'generated'}"]
        link = [f"-L{library.parent}", f"-l:{library.name}", f"-Wl,-rpath,{library.parent}"]
        run(["cc", *flags, project / "loops.c", "-o", program, *link])
        loops[count] = ctypes.CDLL(str(program))[f"loop_{count}"]
        loops[count].restype = ctypes.c_double
    times = dict.fromkeys(projects, float("inf"))
    for _ in range(DISPATCH_ROUNDS):
        for count, loop in loops.items():
            taken = float(loop(CALLS))
            assert taken > 0, "a call failed"
            times[count] = min(times[count], taken)
    return times
