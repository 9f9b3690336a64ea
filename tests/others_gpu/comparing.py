"""Whether two sets of results agree."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from .cases import APART, EXACT, TOLERANCES, Call, Case, Off
from .running import entry_of


def error(actual: torch.Tensor, expected: torch.Tensor) -> float:
    """How far one is from the other, relative to the norm of the other."""
    assert actual.shape == expected.shape
    wide = expected.double()
    difference = torch.linalg.norm((actual.double() - wide).flatten())
    return float(difference / torch.linalg.norm(wide.flatten()).clamp(min=1e-300))


def compare_with_float64(case: Case, call: Call) -> None:
    """What the wrapper left in the call's tensors, with what it has to be."""
    tensors = call.tensors()
    for name, given in call.expected.items():
        off = given if isinstance(given, Off) else Off(given)
        actual = tensors[name] if off.of is None else off.of()
        limit = TOLERANCES[actual.dtype] if off.tolerance is None else off.tolerance
        found = error(actual, off.expected)
        print(f"{case.name} {name}: {found:.1e} of {limit:.0e} from float64")
        assert found <= limit, f"{case.name}: {name} is off by {found:.1e}"


def compare_with_each_other(case: Case, call: Call, other: Call) -> None:
    """What the wrapper left in its tensors, with what Triton's JIT left in its own."""
    _check_names(case, call)
    tensors, others = call.tensors(), other.tensors()
    written = _written(case)
    for name, actual in tensors.items():
        expected = others[name]
        if torch.equal(_bytes(actual), _bytes(expected)):
            found = 0.0
        elif actual.is_floating_point():
            found = error(actual, expected)
        else:
            found = error(actual.float(), expected.float())
        limit = call.apart.get(name, APART.get(actual.dtype, EXACT))
        if name in written or name in call.expected:
            print(f"{case.name} {name}: {found:.1e} of {limit:.0e} from Triton's JIT")
            assert not _poisoned(actual), f"{case.name}: of {name} not everything was written"
        assert found <= limit, f"{case.name}: {name} is {found:.1e} from what Triton's JIT made"


def _written(case: Case) -> set[str]:
    """The pointers that the kernel writes through, by the manifest."""
    pointers: Mapping[str, str] = entry_of(case)["pointers"]
    return {name for name, use in pointers.items() if use in ("out", "inout")}


def _check_names(case: Case, call: Call) -> None:
    unknown = {*call.apart, *call.expected} - set(call.tensors())
    assert not unknown, f"{case.name}: there is no tensor {', '.join(unknown)}"


def _bytes(tensor: torch.Tensor) -> torch.Tensor:
    """Its bytes, in which NaN equals itself."""
    return tensor.contiguous().reshape(-1).view(torch.uint8)


def _poisoned(tensor: torch.Tensor) -> bool:
    return tensor.is_floating_point() and bool(torch.isnan(tensor.float()).any())
