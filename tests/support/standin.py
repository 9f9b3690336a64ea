"""The stand-in CUDA driver: build it, put it in the place of libcuda.so.1, read what it saw.

`install()` comes before the first launch, since a launcher opens the driver once per process. What
needs other devices than the process has runs in a child: `run_child`, or any program under
`environment()`.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import shlex
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from codegen.project.private import private_folder

from .launches import Allocation, Attribute, Image, Launch, decode, parse_launch
from .places import REPOSITORY, TESTS

__all__ = [
    "Allocation",
    "Attribute",
    "Image",
    "Launch",
    "advance",
    "allocations",
    "bind_stream",
    "build",
    "call_names",
    "calls",
    "capture",
    "clear_contexts",
    "context",
    "create_context",
    "current_context",
    "decode",
    "environment",
    "fail",
    "held",
    "hold",
    "install",
    "launch",
    "launch_count",
    "launches",
    "pools",
    "pop_context",
    "primary_context",
    "push_context",
    "read_log",
    "record",
    "reset",
    "run_child",
]

SOURCES = TESTS / "standin"
SONAME = "libcuda.so.1"
FLAGS = "-std=c99 -Wall -Wextra -Wpedantic -Werror -O1 -g -fPIC -fvisibility=hidden -pthread"


def install(
    devices: Sequence[int] | None = None,
    *,
    shared_bytes: Sequence[int] | None = None,
    driver: int = 0,
    ptx: int = 0,
) -> None:
    """Make this process's libcuda.so.1 the stand-in, with devices of these compute capabilities.

    Without an argument the environment decides (see `environment`), else there are two devices
    sm_90 under driver 13.0. It may be repeated, but once the driver is initialised not with
    other devices.
    """
    library = _load()
    given = list(devices or ())
    limits = list(shared_bytes or [0] * len(given))
    if len(limits) != len(given):
        raise ValueError("shared_bytes needs one entry for each device")
    integers = ctypes.c_int * len(given)
    capabilities = None if devices is None else integers(*given)
    if library.standin_configure(capabilities, integers(*limits), len(given), driver, ptx) != 0:
        raise RuntimeError(
            "the stand-in driver cannot be configured so, or already runs with other devices; "
            "use standin.run_child for another set"
        )


def reset() -> None:
    """Forget launches, memory, counts, failures and context stacks; loaded images stay loaded."""
    _load().standin_reset()


def launches(after: int = 0) -> list[Launch]:
    """All launches since the last reset but for the first `after`, oldest first."""
    library, count = _load(), launch_count()
    return [parse_launch(_read(library.standin_launch_json, n)) for n in range(after, count)]


def launch_count() -> int:
    """How many launches there are since the last reset."""
    return int(_load().standin_launch_count())


def launch() -> Launch:
    """The launch since the last reset, which must be the only one."""
    found = launches()
    assert len(found) == 1, f"{len(found)} launches instead of one"
    return found[0]


def allocations() -> list[Allocation]:
    """All stream-ordered allocations since the last reset, oldest first."""
    library = _load()
    count = library.standin_allocation_count()
    texts = (_read(library.standin_allocation_json, index) for index in range(count))
    return [Allocation(**json.loads(text)) for text in texts]


def fail(name: str, result: int, *, skip: int = 0, count: int | None = 1) -> None:
    """Let call `name` return `result`, `count` times (None: for ever), after `skip` good ones."""
    if _load().standin_fail(name.encode(), result, skip, -1 if count is None else count) != 0:
        raise ValueError(f"the stand-in driver has no call {name}")


def calls(name: str) -> int:
    """How often the driver call was made since the last reset."""
    count = int(_load().standin_calls(name.encode()))
    if count < 0:
        raise ValueError(f"the stand-in driver has no call {name}")
    return count


def call_names() -> list[str]:
    """Every driver call that the stand-in has."""
    library = _load()
    names: list[str] = []
    while (name := library.standin_call_name(len(names))) is not None:
        names.append(name.decode())
    return names


def record(on: bool) -> None:
    """Switch the keeping of launches, for loops that measure time."""
    _load().standin_record(on)


def capture(on: bool) -> None:
    """Pretend that a graph is being captured: only threads in relaxed mode may load an image."""
    _load().standin_capture(on)


def hold(count: int) -> None:
    """Let the next `count` loads of an image wait until this is called with 0."""
    _load().standin_hold(count)


def held() -> int:
    """How many loads wait so."""
    return int(_load().standin_held())


def pools(on: bool) -> None:
    """Pretend that the devices have memory pools, as they do after a reset, or none."""
    _load().standin_pools(on)


def advance(microseconds: float) -> None:
    """Let so much time go by on the devices, as a launch does."""
    _load().standin_advance(1000 * microseconds)


def current_context() -> int:
    """This thread's current context, 0 for none."""
    return _load().standin_current_context() or 0


def primary_context(device: int) -> int:
    """The device's primary context."""
    return _known(_load().standin_primary_context(device), f"device {device}")


def create_context(device: int) -> int:
    """A new context of the device that is not its primary one; it does not become current."""
    return _known(_load().standin_create_context(device), f"device {device}")


def push_context(context: int) -> None:
    """Make a context current, on top of this thread's stack."""
    if _load().standin_push_context(context) != 0:
        raise ValueError(f"the stand-in driver has no context {context:#x}")


def pop_context() -> int:
    """Take the current context off this thread's stack; 0 when there was none."""
    return _load().standin_pop_context() or 0


def clear_contexts() -> None:
    """Leave this thread with no current context, as a fresh thread is."""
    _load().standin_clear_contexts()


@contextlib.contextmanager
def context(handle: int) -> Iterator[int]:
    """Make a context current for a while; what runs inside must leave it current."""
    push_context(handle)
    left = 0
    try:
        yield handle
    finally:
        left = pop_context()
    assert left == handle, f"context {left:#x} was left current instead of {handle:#x}"


def bind_stream(stream: int, context: int) -> None:
    """Let a stream belong to a context; other streams belong to whichever one is current."""
    if _load().standin_bind_stream(stream, context) != 0:
        raise ValueError(f"stream {stream:#x} cannot be bound to context {context:#x}")


def environment(
    devices: Sequence[int] | None = None,
    *,
    shared_bytes: Sequence[int] | None = None,
    driver: int = 0,
    ptx: int = 0,
    log: Path | None = None,
    times: Path | None = None,
) -> dict[str, str]:
    """The environment in which a child program finds the stand-in, so configured.

    With `log`, each launch is appended there, for `read_log`. `times` has the times of launches, as
    `timing.c` says.
    """
    variables = dict(os.environ)
    folders = [str(build().parent), variables.get("LD_LIBRARY_PATH", "")]
    variables["LD_LIBRARY_PATH"] = ":".join(filter(None, folders))
    if devices is not None:
        limits = shared_bytes or [0] * len(devices)
        pairs = zip(devices, limits, strict=True)
        variables["TRITONBIND_STANDIN_DEVICES"] = ",".join(f"{one}:{limit}" for one, limit in pairs)
    if driver:
        variables["TRITONBIND_STANDIN_DRIVER"] = str(driver)
    if ptx:
        variables["TRITONBIND_STANDIN_PTX"] = str(ptx)
    if log is not None:
        variables["TRITONBIND_STANDIN_LOG"] = str(log)
    if times is not None:
        variables["TRITONBIND_STANDIN_TIMES"] = str(times)
    return variables


def read_log(path: Path) -> list[Launch]:
    """The launches that a program under `environment(log=path)` made."""
    return [parse_launch(line) for line in path.read_text(encoding="ascii").splitlines()]


def run_child(source: str, *arguments: str, timeout: float = 60, **configuration: Any) -> str:
    """Run Python code in a fresh process in which the stand-in is installed; give its output.

    `configuration` is that of `environment`. A child that fails is an AssertionError with its
    traceback.
    """
    prelude = "import sys\nfrom tests.support import standin\nstandin.install()\n"
    child = subprocess.run(
        [sys.executable, "-c", prelude + textwrap.dedent(source), *arguments],
        env=environment(**configuration),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert child.returncode == 0, f"the child ended with {child.returncode}\n{child.stderr}"
    return child.stdout


def build(compiler: str | None = None, flags: str = FLAGS) -> Path:
    """Compile the stand-in, once for the same sources and command, and give its path."""
    sources = sorted(SOURCES.glob("*.c"))
    command = [*shlex.split(compiler or os.environ.get("CC") or "cc"), *flags.split()]
    command += ["-shared", f"-Wl,-soname,{SONAME}", *map(str, sources)]
    digest = hashlib.sha256("\0".join(command).encode())
    for path in (*sources, *sorted(SOURCES.glob("*.h"))):
        digest.update(path.read_bytes())
    name = f"tritonbind-standin-{os.getuid()}-{digest.hexdigest()[:16]}"
    # A folder that anybody could have made: what lies there is loaded.
    folder = private_folder(Path(tempfile.gettempdir(), name))
    library = folder / SONAME
    if not library.exists():
        unfinished = folder / f"{SONAME}.{os.getpid()}"
        subprocess.run([*command, "-o", str(unfinished)], check=True)
        with contextlib.suppress(FileExistsError):
            (folder / "libcuda.so").symlink_to(SONAME)  # by which some link to it
        unfinished.replace(library)  # another process may have been as quick: either file will do
    return library


_library: ctypes.CDLL | None = None


def _load() -> ctypes.CDLL:
    global _library
    if _library is None:
        loaded = _open_loaded()
        if loaded is None:
            ctypes.CDLL(str(build()), mode=ctypes.RTLD_GLOBAL)
            loaded = _open_loaded()
        if loaded is None or not hasattr(loaded, "standin_configure"):
            raise RuntimeError(f"another {SONAME} is loaded in this process")
        _declare(loaded)
        _library = loaded
    return _library


def _open_loaded() -> ctypes.CDLL | None:
    """What a launcher's own dlopen(SONAME) would be given, if it is loaded already."""
    try:
        return ctypes.CDLL(SONAME, mode=os.RTLD_NOLOAD | os.RTLD_NOW | os.RTLD_GLOBAL)
    except OSError:
        return None


def _declare(library: ctypes.CDLL) -> None:
    integer, pointer, size, text = ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p
    integers = ctypes.POINTER(integer)
    for name, result, arguments in (
        ("standin_configure", integer, [integers, integers, integer, integer, integer]),
        ("standin_reset", None, []),
        ("standin_fail", integer, [text, integer, integer, integer]),
        ("standin_calls", ctypes.c_long, [text]),
        ("standin_call_name", text, [size]),
        ("standin_record", None, [integer]),
        ("standin_capture", None, [integer]),
        ("standin_pools", None, [integer]),
        ("standin_advance", None, [ctypes.c_double]),
        ("standin_hold", None, [integer]),
        ("standin_held", integer, []),
        ("standin_primary_context", pointer, [integer]),
        ("standin_create_context", pointer, [integer]),
        ("standin_current_context", pointer, []),
        ("standin_push_context", integer, [pointer]),
        ("standin_pop_context", pointer, []),
        ("standin_clear_contexts", None, []),
        ("standin_bind_stream", integer, [pointer, pointer]),
        ("standin_launch_count", size, []),
        ("standin_launch_json", size, [size, text, size]),
        ("standin_allocation_count", size, []),
        ("standin_allocation_json", size, [size, text, size]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments


def _known(handle: int | None, what: str) -> int:
    if not handle:
        raise ValueError(f"the stand-in driver has no {what}")
    return handle


def _read(write: Any, index: int) -> str:
    length = write(index, None, 0)
    text = ctypes.create_string_buffer(length + 1)
    write(index, text, length + 1)
    return text.value.decode("ascii")
