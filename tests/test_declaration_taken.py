"""What a declaration is given counts as it is then: read once, and not as it is changed later."""

from __future__ import annotations

from pathlib import Path

import pytest

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
    shapes = [each.parameters[0].shape for each in (first, second)]
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
