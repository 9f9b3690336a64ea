"""What Triton's own wrappers hand to a kernel: they run as they are, and the launch is recorded."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from triton.runtime.autotuner import Autotuner, Config
from triton.runtime.jit import JITFunction

from codegen.model.dtypes import parse_type
from codegen.model.kernel import Kernel, Variant
from codegen.model.options import Options

from .calls import tensor

LABELS = {"fp16": "float16", "bf16": "bfloat16", "fp32": "float32", "i8": "int8"}


@dataclass(frozen=True)
class Array:
    """A tensor argument: as Triton's heuristics see it, and as a generated function does."""

    name: str = "fp32"
    shape: tuple[int, ...] = (8,)
    address: int = 0x7F0000001000

    @property
    def dtype(self) -> object:
        """torch's where there is torch, else what prints like it."""
        label = LABELS[self.name]
        return getattr(sys.modules.get("torch"), label, f"torch.{label}")

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def element_size(self) -> int:
        return parse_type(f"*{self.name}").dtype.size

    def data_ptr(self) -> int:
        return self.address

    def passed(self) -> Any:
        return tensor(*self.shape, dtype=self.name, address=self.address)


class Found(dict[tuple[Any, ...], Config]):
    """A tuner's cache that has the first configuration for each key that it does not have.

    Its keys may lack the dtypes that Triton's keys end with.
    """

    def __init__(self, tuner: Autotuner, rows: Mapping[tuple[Any, ...], Config]) -> None:
        super().__init__(rows)
        self._tuner = tuner

    def __contains__(self, key: object) -> bool:
        return True

    def __getitem__(self, key: tuple[Any, ...]) -> Config:
        default = self._tuner.configs[0]
        return self.get(key) or self.get(key[: len(self._tuner.keys)], default)


def launched(kernel: Any, arguments: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """The keyword arguments with which the JIT function itself is launched."""
    inner = kernel
    while not isinstance(inner, JITFunction):
        inner = inner.fn
    seen: list[dict[str, Any]] = []
    inner.run = lambda *args, **kwargs: seen.append(kwargs)
    try:
        kernel.run(*arguments.values(), grid=(1,), warmup=False, **more)
    finally:
        del inner.run
    (found,) = seen
    return found


def differences(kernel: Kernel, variant: Variant, expected: Mapping[str, Any]) -> dict[str, Any]:
    """Where a variant is not what the JIT was given: (what it is, what was given)."""
    found = {**variant.constexprs}
    found |= {entry.name: getattr(variant.options, entry.name) for entry in fields(Options)}
    return {
        name: (found[name], value)
        for name, value in expected.items()
        if name in found and (found[name] != value or type(found[name]) is not type(value))
    }


def passed(arguments: Mapping[str, Any]) -> list[Any]:
    """The arguments as a generated function takes them."""
    return [value.passed() if isinstance(value, Array) else value for value in arguments.values()]


def plain(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with a dtype and an address for each tensor."""
    return {
        name: (value.name, value.address) if isinstance(value, Array) else value
        for name, value in arguments.items()
    }
