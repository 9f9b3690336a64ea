"""What all tests share: the marker for GPUs, and the sample project behind a stand-in driver."""

from __future__ import annotations

import functools
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from unittest import mock

import pytest

from codegen.compile.processes import Compiler
from tests.support import (
    adopted,
    jit_on_standin,
    served,
    signature_project,
    standin,
    tuned,
    warm,
)
from tests.support import features as feature_kernels
from tests.support import sample as sample_project
from tests.support.places import TESTS
from tests.support.project import Project

collect_ignore_glob = ["*/__snapshots__/*"]

_PROBE = "import ctypes; print(ctypes.CDLL('libcuda.so.1').cuInit(0))"


def pytest_configure() -> None:
    """For the processes that run tests: what numpy multiplies here is not worth several threads."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run tests on a GPU last: a process that holds the stand-in cannot have the real driver."""
    items.sort(key=lambda item: item.get_closest_marker("gpu") is not None)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("torch") is not None and find_spec("torch") is None:
        pytest.skip("torch is not installed")
    if item.get_closest_marker("gpu") is None:
        return
    reason = _why_no_gpu()
    if not reason and standin._library is not None:
        reason = "this process has the stand-in driver: run `pytest -m gpu`"
    if reason:
        pytest.skip(reason)


@functools.cache
def _why_no_gpu() -> str:
    """Asked in a child, since a process keeps the first libcuda.so.1 that it opens."""
    child = subprocess.run([sys.executable, "-c", _PROBE], capture_output=True, text=True)
    if child.returncode != 0:
        return "no CUDA driver here: " + child.stderr.strip().rpartition("\n")[2]
    result = int(child.stdout)
    return f"no CUDA GPU here: cuInit gives {result}" if result else ""


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing is kept in the user's own cache folder."""
    cache = _shared(tmp_path_factory) / "cache"
    cache.mkdir(mode=0o700, exist_ok=True)
    with mock.patch.dict(os.environ, XDG_CACHE_HOME=str(cache)):
        yield


@pytest.fixture(scope="session", autouse=True)
def _compiler_of_c(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Packages of equal sources are compiled once, in whichever processes they are built."""
    if os.environ.get("CC") or shutil.which("cc") is None:
        yield
        return
    kept = _shared(tmp_path_factory) / "kept_objects"
    kept.mkdir(exist_ok=True)
    compiler = shlex.quote(str(TESTS / "support/kept_objects.sh"))
    with mock.patch.dict(os.environ, CC=compiler, KEPT_OBJECTS=str(kept)):
        yield


@pytest.fixture(scope="session", autouse=True)
def _warm_processes() -> Iterator[None]:
    """What the command starts in the processes of tests has its imports already."""
    with (
        warm.warm_processes() as processes,
        mock.patch.object(Compiler, "_spawn", warm.spawner(processes)),
    ):
        yield


@pytest.fixture
def fresh_processes() -> Iterator[None]:
    """For tests of such processes: they are interpreters of their own, as in every use."""
    with mock.patch.object(Compiler, "_spawn", warm.FRESH):
        yield


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """The project that recordings are adopted in."""
    with adopted.adopting(tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sample_project.Sample]:
    """The sample project's generated package, importable as `sample_wrappers`."""
    generated = sample_project.generate(_shared(tmp_path_factory))
    sys.path.insert(0, str(generated.folder.parent))
    yield generated
    sys.path.remove(str(generated.folder.parent))


@pytest.fixture(scope="session")
def tuning(tmp_path_factory: pytest.TempPathFactory) -> tuned.Tuned:
    """The package of the autotuned kernels of tests/kernels/tuning.py, with all configurations."""
    return tuned.generate(_shared(tmp_path_factory))


@pytest.fixture(scope="session")
def features(tmp_path_factory: pytest.TempPathFactory) -> feature_kernels.Features:
    """The generated package of the kernels that need something of their launch."""
    return feature_kernels.generate(_shared(tmp_path_factory))


@pytest.fixture(scope="session")
def signatures(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[signature_project.SignatureProject]:
    """The wrappers of tests/kernels/{constants,names,tuples}.py, importable too."""
    generated = signature_project.generate(_shared(tmp_path_factory))
    sys.path.insert(0, str(generated.folder.parent))
    yield generated
    sys.path.remove(str(generated.folder.parent))


@pytest.fixture
def jit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Triton's JIT behind the stand-in driver; the folder of what it compiles, which all share."""
    cache = _shared(tmp_path_factory) / "compiled_by_jit"
    with jit_on_standin.installed(cache):
        yield cache


@pytest.fixture(scope="session")
def _served_package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy for this process, whose manifest tests change."""
    package = tmp_path_factory.mktemp("served") / served.PACKAGE
    shutil.copytree(served.generate(_shared(tmp_path_factory)), package)
    sys.path.insert(0, str(package.parent))
    yield package
    sys.path.remove(str(package.parent))


@pytest.fixture
def program(jit: Path, _served_package: Path) -> Iterator[served.Served]:
    """A program whose kernels may be served from a package that was generated of them."""
    with served.fresh_kernels():
        yield served.Served(_served_package)


def _shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all processes of this run of the tests."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(autouse=True)
def _stand_in_for_packages(request: pytest.FixtureRequest) -> Iterator[None]:
    """Around each test that uses such a package, a stand-in driver that has seen nothing."""
    if not {"sample", "features", "signatures"} & set(request.fixturenames):
        yield
        return
    standin.install()
    standin.reset()
    yield
    standin.reset()
