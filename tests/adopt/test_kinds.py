"""Which launches of a kernel one function takes: what the generator takes together, and no more."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codegen.adopt.kinds import alike
from codegen.adopt.recorded_grids import Row
from codegen.model.errors import CodegenError
from tests.support import made


def row(**arguments: Any) -> dict[str, Any]:
    return {"arguments": arguments, "options": {}}


TOGETHER: dict[str, list[Any]] = {
    "dtypes of a tensor": ["*fp16:16", "*bf16", "*fp32:16"],
    "widths of an int": ["i32", "i64:16", "i32:1"],
    "a tensor or None": ["*fp16", None],
    "an int or None": [None, "i32"],
    "tuples of one length": [["*fp16", "i32"], ["*fp16:16", "i32:1"]],
    "entries that may be None": [["*fp16", None], ["*fp16", "*fp16"]],
}
APART: dict[str, list[Any]] = {
    "an int and a float": ["i32", "fp32"],
    "an int and a bool": ["i32", "i1"],
    "a tensor and an int": ["*fp16", "i64"],
    "a tensor and one that is only read": ["*fp16", "const *fp16"],
    "an int of 64 bits without a sign": ["i32", "u64"],
    "tuples of two lengths": [["*fp16"], ["*fp16", "*fp16"]],
    "a tuple and None": [["*fp16"], None],
    "a tuple of other entries": [["*fp16"], ["i32"]],
    "a value and a tensor": [{"constexpr": 3}, "*fp16"],
    "entries of two values": [[{"constexpr": 3}, "i32"], [{"constexpr": 4}, "i32"]],
}


@pytest.mark.parametrize("case", TOGETHER)
def test_one_function_takes(case: str) -> None:
    rows = [row(x=argument) for argument in TOGETHER[case]]
    assert alike(rows) == [rows]


@pytest.mark.parametrize("case", APART)
def test_another_function_takes(case: str) -> None:
    rows = [row(x=argument) for argument in APART[case]]
    assert alike(rows) == [[one] for one in rows]


def test_blocks_differ_where_a_constexpr_gives_their_sizes() -> None:
    def of(size: int, block: int) -> dict[str, Any]:
        return row(d=f"tensordesc<fp16[{size}, 8]>", BLOCK={"constexpr": block})

    assert alike([of(64, 64), of(128, 128)]) == [[of(64, 64), of(128, 128)]]
    assert alike([of(64, 32), of(128, 32)]) == [[of(64, 32)], [of(128, 32)]]


def test_what_was_together_before_stays_so() -> None:
    """New rows join the functions that are there."""
    none, tensor, number = row(x=None), row(x="*fp16"), row(x="i32")
    assert alike([tensor, number], [[none, number]]) == [[none, number, number], [tensor]]


LEAVES = [None, "*fp16:16", "*fp32", "i32", "i32:1", "i64:16", "fp32", "i1", "u64"]
ARGUMENTS = st.sampled_from([*LEAVES, ["i32", None], ["i32", "i32:16"], ["i32"], ["*fp16", "i32"]])


@given(st.lists(st.tuples(ARGUMENTS, ARGUMENTS), min_size=1, max_size=4))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_each_group_is_read_as_one_function(tmp_path: Path, pairs: list[tuple[Any, Any]]) -> None:
    """The generator, which says itself what no argument can be, is the oracle."""
    groups = alike([row(x=x, y=y) for x, y in pairs])
    assert sum(map(len, groups)) == len(pairs)
    for group in groups:
        assert read(tmp_path, group)
    for number, group in enumerate(groups):
        for other in groups[:number]:
            with pytest.raises(CodegenError):
                read(tmp_path, [*other, *group])


NUMBERS = itertools.count()


def read(folder: Path, rows: Sequence[Row]) -> object:
    """The kernel that is declared with these launches."""
    source = f"""
@export("tests.k", grid="explicit", launches={list(rows)})
@triton.jit
def k(x, y): pass
"""
    return made.read(folder / str(next(NUMBERS)), source)
