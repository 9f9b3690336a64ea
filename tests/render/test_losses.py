"""What `inspect` says that a call loses, by the manifest's entries."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.model.parameters import Parameter
from codegen.render.conditions import calls_of
from codegen.render.losses import losses
from tests.support import made

pytestmark = pytest.mark.triton

KERNEL = """
@export("t.copy", grid=lambda: (1,), {words})
@triton.jit
def copy(x, y, n, stride, last):
    pass
"""
TYPES = "types={'x': 'X', 'y': '*fp32', 'n': 'i32:16', 'stride': 'i32:16', 'last': 'i32:1'}"


def said(folder: Path, words: str) -> list[str]:
    (kernel,) = made.read(folder, KERNEL.replace("{words}", words))
    variants = {
        variant.label: {
            "parameters": [[name, type_.triton] for name, type_ in variant.types.items()],
            "constexprs": {name: repr(value) for name, value in variant.constexprs.items()},
        }
        for variant in kernel.specialisation.variants
    }
    pointers = {"y": "in", "x": "out"}
    hints = {p.name: p.hint for p in kernel.parameters if isinstance(p, Parameter) and p.hint}
    entry = {
        "calls": calls_of(kernel),
        "combinations": None,
        "variants": variants,
        "pointers": pointers,
        "hints": hints,
    }
    return list(losses(entry))


def test_two_variants(tmp_path: Path) -> None:
    assert said(tmp_path, TYPES.replace("'X'", "'*fp32'")) == [
        "aligned with any of x, y not aligned: generic, and loses the divisibility of n, stride "
        "and the constant 1 of last and what is assumed of the others; "
        'cases=[{}, {"x": None}] would keep it, where that is x alone',
        "aligned with any of n, stride not divisible by 16: generic, and loses the alignment of "
        "x, y and the constant 1 of last and what is assumed of the others; "
        'cases=[{}, {"n": None}] would keep it, where that is n alone',
        "aligned with last not 1: generic, and loses the alignment of x, y and the divisibility of "
        'n, stride; cases=[{}, {"last": None}] would keep it',
    ]


def test_a_case_between(tmp_path: Path) -> None:
    words = TYPES.replace("'X'", "'*fp32'") + ", cases=[{}, {'n': None}]"
    found = said(tmp_path, words)
    assert found[1] == "n_16_stride_16_last_1 with n not divisible by 16: stride_16_last_1"
    assert found[2] == (
        "n_16_stride_16_last_1 with stride not divisible by 16: generic, and loses the alignment "
        "of x, y and the divisibility of n and the constant 1 of last; "
        'cases=[{}, {"stride": None}] would keep it'
    )
    assert {sentence.partition(" ")[0] for sentence in found} == {
        "n_16_stride_16_last_1",
        "stride_16_last_1",
    }


def test_what_choices_have_in_common_is_said_once(tmp_path: Path) -> None:
    one = said(tmp_path / "one", TYPES.replace("'X'", "'*fp32'"))
    assert said(tmp_path / "two", TYPES.replace("'X'", "'*fp16 | *bf16'")) == one
    assert len(one) == 3


def test_choices_that_differ_stay_apart(tmp_path: Path) -> None:
    found = said(tmp_path, TYPES.replace("'X'", "'*fp16 | None'"))
    assert [one.partition(":")[0] for one in found] == [
        "x-aligned with any of x, y not aligned",
        "x-aligned with any of n, stride not divisible by 16",
        "x-aligned with last not 1",
        "no_x-aligned with y not aligned",
        "no_x-aligned with any of n, stride not divisible by 16",
        "no_x-aligned with last not 1",
    ]
    assert found[5].partition(": ")[2] == (
        "no_x-generic, and loses the alignment of y and the divisibility of n, stride; "
        'cases=[{}, {"last": None}] would keep it'
    )


def test_nothing_is_hinted(tmp_path: Path) -> None:
    assert said(tmp_path, TYPES.replace("'X'", "'*fp32'") + ", cases=[]") == []


def test_the_remedy_begins_with_the_case_and_leaves_out_what_is_none(tmp_path: Path) -> None:
    types = TYPES.replace("'X'", "'*fp32 | None'").replace("'n': 'i32:16'", "'n': 'i32'")
    found = said(tmp_path, types + ", cases=[{'stride': 1, 'n': 16}]")
    remedies = [one.partition("; ")[2] for one in found if "with n " in one]
    assert remedies == ['cases=[{"stride": 1, "n": 16}, {"stride": 1}] would keep it'] * 2


def test_the_remedy_mends(tmp_path: Path) -> None:
    types = TYPES.replace("'X'", "'*fp32'")
    words = said(tmp_path / "before", types)[1].partition("; ")[2].partition(" would")[0]
    mended = [one for one in said(tmp_path / "after", f"{types}, {words}") if "with n " in one]
    assert mended == [
        "n_16_stride_16_last_1 with n not divisible by 16: stride_16_last_1",
    ]
