"""The comparison of tables with an exhaustive search, as far as it goes without a GPU."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.tuned import calls, tables
from benchmarks.tuned.__main__ import Compared, document
from tests.support import made
from tests.support.jit_calls import Array
from tritonbind.tune.between import sizes_between

F16 = "torch.float16"
TABLE: dict[str, Any] = {
    "schema": "tritonbind.tuned/1",
    "default": {"BLOCK": 16},
    "rows": [
        {"key": [n, m, F16], "config": {"BLOCK": 16 << place}}
        for place, (n, m) in enumerate(((64, 1), (4096, 1), (64, 1024), (0, 7), (-50, 2)))
    ],
}
KERNEL = """
@export("tests.k", types={"x": "*fp16 | *fp32", "n": "i64", "m": "i32"}, grid=lambda: (1,),
        cases=[], tuned="best.json")
@triton.autotune([triton.Config({"BLOCK": 16 << n}) for n in range(5)], key=["n", "m"])
@triton.jit
def k(x, n, m, BLOCK: tl.constexpr):
    pass
"""


def test_a_key_gets_what_the_library_gives_it(tmp_path: Path) -> None:
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "best.json").write_text(json.dumps(TABLE))
    library = made.library(tmp_path, KERNEL)
    for n in (-4000, -49, -1, 0, 1, 5, 63, 65, 500, 600, 3000, 1 << 40):
        for m in (1, 3, 30, 40, 5000):
            variant = library.chosen("k", Array("fp16").passed(), n, m)
            assert variant.constexprs == tables.chosen(TABLE, (n, m, F16)), (n, m)
    assert tables.chosen(TABLE, (64, 1, "torch.float32")) == {"BLOCK": 16}


def test_no_shape_is_tuned_and_compared() -> None:
    """None that is recorded, and none that `tritonbind tune` makes between these."""
    assert not {*calls.ROWS, *made_between(calls.ROWS)} & {*calls.OTHER_ROWS}
    assert not {*made_between(calls.WIDTHS)} & {*calls.OTHER_WIDTHS}
    assert not {*calls.NORM_ROWS} & {*calls.OTHER_NORM_ROWS}


def made_between(sizes: Sequence[int]) -> list[int]:
    return [size for low, high in pairwise(sizes) for size in sizes_between(low, high)]


def test_the_document() -> None:
    rows = [
        Compared("matmul", "8 x 64 x 64", 10.0, 10.2, 9.9, 40.8),
        Compared("matmul", "9 x 64 x 64", 10.0, 10.4, 10.0, 10.4),
    ]
    assert document(rows).splitlines() == [
        "| kernel | shape | default | best of all | table's | ratio | library |",
        "|---|---|---|---|---|---|---|",
        "| matmul | 8 x 64 x 64 | 40.8 | 10.0 | 10.2 | 1.020 | 9.9 |",
        "| matmul | 9 x 64 x 64 | 10.4 | 10.0 | 10.4 | 1.040 | 10.0 |",
        "",
        "matmul: geometric mean 1.030, worst 1.040, within 3 % at 1 of 2; 2.00 times as fast as "
        "the default.",
    ]
