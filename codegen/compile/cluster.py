"""Compiling on a cluster: the workers of a Dask scheduler, or of any executor.

A worker has Triton and this package installed, in the versions of the machine that asks, and the
packages that kernel files import. It is sent the kernels folder, so no disk need be shared.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import hashlib
import importlib
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from codegen.compile.processes import Compilers, compile_with
from codegen.compile.watch import Watch
from codegen.model.errors import CodegenError
from codegen.model.generated_file import digest
from codegen.model.kernel import Kernel
from codegen.model.request import CompileRequest, OnDone, Result
from codegen.model.resources import PACKAGE
from codegen.model.surroundings import Surroundings
from codegen.project.manifest import installed_tools
from codegen.project.settings import Config
from codegen.read.sources import has_changed


@dataclass(frozen=True)
class Parcel:
    """What a worker is sent once and keeps: the kernels folder, and what must match."""

    root: str
    """The kernels folder, where it is."""
    contents: tuple[tuple[str, bytes], ...]
    """Its files: kernels, and what they import or read."""
    sources: tuple[tuple[str, str], ...]
    """sha256 of each file of an installed package that the kernels are made of."""
    tools: tuple[tuple[str, str], ...]
    """`equipment` of the machine that asks."""
    listed: tuple[tuple[str, str | None], ...] = ()
    """What kernel files see of that machine's environment."""

    @functools.cached_property
    def key(self) -> str:
        return hashlib.sha256(repr((self.root, self.contents)).encode()).hexdigest()


def parcel(config: Config, kernels: Sequence[Kernel]) -> Parcel:
    """What workers need for these kernels."""
    root = config.kernels_folder
    paths = sorted(p for p in root.rglob("*") if p.suffix in (".py", ".json") and p.is_file())
    contents = []
    for path in paths:
        with contextlib.suppress(PermissionError):  # no kernel needs it, or reading them had failed
            contents.append((path.relative_to(root).as_posix(), path.read_bytes()))
    sources = {name: digest for kernel in kernels for name, digest in kernel.sources.items()}
    tools = tuple(equipment().items())
    return Parcel(str(root), tuple(contents), tuple(sources.items()), tools, config.listed())


@functools.cache
def equipment() -> dict[str, str]:
    """What the bytes of an image depend on, here: Triton, and this package's own code."""
    code = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        code.update(digest(path.read_bytes()).encode())
    return {
        "Triton": installed_tools().get("triton", "none"),
        "tritonbind": f"code {code.hexdigest()[:12]}",
    }


def mismatch(wanted: Mapping[str, str], found: Mapping[str, str]) -> str | None:
    """What a worker has otherwise than it must, as the end of a sentence."""
    for tool, version in wanted.items():
        if found.get(tool) != version:
            return f"has {tool} {found.get(tool)}, and this run is of {tool} {version}"
    return None


def compile_elsewhere(parcel: Parcel, request: CompileRequest) -> Result:
    """Compile a request where the kernels folder may not be; for executors of other machines."""
    here = f"the worker on {socket.gethostname()}"
    reason = mismatch(dict(parcel.tools), equipment())
    if reason is not None:
        return CodegenError(f"{here} {reason}", hint="install there what is installed here")
    changed = [name for name, digest in parcel.sources if has_changed(name, digest)]
    if changed:
        return CodegenError(
            f"{here} has another {changed[0]} than this machine",
            hint="install the same version of the package there",
        )
    root = _unpacked(parcel)
    compilers = _compilers(Surroundings(str(root.parent), parcel.listed))
    result = compilers.compile(replace(request, root=str(root)))
    return _as_at_home(result, root, parcel) if isinstance(result, CodegenError) else result


def _as_at_home(error: CodegenError, root: Path, parcel: Parcel) -> CodegenError:
    """The error, with the place of the file that was sent."""
    where = error.where
    if where is None or root not in Path(where.path).parents:
        return error
    path = Path(parcel.root, Path(where.path).relative_to(root))
    return error.but(where=replace(where, path=str(path)))


_lock = threading.Lock()


@functools.cache
def _compilers(around: Surroundings) -> Compilers:
    """Those of this process: one for each of its threads that compile."""
    compilers = Compilers(around)
    atexit.register(compilers.stop)
    return compilers


def _unpacked(parcel: Parcel) -> Path:
    """The kernels folder on this machine, written once for each process."""
    with _lock:
        root = _folders.get(parcel.key)
        if root is None:
            top = Path(tempfile.mkdtemp(prefix="codegen-kernels-"))
            atexit.register(shutil.rmtree, top, ignore_errors=True)
            root = _folders[parcel.key] = top / Path(parcel.root).name
            for name, content in parcel.contents:
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        return root


_folders: dict[str, Path] = {}


@dataclass(frozen=True)
class Cluster:
    """The workers of a Dask scheduler."""

    address: str
    config: Config
    kernels: Sequence[Kernel]
    say: Callable[[str], None]
    watch: Watch = field(default_factory=Watch)

    def compile(self, requests: Sequence[CompileRequest], on_done: OnDone) -> list[Result]:
        """As `compile_all`. Raises `CodegenError` where no worker can, or all are gone."""
        if not requests:
            return []
        sent = parcel(self.config, self.kernels)
        with self._client() as client:
            able = self._able(client, dict(sent.tools))
            self.say(f"compiling on {len(able)} worker{'s' * (len(able) > 1)} of {self.address}")
            executor: Executor = client.get_executor(
                workers=able, allow_other_workers=False, pure=False
            )
            there = client.scatter(sent, workers=able, broadcast=True, hash=False)
            left = {request.key: request for request in requests}

            def done(request: CompileRequest, result: Result) -> None:
                left.pop(request.key, None)
                on_done(request, result)

            with self.watch.running(
                lambda: f"compiling {_all_of([*left.values()])} on {self.address}"
            ):
                return compile_with(
                    lambda request: executor.submit(compile_elsewhere, there, request),
                    requests,
                    done,
                    self.watch.look,
                    lambda: self._check(client, able),
                )

    @contextlib.contextmanager
    def _client(self) -> Iterator[Any]:
        try:
            connect: Any = importlib.import_module("distributed").Client
        except ModuleNotFoundError as error:
            raise CodegenError(
                f"--scheduler needs the package {error.name}, which is not installed",
                hint="pip install 'tritonbind[dask]', here and where the workers are",
            ) from error
        try:
            client = connect(self.address, timeout=_PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            raise CodegenError(
                f"no Dask scheduler answers at {self.address}: {error}",
                hint="start one with `dask scheduler`, and workers with `dask worker ADDRESS`",
            ) from error
        with client:
            yield client

    def _able(self, client: Any, wanted: Mapping[str, str]) -> list[str]:
        """The addresses of workers that make the same bytes as this machine; others are named."""
        able, reasons = [], []
        for worker, found in sorted(client.run(equipment, on_error="return").items()):
            if isinstance(found, BaseException):
                reason = f"cannot run tritonbind: {type(found).__name__}: {found}"
            else:
                reason = mismatch(wanted, found) or ""
            if reason:
                reasons.append(f"worker {worker} {reason}")
                self.say(f"{reasons[-1]}; it gets no work")
            else:
                able.append(worker)
        if not able:
            raise CodegenError(
                f"no worker of {self.address} can compile: "
                f"{'; '.join(reasons) or 'there are none'}",
                hint="install there what is installed here, or start more: `dask worker ADDRESS`",
            )
        return able

    def _check(self, client: Any, able: Sequence[str]) -> None:
        if not set(able) & set(client.scheduler_info(n_workers=-1)["workers"]):
            raise CodegenError(
                f"all workers of {self.address} that could compile are gone",
                hint="look at their logs, start them again, and run the same command",
            )


def _all_of(requests: Sequence[CompileRequest]) -> str:
    """Requests in words; those that came first are likely to be at work."""
    if not requests:
        return "the last image"
    others = len(requests) - 1
    return f"{requests[0]}" + (f" and {others} other{'s' * (others > 1)}" if others else "")


_PATIENCE = "10s"
