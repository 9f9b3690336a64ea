"""What the generator finds that kernels read and write, and what they change when interpreted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from codegen.compile.processes import compile_all
from codegen.model.declaration import Declaration
from codegen.model.image import Compiled
from codegen.model.pointer_uses import PointerUses
from codegen.model.request import CompileRequest
from codegen.model.targets import Target
from codegen.read.introspect import introspect
from tests.support.interpreter import HostTensor, launch

SM_80 = Target(80)


def compiled_uses(
    root: Path, file: str, target: Target = SM_80, only: tuple[str, ...] = ()
) -> dict[str, dict[str, PointerUses]]:
    """Of the kernels of a file, by their last name, the uses of each variant."""
    requests = [
        CompileRequest(str(root), file, kernel.name, variant, target, variant.label)
        for kernel in introspect(root, file)
        for variant in kernel.specialisation.variants
        if variant.label.endswith("generic") and (not only or kernel.symbol in only)
    ]
    found: dict[str, dict[str, PointerUses]] = {}
    for request, result in zip(requests, compile_all(requests, 2), strict=True):
        assert isinstance(result, Compiled), result
        name = request.kernel.rpartition(".")[2]
        found.setdefault(name, {})[request.variant.label] = result.uses
    return found


def changed_by(
    declaration: Declaration,
    tensors: Mapping[str, np.ndarray],
    others: Mapping[str, object],
    not_read: Mapping[str, np.ndarray],
) -> set[str]:
    """The tensors that an interpreted launch changes.

    `not_read` has other contents for some of them, with which a second launch must do the same.
    """
    first = {name: HostTensor(array.copy()) for name, array in tensors.items()}
    second = {name: HostTensor(not_read.get(name, array).copy()) for name, array in tensors.items()}
    launch(declaration, {**first, **others})
    launch(declaration, {**second, **others})
    changed = set()
    for name, before in tensors.items():
        one, two = _bytes(first[name].array), _bytes(second[name].array)
        places = one != _bytes(before)
        places |= two != _bytes(not_read.get(name, before))
        assert np.array_equal(one[places], two[places]), f"{name} depends on what is not read"
        if places.any():
            changed.add(name)
    return changed


def _bytes(array: np.ndarray) -> np.ndarray:
    """An element a row."""
    return np.ascontiguousarray(array).reshape(-1).view(np.dtype((np.void, array.itemsize)))
