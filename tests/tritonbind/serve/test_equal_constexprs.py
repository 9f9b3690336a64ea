"""Constexprs that are equal are one kernel to Triton's JIT, and to the library."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.kernels.served import add, flagged, scaled
from tests.support import standin
from tests.support.jit_on_standin import on_device
from tests.support.served import Served, same_launches
from tritonbind.serve import NotServedError
from tritonbind.serve.kernel import ServedKernel

X, OUT = (on_device(1000, address=0x7F00_0000_0000 + 0x1000 * place) for place in range(2))


def launch(flag: Any, size: Any, **more: Any) -> None:
    flagged[(2,)](X, OUT, 1000, FLAG=flag, SIZE=size, **more)


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Launches that went the careful way."""
    seen: list[None] = []
    attempt = ServedKernel._attempt

    def count(*arguments: Any) -> Any:
        seen.append(None)
        return attempt(*arguments)

    monkeypatch.setattr(ServedKernel, "_attempt", count)
    return seen


@pytest.mark.usefixtures("program")
def test_the_jit_itself_compiles_one_kernel_for_equal_ones() -> None:
    for flag in (1, True, 1.0, np.int64(1)):
        launch(flag, 2)
    assert standin.calls("cuModuleLoadData") == 1


def test_an_equal_choice_serves(program: Served) -> None:
    def launches() -> None:
        for flag in (1, True, 1.0, np.int64(1), False, 0.0):
            launch(flag, 2)
        launch(1, 2.0)
        for block in (64, 64.0):
            add[(1,)](X, X, OUT, 1000, BLOCK=block)
        scaled[(1,)](X, None, OUT, 3, 0.5, "plain", 0)

    assert len(same_launches(program, launches)) == 10


def test_choices_that_were_built_with_an_equal_one_only_serve(program: Served) -> None:
    def launches() -> None:
        for flag, size in ((1, 2), (True, 2), (True, 3), (1, 3), (1.0, 3)):
            launch(flag, size)

    assert len(same_launches(program, launches)) == 5
    with pytest.raises(NotServedError, match="no such launch was built: this one has FLAG="):
        launch(False, 3)


def test_an_equal_constant_serves_as_quickly_as_the_built_one(
    program: Served, attempts: list[None]
) -> None:
    def launches() -> None:
        for negate, block in ((True, 64), (1, 64.0), (1.0, np.int64(64)), (True, 64)):
            launch(1, 2, NEGATE=negate, BLOCK=block)

    assert len(same_launches(program, launches)) == 4
    assert attempts == []


def test_an_unequal_one_is_a_miss(program: Served) -> None:
    program.serve()
    for more, reason in (
        ({"NEGATE": 2}, "`NEGATE` must be True, got 2"),
        ({"BLOCK": "64"}, "`BLOCK` must be 64, got '64'"),
        ({"BLOCK": None}, "`BLOCK` must be 64, got None"),
        ({"BLOCK": X}, "`BLOCK` must be 64, got "),
    ):
        with pytest.raises(NotServedError) as raised:
            launch(1, 2, **more)
        assert reason in str(raised.value)
    assert standin.launches() == []
