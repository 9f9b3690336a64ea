"""Who calls a kernel, and where the grid comes from, as the frames of the call show it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tritonbind.call_site import CallSite, call_site
from tritonbind.grid_sources import ints_of, source_of


class Kernel:
    """Stands for a `JITFunction`."""

    def run(self, *args: Any, grid: Any, **kwargs: Any) -> CallSite:
        grid = grid({"BLOCK": 3})  # as Triton does
        assert grid == (3,)
        return call_site(self)


class Around:
    def __init__(self, fn: Any) -> None:
        self.fn = fn

    def run(self, *args: Any, **kwargs: Any) -> CallSite:
        site: CallSite = self.fn.run(*args, **kwargs)
        return site


class Careless(Around):
    """Its variables have the names of Triton's, and are something else."""

    def run(self, *args: Any, **named: Any) -> CallSite:
        kwargs, grid = [*named], "grid"
        return super().run(*args, **named, rest=(kwargs, grid))


def some_grid(meta: dict[str, int]) -> tuple[int]:
    return (meta["BLOCK"],)


def test_decorators_are_listed_from_the_outermost() -> None:
    site = Careless(Around(Kernel())).run(1, grid=some_grid, num_warps=4)
    here = "tests.tritonbind.test_call_site"
    assert site.wrappers == (f"{here}:Careless", f"{here}:Around")
    assert site.keywords is not None
    assert site.keywords["num_warps"] == 4
    assert site.grid is some_grid


def test_without_triton_in_the_way_nothing_is_known() -> None:
    assert call_site(Kernel()) == CallSite(None, (), None)


def test_what_lies_outside_is_not_looked_at() -> None:
    self, kwargs, grid = Around(None), {"num_warps": 8}, some_grid
    assert call_site(Kernel()) == CallSite(None, (), None)
    assert (self.fn, kwargs["num_warps"], grid) == (None, 8, some_grid)


SIZE = 7


def made(count: int) -> list[Callable[..., object]]:
    return [
        lambda meta: (count, SIZE),
        some_grid,
    ]


def test_the_text_of_a_function() -> None:
    first, second = made(5)
    assert source_of(first) == "lambda meta: (count, SIZE)"
    assert source_of(second) == (
        'def some_grid(meta: dict[str, int]) -> tuple[int]:\n    return (meta["BLOCK"],)'
    )
    assert source_of(Kernel()) == "Kernel"
    assert source_of(eval("lambda meta: 1")) == "<lambda>"


def test_the_ints_that_a_function_reads() -> None:
    first, second = made(5)
    assert dict(ints_of(first)) == {"count": 5, "SIZE": 7}
    assert dict(ints_of(second)) == {}
    assert dict(ints_of(Kernel())) == {}
