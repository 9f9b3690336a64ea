"""The first import of a fresh copy of the package: the library is built, beside it or elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import standin
from tests.support.calls import run_child
from tests.support.sample import PACKAGE, Sample

IMPORT = """
from sample_wrappers import _library
attempt("scale")
print(_library.path())
"""


@pytest.fixture
def copy(sample: Sample, tmp_path: Path) -> Sample:
    """The package as it is committed: sources, images, no library."""
    folder = tmp_path / "a folder" / PACKAGE
    shutil.copytree(sample.folder, folder, ignore=shutil.ignore_patterns("_lib", "__pycache__"))
    return Sample(folder)


def test_the_library_is_built_beside_the_package(sample: Sample, copy: Sample) -> None:
    for _ in range(2):
        good, path = run_child(copy, IMPORT, standin.environment([90])).splitlines()
        assert (good, path) == ("good", str(copy.library))
    assert copy.library.name == sample.library.name
    assert [path.name for path in copy.library.parent.iterdir()] == [copy.library.name]


def test_two_processes_at_once(copy: Sample) -> None:
    command = [sys.executable, "-c", "import sys\nsys.modules['torch'] = None\n"]
    command[-1] += "sys.path.insert(0, sys.argv[1])\nimport sample_wrappers.choices"
    children = [
        subprocess.Popen([*command, str(copy.folder.parent)], stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    errors = [child.communicate(timeout=120)[1] for child in children]
    assert errors == ["", ""]
    assert [child.returncode for child in children] == [0, 0]
    assert [path.name for path in copy.library.parent.iterdir()] == [copy.library.name]


@pytest.mark.parametrize("variable", ["XDG_CACHE_HOME", "HOME"])
def test_a_package_that_cannot_be_written_to(copy: Sample, tmp_path: Path, variable: str) -> None:
    environment = standin.environment([90])
    environment.pop("XDG_CACHE_HOME", None)
    environment[variable] = str(tmp_path)
    copy.folder.chmod(0o555)
    try:
        output = run_child(copy, IMPORT, environment, prefix=_without_override())
    finally:
        copy.folder.chmod(0o755)
    good, path = output.splitlines()
    folder = (
        tmp_path / "tritonbind" if variable == "XDG_CACHE_HOME" else tmp_path / ".cache/tritonbind"
    )
    assert good == "good"
    assert Path(path).parent == folder
    assert Path(path).is_file()
    assert not (copy.folder / "_lib").exists()


def test_without_a_compiler(sample: Sample, copy: Sample, tmp_path: Path) -> None:
    library = sample.library.name
    for changes, name, reason in (
        ({"CC": "no-such-cc -m64"}, "no-such-cc", "No such file or directory"),
        ({"CC": "", "PATH": str(tmp_path)}, "cc", "No such file or directory"),
        ({"CC": str(tmp_path)}, str(tmp_path), "Permission denied"),
    ):
        assert _import_error(copy, changes) == (
            f"building {library} needs a C compiler, and `{name}` cannot be run ({reason}): "
            "install gcc or clang, or name one in CC"
        )
    assert list((copy.folder / "_lib").iterdir()) == []


def test_a_compiler_that_fails(sample: Sample, copy: Sample, tmp_path: Path) -> None:
    compiler = tmp_path / "my-cc"
    compiler.write_text("#!/bin/sh\nprintf 'no licence today\\n' >&2\nexit 3\n")
    compiler.chmod(0o755)
    message = _import_error(copy, {"CC": f"{compiler} -q"})
    first, _, rest = message.partition("\n")
    assert first.startswith(
        f"the C compiler failed in {copy.folder} ({compiler} -q -std=c99 -O2 -fPIC "
    )
    assert first.endswith(".o'):")
    assert rest == "no licence today"
    assert list((copy.folder / "_lib").iterdir()) == []


def test_a_header_named_like_one_of_the_system(copy: Sample) -> None:
    """As `kernels/math.py` has."""
    (copy.folder / "math.h").write_text("#error not this one\n")
    assert run_child(copy, IMPORT, standin.environment([90])).startswith("good\n")


def test_nowhere_to_write(copy: Sample, tmp_path: Path) -> None:
    (copy.folder / "_lib").touch()
    assert _import_error(copy, {}) == (
        f"cannot write the library to {copy.folder}/_lib: "
        f"[Errno 17] File exists: '{copy.folder}/_lib'"
    )


def _import_error(copy: Sample, changes: dict[str, str]) -> str:
    source = """
        try:
            import sample_wrappers.choices
        except ImportError as error:
            print(error)
    """
    return run_child(copy, source, {**os.environ, **changes}).removesuffix("\n")


def _without_override() -> list[str]:
    """What takes from root the right to write anywhere."""
    if os.geteuid() != 0:
        return []
    command = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"]
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("root can write everywhere, and setpriv cannot change that here")
    return command
