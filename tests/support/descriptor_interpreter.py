"""The cases of `descriptors` in Triton's interpreter, on the CPU, when run as a program.

Blocks, options and grids are those of the declarations.
"""

from __future__ import annotations

import inspect
import os
from typing import Any

os.environ["TRITON_INTERPRET"] = "1"  # before the kernels are imported

import numpy as np
import torch
from triton.tools.tensor_descriptor import TensorDescriptor

import tests.kernels.descriptors  # noqa: F401
from codegen.model.declaration import DECLARATIONS, Declaration
from codegen.model.descriptors import DescriptorType, parse_parameter_type
from tests.support.descriptors import CASES, Case, Strided

ALIGNMENT = 64


def check(case: Case, declaration: Declaration) -> None:
    """Run the kernel on a case's tensors, and compare every storage."""
    kernel: Any = declaration.kernel
    arguments, expected = case.make(np.random.default_rng(0))
    fixed = {n: v for n, v in declaration.constexprs.items() if not isinstance(v, list)}
    names = [name for name in inspect.signature(kernel.fn).parameters if name not in fixed]
    given = {**dict(zip(names, arguments, strict=True)), **fixed}
    storages = {}
    for index, argument in enumerate(arguments):
        if isinstance(argument, Strided):
            storages[index] = aligned(argument.storage)
            of = parse_parameter_type(declaration.types[names[index]].partition("|")[0])
            given[names[index]] = passed(storages[index], argument, of, given)
    assert callable(declaration.grid)
    grid = declaration.grid(*(given[n] for n in inspect.signature(declaration.grid).parameters))
    kernel[grid](**given)
    for index, storage in storages.items():
        before = arguments[index]
        assert isinstance(before, Strided)
        if index in expected:
            case.check(index, expected[index], storage)
        else:
            np.testing.assert_array_equal(storage, before.storage)


def passed(storage: Any, argument: Strided, of: Any, given: dict[str, Any]) -> Any:
    """A tensor, or its descriptor."""
    whole = torch.from_numpy(storage)
    typed = whole.view(torch.bfloat16) if argument.dtype else whole
    tensor = torch.as_strided(typed, argument.shape, argument.strides, argument.offset)
    if not isinstance(of, DescriptorType):
        return tensor
    block = list(of.bound({n: v for n, v in given.items() if n.isupper()}).block)
    return TensorDescriptor.from_tensor(tensor, block, of.padding, of.tf32)


def aligned(storage: Any) -> Any:
    """A copy that begins where a device's allocation could."""
    room = np.zeros(storage.nbytes + ALIGNMENT, np.uint8)
    start = -room.ctypes.data % ALIGNMENT
    copy = room[start : start + storage.nbytes].view(storage.dtype)
    copy[:] = storage
    return copy


if __name__ == "__main__":
    by_name = {declaration.name.rpartition(".")[2]: declaration for declaration in DECLARATIONS}
    for each in CASES:
        check(each, by_name[each.function])
        print(each.name)
