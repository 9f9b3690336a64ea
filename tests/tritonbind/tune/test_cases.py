"""What is measured: the launches of a recording, as a function takes them, by Triton's keys."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import recordings
from tests.support.tuned import Tuned, gather_launch, scale_launch
from tritonbind.recording import Example
from tritonbind.tune.cases import MOST_CASES, Case, Tensor, cases_of

F32 = "torch.float32"


def test_each_key_has_its_cases(tuning: Tuned) -> None:
    plain = tuning.scaled(64, 128, flip=True)
    half = tuning.scaled(64, x="*fp16", bias="*fp32:16")
    found = cases_of(tuning.functions["scale"], [plain, half])
    assert found.left_out == ()
    assert list(found.by_key) == [
        (64, False, "torch.float16", F32, F32),
        (64, True, F32, F32),
        (128, True, F32, F32),
    ]
    assert found.by_key[64, True, F32, F32] == (
        Case(
            {"x": Tensor("fp32", (64,), 64, True), "out": Tensor("fp32", (64,), 64, True)},
            {"bias": None, "n": 64, "FLIP": True},
        ),
    )
    (case,) = found.by_key[64, False, "torch.float16", F32, F32]
    assert case.tensors["x"] == Tensor("fp16", (64,), 64, False)
    assert case.tensors["bias"] == Tensor("fp32", (), 1, True)  # its shape was not recorded
    assert Case.from_json(case.as_json()) == case


def test_an_int_that_was_compiled_in_is_one(tuning: Tuned) -> None:
    launch = scale_launch(1, x="*fp32", bias=None, out="*fp32", n="i32:1")
    found = cases_of(tuning.functions["scale"], [tuning.kernel("scale", launch)])
    ((key, (case,)),) = found.by_key.items()
    assert key[0] == 1 and case.values["n"] == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"x": "*bf16:16"}, "`x` is *bf16 in a launch, and the library has *fp32 or *fp16"),
        ({"x": ["*fp32"]}, "`x` is a tuple in a launch, and the library has *fp32 or *fp16"),
        ({"flip": 2}, "`FLIP` is 2 in a launch, and the library has False or True"),
        ({"flip": 1}, "`FLIP` is 1 in a launch, and the library has False or True"),
        ({"n": "fp32"}, "`n` is 'fp32' in a launch, where a number is needed"),
    ],
)
def test_what_the_library_does_not_have_is_left_out(
    tuning: Tuned, changes: dict[str, Any], reason: str
) -> None:
    flip = changes.pop("flip", False)
    kernel = tuning.scaled(64, flip=flip, **changes)
    if "n" in changes:
        (launch,) = kernel.launches
        example = Example({}, launch.examples[0].shapes, (1, 1, 1))
        kernel = tuning.kernel(
            "scale", recordings.launch(**{**vars(launch), "examples": (example,)})
        )
    found = cases_of(tuning.functions["scale"], [kernel, tuning.scaled(32)])
    assert found.left_out == (reason,)
    assert [key[0] for key in found.by_key] == [32]


def test_of_many_cases_of_a_key_some_are_measured(tuning: Tuned) -> None:
    launches = [gather_launch(rows, (100, 64), 64) for rows in range(1, 30)]
    found = cases_of(tuning.functions["gather"], [tuning.kernel("gather", *launches)])
    (cases,) = found.by_key.values()
    assert len(cases) == MOST_CASES
    assert [case.values["n"] for case in cases] == [1, 10, 20, 29]


@pytest.mark.parametrize(
    ("stride", "elements"),
    [(64, 6400), (100, 10000), (1, 6400), (0, 6400)],
)
def test_a_stride_that_no_contiguous_tensor_has_asks_for_more_memory(
    tuning: Tuned, stride: int, elements: int
) -> None:
    kernel = tuning.kernel("gather", gather_launch(8, (100, 64), stride))
    (cases,) = cases_of(tuning.functions["gather"], [kernel]).by_key.values()
    assert cases[0].tensors["x"].elements == elements
