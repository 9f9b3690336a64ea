"""How what `benchmarks.scale` measured is shown."""

from __future__ import annotations

import xml.etree.ElementTree

import pytest
from syrupy.assertion import SnapshotAssertion

from benchmarks import growth, scale_tables
from benchmarks.commands import Cost, python
from benchmarks.growth import Point
from benchmarks.packed_images import Method, Packed
from benchmarks.regenerate import Regenerated
from benchmarks.typed_functions import Compiled
from tests.support import made

pytestmark = pytest.mark.triton

REGENERATED = Regenerated(
    images=20,
    alone={"add": (1.0, 0.9), "o": (9.0, 8.1)},
    cores=2,
    parallel=Cost(5.5, 9.9, 0),
    single=Cost(10.5, 9.45, 0),
    memory=300 << 20,
    fresh=Cost(0.123, 0.12, 0),
    changed={"add": Cost(1.75, 2.0, 0)},
)
POINTS = [
    Point(
        count,
        Cost(count / 10, count / 8, 90 << 20),
        Cost(0.1, 0.1, 0),
        compile_c=size,
        c=size,
        images=size,
        manifest=size,
        library=size,
        load=size,
        choose=9.0,
    )
    for count, size in ((1, 1024), (100, 102400), (1000, 1024000))
]
PACKED = Packed(3, 40960, 20480, 81920, 0.0004, (Method("zlib", 10240, 0.002, 0.001),))
TYPED = {
    "2 scalars": (
        [Compiled(1, 1.0, 51200), Compiled(4, 1.3, 57344)],
        [Compiled(1, 4.0, 51200), Compiled(4, 10.0, 81920)],
    )
}


def test_the_tables(snapshot: SnapshotAssertion) -> None:
    assert scale_tables.tables("Here.", REGENERATED, POINTS, PACKED, TYPED) == snapshot


def test_the_picture() -> None:
    root = xml.etree.ElementTree.fromstring(scale_tables.picture(POINTS))
    texts = [one.text for one in root.iter() if one.tag.endswith("text")]
    assert {"Growth", "variants", "choosing", "proportional"} <= {*texts}


@pytest.mark.parametrize("count", [1, 10, 100])
def test_the_kernel_that_grows(count: int, tmp_path) -> None:
    [kernel] = made.read(tmp_path, growth.source(count).removeprefix(made.HEADER))
    assert len(kernel.specialisation.variants) == count


def test_a_command_that_fails() -> None:
    assert python("-c", "print(7)").output == "7\n"
    with pytest.raises(RuntimeError, match="failed:\nno luck\n"):
        python("-c", "import sys; sys.exit('no luck')")
