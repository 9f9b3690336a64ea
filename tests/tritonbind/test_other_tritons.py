"""With each Triton that a program may have, the same is recorded and served; we bring none.

`make test-record` makes the environments.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import standin
from tests.support.kinds_of_launches import PROGRAM
from tests.support.places import REPOSITORY
from tests.support.recorded import HEADER, record_command, write_program
from tests.support.served import Served
from tests.support.served_programs import serve
from tritonbind.recording import Kernel, MadeWith

STANDIN = """\
import triton
from tests.support import jit_on_standin, standin
from tests.support.library_tensor import current_streams

standin.install()
current_streams[0] = 0
triton.runtime.driver.set_active(jit_on_standin._driver())
"""
"""What a program begins with where Triton's own driver would ask torch for the device."""


@pytest.fixture(params=["3.4", "3.6"])
def python(request: pytest.FixtureRequest) -> Path:
    """The Python of an environment with that Triton."""
    python = REPOSITORY / f".venv-record-{request.param}/bin/python"
    if not python.exists():
        pytest.skip("`make test-record` makes the environment")
    return python


def kernels(python: Path, folder: Path, cache: Path) -> tuple[MadeWith, dict[str, Kernel]]:
    folder.mkdir()
    (folder / "libcuda.so").symlink_to(standin.build())  # Triton 3.4 links with it
    program = write_program(folder, PROGRAM, STANDIN + HEADER)
    command = [str(python), str(program)]
    ended = record_command(command, folder, cache, LIBRARY_PATH=str(folder))
    assert ended.code == 0, ended.said
    found = ended.recording
    assert found.not_recorded == ()
    return found.made_with, {kernel.key: kernel for kernel in found.kernels}


def test_the_same_is_recorded(python: Path, jit: Path, tmp_path: Path) -> None:
    _, expected = kernels(Path(sys.executable), tmp_path / "own", jit)
    made_with, found = kernels(python, tmp_path / "other", tmp_path / "cache")
    assert f".venv-record-{made_with.triton[0]}" == f"{python.parents[1].name}.0"
    if made_with.triton == ("3.4.0",):  # it makes descriptors with torch
        expected = {key: one for key, one in expected.items() if "described" not in key}
    assert found == expected


SERVED = """\
import triton
from tests.kernels.served import add, filled, mixed, scaled, tl, tuned, twice
from tests.support.jit_on_standin import on_device
from tests.support.library_tensor import current_streams

current_streams[0] = 0
x, half = on_device(1000), on_device(64, dtype="fp16")
type(x).zero_ = lambda self: None


def blocks(given):
    return (triton.cdiv(given["n"], given["BLOCK"]),)


for _ in range(2):
    add[blocks](x, x, x, 1000, BLOCK=64)
    scaled[blocks](x, None, x, 1000, 0.5, "plain", False)
    filled[blocks](x, x, 1000)
    mixed[(1,)](half, x, (48, (7, None)), True, twice, tl.float32, tl.float32, num_warps=8)
    tuned[blocks](x, x, 1000, False)
"""


def test_programs_are_served(python: Path, program: Served, tmp_path: Path) -> None:
    ended = serve(program, tmp_path, SERVED, "--strict", python=python)
    assert (ended.code, ended.said) == (0, "")
    assert [(one.kernel, one.grid[0], one.block[0]) for one in ended.launches] == [
        ("add", 16, 128),
        ("scaled", 16, 128),
        ("filled", 8, 128),
        ("mixed", 1, 256),
        ("tuned", 16, 128),
    ] * 2


def test_an_installation_brings_what_records_alone(python: Path) -> None:
    listed = json.loads(_output(python, "-m", "pip", "list", "--format=json"))
    names = {package["name"].lower() for package in listed}
    of_tests = {"pip", "setuptools", "numpy", "hypothesis", "sortedcontainers", "pytest"}
    of_tests |= {"iniconfig", "packaging", "pluggy", "pygments"}
    of_triton = {"triton", "importlib-metadata", "zipp"}
    brought = names - of_tests - of_triton
    assert brought == {"tritonbind", "apache-tvm-ffi", "typing_extensions"}


def test_the_command_records_there(python: Path, tmp_path: Path) -> None:
    """With what the installation put beside the packages."""
    command = python.with_name("tritonbind")
    done = subprocess.run(
        [command, "record", "--", python, "-c", "import triton; print(triton.__version__)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={},
    )
    assert done.stdout == f"{python.parents[1].name.removeprefix('.venv-record-')}.0\n"
    assert done.stderr == (
        "tritonbind: no launch of a kernel through Triton was recorded; "
        f"{tmp_path}/recording.json is not written\n"
    )


@pytest.mark.parametrize("command", [("-m", "tritonbind"), ("-m", "codegen")], ids=" ".join)
def test_the_generator_says_what_it_lacks(
    python: Path, command: tuple[str, str], tmp_path: Path
) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.codegen]\ntargets = ["sm_90"]\n')
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels/some.py").write_text("from codegen.export import export\n")
    done = subprocess.run(
        [python, *command, "regenerate"], cwd=tmp_path, capture_output=True, text=True, env={}
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[:2] == [
        "error: generating needs the package jinja2, which is not installed",
        "  hint: python -m pip install 'tritonbind[generate]', in an environment of its own where "
        "your program has another Triton",
    ]


def _output(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
