"""Processes that compile: the order of results, deaths, and no orphans."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from codegen.compile.processes import Compilers, compile_all
from codegen.compile.watch import Watch
from codegen.model.errors import CodegenError
from codegen.model.image import Compiled
from codegen.model.request import CompileRequest, Result
from codegen.model.targets import Target
from codegen.prove.cubin import read_cubin
from tests.support.compile_requests import broken, message
from tests.support.places import REPOSITORY
from tests.support.processes import hear_signals, processes_with

pytestmark = pytest.mark.triton


def test_results_keep_the_order_and_each_request_is_reported() -> None:
    requests = [broken("sound", Target(capability)) for capability in (80, 86, 89, 90)]
    done: dict[CompileRequest, Result] = {}
    results = compile_all(requests, 3, done.__setitem__)
    found = [read_cubin(r.cubin).capability for r in results if isinstance(r, Compiled)]
    assert found == [80, 86, 89, 90]
    assert [done[request] for request in requests] == results


def test_a_kernel_that_changed_since_it_was_read_is_not_compiled() -> None:
    request = replace(broken("sound"), made_of="another")
    (refused,) = compile_all([request], 1)
    assert isinstance(refused, CodegenError)
    assert (refused.message, refused.hint) == (
        f"`{request.kernel}` in broken.py changed while this ran",
        "run it again; nothing was written",
    )
    (refused,) = compile_all([replace(request, kernel="tests.broken.gone")], 1)
    assert isinstance(refused, CodegenError)
    assert refused.message == "`tests.broken.gone` in broken.py changed while this ran"


def test_what_compiles_for_long_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def compile_slowly(self: object, request: CompileRequest) -> Result:
        time.sleep(0.5)
        return CodegenError("slow")

    monkeypatch.setattr("codegen.compile.processes._PATIENCE", 0.05)
    monkeypatch.setattr("codegen.compile.processes.Compiler.compile", compile_slowly)
    said: list[str] = []
    request = broken("sound")
    compile_all([request], 1, compilers=Compilers(watch=Watch(said.append, 0.2)))
    assert said[0] == f"still compiling {request}, for 0 s now"


def test_no_requests() -> None:
    assert compile_all([], 4) == []


def test_a_request_that_kills_its_worker_costs_no_other() -> None:
    requests = [broken("sound", Target(88)), broken("aborts"), broken("sound"), broken("no_such")]
    refused, aborted, sound, bug = compile_all(requests, 1)
    assert message(refused) == (
        "`tests.broken.sound` variant `generic` for sm_88: the compiler died with exit status 1\n"
        "    LLVM ERROR: PTX version 8.8 does not support target 'sm_88'. Minimum required PTX "
        "version is 9.0. Either remove the PTX version to use the default, or increase it to at "
        "least 9.0."
    )
    assert message(aborted) == (
        "`tests.broken.aborts` variant `generic` for sm_90: the compiler died with SIGABRT"
    )
    assert isinstance(sound, Compiled)
    assert message(bug).endswith("KeyError: 'tests.broken.no_such'")


@pytest.fixture
def compiling(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process in the midst of a long `compile_all`, its files and workers' files in tmp_path."""
    script = tmp_path / "compile.py"
    script.write_text(
        "from tests.support.compile_requests import make_request\n"
        "from codegen.compile.processes import compile_all\n"
        "requests = [make_request('matmul', block=128, step=step) for step in (32, 64) * 20]\n"
        "compile_all(requests, 2, lambda request, result: print('done', flush=True))\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(script)],
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=hear_signals,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"done\n"
    assert len(processes_with(f"TMPDIR={tmp_path}")) >= 3
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads /proc")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_their_parent(
    compiling: subprocess.Popen[bytes], tmp_path: Path, sent: signal.Signals
) -> None:
    compiling.send_signal(sent)
    compiling.wait(10)
    deadline = time.monotonic() + 20
    while processes_with(f"TMPDIR={tmp_path}") or any(tmp_path.glob("codegen-*")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
