"""What a declaration is given counts as it is then: read once, and not as it is changed later."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.model.wording import axis_text
from tests.support import made

pytestmark = pytest.mark.triton

KERNEL = """
@triton.jit
def scale(x, n, BLOCK: tl.constexpr):
    pass
"""


def test_what_is_changed_later_is_for_later_declarations(tmp_path: Path) -> None:
    source = KERNEL + """
types, blocks, case, shape = {"x": "*fp32", "n": "i32:16"}, [32, 64], {"n": None}, ["n"]
words = {"types": types, "constexprs": {"BLOCK": blocks}, "cases": [case], "shapes": {"x": shape}}
export("t.first", grid=lambda: (1,), **words)(scale)
types["x"], case["n"], shape[0] = "*fp16", 1, "n * 2"
blocks.append(128)
words["cases"].append({})
export("t.second", grid=lambda: (1,), **words)(scale)
"""
    first, second = made.read(tmp_path, source)
    shown = [
        (len(each.specialisation.variants), each.specialisation.variants[0].signature[0])
        for each in (first, second)
    ]
    assert shown == [(2 * 2, ("x", "*fp32")), (3 * 3, ("x", "*fp16"))]
    shapes = [getattr(each.parameters[0], "shape", None) for each in (first, second)]
    assert [shape and shape.source for shape in shapes] == ["(n,)", "(n * 2,)"]


def test_iterators_are_read_once(tmp_path: Path) -> None:
    source = KERNEL + """
export("t.scale", types={"x": "*fp32", "n": "i32:16"}, grid=lambda: (1,),
       constexprs={"BLOCK": (16 << i for i in range(2))}, targets=iter(["sm_90"]),
       cases=({"n": hint} for hint in (16, None)))(scale)
"""
    (kernel,) = made.read(tmp_path, source)
    assert len(kernel.specialisation.variants) == 2 * 3
    assert kernel.targets is not None
    assert [target.name for target in kernel.targets] == ["sm_90"]


INTS = """
@triton.autotune([triton.Config({"BLOCK": INT(64)}, num_warps=INT(2)),
                  triton.Config({"BLOCK": INT(32)}, num_warps=INT(8))], key=["n"])
@triton.jit
def tuned(x, n, BLOCK: tl.constexpr, MORE: tl.constexpr = INT(3)):
    pass

@triton.jit
def plain(x, n, BLOCK: tl.constexpr, PAIR: tl.constexpr, ONE: tl.constexpr):
    pass

types = {"x": "*fp32", "n": "i32:16"}
export("t.tuned", types=types, grid=lambda BLOCK: (BLOCK,), shapes={"x": (INT(64), "n")},
       configs=[{"BLOCK": INT(64)}, {"num_warps": INT(8)}],
       tuned={(INT(7),): {"BLOCK": INT(32)}})(tuned)
export("t.plain", types=types, grid=lambda BLOCK: (BLOCK,), num_warps=INT(4), maxnreg=INT(64),
       constexprs={"BLOCK": [INT(16), INT(32)], "PAIR": (INT(1), 2), "ONE": tl.constexpr(INT(1))},
       cases=[{"n": INT(16)}, {"n": INT(1)}])(plain)
"""


@pytest.mark.parametrize(
    "library", ["import numpy\nINT = numpy.int64", "from numpy import uint8 as INT"]
)
def test_ints_of_other_libraries_are_ints(tmp_path: Path, library: str) -> None:
    found = made.read(tmp_path / "theirs", f"{library}{INTS}")
    expected = made.read(tmp_path / "own", f"\nINT = int{INTS}"[library.count("\n") == 0 :])
    assert [repr(kernel.specialisation) for kernel in found] == [
        repr(kernel.specialisation) for kernel in expected
    ]
    assert [kernel.grid for kernel in found] == [kernel.grid for kernel in expected]


def test_a_grid_is_shown_by_the_names_of_the_kernel(tmp_path: Path) -> None:
    """In C they are others, and what a tensor carries has a variable there."""
    source = """
@export("t.k", types={"x": "*fp32", "INT64_MAX": "i32", "new": "i32", "tb_cdiv": "i32"},
        grid=lambda x, INT64_MAX, new, tb_cdiv: (
            cdiv(INT64_MAX, 3_000_000_000), x.shape[0] + x.stride(-1), max(new, tb_cdiv)))
@triton.jit
def k(x, INT64_MAX, new, tb_cdiv):
    pass
"""
    (kernel,) = made.read(tmp_path, source)
    assert kernel.grid.axes is not None
    assert "INT64_MAX_" in kernel.grid.axes[0]
    assert [axis_text(kernel, axis) for axis in kernel.grid.axes] == [
        "cdiv(INT64_MAX, 3000000000)",
        "add(x.shape[0], x.stride[-1])",
        "max(new, tb_cdiv)",
    ]
