"""A case is held against the wrapper's manifest before anything is launched: what is refused."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch", reason="torch is not installed")
import triton  # noqa: E402
import triton.language as tl  # noqa: E402

from tests.others_gpu import running  # noqa: E402
from tests.others_gpu.cases import Call, Case  # noqa: E402


@triton.autotune([triton.Config({"BLOCK": 64}), triton.Config({"BLOCK": 128})], key=["n"])
@triton.heuristics({"EVEN": lambda args: args["n"] % args["BLOCK"] == 0})
@triton.jit
def kernel(x, n, stride, BLOCK: tl.constexpr, EVEN: tl.constexpr, MODE: tl.constexpr = "sum"):
    pass


def variant(block: int, is_even: bool, warps: int = 4) -> dict[str, Any]:
    values = {"BLOCK": block, "EVEN": is_even, "MODE": "sum", "stride": 1}
    options = {"num_warps": warps, "num_stages": 3, "num_ctas": 1, "maxnreg": None}
    return {
        "constexprs": {name: repr(value) for name, value in values.items()},
        "options": {**options, "enable_fp_fusion": True},
        "parameters": [["x", "*fp32"], ["n", "i32"]],
    }


def row(number: int, is_even: bool) -> dict[str, Any]:
    conditions = [
        {"kind": "configuration", "of": ["config"], "is": [number]},
        {"kind": "heuristic", "of": ["EVEN"], "is": [is_even]},
    ]
    return {"variant": f"{number}-{is_even}", "conditions": conditions}


ENTRY = {
    "calls": [row(number, is_even) for number in (0, 1) for is_even in (True, False)],
    "configurations": {"argument": "config", "default": 0, "tuned": []},
    "variants": {
        f"{number}-{is_even}": variant(block, is_even)
        for number, block in ((0, 64), (1, 128))
        for is_even in (True, False)
    },
}
CASE = Case("demo.kernel", "somewhere:kernel", list)


@pytest.fixture(autouse=True)
def _declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "manifest", lambda project: {"demo.kernel": ENTRY})
    monkeypatch.setattr(running, "kernel_of", lambda case: kernel)


def call(config: int = 0, options: dict[str, int] | None = None, **changes: Any) -> Call:
    given = {"x": torch.zeros(8), "n": 192, "stride": 1, **changes}
    arguments = {name: value for name, value in given.items() if value is not ...}
    return Call(arguments, lambda META: (META["n"] // META["BLOCK"],), options or {}, config=config)


def test_heuristics_and_the_configuration_are_added() -> None:
    for number, block, is_even in ((0, 64, True), (1, 128, False)):
        found = running.jit_call(CASE, call(number))
        values = {name: found.arguments[name] for name in ("BLOCK", "EVEN", "MODE")}
        assert values == {"BLOCK": block, "EVEN": is_even, "MODE": "sum"}
        assert found.options == {"num_warps": 4, "num_stages": 3}
        assert (found.grid, found.variant) == ((192 // block, 1, 1), f"{number}-{is_even}")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            call(MODE="max"),
            "the case passes MODE='max', and the wrapper was generated for 'sum': change the case "
            "or the declaration",
        ),
        (
            call(stride=2),
            "the case passes stride=2, and the wrapper was generated for 1: change the case or the "
            "declaration",
        ),
        (
            call(options={"num_warps": 8}),
            "the case launches with num_warps=8, and the wrapper was generated for 4: change the "
            "case or the declaration",
        ),
        (
            call(EVEN=False),
            "the case passes EVEN=False, of which the package's heuristic makes True: leave it out "
            "of the case",
        ),
        (call(size=3), "the kernel has no parameter size"),
        (call(x=...), "the case leaves out x"),
        (call(config=2), "the wrapper has no configuration 2"),
    ],
)
def test_what_contradicts_the_wrapper_is_refused(given: Call, message: str) -> None:
    with pytest.raises(running.Contradiction) as caught:
        running.jit_call(CASE, given)
    assert str(caught.value) == f"demo.kernel: {message}"


def test_a_case_needs_a_declaration() -> None:
    with pytest.raises(running.Contradiction) as caught:
        running.entry_of(Case("demo.other", "somewhere:kernel", list))
    assert str(caught.value) == "demo.other has a case and no declaration: mend either"
