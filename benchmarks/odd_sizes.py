"""What one odd int costs a call: `python -m benchmarks.odd_sizes`.

Kernels of benchmarks/kernels/odd_sizes.py are called with one int that 16 does not divide, each in
the variants that a library may have for such a call, and by Triton's JIT, which assumes what holds
of each argument; and with an int that 16 divides, in the aligned variant and by the JIT. Launches
are captured into graphs, whose replays take turns, and all results are compared with the JIT's.
Needs a GPU of compute capability 9.0, torch, Triton, apache-tvm-ffi, and what
`python -m benchmarks.kernels` makes. Writes `odd_sizes.md` into docs/, above its first heading.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import cases
from benchmarks.command_line import parser_of, wrapped
from benchmarks.kernels import odd_sizes as kernels

TITLES = {
    "generic": "generic: nothing assumed",
    "pointers": "pointers aligned, no int",
    "ones": "pointers, ints that are 1",
    "others": "all but the odd int",
    "jit": "Triton's JIT",
    "aligned": "even: all assumed",
    "jit even": "even: Triton's JIT",
}
EVEN = ("aligned", "jit even")
CALLS, ROUNDS = 20, 30
Times = Mapping[str, Mapping[str, float]]
"""Microseconds by kernel and way."""


@dataclass(frozen=True)
class Case:
    """A kernel with its arguments for an int, which is odd or not."""

    name: str
    even: int
    odd: int
    arguments: Callable[[int], Sequence[Any]]
    """In the kernel's order."""
    grid: Callable[[int], tuple[int, ...]]
    outputs: tuple[int, ...]
    """The places of the tensors that the kernel writes."""
    is_passed: bool = False
    """The function takes the grid."""


def main() -> int:
    parser = parser_of("odd_sizes", __doc__)
    parser.add_argument("--out", type=Path, default=Path("docs"), help="default: docs")
    options = parser.parse_args()
    from benchmarks.gpu import machine

    times = {}
    for case in CASES:
        times[case.name] = measure(case)
        print(
            f"{case.name}: " + ", ".join(f"{way} {us:.2f}" for way, us in times[case.name].items())
        )
    text = wrapped(f"{machine()}.\n\n{table(times)}")
    print(f"\n{text}")
    path = options.out / "odd_sizes.md"
    path.write_text(renewed(path.read_text() if path.exists() else "", text))
    return 0


def measure(case: Case) -> dict[str, float]:
    """Microseconds of the GPU in each way, once the results agree."""
    import torch

    from benchmarks.timing import gpu_times

    module = wrappers()
    runs, results = {}, {}
    for way in TITLES:
        size = case.even if way in EVEN else case.odd
        arguments = list(case.arguments(size))
        grid = case.grid(size)
        runs[way] = run_of(module, case, way, arguments, grid)
        runs[way]()
        torch.cuda.synchronize()
        results[way] = [arguments[place].clone() for place in case.outputs]
    for way, found in results.items():
        expected = results["jit even" if way in EVEN else "jit"]
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one.float(), other.float(), rtol=1e-2, atol=1e-2)
    return gpu_times(runs, calls=CALLS, rounds=ROUNDS)


def run_of(
    module: Any, case: Case, way: str, arguments: Sequence[Any], grid: tuple[int, ...]
) -> Callable[[], object]:
    """A launch by Triton's JIT, or by the function that has the way's variant."""
    if way.startswith("jit"):
        kernel = getattr(kernels, case.name)
        return lambda: kernel[grid](*arguments)
    function = getattr(module, f"{case.name}_{way}")
    passed = [*arguments, *(grid if case.is_passed else ())]
    return lambda: function(*passed)


def wrappers() -> Any:
    """The generated module; `python -m benchmarks.kernels` generates it."""
    if str(cases.BUILT) not in sys.path:
        sys.path.insert(0, str(cases.BUILT))
    return importlib.import_module(f"{cases.PACKAGE}.odd_sizes")


def table(times: Times) -> str:
    """Markdown: microseconds, and ratios over what Triton's JIT takes for the same call."""
    ratios = ("generic", "pointers", "ones", "others")
    heads = ["microseconds of the GPU", *TITLES.values()]
    heads += [f"{way} over the JIT" for way in ratios]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for name, row in times.items():
        cells = [f"{row[way]:.2f}" for way in TITLES]
        cells += [f"{row[way] / row['jit']:.2f}" for way in ratios]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    return "\n".join(lines) + "\n"


def renewed(page: str, text: str) -> str:
    """The page with another table: what stands below its first heading stays."""
    _, heading, rest = page.partition("\n## ")
    return f"{text}{heading}{rest}"


def _random(*shape: int, dtype: str = "float16") -> Any:
    import torch

    torch.manual_seed(0)
    return torch.randn(*shape, device="cuda", dtype=torch.float32).to(getattr(torch, dtype))


def _vector_add(size: int) -> Sequence[Any]:
    x, y, out = (_random(size, dtype="float32") for _ in range(3))
    return x, y, out, size


def _softmax(columns: int) -> Sequence[Any]:
    x, out = _random(ROWS, WIDTH), _random(ROWS, WIDTH)
    return out, x, WIDTH, WIDTH, columns, ROWS


def _layer_norm(columns: int) -> Sequence[Any]:
    x, out = _random(ROWS, WIDTH), _random(ROWS, WIDTH)
    weight, bias = _random(WIDTH), _random(WIDTH)
    return x, out, weight, bias, WIDTH, columns, ROWS, 1e-5


def _matmul(rows: int) -> Sequence[Any]:
    a, b, out = _random(rows, WIDTH), _random(WIDTH, WIDTH), _random(rows, WIDTH)
    return a, b, out, rows, WIDTH, WIDTH, WIDTH, 1, WIDTH, 1, WIDTH, 1


def _quantise_rows(tokens: int) -> Sequence[Any]:
    x = _random(tokens, WIDTH)
    out, scales = _random(tokens, WIDTH, dtype="int8"), _random(tokens, dtype="float32")
    return x, out, scales, tokens, WIDTH, WIDTH


def _state_update(ratio: int) -> Sequence[Any]:
    state = _random(BATCH, HEADS, DIM, STATES, dtype="float32")
    x, out = _random(BATCH, HEADS, DIM), _random(BATCH, HEADS, DIM)
    dt, decay = _random(BATCH, HEADS).abs(), -_random(HEADS, dtype="float32").abs()
    b, c = (_random(BATCH, HEADS // ratio, STATES) for _ in range(2))
    tensors = (state, x, dt, b, c, out)
    strides = [number for tensor in tensors for number in tensor.stride()]
    return state, x, dt, decay, b, c, out, HEADS, DIM, ratio, *strides


ROWS, WIDTH = 8192, 4096
BATCH, HEADS, DIM, STATES = 64, 48, 64, 128
SIZE = 1 << 25

CASES = (
    Case("vector_add", SIZE, SIZE + 1, _vector_add, lambda n: (-(-n // 1024),), (2,)),
    Case("softmax", WIDTH, WIDTH - 1, _softmax, lambda n: (ROWS,), (0,)),
    Case("layer_norm", WIDTH, WIDTH - 1, _layer_norm, lambda n: (ROWS,), (1,)),
    Case("matmul", WIDTH, WIDTH - 1, _matmul, lambda n: (-(-n // 128), WIDTH // 128), (2,)),
    Case("quantise_rows", ROWS, ROWS - 1, _quantise_rows, lambda n: (n,), (1, 2)),
    Case(
        *("state_update", 16, 3, _state_update, lambda n: (DIM // 16, BATCH, HEADS), (0, 6), True)
    ),
)
if __name__ == "__main__":
    sys.exit(main())
