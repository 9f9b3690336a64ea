"""What a call says about a wrong pointer: its kind, dtype, device, shape or contiguity."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import standin
from tests.support.calls import arguments, check_refusal, table
from tests.support.refused_tensors import ACCEPTED, REFUSALS, X
from tests.support.sample import Sample


@pytest.mark.parametrize(("name", "changes", "error", "text"), table(REFUSALS))
def test_no_such_pointer(
    sample: Sample, name: str, changes: dict[str, Any], error: type[Exception], text: str
) -> None:
    check_refusal(sample, name, changes, error, text)


@pytest.mark.parametrize(("changes", "launches"), ACCEPTED, ids=range(len(ACCEPTED)))
def test_nothing_is_wrong_with(sample: Sample, changes: dict[str, Any], launches: int) -> None:
    sample.function("scale")(*arguments("scale", **changes))
    assert len(standin.launches()) == launches


@pytest.mark.torch
@pytest.mark.parametrize("requires_grad", [False, True])
def test_a_torch_tensor_on_the_cpu(sample: Sample, requires_grad: bool) -> None:
    import torch

    value = torch.zeros((2, 4), dtype=torch.bfloat16, requires_grad=requires_grad)
    text = f"{X} must be a tensor on a CUDA device, got a bfloat16 tensor of shape (2, 4) on cpu"
    check_refusal(sample, "scale", {"x_ptr": value}, ValueError, text)
