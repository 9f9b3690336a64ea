"""Kernels that Triton cannot read before it compiles them: where, what, and the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.model.errors import CodegenError, CodegenErrors, told
from tests.support import made
from tests.support.project import HEADER

pytestmark = pytest.mark.triton

SOURCE = """\
import functools
import textwrap
from math import sqrt

def plain(x):
    return x

nameless = lambda x: x

class Holder:
    @staticmethod
    def held(x):
        return x

class Called:
    def __call__(self, x):
        return x

called = Called()
cached = functools.lru_cache(plain)

@triton.jit
def callee(x):
    y = x + 1
    return plain(y)

@export("tests.k", types={"x": "*fp32"}, grid=lambda: (1,))
@triton.jit
def k(x):
    tl.store(
        x,
        CALL,
    )
"""
FIRST = HEADER.count("\n")
OTHER = "use what triton.language has for it, or write a @triton.jit function"
# what is called; function, place and line, what it is, hint
CALLS: dict[str, tuple[str, str, str, str]] = {
    "plain(1.0)": (
        "`k` uses `plain`",
        f"{FIRST + 32}:9",
        "a plain Python function",
        f"put @triton.jit above `plain`, at kernels/made.py:{FIRST + 5}",
    ),
    "callee(1.0)": (
        "`callee` uses `plain`",
        f"{FIRST + 25}:12",
        "a plain Python function",
        f"put @triton.jit above `plain`, at kernels/made.py:{FIRST + 5}",
    ),
    "Holder.held(1.0)": (
        "`k` uses `Holder.held`",
        f"{FIRST + 32}:9",
        "a plain Python function",
        f"put @triton.jit above `held`, at kernels/made.py:{FIRST + 11}",
    ),
    "nameless(1.0)": (
        "`k` uses `nameless`",
        f"{FIRST + 32}:9",
        "a lambda",
        "write it as a def with @triton.jit above it",
    ),
    "called(1.0)": ("`k` uses `called`", f"{FIRST + 32}:9", "an object of type Called", OTHER),
    "cached(1.0)": (
        "`k` uses `cached`",
        f"{FIRST + 32}:9",
        "an object of type _lru_cache_wrapper",
        OTHER,
    ),
    "sqrt(1.0)": ("`k` uses `sqrt`", f"{FIRST + 32}:9", "a function of Python's own", OTHER),
    "textwrap.fill(x)": (
        "`k` uses `textwrap.fill`",
        f"{FIRST + 32}:9",
        "a plain Python function of textwrap",
        OTHER,
    ),
}


@pytest.mark.parametrize("call", CALLS)
def test_what_no_kernel_can_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CodegenErrors) as caught:
        made.read(tmp_path, SOURCE.replace("CALL", call))
    (error,) = caught.value.errors
    who, place, what, hint = CALLS[call]
    line = "return plain(y)" if "callee" in who else f"{call},"
    assert str(error.where) == f"kernels/made.py:{place}"
    assert error.message == f"`tests.k`: {who}, which is {what}, in `{line}`"
    assert error.hint == hint


def test_no_message_has_an_address() -> None:
    error = CodegenError(f"it is {test_no_message_has_an_address} at 0x10")
    assert error.message == "it is <function test_no_message_has_an_address> at 0x10"
    assert str(error) == error.message


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (MemoryError(), "MemoryError"),
        (ValueError("no: good"), "ValueError: no: good"),
        (ValueError(""), "ValueError"),
        (Unspeakable(), "Unspeakable"),
    ],
)
def test_an_exception_is_told_by_its_type_at_least(error: Exception, text: str) -> None:
    assert told(error) == text
