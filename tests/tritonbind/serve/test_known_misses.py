"""What a library was asked for in vain it is not asked again; all else it is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kernels.served import add
from tests.support import standin
from tests.support.jit_on_standin import ADDRESS, on_device
from tests.support.served import Served
from tritonbind.serve.known_misses import KnownMisses

X, HALF = on_device(1000), on_device(1000, dtype="fp16")
KNOWN = ((X, None, 7, 0.5, (X, 3), 64, "plain"), {"num_warps": 4})


@pytest.mark.parametrize(
    ("place", "other"),
    [
        (0, HALF),
        (0, None),
        (1, X),
        (2, 1 << 31),
        (2, 7.0),
        (2, True),
        (3, 1),
        (4, (X, 1 << 40)),
        (4, (X,)),
        (4, (HALF, 3)),
        (5, 65),
        (5, 64.0),
        (6, "other"),
    ],
)
def test_another_kind_is_not_known(place: int, other: Any) -> None:
    known = KnownMisses([False] * 5 + [True] * 2)
    known.add(*KNOWN, "why")
    values, options = KNOWN
    changed = [*values[:place], other, *values[place + 1 :]]
    assert known.reason(values, options) == "why"
    assert known.reason(changed, options) is None
    assert known.reason(values, {"num_warps": 8}) is None


def test_of_a_known_kind_only_values_differ() -> None:
    known = KnownMisses([False] * 5 + [True] * 2)
    known.add(*KNOWN, "why")
    values = (on_device(5), None, -(2**31) + 1, 1.5, (X, 9), 64, "plain")
    assert known.reason(values, {"num_warps": 4}) == "why"


def test_what_has_no_hash_is_never_known() -> None:
    known = KnownMisses([True])
    known.add([[1]], {}, "why")
    assert known.reasons == {}
    assert known.reason([[1]], {}) is None


def launch(x: Any = X, block: int = 64) -> None:
    add[(1,)](x, X, X, 1000, BLOCK=block)


def test_the_library_is_asked_once_and_has_the_rest(
    program: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tritonbind.serve.kernel import ServedKernel

    asked: list[int] = []
    attempt = ServedKernel._attempt

    def count(*arguments: Any) -> Any:
        asked.append(1)
        return attempt(*arguments)

    monkeypatch.setattr(ServedKernel, "_attempt", count)
    serving = program.serve(strict=False)
    for _ in range(3):
        launch(HALF)
        launch()
    assert len(asked) == 1
    assert [*serving.misses.counts.values()] == [3]
    assert standin.calls("cuModuleLoadData") == 1
    assert len(standin.launches()) == 6


def test_what_values_alone_decide_is_asked_each_time(program: Served) -> None:
    serving = program.serve(strict=False)
    launch(on_device(8, address=ADDRESS + 2))
    loads = standin.calls("cuModuleLoadData")
    launch()
    launch()
    assert [*serving.misses.counts.values()] == [1]
    assert standin.calls("cuModuleLoadData") == loads == 1
