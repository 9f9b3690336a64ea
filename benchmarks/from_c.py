"""Bursts from C: the driver alone, which is the floor, and the generated functions."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import cases
from benchmarks.cases import CASES, Burst, Case

FLOOR = "cuLaunchKernel, a loop in C"


class Loops:
    """The compiled loops."""

    def __init__(self) -> None:
        folder = Path(tempfile.mkdtemp())
        (folder / "plain.c").write_text(_HEAD + "".join(map(_plain_burst, CASES)))
        include = f"-I{cases.library().parent.parent}"
        flags = ["-std=c99", "-O2", "-fPIC", "-shared", include]
        sources = [str(Path(__file__).parent / "launch_loop.c"), str(folder / "plain.c")]
        found = cases.library()
        link = [f"-L{found.parent}", f"-l:{found.name}", f"-Wl,-rpath,{found.parent}", "-ldl"]
        target = folder / "loops.so"
        subprocess.run(["cc", *flags, *sources, "-o", str(target), *link], check=True)
        self.library = ctypes.CDLL(str(target))
        self.generated = ctypes.CDLL(str(found))

    def bursts(self, case: Case, addresses: Sequence[int], stream: int) -> dict[str, Burst]:
        """Those of one kernel."""
        return {
            FLOOR: self._raw(case, addresses, stream),
            "generated, plain C": self._plain(case, addresses, stream),
            "generated, SafeCall from C": self._safe_call(case, addresses, stream),
            "prepared, from C": self._prepared(case, addresses, stream),
        }

    def _raw(self, case: Case, addresses: Sequence[int], stream: int) -> Burst:
        load = self.library.load_kernel
        load.restype = ctypes.c_void_p
        kernel = ctypes.c_void_p(load(case.content, case.image["symbol"].encode()))
        assert kernel, "the cubin cannot be loaded"
        kinds = [ctypes.c_uint64] * case.tensors
        kinds += [ctypes.c_int32] * case.ints + [ctypes.c_float] * case.floats
        values = [kind(value) for kind, value in zip(kinds, case.taken(addresses), strict=True)]
        values += [ctypes.c_uint64(0)] * 2
        pointers = (ctypes.c_void_p * len(values))(*map(ctypes.addressof, values))
        threads = 32 * case.image["num_warps"]
        given = (kernel, case.programs, threads, ctypes.c_void_p(stream), pointers)
        return self._timed("raw_burst", given, [values, case])

    def _plain(self, case: Case, addresses: Sequence[int], stream: int) -> Burst:
        pointers = (ctypes.c_void_p * max(1, case.tensors))(*addresses)
        return self._timed(f"plain_{case.symbol}", (ctypes.c_void_p(stream), pointers), [])

    def _safe_call(self, case: Case, addresses: Sequence[int], stream: int) -> Burst:
        values = [*addresses, *case.scalars, stream]
        packed = (_Any * len(values))(*map(_any, values))
        call = ctypes.cast(self.generated[f"__tvm_ffi_{case.symbol}"], ctypes.c_void_p)
        return self._timed("safe_call_burst", (call, packed, len(values)), [])

    def _prepared(self, case: Case, addresses: Sequence[int], stream: int) -> Burst:
        prepare = self.library[f"prepare_{case.symbol}"]
        prepare.restype = ctypes.c_void_p
        prepared = prepare((ctypes.c_void_p * max(1, case.tensors))(*addresses))
        assert prepared, "the launch cannot be prepared"
        launch = ctypes.cast(self.generated.tritonbind_launch_prepared, ctypes.c_void_p)
        given = (launch, ctypes.c_void_p(prepared), ctypes.c_void_p(stream))
        return self._timed("prepared_burst", given, [])

    def _timed(self, name: str, given: tuple[Any, ...], alive: list[Any]) -> Burst:
        function = self.library[name]
        function.restype = ctypes.c_double

        def burst(count: int) -> float:
            seconds = float(function(*given, count))
            assert seconds >= 0 and alive is not None, "a launch failed"
            return seconds

        return burst


class _Any(ctypes.Structure):
    _fields_ = (
        ("type_index", ctypes.c_int32),
        ("padding", ctypes.c_uint32),
        ("value", ctypes.c_int64),
    )


def _any(value: int | float) -> _Any:
    if isinstance(value, float):
        return _Any(3, 0, ctypes.c_int64.from_buffer(ctypes.c_double(value)).value)
    return _Any(1, 0, value)


_HEAD = """\
#define _POSIX_C_SOURCE 200809L
#include "launches.h"
#include <stddef.h>
#include <time.h>
static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
"""


def _plain_burst(case: Case) -> str:
    """C functions that launch the kernel often, and that prepare its launch."""
    pointers = [f"p[{i}]" for i in range(case.tensors)]
    listed = ", ".join([*pointers, *map(str, case.scalars)])
    passed = f", {listed}" if listed else ""
    return f"""
double plain_{case.symbol}(void *stream, void *const *p, int count)
{{
    double start = seconds();
    for (int i = 0; i < count; i++)
        if ({case.symbol}_launch(stream{passed}) != TRITONBIND_OK)
            return -1;
    (void)p;
    return (seconds() - start) / count;
}}
void *prepare_{case.symbol}(void *const *p)
{{
    tritonbind_prepared *prepared = NULL;
    (void)p;
    (void){case.symbol}_launch_later(&prepared{passed});
    return prepared;
}}
"""
