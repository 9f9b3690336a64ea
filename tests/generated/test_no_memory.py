"""Tensors that have elements and no memory: fake ones, wrappers of others, freed ones."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import re
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.support import library_tensor, standin
from tests.support.calls import arguments, check_refusal, declared, tensor
from tests.support.fake_tensor import FakeTensor
from tests.support.library_tensor import LibraryTensor, ViewedTensor
from tests.support.sample import Sample

X, OUT, BIAS = (
    f"sample.scale argument #{index} `{name}`"
    for index, name in enumerate(("x_ptr", "out_ptr", "bias_ptr"))
)
LOW = 0x800  # where a view of nothing lies that begins 2048 bytes behind its beginning


@pytest.fixture(autouse=True)
def _streams() -> Iterator[None]:
    library_tensor.current_streams.update({0: 0xB0})
    yield
    library_tensor.current_streams.clear()


def refusal(place: str, tensor: str, address: int = 0) -> str:
    return (
        f"{place} must be a tensor with memory, got {tensor} on cuda:0 with its data at "
        f"{address:#x}, where there is none: it is fake, wraps other tensors, or its storage was "
        "freed; pass one that holds its data"
    )


def check(sample: Sample, changes: dict[str, Any], text: str) -> None:
    """Every door refuses it: the built-in function, the declared one, the global, `prepare`."""
    check_refusal(sample, "scale", changes, ValueError, text)
    whole = f"{text}\n{sample.signature('scale')}"
    with pytest.raises(ValueError, match=f"^{re.escape(whole)}$"):
        declared(sample.wrapper("scale"))(*arguments("scale", **changes))
    assert standin.launches() == []


@pytest.mark.parametrize("kind", [FakeTensor, LibraryTensor, ViewedTensor])
@pytest.mark.parametrize("address", [0, LOW, 2**16 - 2])
def test_of_any_library(sample: Sample, kind: type[FakeTensor], address: int) -> None:
    halves = kind(np.zeros(8, np.float16), address=address)
    check(sample, {"x_ptr": halves}, refusal(X, "a float16 tensor of shape (8,)", address))
    check(sample, {"out_ptr": halves}, refusal(OUT, "a float16 tensor of shape (8,)", address))


@pytest.mark.parametrize("shape", [(8,), (), (1, 1), (4, 1, 2)])
def test_of_any_shape_that_has_elements(sample: Sample, shape: tuple[int, ...]) -> None:
    """Where None would be allowed, too."""
    shown = f"a float32 tensor of shape {shape}"
    check(sample, {"bias_ptr": tensor(*shape, address=0)}, refusal(BIAS, shown))


def test_data_that_is_null_whatever_its_offset(sample: Sample) -> None:
    offset = 0x7F0000000000
    halves = tensor(8, dtype="fp16", address=offset, byte_offset=offset)
    check(sample, {"x_ptr": halves}, refusal(X, "a float16 tensor of shape (8,)"))


def test_other_faults_come_first(sample: Sample) -> None:
    with pytest.raises(TypeError, match="must be a tensor of float16 or bfloat16"):
        sample.wrapper("scale")(*arguments("scale", x_ptr=tensor(8, dtype="i32", address=0)))
    halves = tensor(8, dtype="fp16", address=0, device_type=1)
    with pytest.raises(ValueError, match="must be a tensor on a CUDA device"):
        sample.wrapper("scale")(*arguments("scale", x_ptr=halves))


@pytest.mark.parametrize("shape", [(0,), (0, 8), (8, 0)])
@pytest.mark.parametrize("address", [0, LOW])
def test_a_tensor_without_elements_needs_none(
    sample: Sample, shape: tuple[int, ...], address: int
) -> None:
    empty = tensor(*shape, dtype="fp16", address=address)
    given = arguments("scale", x_ptr=empty, out_ptr=empty, n=0)
    for call in (sample.wrapper("scale"), declared(sample.wrapper("scale"))):
        call(*given)
    sample.prepare(sample.wrapper("scale"), *given)()
    assert standin.launches() == []
    sample.wrapper("explicit")(tensor(0, dtype="i32", address=address), 0, 0, 1, 1, 1)
    assert standin.launch().value(0, "*i32") == address


def test_memory_of_the_process_may_be_anywhere(sample: Sample) -> None:
    """Where the GPU reads the process's own, as with heterogeneous memory management."""
    with low_page() as address:
        halves = tensor(8, dtype="fp16", address=address)
        sample.wrapper("scale")(*arguments("scale", x_ptr=halves))
        assert standin.launch().value(0, "*fp16") == address
    standin.reset()
    check(sample, {"x_ptr": halves}, refusal(X, "a float16 tensor of shape (8,)", address))


@contextlib.contextmanager
def low_page() -> Iterator[int]:
    """A page of memory below 4 GiB."""
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    address = libc.mmap(0x20000000, mmap.PAGESIZE, mmap.PROT_READ, flags, -1, 0)
    if address >> 32:
        libc.munmap(address, mmap.PAGESIZE)
        pytest.skip("this process gets no memory below 4 GiB")
    yield address
    libc.munmap(address, mmap.PAGESIZE)


# torch's own


def of_fake_mode(torch: Any) -> Any:
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():
        return torch.empty(8, device="cuda")


def of_fake_mode_further_on(torch: Any) -> Any:
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():
        return torch.empty(1024, device="cuda").narrow(0, 512, 8)


def wrapper(torch: Any, **more: Any) -> Any:
    class Wrapper(torch.Tensor):
        @classmethod
        def __torch_dispatch__(cls, function: Any, *_: Any, **__: Any) -> Any:
            raise NotImplementedError(function)

    return torch.Tensor._make_wrapper_subclass(Wrapper, (8,), device="cuda:0", **more)


def wrapper_further_on(torch: Any) -> Any:
    return wrapper(torch, strides=(1,), storage_offset=512)


@pytest.mark.torch
@pytest.mark.parametrize(
    ("make", "address"),
    [(of_fake_mode, 0), (of_fake_mode_further_on, LOW), (wrapper, 0), (wrapper_further_on, LOW)],
)
def test_torchs_own(sample: Sample, make: Any, address: int) -> None:
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = make(torch)
        check(sample, {"bias_ptr": value}, refusal(BIAS, "a float32 tensor of shape (8,)", address))
