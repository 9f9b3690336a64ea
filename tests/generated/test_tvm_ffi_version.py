"""The oldest TVM FFI: the same everywhere, and checked where Python or a library meets it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.support import standin
from tests.support.c_programs import STRICT, compile_c
from tests.support.calls import run_child
from tests.support.places import C_PROGRAMS, REPOSITORY
from tests.support.sample import Sample

OLDEST = "0.1.14"
NAMED = {
    "templates/_library.py.jinja": r"^TVM_FFI = \((\d+, \d+, \d+)\)",
    "templates/runtime/tvm_ffi/tb_register.c": r"need TVM FFI (\S+) or later",
    "pyproject.toml": r"apache-tvm-ffi>=([\d.]+),<",
    "Makefile": r"apache-tvm-ffi==(\d+\.\d+\.\d+)",
    "README.md": r"all others with (\S+) or later",
    "docs/calls.md": r"apache-tvm-ffi (\S+) or later",
    "docs/generator.md": r"apache-tvm-ffi \((\S+) or later",
    "CONTRIBUTING.md": r"apache-tvm-ffi (\S+) and later",
}


@pytest.mark.parametrize("file", NAMED)
def test_the_oldest_is_the_same_everywhere(file: str) -> None:
    pattern = NAMED[file].replace(" ", r"\s+")  # docs may break a line there
    found = re.findall(pattern, (REPOSITORY / file).read_text(), re.MULTILINE)
    assert [one.replace(", ", ".") for one in found] == [OLDEST]


@pytest.mark.parametrize("version", ["0.1.13.post3", "0.1.0", "0.0.20", "0.1.14rc1", "0.1.14.dev2"])
def test_an_older_one_at_the_import(sample: Sample, version: str) -> None:
    source = """
        import tvm_ffi
        tvm_ffi.__version__ = sys.argv[2]
        try:
            import sample_wrappers.choices
        except ImportError as error:
            print(error)
    """
    assert run_child(sample, source, standin.environment([90]), version) == (
        f"sample_wrappers needs apache-tvm-ffi 0.1.14 or later, and this is {version}: "
        "pip install 'apache-tvm-ffi>=0.1.14'\n"
    )


@pytest.mark.parametrize(
    "version",
    ["0.1.14", "0.1.14.post0", "0.1.15.dev3", "0.2.0rc1", "1.0", "0.1.15rc1", "0.1.14+cu13"],
)
def test_others_are_taken(sample: Sample, version: str) -> None:
    from sample_wrappers import _library  # type: ignore[import-not-found]

    _library._check_version(version)


def test_an_older_one_at_registration(sample: Sample, tmp_path: Path) -> None:
    program = tmp_path / "program"
    source = C_PROGRAMS / "old_tvm_ffi.c"
    # Not pedantic: ISO C has no way from dlsym to a function.
    strict = [flag for flag in STRICT if flag != "-Wpedantic"]
    compile_c("gcc", "-std=c99", *strict, "-rdynamic", source, "-o", program, "-ldl")
    done = subprocess.run([program, sample.library], capture_output=True, text=True, check=False)
    refused = (
        "RuntimeError: the functions of this library need TVM FFI 0.1.14 or later, and the one in "
        "this process is older: it has no integers from 2^63 on\n"
    )
    # At the load, and when asked.
    assert done.stdout.startswith(f"{refused}" * 3)
    assert done.stdout.endswith(f"{refused}-1\n4\n")
