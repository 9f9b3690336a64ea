"""The program in examples/rust: built as its README says, and run behind the stand-in driver."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import tvm_ffi

from tests.support import rust, standin
from tests.support.places import REPOSITORY

SOLVE = "pegainfer.triton_cubin.qwen35.gated_delta_rule_chunk_solve"
FUNCTIONS = sorted(
    f"pegainfer.triton_cubin.qwen35.gated_delta_rule_chunk_{name}{end}"
    for name in ("a", "cumsum", "o", "prepare", "recompute", "solve", "state")
    for end in ("", ".prepare")
)
FFI = Path(tvm_ffi.__file__).parent / "lib/libtvm_ffi.so"


def project(folder: Path) -> Path:
    """The example and the package that it is built from, as they are in the repository."""
    rust.need("cargo")
    shutil.copytree(REPOSITORY / "examples/rust", folder / "examples/rust")
    built = shutil.ignore_patterns("_lib", "__pycache__")
    shutil.copytree(REPOSITORY / "generated", folder / "generated", ignore=built)
    return folder / "examples/rust"


def build(crate: Path) -> Path:
    """The program. Rust's compiler must have nothing to say."""
    command = ["cargo", "build", "--offline", "--quiet"]
    done = subprocess.run(command, cwd=crate, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return crate / "target/debug/solve"


def test_it_calls_the_kernel_by_plain_c_and_by_tvm_ffi(tmp_path: Path) -> None:
    """Nothing is computed here, so T is zero. Both ways pass the same."""
    program, log = build(project(tmp_path)), tmp_path / "log"
    done = subprocess.run(
        [program, FFI], env=standin.environment([90], log=log), capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    plain, refused, *registered, ffi = done.stdout.splitlines()
    assert plain == "plain C: (1 + A) T is 1.0000 from 1"
    start, _, address = refused.partition(", got the address ")
    assert start == (
        f"refused: {SOLVE} argument #0 `a_tril_ptr` must be aligned to the 4 bytes of its elements"
    )
    assert registered == ["registered: 7", *(f"global: {name}" for name in FUNCTIONS)]
    assert ffi == "TVM FFI: (1 + A) T is 1.0000 from 1"
    first, second = standin.read_log(log)
    assert (first.kernel, first.grid, first.stream) == (second.kernel, (1, 2, 1), 0)
    assert first.image == second.image
    a_tril, a_inv, *numbers = first.values("i64", "i64", "i32", "i32")
    assert (a_tril, numbers) == (int(address, 0) - 1, [64, 2])
    assert second.values("i64", "i64", "i32", "i32")[::2] == (a_tril, 64)
    assert second.values("i64", "i64", "i32", "i32")[1] != a_inv


@pytest.mark.slow
def test_a_changed_image_is_built_again(tmp_path: Path) -> None:
    crate = project(tmp_path)
    program = build(crate)
    image = next((tmp_path / "generated/qwen35").rglob("*solve*.sm_90.cubin"))
    mark = b"another image"
    assert mark not in program.read_bytes()
    image.write_bytes(image.read_bytes() + mark)
    assert mark in build(crate).read_bytes()


@pytest.mark.slow
def test_a_compiler_that_is_missing_is_a_sentence(tmp_path: Path, monkeypatch) -> None:
    crate = project(tmp_path)
    monkeypatch.setenv("CC", "no-such-compiler")
    command = ["cargo", "build", "--offline", "--quiet"]
    done = subprocess.run(command, cwd=crate, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "cannot be run: No such file or directory" in done.stderr
    assert "install it, or set CC and AR" in done.stderr
