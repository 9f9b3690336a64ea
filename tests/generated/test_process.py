"""What a process does with a library: loads in several threads, forks, unloading."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from tests.support import made, standin
from tests.support.places import REPOSITORY

KERNELS = """
@export("process.one", types={"x": "*fp32", "n": "i32"}, grid=lambda n: (n, 1))
@triton.jit
def one(x, n):
    tl.store(x, n)


@export("process.two", types={"x": "*fp32", "n": "i32"}, grid=lambda n: (n, 2))
@triton.jit
def two(x, n):
    tl.store(x, n)


@export(
    "process.wide",
    types={"x": "*fp32", "n": "i32"},
    grid=lambda n: (n * sm_count(), 1),
)
@triton.jit
def wide(x, n):
    tl.store(x, n)
"""
PRELUDE = """
import ctypes, gc, os, sys, threading, time
from tests.support import standin
standin.install([90, 90])
library, plugin, folder = sys.argv[1:]
sys.path.insert(0, folder)

def is_mapped(path):
    return any(path in line for line in open("/proc/self/maps"))

def refusal(function, *arguments):
    try:
        function(*arguments)
    except Exception as error:
        return f"{type(error).__name__}: {error}".partition(chr(10))[0]

def loading(function, *arguments):
    standin.hold(1)
    thread = threading.Thread(target=function, args=arguments)
    thread.start()
    while standin.held() == 0:
        time.sleep(0.001)
    return thread

def in_child(*functions):
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        import signal
        signal.alarm(20)
        for function in functions:
            print(function())
        sys.stdout.flush()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
"""
FORKED = (
    "RuntimeError: process.one: cannot launch: this process is a fork of one that had started "
    "CUDA, and cannot use it; start it with spawn instead, or make the first call behind the fork\n"
)
GRID = "ValueError: process.{}: the launch grid (-1, {}, 1) must have x between 0 and 2147483647\n"


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The package's own library, one that is built as by hand, and where the package is."""
    library = made.library(tmp_path_factory.mktemp("process"), KERNELS)
    plugin = library.folder.parent / "plugin.so"
    sources = list(library.folder.rglob("*.c"))
    subprocess.run(
        ["gcc", "-std=c99", "-O1", "-fPIC", "-shared", *map(str, sources), "-o", str(plugin)]
        + ["-ldl", "-lm", "-lpthread"],
        cwd=library.folder,
        check=True,
    )
    return [str(library.path), str(plugin), str(library.folder.parent)]


def run(places: list[str], source: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(source), *places],
        env={**standin.environment([90, 90]), **environment},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("call", ["one", "tvm_ffi.get_global_func('process.one')"])
@pytest.mark.parametrize("releases", "01")
def test_a_load_is_waited_for_by_those_alone_who_need_it(
    places: list[str], call: str, releases: str
) -> None:
    """By the same image, and without Python's lock, even where TVM FFI keeps it in calls."""
    source = f"""
        import tvm_ffi
        from made.made import one, two
        from tests.support.library_tensor import ViewedTensor
        import numpy as np
        first = loading({call}, 4096, 3)
        two(4096, 3)
        print(refusal(one, 4096, -1))
        print(refusal({call}, 4096, -1))
        print(refusal(two, ViewedTensor(np.zeros(3, np.float32)), -1) is not None)
        second = threading.Thread(target={call}, args=(4096, 4))
        second.start()
        time.sleep(0.1)
        print(first.is_alive(), second.is_alive(), len(standin.launches()))
        standin.hold(0)
        first.join()
        second.join()
        print(standin.calls("cuLibraryLoadData"), len(standin.launches()))
    """
    refused = GRID.format("one", 1)
    expected = f"{refused}{refused}True\nTrue True 1\n2 3\n"
    assert run(places, source, TVM_FFI_RELEASE_GIL_BY_DEFAULT=releases) == expected


def test_another_device_loads_for_itself(places: list[str]) -> None:
    source = """
        from made.made import one
        from tests.support.fake_tensor import FakeTensor
        import numpy as np
        a, b = (FakeTensor(np.zeros(64, np.float32), device=device) for device in (0, 1))
        threads = [threading.Thread(target=one, args=(x, n)) for x in (a, b) for n in range(1, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(standin.calls("cuLibraryLoadData"), standin.calls("cuKernelGetFunction"))
        print(sorted((launch.device, launch.grid[0]) for launch in standin.launches()))
    """
    launches = [(device, n) for device in (0, 1) for n in range(1, 9)]
    assert run(places, source) == f"1 2\n{launches}\n"


def test_a_fork_while_another_thread_loads(places: list[str]) -> None:
    source = """
        from made.made import one, two, wide
        first = loading(one, 4096, 3)
        in_child(
            lambda: refusal(one, 4096, 3),
            lambda: refusal(one, 4096, -1),
            lambda: refusal(one, 4097, 3),
            lambda: refusal(one, 4096, 2**31),
            lambda: refusal(wide, 4097, 3),
            lambda: refusal(one, 4096, 0),
        )
        standin.hold(0)
        first.join()
        two(4096, 3)
        print(len(standin.launches()))
    """
    name = "process.one argument"
    aligned = "must be aligned to the 4 bytes of its elements, got the address 0x1001\n"
    assert run(places, source) == (
        f"{FORKED}{GRID.format('one', 1)}ValueError: {name} #0 `x` {aligned}"
        f"ValueError: {name} #1 `n` must be an i32-range integer, got 2147483648\n"
        f"ValueError: process.wide argument #0 `x` {aligned}None\n2\n"
    )


def test_a_fork_of_a_process_that_had_started(places: list[str]) -> None:
    """Its own forks too; one of a process that had not may start CUDA."""
    source = """
        from made import prepare
        from made.made import one, two
        in_child(lambda: one(4096, 3), lambda: two(4096, 3), lambda: len(standin.launches()))
        launch = prepare(one, 4096, 3)
        in_child(
            lambda: refusal(launch),
            lambda: refusal(prepare, one, 4096, 3),
            lambda: in_child(lambda: refusal(one, 4096, 3)),
        )
        launch()
        print(len(standin.launches()))
    """
    assert run(places, source) == f"None\nNone\n2\n{FORKED}{FORKED}{FORKED}None\n1\n"


def test_a_fork_of_a_process_in_which_others_had_started_cuda(places: list[str]) -> None:
    source = """
        from made.made import one
        standin.fail("cuInit", 3, count=None)
        print(refusal(one, 4096, 3))
    """
    assert run(places, source) == (
        "RuntimeError: process.one: cuInit failed: CUDA_ERROR_NOT_INITIALIZED (3): initialization "
        "error; so it is in a fork of a process that had started CUDA: start it with spawn "
        "instead, or make the first call behind the fork\n"
    )


def test_what_failed_to_start_is_tried_again_in_a_fork(places: list[str]) -> None:
    source = """
        from made.made import one
        standin.fail("cuInit", 100)
        print(refusal(one, 4096, 3))
        in_child(lambda: one(4096, 3), lambda: len(standin.launches()))
    """
    failed = "RuntimeError: process.one: cuInit failed: CUDA_ERROR_NO_DEVICE (100): "
    out = run(places, source).splitlines()
    assert (out[0].startswith(failed), out[1:]) == (True, ["None", "1"])


DLCLOSE = """
import _ctypes
handle = ctypes.CDLL(plugin)
{then}
_ctypes.dlclose(handle._handle)
print(is_mapped(plugin))
in_child(lambda: "child")
"""


def test_what_has_registered_nothing_is_unloaded(places: list[str]) -> None:
    launch = "handle.one_launch(None, ctypes.c_void_p(4096), 3)"
    assert run(places, DLCLOSE.format(then=launch)) == "False\nchild\n"


def test_what_has_registered_stays(places: list[str]) -> None:
    source = "import tvm_ffi\n" + DLCLOSE.format(then="")
    source += "tvm_ffi.get_global_func('process.one')(4096, 3)\nprint(len(standin.launches()))\n"
    assert run(places, source) == "True\nchild\n1\n"


def test_what_is_bound_stays(places: list[str]) -> None:
    bind = """
def one(x, n, stream=None):
    pass
bind = ctypes.PyDLL(plugin)["tritonbind.one.bind"]
bind.restype, bind.argtypes = ctypes.c_void_p, [ctypes.py_object] * 3
bound = ctypes.cast(bind(one, ("x", "n", "stream"), (None,)), ctypes.py_object).value
_ctypes.dlclose(handle._handle)
"""
    source = DLCLOSE.format(then=bind)
    source += "assert 'tvm_ffi' not in sys.modules\n"
    source += "bound(4096, 3, 0)\nprint(refusal(bound, 4096, -1, 0), len(standin.launches()))\n"
    assert run(places, source) == f"True\nchild\n{GRID.format('one', 1)[:-1]} 1\n"


def test_what_a_prepared_launch_needs_stays(places: list[str]) -> None:
    """Where nothing was registered, as the library came before TVM FFI."""
    source = """
        import _ctypes
        handle = ctypes.CDLL(plugin)
        import tvm_ffi
        module = tvm_ffi.load_module(plugin, keep_module_alive=False)
        launch = module["one.prepare"](4096, 3)
        del module
        gc.collect()
        _ctypes.dlclose(handle._handle)
        assert tvm_ffi.get_global_func("process.one", allow_missing=True) is None
        print(is_mapped(plugin))
        launch()
        print(len(standin.launches()))
        del launch
    """
    assert run(places, source) == "True\n1\n"
