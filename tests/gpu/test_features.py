"""What only a launch shows of each ABI feature: kernels of tests/gpu_features on a real GPU.

Scalars of every type, None, configurations, heuristics, facts of tensors, tensor descriptors in
both layouts, scratch memory, clusters, cooperative and dependent launches, warp specialisation.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import numpy as np
import pytest

from tests.support import descriptors, features, tuple_cases
from tests.support.places import BUILT_FEATURES

pytestmark = pytest.mark.gpu
torch = pytest.importorskip("torch", reason="torch is not installed")

SIZES = (1, 31, 64, 100, 128, 4096)


def wrappers(name: str) -> Any:
    if not (BUILT_FEATURES / "feature_wrappers").is_dir():
        pytest.skip("tests/gpu_features is not generated: python -m tests.gpu_features")
    if str(BUILT_FEATURES) not in sys.path:
        sys.path.insert(0, str(BUILT_FEATURES))
    return importlib.import_module(f"feature_wrappers.{name}")


def floats(*shape: int) -> Any:
    return torch.randn(shape, device="cuda")


@pytest.mark.parametrize("case", features.CASES, ids=lambda case: case.name)
def test_launch_features(case: features.Case) -> None:
    function = getattr(wrappers("launch_features"), case.name)
    given = case.arguments()
    on_gpu = {
        name: torch.from_numpy(value).cuda() if isinstance(value, np.ndarray) else value
        for name, value in given.items()
    }
    for _ in range(case.repeat):
        function(**on_gpu)
    for name, expected in case.expected(given).items():
        np.testing.assert_array_equal(on_gpu[name].double().cpu().numpy(), expected)


@pytest.mark.parametrize("case", features.CASES, ids=lambda case: case.name)
def test_launch_features_in_a_graph(case: features.Case) -> None:
    """Captured at the first launch or later and replayed twice: outputs are those of a call."""
    if case.name.startswith("times_total") or case.repeat > 1:
        pytest.skip("what it computes depends on how often it was launched")
    function = getattr(wrappers("launch_features"), case.name)
    given = case.arguments()
    on_gpu = {
        name: torch.from_numpy(value).cuda() if isinstance(value, np.ndarray) else value
        for name, value in given.items()
    }
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        function(**on_gpu)
    graph.replay()
    graph.replay()
    for name, expected in case.expected(given).items():
        np.testing.assert_array_equal(on_gpu[name].double().cpu().numpy(), expected)


@pytest.mark.parametrize("case", descriptors.CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("seed", range(3))
def test_descriptors(case: descriptors.Case, seed: int) -> None:
    descriptors.on_gpu(case, wrappers("descriptors"), seed)


@pytest.mark.parametrize("seed", range(3))
def test_tuples(seed: int) -> None:
    for case in tuple_cases.cases(np.random.default_rng(seed)):
        on_gpu = [_tensor(value) if isinstance(value, np.ndarray) else value for value in case.flat]
        getattr(wrappers("tuples"), case.function)(*on_gpu)
        (place,) = (n for n, value in enumerate(case.flat) if value is case.output)
        found = on_gpu[place].view(dtype=_bits(on_gpu[place])).cpu().numpy()
        np.testing.assert_allclose(found.reshape(case.expected.shape), case.expected, rtol=1e-6)


def _tensor(array: np.ndarray[Any, Any]) -> Any:
    """On the GPU; uint16 holds bf16."""
    tensor = torch.from_numpy(array.copy()).cuda()
    return tensor.view(torch.bfloat16) if array.dtype == np.uint16 else tensor


def _bits(tensor: Any) -> Any:
    return torch.uint16 if tensor.dtype == torch.bfloat16 else tensor.dtype


def test_integers_of_every_width() -> None:
    out = torch.zeros(1, dtype=torch.int64, device="cuda")
    values = {"a": -128, "b": -32768, "c": 16, "d": -(2**62), "e": 255, "f": 65535}
    values |= {"g": 2**32 - 1, "h": 2**63}
    for flag in (False, True):
        wrappers("scalars").integers(out, flag, **values)
        total = sum(values.values()) - 2**64 * (sum(values.values()) >= 2**63)
        assert out.item() == (-total if flag else total)


def test_floats_of_every_width() -> None:
    out = torch.zeros(1, dtype=torch.float64, device="cuda")
    half, brain, single, double = 1.0009765625, 3.140625, 2.0**-20, 2.0**-40
    wrappers("scalars").floats(out, half, brain, single, double)
    assert out.item() == half + brain + single + double


@pytest.mark.parametrize("count", [None, 16, 7])
@pytest.mark.parametrize("half", [None, 1.5])
@pytest.mark.parametrize("scale", [None, -2.5])
def test_scalars_that_may_be_none(
    count: int | None, half: float | None, scale: float | None
) -> None:
    out = torch.full((512,), float("nan"), device="cuda")
    wrappers("choices").optional(out, count, half, scale)
    expected = (torch.arange(512, device="cuda") + (count or 0) + (half or 0)) * (
        1 if scale is None else scale
    )
    torch.testing.assert_close(out, expected.float(), rtol=0, atol=0)


@pytest.mark.parametrize("size", [size for size in SIZES if size <= 128])
@pytest.mark.parametrize("with_bias", [False, True])
@pytest.mark.parametrize("shift", [0, 1])
def test_heuristics(size: int, with_bias: bool, shift: int) -> None:
    x = floats(size + shift)[shift:]
    out = torch.full_like(x, float("nan"))
    bias = floats(1) if with_bias else None
    block = max(32, 1 << (size - 1).bit_length())
    if block == 64:
        with pytest.raises(ValueError, match="make `BLOCK` 64, and it was built for 32, 128"):
            wrappers("tuned").heuristic(x, out, bias, size)
        return
    wrappers("tuned").heuristic(x, out, bias, size)
    torch.testing.assert_close(out, x if bias is None else x + bias, rtol=0, atol=0)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("flag", [False, True])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_tuned_configurations(size: int, flag: bool, dtype: Any) -> None:
    x = floats(size).to(dtype)
    out = torch.full_like(x, float("nan"))
    wrappers("tuned").tuned(x, out, size, flag)
    torch.testing.assert_close(out, x * 2 if flag else x, rtol=0, atol=0)


@pytest.mark.parametrize("stride", [1, 3, 16])
@pytest.mark.parametrize("config", [0, 1])
@pytest.mark.parametrize("shift", [0, 1])
def test_named_configurations_and_cases_of_hints(stride: int, config: int, shift: int) -> None:
    x = floats(256 + shift)[shift:]
    out = torch.full((256 * stride,), float("nan"), device="cuda")
    wrappers("tuned").named(x, out, stride, config)
    torch.testing.assert_close(out[::stride], x, rtol=0, atol=0)
    assert out.isnan().sum() == 256 * (stride - 1)
