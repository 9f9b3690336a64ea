"""The prefill's chain against flash-linear-attention: `python -m benchmarks.chain [FOLDER]`.

In one run on the GPU it measures, for each size, host, GPU and wall time of the seven kernels, of
the two fused ones and of the peer, the GPU time of each stage, and what the machine's memory and
matrix units allow; and how far all are from float64. It writes the tables of docs/chain.md and
docs/chain.svg into FOLDER (docs). Needs torch, CuPy, apache-tvm-ffi, and fla-core with the Triton
that it compiles with.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.chain_plot import Series, plot
from benchmarks.command_line import parser_of, wrapped

if TYPE_CHECKING:
    from benchmarks.chain_measure import Row


def main() -> None:
    parser = parser_of("chain", __doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("docs"), help="default: docs")
    folder = parser.parse_args().folder
    import torch

    from benchmarks import chain_accuracy as accuracy
    from benchmarks import chain_peer as peer
    from benchmarks import chain_roofline as roofline
    from benchmarks.chain_measure import HEADS, SIZES, measure, tables
    from benchmarks.gpu import machine

    peer.compile_all(HEADS)
    ceilings = roofline.measure()
    with torch.inference_mode():
        rows = [measure(tokens, heads) for heads in HEADS for tokens in SIZES]
        errors = accuracy.measure()
    text = wrapped(f"{machine()}\n\n{tables(rows, ceilings, errors)}")
    print(text)
    page = folder / "chain.md"
    head = page.read_text().partition("\n## Measured\n")[0] if page.exists() else ""
    page.write_text(f"{head}\n## Measured\n\n{text}")
    (folder / "chain.svg").write_text(
        plot(
            {
                f"H = {heads}": [
                    Series("flash-linear-attention", _points(rows, heads, lambda r: r.peer.gpu)),
                    Series(
                        "the same, split before",
                        _points(rows, heads, lambda r: r.peer_on_split.gpu),
                    ),
                    Series("seven kernels", _points(rows, heads, lambda r: r.seven.gpu)),
                    Series("two kernels", _points(rows, heads, lambda r: r.fused.gpu)),
                    Series(
                        "inputs and outputs at the speed of a copy",
                        [(s, 1e6 * roofline.least_bytes(s, heads) / ceilings.bytes) for s in SIZES],
                        is_dashed=True,
                    ),
                ]
                for heads in HEADS
            },
            x="tokens",
            y="GPU time, us",
        )
    )


def _points(rows: list[Row], heads: int, time: Callable[[Row], float]) -> list[tuple[float, float]]:
    return [(row.tokens, time(row)) for row in rows if row.heads == heads]


if __name__ == "__main__":
    main()
