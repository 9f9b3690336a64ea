"""Compiling on a cluster: a real scheduler and workers, of which some are killed or unlike."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from codegen.compile import cluster as module
from codegen.compile.cluster import Parcel, compile_elsewhere, equipment, mismatch, parcel
from codegen.model.errors import CodegenError
from codegen.project.settings import read_config
from tests.support.compile_requests import broken, make_request, message
from tests.support.places import REPOSITORY
from tests.support.project import FILES, HEADER, Project, new_project

distributed = pytest.importorskip("distributed", reason="distributed is not installed")

MANY = f"""{HEADER}
@export("demo.many", types={{"out": "*fp32", "n": "i32"}}, grid=lambda: (1,),
        constexprs={{"SIZE": [1, 2, 3, 4, 5, 6, 7, 8]}})
@triton.jit
def many(out, n, SIZE: tl.constexpr):
    tl.store(out + tl.arange(0, 64) * n, SIZE + tl.program_id(0))
"""


@dataclass
class Workers:
    """A scheduler on this machine, and the processes of its workers."""

    address: str
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, name: str, **environment: str) -> None:
        command = [sys.executable, "-m", "distributed.cli.dask_worker", self.address]
        options = ["--name", name, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        self.processes.append(
            subprocess.Popen(
                [*command, *options],
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environment},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )

    def wait_for(self, count: int) -> None:
        with distributed.Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=60)


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    """A scheduler without workers."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    with distributed.LocalCluster(
        n_workers=0, host="127.0.0.1", dashboard_address=None, silence_logs=50
    ) as local:
        made = Workers(local.scheduler_address, folder)
        try:
            yield made
        finally:
            for process in made.processes:
                process.kill()
                process.wait()


def other_triton(folder: Path) -> str:
    """A folder to import from, in which an old Triton seems to be installed."""
    metadata = folder / "triton-3.1.4.dist-info" / "METADATA"
    metadata.parent.mkdir(parents=True)
    metadata.write_text("Metadata-Version: 2.1\nName: triton\nVersion: 3.1.4\n")
    return os.pathsep.join([str(folder), str(REPOSITORY)])


@pytest.mark.slow
def test_a_cluster_makes_the_same_bytes(tmp_path: Path, workers: Workers) -> None:
    """With a worker that is killed at work, and one that has another Triton."""
    here, there = (
        new_project(tmp_path / where, {**FILES, "kernels/many.py": MANY}) for where in ("a", "b")
    )
    assert here.run("regenerate").code == 0
    workers.start("first")
    workers.start("second")
    workers.start("old", PYTHONPATH=other_triton(tmp_path / "old"))
    workers.wait_for(3)
    process = subprocess.Popen(
        there.command("regenerate", "-v", "--scheduler", workers.address),
        cwd=there.folder,
        env=there.environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said: list[str] = []
    for line in process.stderr:
        said.append(line.rstrip("\n"))
        if line.startswith("compiling on "):
            _wait_until_compiling(workers.processes[0].pid)
            workers.processes[0].send_signal(signal.SIGKILL)
    assert process.wait() == 0, said
    version = equipment()["Triton"]
    assert (
        sum(
            line.endswith(
                f" has Triton 3.1.4, and this run is of Triton {version}; it gets no work"
            )
            for line in said
        )
        == 1
    )
    assert f"compiling on 2 workers of {workers.address}" in said
    assert there.tree() == here.tree()


def _wait_until_compiling(pid: int) -> None:
    """Until the worker has a child: its compiler."""
    deadline = time.monotonic() + 60
    while not _children(pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _children(pid: int) -> list[str]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            found += (task / "children").read_text().split()
    return found


@pytest.mark.slow
def test_all_workers_gone(tmp_path: Path, workers: Workers) -> None:
    project = new_project(tmp_path, {"kernels/many.py": MANY, "pyproject.toml": ""})
    workers.start("only")
    workers.wait_for(1)
    process = subprocess.Popen(
        project.command("regenerate", "--scheduler", workers.address),
        cwd=project.folder,
        env=project.environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline() == f"compiling on 1 worker of {workers.address}\n"
    _wait_until_compiling(workers.processes[0].pid)
    workers.processes[0].kill()
    lines = process.stderr.read().splitlines()
    assert process.wait() == 2
    assert lines == [
        f"error: all workers of {workers.address} that could compile are gone",
        "  hint: look at their logs, start them again, and run the same command",
    ]
    assert not project.output.exists()


def test_no_workers(tmp_path: Path, workers: Workers) -> None:
    project = new_project(tmp_path)
    result = project.run("regenerate", "--scheduler", workers.address)
    assert (result.code, result.errors) == (
        2,
        [
            f"error: no worker of {workers.address} can compile: there are none",
            "  hint: install there what is installed here, or start more: `dask worker ADDRESS`",
        ],
    )


def test_no_scheduler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE", "1s")
    result = new_project(tmp_path).run("regenerate", "--scheduler", "tcp://127.0.0.1:1")
    assert result.code == 2
    assert result.errors[0].startswith("error: no Dask scheduler answers at tcp://127.0.0.1:1: ")
    assert result.errors[1] == (
        "  hint: start one with `dask scheduler`, and workers with `dask worker ADDRESS`"
    )


def test_dask_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = new_project(tmp_path).run("regenerate", "--scheduler", "tcp://127.0.0.1:1")
    assert (result.code, result.errors) == (
        2,
        [
            "error: --scheduler needs the package distributed, which is not installed",
            "  hint: pip install 'tritonbind[dask]', here and where the workers are",
        ],
    )


def sent(project: Project, **changes: object) -> Parcel:
    with project.inside():
        made = parcel(read_config(project.folder), [])
    return Parcel(**{**vars(made), **changes})


def test_what_is_sent_is_the_kernels_folder(tmp_path: Path) -> None:
    project = new_project(tmp_path, {**FILES, "kernels/best.json": "[]", "kernels/notes.txt": ""})
    assert [name for name, _ in sent(project).contents] == ["add.py", "best.json", "deep/twice.py"]


def test_a_worker_that_differs_says_so(tmp_path: Path) -> None:
    project = new_project(tmp_path)
    wanted = (("Triton", "0.0.1"), ("tritonbind", "code 0"))
    refused = compile_elsewhere(sent(project, tools=wanted), make_request("add"))
    assert isinstance(refused, CodegenError)
    assert refused.message.endswith(
        f" has Triton {equipment()['Triton']}, and this run is of Triton 0.0.1"
    )
    assert mismatch({"Triton": "3", "tritonbind": "code 1"}, {"Triton": "3"}) == (
        "has tritonbind None, and this run is of tritonbind code 1"
    )
    other = compile_elsewhere(
        sent(project, sources=(("triton:__init__.py", "0"),)), make_request("add")
    )
    assert isinstance(other, CodegenError)
    assert other.message.endswith(" has another triton:__init__.py than this machine")


def test_an_error_has_its_place_at_home(tmp_path: Path) -> None:
    """Through an executor of this process, which takes the way of a worker."""
    from concurrent.futures import ThreadPoolExecutor

    from codegen.compile.processes import compile_with

    request = broken("unknown_name")
    home = Path(request.root)
    sent_there = Parcel(
        str(home), tuple((p.name, p.read_bytes()) for p in home.glob("*.py")), (), ()
    )
    with ThreadPoolExecutor(1) as executor:
        [error] = compile_with(
            lambda one: executor.submit(compile_elsewhere, sent_there, one), [request]
        )
    assert message(error).startswith("broken.py:22:19: `tests.broken.unknown_name`")
    assert error.where is not None and error.where.path == str(home / "broken.py")  # type: ignore[union-attr]
