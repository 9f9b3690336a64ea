"""A kernel whose launches one function cannot take: each launch goes to the one that has it."""

from __future__ import annotations

import pytest

from tests.kernels.served import either
from tests.support import standin
from tests.support.jit_on_standin import on_device
from tests.support.served import PACKAGE, Served, same_launches, without_compiler
from tritonbind.serve import NotServedError

X, OUT = (on_device(1000, address=0x7F00_0000_0000 + 0x1000 * place) for place in range(2))


def launch(factor: object, **more: int) -> None:
    either[(3,)](X, OUT, 1000, factor, **{"BLOCK": 64, **more})


def test_each_launch_goes_to_the_function_that_has_it(program: Served) -> None:
    def launches() -> None:
        for factor in (0.5, 3, 0.25, 5, 3):
            launch(factor)

    assert len(same_launches(program, launches)) == 5


def test_what_none_has_is_said_of_each(program: Served) -> None:
    program.serve()
    with pytest.raises(NotServedError) as raised:
        launch(2.5, BLOCK=128)
    assert str(raised.value).partition("\n")[0] == (
        f"tests.kernels.served:either is not served from {PACKAGE} by program.either_2: "
        "`BLOCK` must be 64, got 128; nor by program.either: `BLOCK` must be 64, got 128"
    )


def test_a_launch_that_another_function_has_is_no_miss(program: Served) -> None:
    serving = program.serve(strict=False)
    with without_compiler():
        launch(3)
        launch(3)
    assert serving.misses.counts == {}
    assert len(standin.launches()) == 2
