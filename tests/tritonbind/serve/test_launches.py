"""A served launch is the JIT's: the same kernel, grid, arguments, stream and device."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.kernels.served import add, scaled
from tests.support import standin
from tests.support.jit_on_standin import Tensor, on_device
from tests.support.library_tensor import current_streams
from tests.support.served import Served, same_launches, without_compiler


def tensor(place: int, **more: Any) -> Tensor:
    return on_device(1000, address=0x7F00_0000_0000 + 0x1000 * place, **more)


X, Y, OUT = (tensor(place) for place in range(3))


def blocks(arguments: dict[str, Any]) -> tuple[int]:
    return (-(-arguments["n"] // arguments["BLOCK"]),)


LAUNCHES: dict[str, Callable[[], Any]] = {
    "positional": lambda: add[(3,)](X, Y, OUT, 1000, 64),
    "named": lambda: add[(3,)](out=OUT, x=X, BLOCK=128, y=Y, n=7),
    "callable_grid": lambda: add[blocks](X, Y, OUT, 1000, BLOCK=128),
    "grid_of_a_default": lambda: scaled[blocks](X, Y, OUT, 1000, 0.5, "plain", False),
    "list_as_grid": lambda: add[[2, 3]](X, Y, OUT, 1000, BLOCK=64),
    "three_dimensions": lambda: add[(2, 3, 4)](X, Y, OUT, 1000, BLOCK=64),
    "more_dimensions_than_three": lambda: add[(2, 3, 4, 5)](X, Y, OUT, 1000, BLOCK=64),
    "empty_grid": lambda: add[(0,)](X, Y, OUT, 1000, BLOCK=64),
    "negative_grid": lambda: add[(-3, 2)](X, Y, OUT, 1000, BLOCK=64),
    "options_as_they_are": lambda: add[(1,)](X, Y, OUT, 2, BLOCK=64, num_warps=4, num_stages=3),
    "unusual_option": lambda: add[(1,)](X, Y, OUT, 2, BLOCK=64, maxnreg=None, debug=False),
    "none": lambda: scaled[(1,)](X, None, OUT, 9, 2.5, "square", NEGATE=True),
    "run": lambda: add.run(X, Y, OUT, 2, BLOCK=64, grid=(5,), warmup=False),
    "negative": lambda: add[(1,)](X, Y, OUT, -5, BLOCK=64),
    "same_tensor": lambda: add[(1,)](X, X, X, 3, BLOCK=64),
}


@pytest.mark.parametrize("name", LAUNCHES)
def test_it_is_the_same_launch(program: Served, name: str) -> None:
    launches = same_launches(program, LAUNCHES[name])
    assert len(launches) == (name not in ("empty_grid", "negative_grid"))


def test_the_current_stream_and_device_are_used(program: Served) -> None:
    current_streams.update({0: 0xA, 1: 0xB})

    def launch() -> None:
        current_streams.update({0: 0xA, 1: 0xB})
        for device in (0, 1):
            x = tensor(1, device=device)
            with standin.context(standin.primary_context(device)):
                add[(1,)](x, x, x, 1000, BLOCK=64)

    launches = same_launches(program, launch)
    assert [(one.device, one.stream) for one in launches] == [(0, 0xA), (1, 0xB)]


def test_a_launcher_that_is_kept_is_served(program: Served) -> None:
    before = add[(1,)]
    program.serve()
    with without_compiler():
        for launch in (before, before, add[(1,)]):
            launch(X, Y, OUT, 1000, BLOCK=64)
    after = add[(1,)]
    after(X, Y, OUT, 1000, BLOCK=64)
    assert len(standin.launches()) == 4


def test_any_thread_may_come_first(program: Served) -> None:
    serving = program.serve()
    start = threading.Barrier(8)

    def launch() -> None:
        start.wait()
        add[(1,)](X, Y, OUT, 1000, BLOCK=64)

    threads = [threading.Thread(target=launch) for _ in range(8)]
    with without_compiler():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(standin.launches()) == 8
    assert serving.misses.counts == {}


def test_a_warmup_compiles_nothing(program: Served) -> None:
    program.serve()
    with without_compiler():
        returned = add.warmup(X, Y, OUT, 1000, BLOCK=4096, grid=(1,))
    assert standin.launches() == []
    assert repr(returned) == "<tests.kernels.served:add, served by program.add>"


def test_what_a_launch_returns_says_what_it_is(program: Served) -> None:
    program.serve()
    returned = add[(1,)](X, Y, OUT, 1000, BLOCK=64)
    assert repr(returned) == "<tests.kernels.served:add, served by program.add>"
    with pytest.raises(AttributeError) as caught:
        _ = returned.n_regs
    assert str(caught.value) == (
        "no `n_regs`: tests.kernels.served:add was served by program.add of served_package, and "
        "not compiled here; `python -m codegen inspect` tells of its images"
    )


def test_an_error_of_the_grid_is_the_programs(program: Served) -> None:
    program.serve()
    with pytest.raises(KeyError, match="WIDTH"):
        add[lambda arguments: (arguments["WIDTH"],)](X, Y, OUT, 1000, BLOCK=64)


def test_a_missing_argument_is_the_programs_error(program: Served) -> None:
    program.serve()
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'n'"):
        add[(1,)](X, Y, OUT, BLOCK=64)


def test_it_ends(program: Served) -> None:
    from tritonbind.serve import stop

    program.serve()
    add[(1,)](X, Y, OUT, 1000, BLOCK=64)
    assert standin.calls("cuModuleLoadData") == 0
    stop()
    assert {"run", "_tritonbind_served"} & vars(add).keys() == set()
    add[(1,)](X, Y, OUT, 1000, BLOCK=64)
    assert standin.calls("cuModuleLoadData") == 1
