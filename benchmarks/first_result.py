"""How long a fresh process takes to its first result: `python -m benchmarks.first_result`.

Every way adds the same two vectors in processes of its own, which take turns; the times of stages
are medians. Needs a GPU, apache-tvm-ffi and a built library, which is built when missing; torch and
Triton for the ways that have them. Writes `first_result.md` and `first_result.svg` into docs/.
"""

from __future__ import annotations

import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.command_line import parser_of, wrapped
from benchmarks.first_plot import svg
from generated import _library

ROOT = Path(__file__).resolve().parent.parent
CHILD = ROOT / "benchmarks" / "first_child.py"
STAGES = {
    "python": "Python",
    "torch": "import torch",
    "tvm_ffi": "import tvm_ffi",
    "driver": "driver, context",
    "inputs": "inputs",
    "launcher": "import or load",
    "call": "first call",
    "result": "until the result",
}
OURS = ("launcher", "call", "result")


@dataclass(frozen=True)
class Way:
    """One kind of process."""

    name: str
    how: str
    title: str
    has_torch: bool = False
    cache: str = ""
    """Triton's cache: `empty` or `warm`."""


WAYS = (
    Way("tvm_ffi", "tvm_ffi", "import tvm_ffi, no more"),
    Way("driver", "driver", "the driver's own calls"),
    Way("generated", "generated", "generated"),
    Way("torch_add", "torch_add", "torch.add", has_torch=True),
    Way("torch_generated", "torch_generated", "generated, with torch", has_torch=True),
    Way("jit_warm", "jit", "Triton's JIT, cached", has_torch=True, cache="warm"),
    Way("jit_cold", "jit", "Triton's JIT, empty cache", has_torch=True, cache="empty"),
)
Times = Mapping[str, Mapping[str, float]]
"""Milliseconds by way and stage."""


def main() -> int:
    parser = parser_of("first_result", __doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="default: docs")
    parser.add_argument("--rounds", type=int, default=11, help="processes of each way")
    options = parser.parse_args()
    if not _library.path().exists():
        _library.build()
    with tempfile.TemporaryDirectory() as folder:
        times = measure(options.rounds, Path(folder))
    from benchmarks.gpu import machine

    head = f"{machine()}, {options.rounds} processes of each."
    text = wrapped(f"{head}\n\n{table(times)}\n{summary(times)}")
    print(text)
    (options.out / "first_result.md").write_text(text)
    stages = {name: row for name, row in named(times).items() if "result" in times[name]}
    picture = svg({title(name): row for name, row in stages.items()}, "Milliseconds to a result")
    (options.out / "first_result.svg").write_text(picture)
    return 0


def measure(rounds: int, folder: Path) -> dict[str, dict[str, float]]:
    """The medians; one process of each comes before, so that files and bytecode are there."""
    site = folder / "site"
    site.mkdir()
    for module in ("tvm_ffi", "typing_extensions"):
        found = importlib.util.find_spec(module)
        assert found is not None and found.origin is not None, f"{module} is not installed"
        origin = Path(found.origin)
        place = origin.parent if origin.name == "__init__.py" else origin
        (site / place.name).symlink_to(place)
    samples: dict[str, list[dict[str, float]]] = {}
    for round_ in range(-1, rounds):
        for way in WAYS:
            cache = folder / "cache" / (way.cache if way.cache != "empty" else f"empty{round_}")
            found_times = run(way, site, cache)
            if round_ >= 0:
                samples.setdefault(way.name, []).append(found_times)
    return {
        name: {stage: statistics.median(row[stage] for row in rows) for stage in rows[0]}
        for name, rows in samples.items()
    }


def run(way: Way, site: Path, cache: Path) -> dict[str, float]:
    """One process: how long each stage took."""
    environment = {**os.environ, "TRITON_CACHE_DIR": str(cache)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    inherited = environment.get("PYTHONPATH", "") if way.has_torch else str(site)
    environment["PYTHONPATH"] = f"{ROOT}:{inherited}"
    flags = ["-P"] if way.has_torch else ["-P", "-S"]  # without the packages that are installed
    more = raw_image() if way.how == "driver" else []
    start = time.monotonic_ns()
    result = subprocess.run(
        [sys.executable, *flags, str(CHILD), way.how, str(start), *more],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise RuntimeError(f"{way.title} failed:\n{result.stderr}")
    return stages_of(result.stdout)


def stages_of(text: str) -> dict[str, float]:
    """What the child prints, as the milliseconds of each stage and of all."""
    times, before = {}, 0
    for word in text.split():
        stage, _, at = word.partition("=")
        times[stage], before = (int(at) - before) / 1e6, int(at)
    return {**times, "all": before / 1e6}


def raw_image() -> list[str]:
    """The cubin that the wrapper launches: its file, its symbol and its threads."""
    folder = ROOT / "generated"
    functions = json.loads((folder / "MANIFEST.json").read_text())["functions"]
    variants = functions["tritonbind.basics.vector_add"]["variants"]
    image = variants["aligned"]["images"]["sm_90"]
    return [str(folder / image["file"]), image["symbol"], str(32 * image["num_warps"])]


def title(name: str) -> str:
    return next(way.title for way in WAYS if way.name == name)


def named(times: Times) -> dict[str, dict[str, float]]:
    """The stages by their headings, those that a way lacks left out."""
    return {
        name: {heading: row[stage] for stage, heading in STAGES.items() if stage in row}
        for name, row in times.items()
    }


def table(times: Times) -> str:
    """Markdown: milliseconds; the last columns are sums."""
    heads = ["milliseconds", *STAGES.values(), "the last three", "all"]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for name, row in times.items():
        cells = [row.get(stage) for stage in STAGES]
        cells += [launcher_time(row) if "result" in row else None, row["all"]]
        lines.append("| " + " | ".join([title(name), *map(_cell, cells)]) + " |")
    return "\n".join(lines) + "\n"


def launcher_time(row: Mapping[str, float]) -> float:
    """From inputs that are there to the result: what the way of launching takes."""
    return sum(row[stage] for stage in OURS)


def summary(times: Times) -> str:
    """The sentences below the table."""
    return "\n".join(_sentences(times)) + "\n"


def _sentences(times: Times) -> Iterator[str]:
    ours = launcher_time(times["generated"])
    raw = launcher_time(times["driver"])
    yield (
        f"Over importing tvm_ffi and starting the driver, the generated module takes {ours:.2f} "
        f"ms to its first result; loading and launching the same cubin by the driver's calls "
        f"{raw:.2f} ms."
    )
    with_torch = times["torch_generated"]
    for name in ("jit_warm", "jit_cold"):
        yield (
            f"With torch it takes {launcher_time(with_torch):.2f} ms; "
            f"{title(name)}: {launcher_time(times[name]):.0f} ms."
        )


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}" if value < 100 else f"{value:.0f}"


if __name__ == "__main__":
    sys.exit(main())
