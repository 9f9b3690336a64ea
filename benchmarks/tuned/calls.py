"""The calls that are recorded and tuned, and those at other shapes that are compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

LAYERS = ((6144, 4096), (4096, 4096), (28672, 4096), (4096, 14336))
"""Columns and depth of the products of a model."""
ROWS = (1, 16, 128, 1024, 4096)
OTHER_ROWS = (5, 24, 80, 500, 1800, 3000)
WIDTHS = (1024, 4096, 16384)
OTHER_WIDTHS = (1280, 2560, 4096, 5120, 10240)
NORM_ROWS = (512, 8192)
OTHER_NORM_ROWS = (1000, 5000)


@dataclass(frozen=True)
class Call:
    """A call of a kernel, with its tensors on the GPU."""

    name: str
    """As `matmul`."""
    key: tuple[Any, ...]
    """As Triton's autotuner makes it."""
    label: str
    arguments: tuple[Any, ...]

    def expected(self) -> Any:
        """What torch computes."""
        import torch

        if self.name == "matmul":
            a, b = self.arguments[:2]
            return a @ b
        x, weight, bias = self.arguments[:3]
        return torch.nn.functional.layer_norm(x, (x.shape[1],), weight, bias, 1e-5)

    @property
    def result(self) -> Any:
        return self.arguments[2 if self.name == "matmul" else 3]


def recorded() -> Iterator[Call]:
    yield from (_matmul(rows, *layer) for layer in LAYERS for rows in ROWS)
    yield from (_norm(rows, width) for width in WIDTHS for rows in NORM_ROWS)


def held_out() -> Iterator[Call]:
    """At shapes that no recorded call has, and none that `tritonbind tune` makes between them."""
    yield from (_matmul(rows, *layer) for layer in LAYERS for rows in OTHER_ROWS)
    yield from (_norm(rows, width) for width in OTHER_WIDTHS for rows in OTHER_NORM_ROWS)


def _matmul(rows: int, columns: int, depth: int) -> Call:
    tensors = _tensor(rows, depth), _tensor(depth, columns), _tensor(rows, columns)
    key = (rows, columns, depth, *["torch.bfloat16"] * 3)
    return Call("matmul", key, f"{rows} x {columns} x {depth}", (*tensors, rows, columns, depth))


def _norm(rows: int, columns: int) -> Call:
    x, out = _tensor(rows, columns), _tensor(rows, columns)
    key = (columns, *["torch.bfloat16"] * 4)
    arguments = (x, _tensor(columns), _tensor(columns), out, columns, 1e-5)
    return Call("layer_norm", key, f"{rows} x {columns}", arguments)


def _tensor(*shape: int) -> Any:
    import torch

    return torch.rand(*shape, device="cuda", dtype=torch.bfloat16) * 2 - 1
