"""What `torch.cuda` says of a GPU that is not there. This patches torch and never imports it."""

from __future__ import annotations

import contextlib
import importlib.abc
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from codegen.model.devices import Device
from codegen.model.sm_count import SmCount
from codegen.read.offline.answers import Answers, refuse


class DeviceProperties:
    """What torch's class of this name has, as far as a data sheet says it."""

    def __init__(self, device: Device) -> None:
        self.name = device.name
        self.major, self.minor = device.version
        self.multi_processor_count = SmCount(device.sm_count)
        self.total_memory = device.memory
        self.L2_cache_size = device.l2
        self.max_threads_per_multi_processor = device.threads_per_sm
        self.regs_per_multiprocessor = 65536
        self.shared_memory_per_block = 48 << 10
        self.shared_memory_per_block_optin = device.shared_optin
        self.shared_memory_per_multiprocessor = device.shared_per_sm
        self.clock_rate = device.clock
        self.memory_clock_rate = device.memory_clock
        self.memory_bus_width = device.bus_width
        self.warp_size = 32
        self.is_integrated = int(device.is_integrated)
        self.is_multi_gpu_board = 0
        self.gcnArchName = device.name


@contextlib.contextmanager
def torch_answers(answers: Answers) -> Iterator[None]:
    """Meanwhile torch knows one GPU, the one of `answers`; also a torch that is imported then."""
    replaced: list[tuple[Any, str, Any]] = []
    meanwhile = contextlib.ExitStack()

    def replace(torch: Any) -> None:
        meanwhile.enter_context(_on_cpu(torch))
        for name, replacement in _replacements(answers).items():
            # By these names the functions are known in grids and heuristics.
            replacement.__module__, replacement.__name__ = "torch.cuda", name
            replaced.append((torch.cuda, name, getattr(torch.cuda, name)))
            setattr(torch.cuda, name, replacement)
        if torch.version.cuda is None:  # packages compare it with strings
            replaced.append((torch.version, "cuda", None))
            torch.version.cuda = _CUDA
        for name in _RAW:  # which a torch that was built without CUDA lacks
            replaced.append((torch._C, name, getattr(torch._C, name, _MISSING)))
            setattr(torch._C, name, lambda device: _DEFAULT_STREAM)

    finder = _Finder(replace)
    loaded = sys.modules.get("torch")
    if loaded is not None:
        replace(loaded)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        meanwhile.close()
        for owner, name, value in replaced:
            if value is _MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, value)


def _on_cpu(torch: Any) -> Any:
    """Tensors that a package keeps on the GPU, such as a table, are on the CPU meanwhile."""

    def moved(value: object) -> object:
        is_device = isinstance(value, (str, torch.device)) and str(value).startswith("cuda")
        return torch.device("cpu") if is_device else value

    class OnCpu(torch.overrides.TorchFunctionMode):  # type: ignore[misc]
        def __torch_function__(
            self,
            function: Any,
            types: object,
            given: tuple[object, ...] = (),
            named: Mapping[str, object] | None = None,
        ) -> object:
            named = dict(named or {})
            if function is torch.Tensor.cuda:
                return given[0]
            if function is torch.device:  # of a number alone, one of the accelerator's
                is_number = len(given) == 1 and isinstance(given[0], int)
                return function(*["cuda"] * is_number, *given, **named)
            if "device" in named:
                is_number = isinstance(named["device"], int)
                named["device"] = moved("cuda" if is_number else named["device"])
            if function is torch.Tensor.to:
                given = tuple(map(moved, given))
            return function(*given, **named)

    return OnCpu()


_CUDA = "13.0"  # of torch's own packages for CUDA
_RAW = ("_cuda_getCurrentRawStream",)
_MISSING = object()
_DEFAULT_STREAM = 0  # what a package that keeps it at import gets of a GPU, too


def _replacements(answers: Answers) -> dict[str, Any]:
    """The functions of `torch.cuda` that answer without a GPU; the others start with the last."""
    return {
        "is_available": lambda: True,
        "device_count": lambda: 1,
        "current_device": lambda: 0,
        "set_device": lambda device: None,
        "get_device_capability": lambda device=None: answers.ask().version,
        "get_device_name": lambda device=None: answers.ask().name,
        "get_device_properties": lambda device=None: DeviceProperties(answers.ask()),
        "get_arch_list": lambda: [f"sm_{answers.ask().capability}"],
        "is_bf16_supported": lambda including_emulation=True: (
            answers.ask().capability >= 80 or including_emulation
        ),
        "_lazy_init": lambda: refuse("torch.cuda"),
    }


class _Finder(importlib.abc.MetaPathFinder):
    """Waits for the import of torch."""

    def __init__(self, on_torch: Any) -> None:
        self._on_torch = on_torch

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "torch":
            return None
        others = [finder for finder in sys.meta_path if finder is not self]
        found = (finder.find_spec(name, path, target) for finder in others)
        specification = next((spec for spec in found if spec is not None), None)
        loader: Any = specification and specification.loader
        if loader is None:
            return None
        execute = loader.exec_module

        def then_replace(module: ModuleType) -> None:
            del loader.exec_module
            execute(module)
            self._on_torch(module)

        loader.exec_module = then_replace
        return specification
