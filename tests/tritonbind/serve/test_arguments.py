"""What Triton takes for an argument and the library does not, in the library's form."""

from __future__ import annotations

import enum
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import triton.language as tl
from triton.runtime.jit import reinterpret

from tests.kernels.served import add, scaled
from tests.support import standin
from tests.support.jit_on_standin import ADDRESS, Tensor, on_device
from tests.support.library_tensor import current_streams
from tests.support.served import Served, same_launches
from tritonbind.serve import NotServedError
from tritonbind.serve.kernel import ServedKernel

X, Y, OUT = (on_device(1000, address=ADDRESS + 0x1000 * place) for place in range(3))


class Size(enum.IntEnum):
    SMALL = 7


class Real(float):
    pass


class Bare:
    """What Triton takes for a pointer, without DLPack."""

    def __init__(self, address: int, dtype: str = "torch.float32") -> None:
        self.address, self.dtype = address, dtype

    def data_ptr(self) -> int:
        return self.address


def test_numbers_of_other_types_are_the_numbers(program: Served) -> None:
    def launch() -> None:
        add[(np.int64(3), tl.constexpr(2))](X, Y, OUT, Size.SMALL, BLOCK=64)
        scaled[(1,)](X, None, OUT, 3, Real(0.5), "plain", False)
        scaled[(1,)](X, None, OUT, 3, np.float64(0.5), "plain", False)

    assert len(same_launches(program, launch)) == 3


def test_constexprs_may_be_wrapped(program: Served) -> None:
    def launch() -> None:
        add[(1,)](X, Y, OUT, 7, BLOCK=tl.constexpr(64))
        scaled[(1,)](X, None, OUT, 3, 0.5, tl.constexpr("plain"), False, BLOCK=tl.constexpr(64))

    assert len(same_launches(program, launch)) == 2


def test_an_object_with_an_address_and_a_dtype_is_a_pointer(program: Served) -> None:
    def launch() -> None:
        add[(1,)](Bare(ADDRESS), Y, OUT, 7, BLOCK=64)

    assert len(same_launches(program, launch)) == 1


def test_where_no_tensor_tells_the_stream_it_is_tritons(program: Served) -> None:
    def launch() -> None:
        current_streams[0] = 0x5EED
        bare = Bare(ADDRESS)
        add[(1,)](bare, bare, bare, 7, BLOCK=64)

    (launched,) = same_launches(program, launch)
    assert launched.stream == 0x5EED


def test_a_reinterpreted_tensor_has_the_dtype_that_it_was_given(program: Served) -> None:
    base = on_device(1000, dtype="i32", address=ADDRESS + 0x9000)
    base.data, base.device = None, SimpleNamespace(index=0)  # type: ignore[attr-defined, assignment]
    program.serve()
    add[(1,)](reinterpret(base, tl.float32), Y, OUT, 7, BLOCK=64)
    assert standin.launch().value(0, "*fp32") == ADDRESS + 0x9000
    with pytest.raises(NotServedError, match=r"`x` must be \*fp32 in a tensor.*, got \*i8 in a"):
        add[(1,)](reinterpret(base, tl.int8), Y, OUT, 7, BLOCK=64)


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Launches that went the careful way."""
    seen: list[None] = []
    attempt = ServedKernel._attempt

    def count(*arguments: Any) -> Any:
        seen.append(None)
        return attempt(*arguments)

    monkeypatch.setattr(ServedKernel, "_attempt", count)
    return seen


def test_only_the_first_launch_with_such_an_object_is_slow(
    program: Served, attempts: list[None]
) -> None:
    def launch() -> None:
        current_streams[0] = 0xABC
        for place in range(3):
            x, out = Bare(ADDRESS + 0x5000 + 4 * place), Bare(ADDRESS + 0x6000)
            add[(1,)](x, X, out, 7, BLOCK=64)
            scaled[(1,)](x, None, out, 7, 0.5, "plain", False)

    launches = same_launches(program, launch)
    assert [one.stream for one in launches] == [0xABC] * 6
    assert len(attempts) == 2


def test_another_dtype_in_such_an_object_is_a_miss_at_any_launch(
    program: Served, attempts: list[None]
) -> None:
    program.serve()
    address = ADDRESS + 0x5000
    for _ in range(2):
        add[(1,)](Bare(address), X, OUT, 7, BLOCK=64)
        with pytest.raises(NotServedError, match=r"`x` must be \*fp32 in a tensor"):
            add[(1,)](Bare(address, "torch.float16"), X, OUT, 7, BLOCK=64)
    with pytest.raises(NotServedError, match=r"`x` must be \*fp32, got \[\]"):
        add[(1,)]([], X, OUT, 7, BLOCK=64)
    assert len(standin.launches()) == 2
    assert len(attempts) == 3  # of the known miss, the second is not tried


def test_an_object_that_fails_at_a_later_launch_is_a_miss(program: Served) -> None:
    program.serve()
    fails: list[bool] = []

    class Freed(Bare):
        def data_ptr(self) -> int:
            if fails:
                raise RuntimeError("storage was freed")
            return self.address

    add[(1,)](Freed(ADDRESS), X, OUT, 7, BLOCK=64)
    fails.append(True)
    with pytest.raises(NotServedError, match="cannot be read: RuntimeError: storage was freed"):
        add[(1,)](Freed(ADDRESS), X, OUT, 7, BLOCK=64)
    assert len(standin.launches()) == 1


class Parameter(Tensor):
    """As torch's, that does not give itself away while it needs gradients."""

    requires_grad = True

    def detach(self) -> Tensor:
        return on_device(1000, address=self.address)

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")

    __dlpack__ = _refuse
    __dlpack_c_exchange_api__ = None


def test_a_tensor_that_needs_gradients_is_detached(program: Served) -> None:
    program.serve()
    x = Parameter(X.array, "fp32", address=ADDRESS + 0x7000)
    add[(1,)](x, Y, OUT, 7, BLOCK=64)
    assert standin.launch().value(0, "*fp32") == ADDRESS + 0x7000


class Odd:
    """Has an address until it is asked for it."""

    dtype = "torch.float32"

    def data_ptr(self) -> int:
        raise RuntimeError("storage was freed")


def test_an_argument_that_fails_when_it_is_read_is_a_miss(program: Served) -> None:
    program.serve()
    with pytest.raises(NotServedError) as caught:
        add[(1,)](Odd(), Y, OUT, 7, BLOCK=64)
    assert str(caught.value).partition("\n")[0] == (
        "tests.kernels.served:add is not served from served_package by program.add: an argument "
        "cannot be read: RuntimeError: storage was freed"
    )


def test_an_int_of_numpy_is_the_int_where_triton_may_refuse_it(program: Served) -> None:
    program.serve()
    add[(1,)](X, Y, OUT, np.int64(7), BLOCK=64)
    assert standin.launch().value(3, "i32") == 7
