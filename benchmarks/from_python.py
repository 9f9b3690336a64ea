"""Bursts from Python: the generated functions, called and prepared."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks import cases
from benchmarks.cases import Burst, Case


def burst_of(call: Callable[[], object]) -> Burst:
    """Calls of what takes no arguments; the loop is part of what is measured."""

    def burst(count: int) -> float:
        start = time.perf_counter()
        for _ in range(count):
            call()
        return (time.perf_counter() - start) / count

    return burst


def call_burst(function: Callable[..., object], given: Sequence[Any]) -> Burst:
    """Calls with each argument in its place, as a caller writes them: not unpacked from a list."""
    names = [f"a{i}" for i in range(len(given))]
    source = (
        f"def make(function, {', '.join(names)}):\n"
        "    def burst(count):\n"
        "        start = clock()\n"
        "        for _ in range(count):\n"
        f"            function({', '.join(names)})\n"
        "        return (clock() - start) / count\n"
        "    return burst\n"
    )
    scope: dict[str, Any] = {"clock": time.perf_counter}
    exec(source, scope)
    made: Burst = scope["make"](function, *given)
    return made


def bursts(
    case: Case, tensors: Sequence[Any], addresses: Sequence[int], stream: int
) -> dict[str, Burst]:
    """Those of one kernel, on the current stream unless it is passed."""
    import tvm_ffi

    function = getattr(cases.wrappers(), case.symbol)
    through_ffi = tvm_ffi.get_global_func(f"launches.{case.symbol}")
    given = (*tensors, *case.scalars)
    bound = {} if tensors else {"stream": stream}  # which nothing else tells
    launch = cases.package().prepare(function, *given, **bound)
    found = {
        "prepared, from Python": burst_of(launch),
        "prepared, from Python, stream passed": call_burst(launch, [stream]),
        "generated, from Python, tensors": call_burst(function, given),
        "generated, from Python, addresses and stream": call_burst(
            function, (*addresses, *case.scalars, stream)
        ),
        "generated, from Python, through TVM FFI": call_burst(through_ffi, given),
    }
    if bound:
        del (
            found["generated, from Python, tensors"],
            found["generated, from Python, through TVM FFI"],
        )
    return found
