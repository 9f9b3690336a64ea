"""What a case says of a kernel's call, and the makers of inputs that the cases share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
EPSILON = 1e-6
SMS = torch.cuda.get_device_properties(0).multi_processor_count if DEVICE == "cuda" else 132
fp16, bf16, fp32, fp64 = torch.float16, torch.bfloat16, torch.float32, torch.float64

# How far a result may be from float64, relative to the norm of the whole. A 16-bit result is
# rounded once or twice: by up to 2**-9 in bf16 and 2**-11 in fp16, each about half of that in the
# mean. PRODUCT is for bf16 factors that are multiplied and summed in bf16.
TOLERANCES = {fp32: 1e-5, bf16: 4e-3, fp16: 1e-3}
EXACT, PRODUCT = 0.0, 1e-2

# How far what one compiler made may be from what another made of the same kernel: they may take
# sums in another order, and contract other products. What has no floats must be the same.
APART = {fp64: 1e-12, fp32: 2e-6, bf16: 1e-3, fp16: 2e-4}


@dataclass(frozen=True)
class Off:
    """What a result has to be, how far it may be from it, and what is compared in its place."""

    expected: torch.Tensor
    tolerance: float | None = None
    of: Callable[[], torch.Tensor] | None = None


@dataclass(frozen=True)
class Descriptor:
    """A tensor that a kernel takes as a TensorDescriptor; the block may be told by the META."""

    tensor: torch.Tensor
    block: Sequence[int] | Callable[[Mapping[str, Any]], Sequence[int]]


@dataclass(frozen=True)
class Call:
    """One call of a kernel, as Triton's JIT takes it.

    `arguments` has every parameter of the kernel by its name, but for what a configuration gives.
    After the call all tensors among them, and `others`, are compared with what the other compiler
    left in them, and those in `expected` with float64 or ints.
    """

    arguments: Mapping[str, Any]
    grid: tuple[int, ...] | Callable[[Mapping[str, Any]], tuple[int, ...]]
    options: Mapping[str, Any] = field(default_factory=dict)
    expected: Mapping[str, torch.Tensor | Off] = field(default_factory=dict)
    apart: Mapping[str, float] = field(default_factory=dict)
    """How far a result may be from that of the other compiler, where APART does not do."""
    others: Mapping[str, torch.Tensor] = field(default_factory=dict)
    """Tensors that are reached through addresses."""
    addresses: tuple[str, ...] = ()
    """The arguments that hold addresses, which differ from call to call and are not compared."""
    config: int = 0
    """The number of the configuration, where the caller of the wrapper picks it."""

    def tensors(self) -> dict[str, torch.Tensor]:
        """All that is compared, by name."""
        found = {}
        for name, value in self.arguments.items():
            if name not in self.addresses and isinstance(value, (torch.Tensor, Descriptor)):
                found[name] = value.tensor if isinstance(value, Descriptor) else value
        return {**found, **self.others}


@dataclass(frozen=True)
class Case:
    """Calls of one export."""

    name: str
    kernel: str
    """Where the package has it: `module:attribute`."""
    make: Callable[[], Iterable[Call]]
    project: str = "others"

    def calls(self) -> list[Call]:
        """The calls, with fresh tensors that hold the same each time."""
        torch.manual_seed(0)
        return list(self.make())


CASES: dict[str, Case] = {}


def case(
    name: str, kernel: str, project: str = "others"
) -> Callable[[Callable[[], Iterable[Call]]], Callable[[], Iterable[Call]]]:
    """Register the function below, which yields calls, as the case of this export."""

    def register(make: Callable[[], Iterable[Call]]) -> Callable[[], Iterable[Call]]:
        assert name not in CASES, f"{name} has two cases"
        CASES[name] = Case(name, kernel, make, project)
        return make

    return register


def normal(*shape: int, dtype: torch.dtype = fp32) -> torch.Tensor:
    return torch.randn(shape, device=DEVICE).to(dtype)


def integers(low: int, high: int, *shape: int, dtype: torch.dtype = torch.int64) -> torch.Tensor:
    return torch.randint(low, high, shape, device=DEVICE, dtype=dtype)


def zeros(*shape: int, dtype: torch.dtype = fp32) -> torch.Tensor:
    return torch.zeros(shape, device=DEVICE, dtype=dtype)


def poisoned(*shape: int, dtype: torch.dtype = fp32) -> torch.Tensor:
    """An output, of NaN or of 77: an element that is left out fails the comparison."""
    poison = float("nan") if dtype.is_floating_point else 77
    return torch.full(shape, poison, device=DEVICE, dtype=dtype)


def each(value: object, names: str) -> dict[str, object]:
    """One value for several parameters."""
    return dict.fromkeys(names.split(), value)
