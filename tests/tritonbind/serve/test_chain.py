"""What stands around a kernel is done in one function: with the same values, and as often."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import triton
from triton.runtime import jit

from tests.kernels.served import filled, scaled, tuned
from tests.support import standin
from tests.support.jit_on_standin import ADDRESS, on_device
from tests.support.served import Served, fresh_kernels, same_launches, without_compiler
from tritonbind.serve import stop
from tritonbind.serve.wrappers import ServedHeuristics, ServedTuner

X = on_device(1000)
OUT = on_device(1000, address=ADDRESS + 0x1000)


@pytest.fixture(autouse=True)
def _kernels_as_they_were() -> Iterator[None]:
    with fresh_kernels():
        yield


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which wrappers' own `run` launches went through."""
    seen: list[str] = []
    for kind in (ServedHeuristics, ServedTuner):

        def run(self: Any, *args: Any, original: Any = kind.run, **kwargs: Any) -> Any:
            seen.append(type(self).__name__)
            return original(self, *args, **kwargs)

        monkeypatch.setattr(kind, "run", run)
    return seen


def grid(arguments: dict[str, Any]) -> tuple[int]:
    return (triton.cdiv(arguments["n"], arguments["BLOCK"]),)


def settle(*sizes: int) -> None:
    """Have the program's autotuner know the best block for launches of these sizes."""
    for n in sizes:
        tuned.cache[n, False, "torch.float32", "torch.float32"] = tuned.configs[2]


def test_only_the_first_launch_goes_from_wrapper_to_wrapper(
    program: Served, slow: list[str]
) -> None:
    settle(1000)
    program.serve()
    with without_compiler():
        for launch in range(3):
            tuned[grid](X, OUT, 1000, False)
            filled[grid](X, n=7, out=OUT)
            if launch == 0:
                assert slow.pop() == "ServedHeuristics"
                assert set(slow) == {"ServedTuner", "ServedHeuristics"}
                slow.clear()
    assert slow == []
    assert [one.grid for one in standin.launches()] == [(8, 1, 1), (1, 1, 1)] * 3


def test_a_new_key_is_settled_by_the_autotuner(program: Served, slow: list[str]) -> None:
    settle(1000, 999)
    program.serve()
    with without_compiler():
        for n in (1000, 999, 1000, 999):
            tuned[grid](X, OUT, n, False)
    assert slow.count("ServedTuner") == 2


def told(kernel: Any, *args: Any, **kwargs: Any) -> tuple[list[dict[str, Any]], Any]:
    """What heuristics around and within an autotuner are told."""
    seen: list[dict[str, Any]] = []

    def flip(arguments: dict[str, Any]) -> bool:
        seen.append(dict(arguments))
        return False

    def full(arguments: dict[str, Any]) -> bool:
        seen.append(dict(arguments))
        return False

    inner = triton.heuristics({"FULL": full})(kernel.fn.fn)
    tuner = triton.autotune(configs=kernel.configs[2:3], key=["n", "FLIP"])(inner)
    outer = triton.heuristics({"FLIP": flip})(tuner)
    outer[grid](*args, **kwargs)
    seen.clear()
    outer[grid](*args, **kwargs)
    return seen, tuner.best_config


@pytest.mark.parametrize("by_name", [False, True])
def test_heuristics_are_told_what_triton_tells_them(program: Served, by_name: bool) -> None:
    launch = {"n": 1000, "out": OUT, "debug": False} if by_name else {}
    arguments = (X,) if by_name else (X, OUT, 1000)
    expected = told(tuned, *arguments, **launch)
    program.serve()
    with without_compiler():
        assert told(tuned, *arguments, **launch) == expected
    around, within = expected[0]
    assert "BLOCK" not in around
    assert (within["BLOCK"], within["num_warps"], within["grid"]) == (128, 4, grid)


def test_a_parameter_that_is_not_given_is_not_told(program: Served) -> None:
    seen: list[Any] = []
    outer = triton.heuristics({"NEGATE": lambda given: bool(seen.append(given.get("BLOCK")))})(
        scaled
    )

    def launch() -> None:
        seen.clear()
        for _ in range(2):
            outer[grid](X, None, OUT, 9, 2.5, "plain")
            outer[grid](X, None, OUT, 9, 2.5, "plain", BLOCK=64)

    same_launches(program, launch)
    assert seen == [None, 64] * 2


def test_what_heuristics_give_comes_before_what_the_launch_gives(program: Served) -> None:
    def launch() -> None:
        filled[grid](X, OUT, 7, BLOCK=128)
        filled[grid](X, OUT, 7, BLOCK=128)

    assert [one.grid for one in same_launches(program, launch)] == [(1, 1, 1)] * 2


def test_what_an_autotuner_gives_is_not_to_be_given(program: Served) -> None:
    settle(1000)
    program.serve()
    tuned[grid](X, OUT, 1000, False)
    for given in ({"BLOCK": 64}, {"num_warps": 4}):
        with pytest.raises(TypeError, match="multiple values for keyword argument"):
            tuned[grid](X, OUT, 1000, False, **given)
    filled_in = triton.heuristics({"FULL": lambda given: False})(tuned.fn.fn)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'FLIP'"):
        filled_in[(1,)](X, OUT, 1000, BLOCK=64)


def test_heuristics_may_give_options(program: Served) -> None:
    outer = triton.heuristics({"num_warps": lambda given: 4, "BLOCK": lambda given: 64})(scaled)

    def launch() -> None:
        for _ in range(2):
            outer[grid](X, None, OUT, 9, 2.5, "plain", False)

    assert len(same_launches(program, launch)) == 2


def test_what_is_no_parameter_goes_from_wrapper_to_wrapper(
    program: Served, slow: list[str]
) -> None:
    outer = triton.heuristics({"maxnreg": lambda given: None, "BLOCK": lambda given: 64})(scaled)
    program.serve()
    with without_compiler():
        for _ in range(2):
            outer[grid](X, None, OUT, 9, 2.5, "plain", False)
    assert slow == ["ServedHeuristics"] * 2


def test_functions_of_tritons_for_constexprs_give_the_same(program: Served) -> None:
    original = jit.ConstexprFunction.__call__
    wrapped = triton.language.constexpr(7)
    program.serve()
    assert jit.ConstexprFunction.__call__ is not original
    assert (triton.cdiv(7, 2), triton.cdiv(x=7, y=2), triton.cdiv(wrapped, 2)) == (4, 4, 4)
    assert triton.next_power_of_2(wrapped) == triton.next_power_of_2(7) == 8
    assert isinstance(triton.cdiv(7, 2, _semantic=object()), triton.language.constexpr)
    stop()
    assert jit.ConstexprFunction.__call__ is original
