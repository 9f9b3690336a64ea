"""What kernels of tests/kernels/reports.py tell of themselves on a real GPU: each in a process of
its own, since an assertion that fails ends the CUDA context, and the driver prints to its stdout.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.places import BUILT_FEATURES

pytestmark = pytest.mark.gpu
pytest.importorskip("torch", reason="torch is not installed")

BEGIN = """
import ctypes, os, sys
import torch
from feature_wrappers import reports

def fails(call):
    call()
    try:
        torch.cuda.synchronize()
        print("nothing failed")
    except Exception:  # torch's own account of it
        pass
    try:
        call()
    except RuntimeError as error:
        print("later:", str(error).partition(chr(10))[0])
"""
# What C's own buffers hold is written too; torch may not end well without its context.
END = """
sys.stdout.flush()
ctypes.CDLL(None).fflush(None)
os._exit(0)
"""


def told(program: str) -> str:
    """What a process prints that ends well."""
    if not (BUILT_FEATURES / "feature_wrappers").is_dir():
        pytest.skip("tests/gpu_features is not generated: python -m tests.gpu_features")
    command = [sys.executable, "-c", BEGIN + program + END]
    done = subprocess.run(
        command,
        cwd=BUILT_FEATURES,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def later(name: str, text: str) -> bool:
    """Whether a later call of the function says that an assertion failed."""
    lines = [line for line in text.splitlines() if line.startswith("later: ")]
    (line,) = lines
    is_ours = line.startswith(f"later: tests.reports.{name}: cu")
    return is_ours and line.endswith("CUDA_ERROR_ASSERT (710): device-side assert triggered")


def test_an_assertion_that_fails_is_the_next_calls_error() -> None:
    text = told("""
x = torch.ones(32, device="cuda")
out = torch.zeros_like(x)
reports.positive(x, out)
reports.any_sign(-x, out)
torch.cuda.synchronize()
print("so far so good")
x[5] = -1
fails(lambda: reports.positive(x, out))
""")
    assert "so far so good" in text
    assert "nothing failed" not in text
    assert "not positive" in text
    assert later("positive", text), text


def test_an_overflow_that_is_checked() -> None:
    text = told("""
out = torch.zeros(1, dtype=torch.int32, device="cuda")
reports.checked_sum(out, 2**31 - 1, -1)
reports.wrapped_sum(out, 2**31 - 1, 1)
print("wrapped to", out.item())
fails(lambda: reports.checked_sum(out, 2**31 - 1, 1))
""")
    assert "wrapped to -2147483648" in text
    assert "nothing failed" not in text
    assert "overflow" in text
    assert later("checked_sum", text), text


def test_what_kernels_print_is_printed() -> None:
    text = told("""
x = torch.tensor([1.5, 2.5, 3.5, 4.5] * 8, device="cuda")
out = torch.zeros_like(x)
reports.device_print(x, 255)
reports.python_print(77)
reports.helper_prints(out.view(torch.int32), 41)
torch.cuda.synchronize()
print("returned", out.view(torch.int32)[0].item())
reports.barrier_and_assembly(x, out)
print("twice", out[:4].tolist())
""")
    for number in ("1.5", "2.5", "3.5", "4.5"):
        assert any("values" in line and number in line for line in text.splitlines()), text
    assert any("number and address" in line and "ff" in line for line in text.splitlines()), text
    assert any("n is" in line and "77" in line for line in text.splitlines()), text
    assert any("told" in line and "41" in line for line in text.splitlines()), text
    assert "returned 42" in text
    assert "twice [3.0, 5.0, 7.0, 9.0]" in text
