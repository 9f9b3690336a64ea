"""The GPU of a target while kernel files are imported: Triton's driver and torch, without one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from triton.backends import backends
from triton.backends.nvidia.driver import CudaDriver
from triton.compiler.compiler import max_shared_mem
from triton.runtime import driver

from codegen.model.devices import device_of
from codegen.model.sm_count import SmCount
from codegen.read.offline.answers import Answers, refuse
from codegen.read.offline.torch_cuda import torch_answers

_ACTIVE = "triton.runtime.driver.active"
_OF_UTILS = (
    *("build_signature_metadata", "cuOccupancyMaxActiveClusters", "fill_tma_descriptor_im2col"),
    *("fill_tma_descriptor_tiled", "get_default_stream", "is_stream_capturing", "launch"),
    *("load_binary", "set_printf_fifo_size", "unload_module"),
)
_OF_DRIVER = (
    *("allocate_default_profile_scratch", "clear_cache", "get_current_stream"),
    *("get_empty_cache_for_benchmark", "launcher_cls"),
)


@contextlib.contextmanager
def offline(capability: int) -> Iterator[Answers]:
    """Meanwhile this process has one GPU of that capability, on any machine, to ask but not to use.

    What is yielded says whether it was asked for what differs from one SM to the other.
    """
    answers = Answers(device_of(capability))
    replacement = OfflineDriver(answers)
    with contextlib.ExitStack() as stack:
        for name, backend in backends.items():
            active = staticmethod(_yes if name == "nvidia" else _no)
            stack.enter_context(_replaced(backend.driver, "is_active", active))
        for attribute in ("_active", "_default"):
            stack.enter_context(_replaced(driver, attribute, replacement))
        stack.enter_context(torch_answers(answers))
        max_shared_mem.cache_clear()
        stack.callback(max_shared_mem.cache_clear)
        yield answers


class OfflineDriver(CudaDriver):  # type: ignore[misc]
    """Triton's driver, which refuses all that takes a GPU."""

    def __init__(self, answers: Answers) -> None:  # not super's, which compiles a C module
        self.utils = OfflineUtils(answers)
        self.get_device_capability = self.utils.get_device_capability
        self.get_current_device = self.utils.get_current_device
        self.set_current_device = self.utils.set_current_device
        for name in _OF_DRIVER:
            setattr(self, name, _refusal(f"{_ACTIVE}.{name}"))

    def get_benchmarker(self) -> Callable[..., None]:
        return _refusal("do_bench")


class OfflineUtils:
    """What `driver.active.utils` has."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        for name in _OF_UTILS:
            setattr(self, name, _refusal(f"{_ACTIVE}.utils.{name}"))

    def get_current_device(self) -> int:
        return 0

    def set_current_device(self, device: int) -> None:
        pass

    def get_device_capability(self, device: int = 0) -> tuple[int, int]:
        return self._answers.ask().version

    def get_device_properties(self, device: int = 0) -> dict[str, int]:
        found = self._answers.ask()
        return {
            "max_shared_mem": found.shared_optin,
            "max_num_regs": 65536,
            "multiprocessor_count": SmCount(found.sm_count),
            "warpSize": 32,
            "sm_clock_rate": found.clock,
            "mem_clock_rate": found.memory_clock,
            "mem_bus_width": found.bus_width,
        }


def _refusal(what: str) -> Callable[..., None]:
    return lambda *given, **named: refuse(what)


def _yes() -> bool:
    return True


def _no() -> bool:
    return False


@contextlib.contextmanager
def _replaced(owner: Any, name: str, value: object) -> Iterator[None]:
    before = vars(owner)[name]
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)
