"""Autotuners and heuristics around a served kernel: the recorded winners, and nothing measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import triton
from triton.runtime.autotuner import Autotuner

from tests.kernels import served as kernels
from tests.kernels.served import filled, tuned
from tests.support import standin
from tests.support.jit_on_standin import ADDRESS, Tensor, on_device
from tests.support.served import Served, fresh_kernels, same_launches, without_compiler
from tritonbind.serve import NotServedError

X = on_device(1000)


class Zeroed(Tensor):
    """A tensor that counts how often it is set to zero."""

    zeroed = 0

    def zero_(self) -> None:
        self.zeroed += 1


def zeroed() -> Zeroed:
    made = Zeroed(X.array, "fp32", address=ADDRESS + 0x1000)
    made.dtype = X.dtype
    return made


OUT = zeroed()
F32 = ["torch.float32", "torch.float32"]


def blocks(arguments: dict[str, Any]) -> tuple[int]:
    return (-(-arguments["n"] // arguments["BLOCK"]),)


def winner(n: int, flip: bool, **config: Any) -> dict[str, Any]:
    given = {"num_warps": 4, "num_stages": 3, **config}
    return {"key": [n, flip, *F32], "config": given, "count": 1}


def recorded(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"tuned": {"tuned": {"key": ["n", "FLIP"], "rows": list(rows)}}}


def block(n: int, flip: bool = False, out: Any = OUT) -> int:
    """The block with which the kernel is launched."""
    standin.reset()
    with without_compiler():
        tuned[blocks](X, out, n, flip)
    return int(tuned.best_config.kwargs["BLOCK"])


@pytest.fixture(autouse=True)
def _nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def measure(*_: Any, **__: Any) -> Any:
        raise AssertionError("a configuration is measured")

    monkeypatch.setattr(tuned, "_do_bench", measure)


def test_the_winner_of_the_key_is_launched(program: Served) -> None:
    program.serve(**recorded(winner(1000, False, BLOCK=128), winner(1000, True, BLOCK=64)))
    assert block(1000) == 128
    assert standin.launch().grid == (8, 1, 1)
    assert block(1000, True) == 64
    assert standin.launch().grid == (16, 1, 1)
    assert block(1000) == 128


def test_the_nearest_winner_is_that_of_the_nearest_numbers(program: Served) -> None:
    program.serve(
        **recorded(
            winner(16, False, BLOCK=64), winner(1000, False, BLOCK=128), winner(900, True, BLOCK=64)
        )
    )
    assert [block(n) for n in (1, 20, 120, 300, 900, 100000)] == [64, 64, 64, 128, 128, 128]
    assert block(5000, True) == 64


def test_a_winner_that_the_library_lacks_is_passed_over(program: Served) -> None:
    program.serve(**recorded(winner(1000, False, BLOCK=256), winner(30, False, BLOCK=128)))
    assert block(1000) == 128


def test_what_heuristics_make_of_a_configuration_decides_with_it(program: Served) -> None:
    """Of whole blocks the package has those of 64 alone."""
    program.serve(**recorded(winner(256, False, BLOCK=128)))
    assert block(256) == 64
    assert block(257) == 128


@pytest.mark.parametrize("other", [{"num_warps": 8}, {"num_ctas": 2}, {"BLOCK": 16}])
def test_a_winner_that_is_no_configuration_any_more(program: Served, other: Any) -> None:
    program.serve(**recorded(winner(1000, False, **{"BLOCK": 128, **other})))
    assert block(1000) == 64


def test_without_winners_it_is_the_first_that_the_library_has(program: Served) -> None:
    program.serve()
    assert block(1000) == 64
    key = (1000, False, *F32)
    assert {key: one.kwargs["BLOCK"] for key, one in tuned.cache.items()} == {key: 64}
    assert tuned.nargs is None


def test_what_the_program_has_settled_itself_comes_first(program: Served) -> None:
    tuned.cache[(1000, False, *F32)] = tuned.configs[2]
    program.serve(**recorded(winner(1000, False, BLOCK=64)))
    assert block(1000) == 128


def test_configurations_that_the_program_prunes_are_not_launched(
    program: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.serve(**recorded(winner(10, False, BLOCK=64)))

    def prune(configs: list[Any], named: dict[str, Any], **_: Any) -> list[Any]:
        return [one for one in configs if one.kwargs["BLOCK"] > 64 or named["n"] < 100]

    monkeypatch.setattr(tuned, "early_config_prune", prune)
    assert [block(n) for n in (10, 99, 100)] == [64, 64, 128]


def test_what_measuring_would_have_written_is_reset(program: Served) -> None:
    program.serve()
    out = zeroed()
    for _ in range(3):
        assert block(1000, out=out) == 64
    assert out.zeroed == 1  # as by Triton: for a key that is new


def test_a_hook_of_the_configuration_comes_before_each_launch(
    program: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    def hook(arguments: dict[str, Any]) -> None:
        seen.append((arguments["n"], arguments["BLOCK"], arguments["x"] is X))

    monkeypatch.setattr(tuned.configs[2], "pre_hook", hook)
    program.serve(**recorded(winner(1000, False, BLOCK=128)))
    block(1000)
    seen.clear()  # the first launch with a key calls it more often, as where Triton measures
    block(1000)
    assert seen == [(1000, 128, True)]


def test_one_configuration_needs_no_key(program: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuned, "configs", [triton.Config({"BLOCK": 128})])
    program.serve()
    assert block(1000) == 128
    assert tuned.cache == {}


def test_where_the_library_has_none_triton_measures(
    program: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    measured: list[int] = []

    def measure(launch: Any, quantiles: Any) -> list[float]:
        launch()
        measured.append(0)
        return [float(len(measured))]

    monkeypatch.setattr(tuned, "_do_bench", measure)
    monkeypatch.setattr(tuned, "configs", [tuned.configs[3], tuned.configs[0]])
    program.serve(strict=False)
    tuned[blocks](X, OUT, 1000, False)
    tuned[blocks](X, OUT, 1000, False)
    assert len(measured) == 2
    assert [one.grid for one in standin.launches()] == [(4, 1, 1), (32, 1, 1), (4, 1, 1), (4, 1, 1)]
    assert capsys.readouterr().err == (
        "tritonbind: tests.kernels.served:tuned is not served from served_package by "
        "program.tuned: `BLOCK` must be 64 or 128, got 256; Triton compiles it\n"
    )


def test_strict_mode_does_not_measure(program: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first launch that Triton would measure is refused."""
    monkeypatch.setattr(tuned, "_do_bench", lambda launch, quantiles: launch())
    monkeypatch.setattr(tuned, "configs", [tuned.configs[3], tuned.configs[0]])
    program.serve()
    for _ in range(2):
        with pytest.raises(NotServedError) as caught:
            tuned[blocks](X, OUT, 1000, False)
        assert str(caught.value).partition("\n")[0] == (
            "tests.kernels.served:tuned is not served from served_package by program.tuned: "
            "`BLOCK` must be 64 or 128, got 256"
        )


@pytest.mark.parametrize("is_late", [False, True])
def test_a_tuner_that_a_library_has_derived_is_bypassed(program: Served, is_late: bool) -> None:
    runs: list[str] = []

    def derive() -> Any:
        class Derived(Autotuner):
            def run(self, *args: Any, **kwargs: Any) -> Any:
                runs.append("run")
                return super().run(*args, **kwargs)

        arguments = (tuned.fn, tuned.arg_names, tuned.configs, tuned.keys, None, None)
        return Derived(*arguments)

    derived = None if is_late else derive()
    program.serve(**recorded(winner(1000, False, BLOCK=128)))
    derived = derived or derive()
    with without_compiler():
        derived[blocks](X, OUT, 1000, False)
        derived.run(X, OUT, 1000, False, grid=blocks, warmup=False)
    assert runs == []
    assert derived.best_config.kwargs == {"BLOCK": 128}


def test_heuristics_give_the_same_values(program: Served) -> None:
    def launch() -> None:
        for n in (7, 1000):
            filled[blocks](X, OUT, n)
            filled[blocks](X, n=n, out=OUT)

    assert len(same_launches(program, launch)) == 4


def test_a_warmup_settles_nothing(program: Served) -> None:
    program.serve(**recorded(winner(1000, False, BLOCK=128)))
    outer = triton.heuristics({"FLIP": lambda given: False})(tuned)
    with without_compiler():
        returned = outer.warmup(X, OUT, 1000, grid=(1,))
    assert repr(returned) == "<tests.kernels.served:tuned, served by program.tuned>"
    assert tuned.cache == {}
    assert standin.launches() == []
    assert block(1000) == 128


def test_wrappers_around_a_kernel_that_is_not_served_are_tritons(program: Served) -> None:
    program.serve(filled={"kernel_identity": {"module": "m", "qualname": "k", "digest": "0" * 64}})
    filled[blocks](X, OUT, 7)
    assert standin.calls("cuModuleLoadData") == 1
    assert "run" not in vars(filled)


def test_a_wrapper_of_another_kind_launches_what_is_served(program: Served) -> None:
    class Entry:
        fn = kernels.add

        def run(self, *args: Any, **kwargs: Any) -> Any:
            return self.fn.run(*args, **kwargs)

    program.serve()
    with without_compiler():
        Entry().run(X, X, OUT, 7, BLOCK=64, grid=(1,), warmup=False)
    assert len(standin.launches()) == 1


@pytest.fixture(autouse=True)
def _tuners_as_they_were() -> Iterator[None]:
    with fresh_kernels():
        yield
