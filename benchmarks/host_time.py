"""Host time per launch of the solve: generated function against the JIT and the driver's floor.

Every contender launches the same kernel on the same tensors. Rounds are interleaved, each a burst
short enough not to fill the launch queue; the figure is the median over rounds.
"""

from __future__ import annotations

import ctypes
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from generated import _library
from generated.qwen35 import gated_delta_rule as generated
from kernels.qwen35 import gated_delta_rule as kernels

ROOT = Path(__file__).parent.parent
SOLVE = "pegainfer.triton_cubin.qwen35.gated_delta_rule_chunk_solve"
BURST, ROUNDS = 200, 60
TOKENS, HEADS = 64, 1


def host_times() -> dict[str, float]:
    """Microseconds per launch of each contender."""
    a_tril = torch.zeros(TOKENS, HEADS, 64, device="cuda")
    a_inv = torch.empty(TOKENS, HEADS, 64, device="cuda", dtype=torch.bfloat16)
    contenders = _c_loops(a_tril, a_inv)
    contenders |= {
        "generated, from Python, torch tensors": _python_loop(
            lambda: generated.gated_delta_rule_chunk_solve(a_tril, a_inv, TOKENS, HEADS)
        ),
        "generated, from Python, addresses and stream": _address_loop(a_tril, a_inv),
        "Triton JIT, kernel[grid](...)": _python_loop(_jit_call(a_tril, a_inv)),
    }
    samples: dict[str, list[float]] = {name: [] for name in contenders}
    for round_ in range(ROUNDS + 5):
        for name, run in contenders.items():
            torch.cuda.synchronize()
            seconds = run()
            if round_ >= 5:
                samples[name].append(1e6 * seconds)
    torch.cuda.synchronize()
    return {name: statistics.median(values) for name, values in samples.items()}


def _python_loop(call: Callable[[], object]) -> Callable[[], float]:
    def run() -> float:
        start = time.perf_counter()
        for _ in range(BURST):
            call()
        return (time.perf_counter() - start) / BURST

    return run


def _address_loop(a_tril: torch.Tensor, a_inv: torch.Tensor) -> Callable[[], float]:
    solve = generated.gated_delta_rule_chunk_solve
    addresses = a_tril.data_ptr(), a_inv.data_ptr()
    stream = torch.cuda.current_stream().cuda_stream
    return _python_loop(lambda: solve(*addresses, TOKENS, HEADS, stream))


def _jit_call(a_tril: torch.Tensor, a_inv: torch.Tensor) -> Callable[[], object]:
    entry = _manifest()[SOLVE]
    kernel = kernels.solve[1, HEADS]
    given = entry["variants"]["aligned"]["options"]
    options = {name: given[name] for name in ("num_warps", "num_stages")}
    return lambda: kernel(a_tril, a_inv, TOKENS, HEADS, **options)


def _c_loops(a_tril: torch.Tensor, a_inv: torch.Tensor) -> dict[str, Callable[[], float]]:
    loops = _build_loops()
    library = ctypes.CDLL(str(_library.path()))
    major, minor = torch.cuda.get_device_capability()
    image = _manifest()[SOLVE]["variants"]["aligned"]["images"][f"sm_{major}{minor}"]
    content = (ROOT / "generated" / image["file"]).read_bytes()
    kernel = loops.load_kernel(content, image["symbol"].encode())
    assert kernel, "the cubin cannot be loaded"
    pointers = [ctypes.c_void_p(tensor.data_ptr()) for tensor in (a_tril, a_inv)]
    stream = ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)
    threads, shared = 32 * image["num_warps"], image["shared"]
    common = [stream, *pointers, TOKENS, HEADS, BURST]
    plain_c = library.gated_delta_rule_chunk_solve_launch
    safe_call = library.__getitem__("__tvm_ffi_gated_delta_rule_chunk_solve")
    return {
        "cuLaunchKernel, a loop in C": lambda: _checked(
            loops.raw_loop(ctypes.c_void_p(kernel), 1, HEADS, threads, shared, *common)
        ),
        "generated, plain C": lambda: _checked(loops.plain_c_loop(plain_c, *common)),
        "generated, SafeCall from C": lambda: _checked(loops.safe_call_loop(safe_call, *common)),
    }


def _checked(seconds: float) -> float:
    assert seconds > 0, "a launch failed"
    return seconds


def _build_loops() -> ctypes.CDLL:
    target = Path(tempfile.mkdtemp()) / "launch_loop.so"
    source = Path(__file__).parent / "launch_loop.c"
    flags = ["-std=c99", "-O2", "-fPIC", "-shared"]
    subprocess.run(["cc", *flags, str(source), "-o", str(target), "-ldl"], check=True)
    loops = ctypes.CDLL(str(target))
    loops.load_kernel.restype = ctypes.c_void_p
    for name in ("raw_loop", "plain_c_loop", "safe_call_loop"):
        getattr(loops, name).restype = ctypes.c_double
    return loops


def _manifest() -> dict[str, Any]:
    functions: dict[str, Any] = json.loads((ROOT / "generated" / "MANIFEST.json").read_text())[
        "functions"
    ]
    return functions
