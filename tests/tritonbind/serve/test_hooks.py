"""The hooks of Triton and of kernels are called around served launches, as around the JIT's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from triton import knobs

from tests.kernels.served import add
from tests.support import standin
from tests.support.jit_on_standin import on_device
from tests.support.library_tensor import current_streams
from tests.support.served import Served, fresh_kernels, without_compiler
from tritonbind.serve import NotServedError

X, Y, OUT = (on_device(1000, address=0x7F00_0000_0000 + 0x1000 * place) for place in range(3))


@pytest.fixture
def seen() -> Iterator[list[Any]]:
    """What the hooks of a test were told; afterwards there are none."""
    told: list[Any] = []
    chains = (knobs.runtime.launch_enter_hook, knobs.runtime.launch_exit_hook)
    yield told
    for chain in chains:
        chain.calls.clear()
    knobs.runtime.launch_enter_hook, knobs.runtime.launch_exit_hook = chains
    add.pre_run_hooks.clear()
    add.launch_metadata = None


def launch(block: int = 64) -> None:
    add[(3,)](X, Y, OUT, 1000, BLOCK=block)


def test_hooks_around_launches(program: Served, seen: list[Any]) -> None:
    def entering(metadata: Any) -> None:
        data = metadata.get()
        seen.append(("enter", data["name"], data["stream"], len(standin.launches())))

    def leaving(metadata: Any) -> None:
        seen.append(("leave", metadata.get()["name"], len(standin.launches())))

    knobs.runtime.launch_enter_hook.add(entering)
    knobs.runtime.launch_exit_hook.add(leaving)
    current_streams[0] = 0x5EED
    with fresh_kernels():
        launch()
    expected = list(seen)
    assert expected == [("enter", "add", 0x5EED, 0), ("leave", "add", 1)]
    standin.reset()
    seen.clear()
    program.serve()
    with without_compiler():
        launch()
    assert seen == expected


def test_hooks_that_come_and_go(program: Served, seen: list[Any]) -> None:
    program.serve()
    launch()
    knobs.runtime.launch_enter_hook.add(seen.append)
    launch()
    knobs.runtime.launch_enter_hook.remove(seen.append)
    launch()
    knobs.runtime.launch_exit_hook = seen.append
    launch()
    assert len(seen) == 2
    assert len(standin.launches()) == 4


def test_a_kernel_tells_hooks_of_its_launch(program: Served, seen: list[Any]) -> None:
    def about(grid: Any, metadata: Any, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"rows": arguments["n"], "grid": grid, "warps": metadata.num_warps}

    add.launch_metadata = about
    knobs.runtime.launch_enter_hook.add(lambda metadata: seen.append(metadata.get()))
    with fresh_kernels():
        launch()
    program.serve()
    launch()
    jits, ours = seen
    assert {**ours, "function": jits["function"]} == jits
    assert (ours["rows"], ours["grid"], ours["warps"]) == (1000, (3,), 4)
    assert ours["function"] is None


def test_hooks_of_the_kernel_come_first(program: Served, seen: list[Any]) -> None:
    def hook(*args: Any, **kwargs: Any) -> None:
        seen.append((args, kwargs["BLOCK"], len(standin.launches())))

    add.add_pre_run_hook(hook)
    with fresh_kernels():
        launch()
    standin.reset()
    program.serve()
    with without_compiler():
        launch()
    jits, ours = seen
    assert ours == jits == ((X, Y, OUT, 1000), 64, 0)
    assert standin.launch().grid == (3, 1, 1)


def test_hooks_run_once_where_the_jit_launches(program: Served, seen: list[Any]) -> None:
    program.serve(strict=False)
    add.add_pre_run_hook(lambda *args, **kwargs: seen.append(kwargs["BLOCK"]))
    knobs.runtime.launch_enter_hook.add(seen.append)
    launch(256)
    assert len(seen) == 2
    assert seen[0] == 256


def test_hooks_see_nothing_that_is_not_launched(program: Served, seen: list[Any]) -> None:
    program.serve()
    add.add_pre_run_hook(lambda *args, **kwargs: seen.append(kwargs["BLOCK"]))
    knobs.runtime.launch_enter_hook.add(seen.append)
    with pytest.raises(NotServedError):
        launch(256)
    assert seen == []


def test_hooks_around_what_is_no_tensor(program: Served, seen: list[Any]) -> None:
    class Bare:
        dtype = "torch.float32"

        def data_ptr(self) -> int:
            return 0x7F00_0000_8000

    current_streams[0] = 0x5EED
    program.serve()
    add.add_pre_run_hook(lambda *args, **kwargs: seen.append(args))
    knobs.runtime.launch_enter_hook.add(lambda metadata: seen.append(metadata.get()["stream"]))
    bare = Bare()
    for _ in range(2):
        add[(1,)](bare, bare, bare, 7, BLOCK=64)
    assert seen == [(bare, bare, bare, 7), 0x5EED] * 2
    assert [one.stream for one in standin.launches()] == [0x5EED] * 2


def test_an_error_of_a_hook_is_the_programs(program: Served, seen: list[Any]) -> None:
    program.serve(strict=False)

    def hook(*args: Any, **kwargs: Any) -> None:
        raise TypeError("of the hook")

    add.add_pre_run_hook(hook)
    for _ in range(2):
        with pytest.raises(TypeError, match=r"^of the hook$"):
            launch()
    assert standin.launches() == []
