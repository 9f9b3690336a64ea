"""What `python -m codegen regenerate` takes over what `triton.compile` alone takes.

The kernels are the project's own, in a copy of it. `triton.compile` gets the very same sources,
options and targets in one process with the settings of a compiler's: Triton is imported and its
library hashed before, nothing is cached, and an attempt that fails for its PTX version does not
count.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.command_line import parser_of
from benchmarks.commands import ROOT, Cost, least, python, run
from codegen.model.surroundings import Surroundings

FRESH_ROUNDS, CHANGED_ROUNDS = 20, 3
CHANGES = {
    "vector_add": ("basics/vector_add.py", "total = tl.load", "total = 2 * tl.load"),
    "gated_delta_rule_chunk_o": (
        *("qwen35/gated_delta_rule.py", "result = tl.dot(scores", "result = 2 * tl.dot(scores"),
    ),
}
"""An edit of a kernel: the file, and a text that changes."""


@dataclass(frozen=True)
class Regenerated:
    """Seconds, and bytes of memory."""

    images: int
    alone: Mapping[str, tuple[float, float]]
    """`triton.compile` for all images of a kernel: on the clock, and of processors."""
    cores: int
    parallel: Cost
    """From nothing, with as many compilers as there are cores."""
    single: Cost
    """From nothing, with one compiler."""
    memory: int
    """Of a process that compiles."""
    fresh: Cost
    """Nothing changed."""
    changed: Mapping[str, Cost]
    """After an edit of the kernel."""

    @property
    def wall(self) -> float:
        return sum(wall for wall, _ in self.alone.values())

    @property
    def cpu(self) -> float:
        return sum(cpu for _, cpu in self.alone.values())


def measure(rounds: int) -> Regenerated:
    """What takes minutes takes turns for so many rounds; of each, the least."""
    with tempfile.TemporaryDirectory(prefix="scale-") as name:
        project = Path(name)
        shutil.copytree(ROOT / "kernels", project / "kernels", ignore=_no_bytecode)
        shutil.copy(ROOT / "pyproject.toml", project)
        cores, alone, parallel, single = os.cpu_count() or 1, [], [], []
        for _ in range(rounds):
            by_kernel, images = _alone(project)
            alone.append(by_kernel)
            parallel.append(_from_nothing(project, cores))
            single.append(_from_nothing(project, 1))
        memory = max(json.loads(cost.output)["memory"] for cost in (*parallel, *single))
        fresh = least(lambda: _regenerate(project), FRESH_ROUNDS)
        changed = {
            kernel: least(lambda change=change: _changed(project, *change), CHANGED_ROUNDS)
            for kernel, change in CHANGES.items()
        }
    return Regenerated(
        images,
        {kernel: min(one[kernel] for one in alone) for kernel in alone[0]},
        cores,
        min(parallel, key=lambda cost: cost.wall),
        min(single, key=lambda cost: cost.wall),
        memory,
        fresh,
        changed,
    )


def _no_bytecode(folder: str, names: Sequence[str]) -> list[str]:
    return [name for name in names if name == "__pycache__"]


def _regenerate(project: Path, *options: str) -> Cost:
    return python("-m", "codegen", "--project", str(project), "regenerate", "--json", *options)


def _from_nothing(project: Path, jobs: int) -> Cost:
    shutil.rmtree(project / "generated", ignore_errors=True)
    return _regenerate(project, "-j", str(jobs))


def _changed(project: Path, file: str, old: str, new: str) -> Cost:
    path = project / "kernels" / file
    text = path.read_text()
    assert text.count(old) == 1, f"{file} has {old!r} {text.count(old)} times"
    path.write_text(text.replace(old, new))
    cost = _regenerate(project)
    path.write_text(text)
    _regenerate(project)
    return cost


def _alone(project: Path) -> tuple[dict[str, tuple[float, float]], int]:
    with tempfile.TemporaryDirectory() as cache:
        settings = [f"{name}={value}" for name, value in Surroundings().environment(cache).items()]
        command = [sys.executable, "-m", "benchmarks.regenerate", str(project)]
        cost = run(["env", "-i", *settings, *command])
    found: dict[str, Any] = json.loads(cost.output.splitlines()[-1])
    return found["seconds"], found["images"]


def main(project: Path) -> None:
    """The child's side: prints what `triton.compile` takes."""
    import triton

    from codegen.compile import worker as aot_worker
    from codegen.compile.images import build
    from codegen.compile.processes import Compilers
    from codegen.model.request import CompileRequest
    from codegen.model.surroundings import Surroundings
    from codegen.project.settings import read_config
    from codegen.read.kernel_files import read_kernels
    from codegen.read.offline.triton_driver import offline

    requests: list[CompileRequest] = []
    seconds: dict[str, tuple[float, float]] = {}
    compile_ = triton.compile

    def timed(*given: Any, **named: Any) -> Any:
        before, start = seconds[now], (time.perf_counter(), _processors())
        made = compile_(*given, **named)
        wall, cpu = time.perf_counter() - start[0], _processors() - start[1]
        seconds[now] = before[0] + wall, before[1] + cpu
        return made

    def take(wanted: Sequence[CompileRequest], on_done: object) -> Any:
        requests.extend(wanted)
        raise InterruptedError

    config = read_config(project)
    around = Surroundings(str(config.kernels_folder.parent), config.listed())
    compilers = Compilers(around)
    borrow, files = compilers.borrowed, config.kernel_files()
    read = read_kernels(config.kernels_folder, files, config.targets, 1, borrow)
    compilers.stop()
    try:
        build(config, [kernel for one in read for kernel in one.kernels], {}, None, take, print)
    except InterruptedError:
        triton.compile = timed
    for request in [requests[0], *requests]:
        now = request.kernel.rpartition(".")[2] if seconds else ""
        seconds.setdefault(now, (0.0, 0.0))
        with offline(request.target.capability):
            answer = aot_worker._answer(request)
        if isinstance(answer, Exception):
            raise answer
    del seconds[""]  # the first brought everything in
    print(json.dumps({"seconds": seconds, "images": len(requests)}))


def _processors() -> float:
    """Seconds of processors until now, those of ptxas too."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    parser = parser_of(
        "regenerate", f"{__doc__}\nRun alone, as `benchmarks.scale` runs it, it does the latter."
    )
    parser.add_argument("project", type=Path, help="the folder with its pyproject.toml")
    main(parser.parse_args().project)
