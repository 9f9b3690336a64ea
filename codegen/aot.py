"""One variant for one target to a compiled image, in child processes: same input, same bytes.

Triton runs in workers, which are fresh interpreters with a scrubbed environment and directory of
their own: Triton reads settings as it is imported, and LLVM ends its process when it fails. This
module is the parent's side, and says everything a worker is given; `aot_worker` is the child's.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import operator
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path

from codegen.errors import CannotBuild, CodegenError
from codegen.model import Options, Target, TensorMap, Variant
from codegen.triton_version import current
from codegen.uses import PointerUses
from codegen.values import canonical

_SCRUBBED = (
    *("TRITON_", "PTXAS_", "NVPTX_", "LLVM_", "MLIR_", "DISABLE_", "USE_IR_LOC", "ALLOW_LHS_"),
    *("PYTHONOPTIMIZE", "PYTHONWARNINGS", "PYTHONINSPECT"),
)
_ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
    "TRITON_ALWAYS_COMPILE": "1",
    # Line info holds absolute paths.
    "TRITON_DISABLE_LINE_INFO": "1",
}
_FIXED_OPTIONS: dict[str, object] = {
    "warp_size": 32,
    "debug": False,
    "sanitize_overflow": False,
    "instrumentation_mode": "",
    "enable_reflect_ftz": True,
    "default_dot_input_precision": "tf32",
    "ptx_options": "",
}
_BOOT = """\
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from codegen.aot_worker import serve
serve(int(sys.argv[2]))
"""
_LOG = "output.log"
_LOG_LINES = 8


@dataclass(frozen=True)
class CompileRequest:
    """A variant to compile for a target."""

    root: str
    """The kernels folder."""
    file: str
    """The kernel file, relative to `root`."""
    kernel: str
    """The name of the exported function."""
    variant: Variant
    target: Target
    key: str
    """`compile_key` of all that the compiler is given."""

    def __str__(self) -> str:
        return f"`{self.kernel}` variant `{self.variant.label}` for {self.target.name}"


@dataclass(frozen=True)
class Compiled:
    """What the compiler made, and what it says of it."""

    data: bytes = field(repr=False)
    """The image: a cubin, or PTX."""
    cubin: bytes = field(repr=False)
    """The cubin; where the image is PTX, what ptxas made of it."""
    symbol: str
    num_warps: int
    """Warps of a block, with those that warp specialisation adds."""
    shared: int
    """Bytes of dynamic shared memory."""
    parameter_sizes: tuple[int, ...]
    """Bytes of each kernel parameter by Triton's own account, with the scratch pointers."""
    uses: PointerUses
    num_ctas: int = 1
    scratch: int = 0
    """Bytes of global scratch memory per block."""
    maps: tuple[TensorMap, ...] = ()
    """How tensor descriptors are to be passed; none: taken apart."""


def compile_key(source_key: str, variant: Variant, target: Target, triton_version: str) -> str:
    """Digest of everything the compiler is given: on every machine, equal keys give equal bytes.

    Raises `CodegenError` for a constexpr that has no fixed spelling, or an unknown PTX target.
    """
    given = (
        source_key,
        triton_version,
        variant.signature,
        *((name, astuple(nest)) for name, nest in variant.tuples),
        tuple(sorted(variant.divisible)),
        astuple(target),
        tuple(sorted(triton_options(variant.options, target).items())),
        tuple(sorted(_ENVIRONMENT.items())),
    )
    constexprs = [
        [name, canonical(value, f"constexpr `{name}`")] for name, value in variant.constexprs
    ]
    text = json.dumps([canonical(given), sorted(constexprs, key=operator.itemgetter(0))])
    return hashlib.sha256(text.encode()).hexdigest()


def triton_options(options: Options, target: Target) -> dict[str, object]:
    """Every option that would otherwise come from Triton's surroundings, and what was asked for."""
    triton = current()
    if target.is_ptx and target.capability not in triton.ptx_versions:
        known = ", ".join(f"compute_{capability}" for capability in triton.ptx_versions)
        raise CodegenError(f"`{target.name}` is no PTX target", hint=f"choose among {known}")
    return {
        **_FIXED_OPTIONS,
        **triton.options,
        "num_warps": options.num_warps,
        "num_stages": options.num_stages,
        "maxnreg": options.maxnreg,
        "enable_fp_fusion": options.fp_fusion,
        "num_ctas": options.num_ctas,
        "launch_pdl": options.launch_pdl,
        "launch_cooperative_grid": options.launch_cooperative_grid,
        "ptx_version": triton.ptx_versions[target.capability] if target.is_ptx else None,
    }


def compile_all(
    requests: Sequence[CompileRequest],
    jobs: int,
    on_done: Callable[[CompileRequest], None] = lambda request: None,
) -> list[Compiled | CodegenError]:
    """Compile every request, `jobs` at a time; results and errors in the order of the requests.

    A request that kills its worker gets an error, and a new worker goes on with the others.
    """
    results: dict[int, Compiled | CodegenError] = {}
    waiting = list(reversed(range(len(requests))))
    workers = [_Worker() for _ in range(min(max(jobs, 1), len(requests)))]
    idle = list(workers)
    running: dict[object, tuple[_Worker, int]] = {}
    try:
        while len(results) < len(requests):
            while idle and waiting:
                worker = idle.pop()
                index = worker.choose(requests, waiting)
                running[worker.submit(requests[index])] = worker, index
            for connection in wait([worker.connection for worker, _ in running.values()]):
                worker, index = running.pop(connection)
                results[index] = worker.result()
                idle.append(worker)
                on_done(requests[index])
    finally:
        for worker in workers:
            worker.stop()
    return [results[index] for index in range(len(requests))]


class _Worker:
    """A child process that compiles a request at a time. It starts with the first."""

    connection: Connection

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._request: CompileRequest | None = None
        self._capability: int | None = None
        """The one that the process is good for, when modules of it have asked for the device."""

    def choose(self, requests: Sequence[CompileRequest], waiting: list[int]) -> int:
        """Take the next request off `waiting`, if possible one for which this process is good."""
        if self._capability is None:
            return waiting.pop()
        places = [n for n, index in enumerate(waiting) if self._is_good_for(requests[index])]
        return waiting.pop(places[-1] if places else -1)

    def submit(self, request: CompileRequest) -> Connection:
        """Hand over a request; the connection is readable as soon as `result` need not wait."""
        if self._process is not None and not self._is_good_for(request):
            self.stop()
        if self._process is None:
            self._start()
        self._request = request
        # If the worker is dead, `result` says what of.
        with contextlib.suppress(OSError):
            self.connection.send(request)
        return self.connection

    def result(self) -> Compiled | CodegenError:
        try:
            result: Compiled | CodegenError
            result, has_asked = self.connection.recv()
            if has_asked:
                assert self._request is not None
                self._capability = self._request.target.capability
            return result
        except (EOFError, OSError):
            assert self._process is not None
            message = f"{self._request}: the compiler died with {fate(self._process.wait())}"
            log = Path(self._directory, _LOG).read_text(errors="replace")
            self.stop()
            return CannotBuild(message + excerpt(log))

    def stop(self) -> None:
        """End the process and what it started, and remove its files."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = self._capability = None
        self.connection.close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _is_good_for(self, request: CompileRequest) -> bool:
        return self._capability in (None, request.target.capability)

    def _start(self) -> None:
        self._directory = tempfile.mkdtemp(prefix="codegen-")
        self.connection, theirs = Pipe()
        path = json.dumps([entry or os.getcwd() for entry in sys.path])
        with theirs, open(Path(self._directory, _LOG), "w+b") as log:
            # In a session of its own ctrl-C does not reach it: the parent ends it, with its ptxas.
            self._process = subprocess.Popen(
                [sys.executable, "-c", _BOOT, path, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[theirs.fileno()],
                env=environment(self._directory),
                start_new_session=True,
            )


def excerpt(log: str) -> str:
    """What a failed compiler's output says of the failure, as indented lines."""
    lines = list(dict.fromkeys(line.rstrip() for line in log.splitlines() if line.strip()))
    telling = [line for line in lines if re.search(r"\b(error|fatal|assert\w*)\b", line, re.I)]
    return "".join(f"\n    {line}" for line in telling[:_LOG_LINES] or lines[-_LOG_LINES:])


def fate(status: int) -> str:
    """How a process ended, in words."""
    return f"exit status {status}" if status >= 0 else signal.Signals(-status).name


def environment(directory: str) -> dict[str, str]:
    """A child's environment: without the settings of Triton, and with a directory of its own."""
    kept = {name: v for name, v in os.environ.items() if not name.startswith(_SCRUBBED)}
    return {**kept, **_ENVIRONMENT, "TMPDIR": directory, "TRITON_CACHE_DIR": directory}
