"""Images of a function that have the same bytes: one file, one copy in the library."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from codegen.model.plan import Binary, Plan
from codegen.render.files import render
from codegen.render.manifest_entries import functions_of
from tests.support import made
from tests.support.calls import tensor

pytestmark = pytest.mark.triton

SOURCE = """
@export("made.same", types={"x": "*fp32", "n": "i32:16"}, grid=lambda n: (n,))
@triton.jit
def same(x, n):
    pass
"""


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """Of an aligned and a generic variant, whose images are equal."""
    [kernel] = made.read(tmp_path, SOURCE)
    found = made.plan(kernel)
    first, second = found.binaries
    [one], [other] = first.images, second.images
    assert one.data != other.data
    return replace(
        found, binaries=(first, Binary(second.variant, (replace(other, data=one.data),)))
    )


def test_they_have_one_file_and_one_copy(plan: Plan) -> None:
    files = {file.path: file.content for file in render([plan], {"made.py": "Made."}, "kernels")}
    image = "made.images/same.aligned.compute_80.ptx"
    assert [path for path in files if ".images/" in path] == [image]
    text = files["made.c"].decode()
    assert text.count("TB_EMBED(") == 1
    assert text.count(".data = same__aligned_compute_80") == 1
    assert "/* aligned, generic */" in text


def test_what_calls_need_not_decide_is_not_looked_at(plan: Plan) -> None:
    """Hints that lead to the same images; one image that differs has them all looked at."""
    first, second = plan.binaries
    [image] = second.images
    unlike = Binary(second.variant, (replace(image, data=b"another"),))
    for binary, rows in ((second, 1), (unlike, 2)):
        of = replace(plan, binaries=(first, binary))
        files = {file.path: file.content for file in render([of], {"made.py": "Made."}, "kernels")}
        assert files["made.c"].count(b"{.images = ") == rows
        assert (b"% 16" in files["made.c"]) == (rows == 2)


def test_each_variant_launches_it(plan: Plan, tmp_path: Path) -> None:
    library = made.build(tmp_path / "made", [plan])
    aligned = library.launch("same", tensor(16), 16, None)
    generic = library.launch("same", tensor(15), 15, None)
    assert aligned.image == generic.image
    assert (aligned.grid[0], generic.grid[0]) == (16, 15)


def test_the_manifest_names_it_for_both(plan: Plan) -> None:
    variants = functions_of([plan])["made.same"]["variants"]
    images = [variant["images"]["compute_80"] for variant in variants.values()]
    assert [image["file"] for image in images] == ["made.images/same.aligned.compute_80.ptx"] * 2
    assert images[0]["key"] != images[1]["key"]
