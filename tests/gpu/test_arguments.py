"""What calls refuse on a GPU: tensors without memory, streams of another device."""

from __future__ import annotations

import ctypes

import pytest

pytestmark = pytest.mark.gpu
torch = pytest.importorskip("torch", reason="torch is not installed")

from generated import prepare  # noqa: E402
from generated.basics.vector_add import vector_add  # noqa: E402

NO_MEMORY = "argument #0 `x` must be a tensor with memory, got a float32 tensor of shape"
OTHER = "must be a stream of cuda:0, where this launch goes, got a stream of cuda:1"


def test_a_tensor_whose_storage_was_freed():
    out, whole = torch.zeros(1000, device="cuda"), torch.ones(4000, device="cuda")
    parts = (whole[:1000], whole[2000:3000])
    for part in parts:
        vector_add(part, part, out, 1000)
    torch.cuda.synchronize()
    assert torch.equal(out, torch.full_like(out, 2))
    whole.untyped_storage().resize_(0)
    for part in parts:
        with pytest.raises(ValueError, match=NO_MEMORY):
            vector_add(part, part, out, 1000)
        with pytest.raises(ValueError, match=NO_MEMORY):
            prepare(vector_add, part, part, out, 1000)
    torch.cuda.synchronize()


@pytest.mark.filterwarnings("ignore")
def test_a_fake_tensor():
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():
        whole = torch.empty(4000, device="cuda")
        parts = (whole[:1000], whole[2000:3000])
    for part in parts:
        with pytest.raises(ValueError, match=NO_MEMORY):
            vector_add(part, part, part, 1000)


def test_a_tensor_on_no_device():
    meta = torch.ones(1000, device="meta")
    with pytest.raises(TypeError, match=r"`x` must be a tensor, .* got a Python object of type"):
        vector_add(meta, meta, meta, 1000)


def test_the_driver_tells_where_a_stream_is_in_a_capture_too():
    driver = ctypes.CDLL("libcuda.so.1")
    x, side = torch.ones(1000, device="cuda"), torch.cuda.Stream()
    out, found, device = torch.zeros_like(x), ctypes.c_void_p(), ctypes.c_int(-1)
    vector_add(x, x, out, 1000, side)
    side.synchronize()
    out.zero_()
    graph, handle = torch.cuda.CUDAGraph(), ctypes.c_void_p(side.cuda_stream)
    with torch.cuda.graph(graph, stream=side):
        results = [
            driver.cuStreamGetCtx(handle, ctypes.byref(found)),
            driver.cuCtxPushCurrent_v2(found),
            driver.cuCtxGetDevice(ctypes.byref(device)),
            driver.cuCtxPopCurrent_v2(ctypes.byref(found)),
        ]
        vector_add(x, x, out, 1000, side)
    assert results == [0, 0, 0, 0]
    assert device.value == torch.cuda.current_device()
    graph.replay()
    torch.cuda.synchronize()
    assert torch.equal(out, 2 * x)


def test_a_stream_of_another_device():
    if torch.cuda.device_count() < 2:
        pytest.skip("needs two GPUs")
    x = torch.ones(1000, device="cuda:0")
    out = torch.zeros_like(x)
    own, other = torch.cuda.Stream(device=0), torch.cuda.Stream(device=1)
    launch = prepare(vector_add, x, x, out, 1000)
    pointers = [x.data_ptr(), x.data_ptr(), out.data_ptr(), 1000]
    for current in (0, 1):
        with torch.cuda.device(current):
            for stream in (other, other.cuda_stream):
                with pytest.raises(ValueError, match=OTHER):
                    vector_add(x, x, out, 1000, stream)
            with pytest.raises(ValueError, match=OTHER):
                launch(other.cuda_stream)
            launch(own.cuda_stream)
            vector_add(x, x, out, 1000, own)
    with torch.cuda.device(0), pytest.raises(ValueError, match=OTHER):
        vector_add(*pointers, other.cuda_stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.device(0), torch.cuda.graph(graph, stream=own):
        vector_add(x, x, out, 1000, own)
        with pytest.raises(ValueError, match=OTHER):
            vector_add(x, x, out, 1000, other)
    out.zero_()
    torch.cuda.synchronize(0)
    graph.replay()
    torch.cuda.synchronize(0)
    assert torch.equal(out, 2 * x)
