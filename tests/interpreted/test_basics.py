"""The two basic kernels, and through them the interpreter that the kernel tests run on."""

from __future__ import annotations

import importlib
import sys

import numpy as np
import pytest
from triton.runtime.interpreter import InterpretedFunction
from triton.runtime.jit import JITFunction

from codegen.model.declaration import DECLARATIONS
from tests.support.bfloat16 import from_bf16, to_bf16
from tests.support.interpreter import Address, HostTensor, launch, load, run
from tests.support.places import REPOSITORY

pytestmark = pytest.mark.triton

BASICS = REPOSITORY / "kernels/basics"
VECTOR_ADD = load(BASICS / "vector_add.py").declared["vector_add"]
SOFTMAX = load(BASICS / "softmax.py").declared["softmax"]


@pytest.mark.parametrize("size", [1, 15, 1024, 1025, 3000])
def test_vector_add(size):
    x, y = np.random.default_rng(size).standard_normal((2, size)).astype(np.float32)
    out = HostTensor.unwritten(size)
    launch(VECTOR_ADD, {"x": HostTensor(x), "y": HostTensor(y), "out": out, "size": size})
    assert np.array_equal(out.array, x + y)


@pytest.mark.parametrize("columns", [1, 5, 1024, 2500])
def test_softmax(columns):
    x = 30 * np.random.default_rng(columns).standard_normal((3, columns)).astype(np.float32)
    if columns > 1024:
        x[1, :1024] = -np.inf
    y = HostTensor.unwritten(3, columns)
    launch(SOFTMAX, {"x": HostTensor(x), "y": y, "rows": 3, "columns": columns})
    powers = np.exp(x.astype(np.float64) - x.max(axis=1, keepdims=True))
    # Each exponential loses up to |x - max| units of 6e-8.
    assert np.allclose(y.array, powers / powers.sum(axis=1, keepdims=True), rtol=2e-5, atol=1e-12)


def test_softmax_in_place():
    x = HostTensor.of(np.random.default_rng(0).standard_normal((2, 1500)))
    y = HostTensor.unwritten(2, 1500)
    launch(SOFTMAX, {"x": x, "y": y, "rows": 2, "columns": 1500})
    launch(SOFTMAX, {"x": x, "y": x, "rows": 2, "columns": 1500})
    assert np.array_equal(x.array, y.array)


def test_a_launch_by_raw_addresses_works_in_place():
    x, y = np.arange(40, dtype=np.float32), np.full(40, 0.5, np.float32)
    memory = {"x": x, "y": y, "out": x}
    addresses = {name: Address(array.ctypes.data, "*fp32") for name, array in memory.items()}
    run(VECTOR_ADD.kernel, (1,), {**addresses, "size": np.int32(40), "BLOCK": 64})
    assert np.array_equal(x, np.arange(40) + 0.5)


def test_interpreted_and_compiled_copies_live_side_by_side(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "kernels"]:
        monkeypatch.delitem(sys.modules, name)  # another test's
    compiled = importlib.import_module("kernels.basics.vector_add")
    before = list(DECLARATIONS)
    interpreted = load(BASICS / "vector_add.py")
    assert isinstance(interpreted.vector_add, InterpretedFunction)
    assert isinstance(compiled.vector_add, JITFunction)
    assert before == DECLARATIONS
    with pytest.raises(RuntimeError, match="outside of the scope of a kernel"):
        compiled.vector_add()


@pytest.mark.parametrize("short", ["x", "out"])
def test_an_access_outside_the_tensors_is_an_error(short):
    tensors = {name: HostTensor.unwritten(100) for name in ("x", "y", "out")}
    tensors[short] = HostTensor.unwritten(99)
    with pytest.raises(IndexError, match="outside its tensors"):
        launch(VECTOR_ADD, {**tensors, "size": 100})


KERNELS_OF_BF16 = """
import triton
import triton.language as tl
from codegen.export import export

@export("tests.arithmetic", types={"x": "*bf16", "y": "*bf16", "out": "*fp32"}, grid=lambda: (1,))
@triton.jit
def arithmetic(x, y, out):
    at = tl.arange(0, 16)[:, None] * 16 + tl.arange(0, 16)[None, :]
    a, b = tl.load(x + at), tl.load(y + at)
    tl.store(out + at, (a + b).to(tl.float32))
    tl.store(out + 256 + at, tl.dot(a, b))
    tl.store(out + 512 + at, tl.load(x + at, mask=a > b).to(tl.float32))
"""


def test_bf16_is_computed_with_as_on_a_gpu(tmp_path):
    (tmp_path / "arithmetic.py").write_text(KERNELS_OF_BF16)
    kernel = load(tmp_path / "arithmetic.py").declared["arithmetic"]
    x, y = np.random.default_rng(0).standard_normal((2, 16, 16)).astype(np.float32)
    x, y = from_bf16(to_bf16(x)), from_bf16(to_bf16(y))
    out = HostTensor.unwritten(3, 16, 16)
    launch(kernel, {"x": HostTensor(to_bf16(x)), "y": HostTensor(to_bf16(y)), "out": out})

    assert np.array_equal(out.array[0], from_bf16(to_bf16(x + y)))
    assert np.allclose(out.array[1], x @ y, rtol=1e-5, atol=1e-5)
    assert np.array_equal(out.array[2], np.where(x > y, x, np.nan), equal_nan=True)


def test_bf16_rounds_to_nearest_even():
    exact = np.array([1.0, 1.0078125, -0.0, np.inf, 2.0**-133])
    assert np.array_equal(from_bf16(to_bf16(exact)), exact)
    ties = np.array([1.00390625, 1.01171875, -1.00390625, 3.4e38])
    assert np.array_equal(from_bf16(to_bf16(ties)), [1.0, 1.015625, -1.0, np.inf])
    assert np.isnan(from_bf16(to_bf16(np.array([np.nan]))))
