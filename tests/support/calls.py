"""Calls of the sample's functions: good arguments, to be changed one at a time, and refusals."""

from __future__ import annotations

import functools
import importlib
import math
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from . import standin
from .fake_tensor import FakeTensor
from .places import REPOSITORY
from .sample import MODULES, PACKAGE, Sample

_STORAGE = {
    "i1": "bool",
    "fp8e4nv": "uint8",
    "fp8e5": "uint8",
    "bf16": "uint16",
    "fp16": "float16",
    "fp32": "float32",
    "fp64": "float64",
}


def tensor(
    *shape: int,
    dtype: str = "fp32",
    steps: Sequence[int] | None = None,
    address: int | None = 0x7F00_0000_0000,
    **more: Any,
) -> FakeTensor:
    """A CUDA tensor without memory behind it; `steps` are its strides, by default row-major."""
    one = np.zeros(1, _STORAGE.get(dtype, dtype.replace("i", "int").replace("u", "uint")))
    if steps is None:
        steps = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    array = np.lib.stride_tricks.as_strided(one, shape, [one.itemsize * step for step in steps])
    return FakeTensor(array, dtype, address=address, **more)


GOOD: dict[str, dict[str, Any]] = {
    "explicit": {"register": 4096, "stream_": 0, "values": 0, "gx": 1, "gy": 1, "gz": 1},
    "floats": {"out_ptr": 4096, "half": 0.0, "brain": 0.0, "single": 0.0, "double": 0.0},
    "gather": {
        "from_ptr": tensor(8, dtype="i8"),
        "index_ptr": tensor(1, dtype="i32"),
        "to_ptr": tensor(8, dtype="i8"),
        "rows": 1,
        "columns": 8,
    },
    "heuristic": {"x_ptr": 4096, "out_ptr": 4096, "bias_ptr": None, "n": 32},
    "integers": {"out_ptr": 4096, "flag": True, "a": 0, "b": 0, "c": 16, "d": 0}
    | {"e": 0, "f": 0, "g": 0, "h": 0},
    "lambda": {},
    "named": {"x_ptr": tensor(8), "out_ptr": tensor(8), "stride": 1, "config": 0},
    "optional": {"out_ptr": 4096, "count": None, "half": None, "scale": None},
    "product": {"x_ptr": 4096, "out_ptr": 4096, "gx": 1, "gy": 1, "gz": 1},
    "reduce": {"x_ptr": 4096, "out_ptr": 4096, "rows": 2, "columns": 3}
    | {"MODE": "sum", "NEGATE": False},
    "scale": {
        "x_ptr": tensor(8, dtype="fp16"),
        "out_ptr": tensor(8, dtype="fp16"),
        "bias_ptr": None,
        "n": 8,
        "factor": 1.0,
        "BLOCK": 256,
    },
    "tuned": {
        "x_ptr": tensor(8, dtype="fp16"),
        "out_ptr": tensor(8, dtype="fp16"),
        "n": 64,
        "flag": True,
    },
}
"""Arguments of each function that launch one kernel, by the names in its Python wrapper."""


def arguments(name: str, **changes: Any) -> list[Any]:
    """The good arguments of a function with some changed, and the stream last if it is given."""
    unknown = changes.keys() - GOOD[name].keys() - {"stream"}
    assert not unknown, f"{name} has no argument {unknown}"
    return list({**GOOD[name], **changes}.values())


def parameter(sample: Sample, name: str, argument: str, type_name: str, value: Any) -> Any:
    """What the kernel gets for a value, decoded; all of these kernels take every argument."""
    standin.reset()
    sample.function(name)(*arguments(name, **{argument: value}))
    return standin.launch().value(list(GOOD[name]).index(argument), type_name)


def table(rows: Iterable[tuple[Any, ...]]) -> list[Any]:
    """Rows (function, changes, ...) for parametrize, with ids that are the same in every run."""
    import pytest  # which the children that import this module do without

    return [
        pytest.param(*row, id=f"{row[0]}-{'-'.join(row[1]) or 'good'}-{number}")
        for number, row in enumerate(rows)
    ]


def check_refusal(
    sample: Sample, name: str, changes: dict[str, Any], error: type[Exception], text: str
) -> None:
    """The wrapper, the global and `prepare` refuse it with exactly this, and launch nothing."""
    import pytest

    prepare = functools.partial(sample.prepare, sample.wrapper(name))
    for call in (sample.wrapper(name), sample.function(name), prepare):
        with pytest.raises(error) as caught:
            call(*arguments(name, **changes))
        assert str(caught.value) == f"{text}\n{sample.signature(name)}"
        assert type(caught.value) is error
        assert standin.launches() == []


def attempt(name: str, **changes: Any) -> None:
    """Call a wrapper and print its error, or that all is good: for children."""
    module = importlib.import_module(f"{PACKAGE}.{MODULES[name]}")
    try:
        getattr(module, name)(*arguments(name, **changes))
    except Exception as error:
        print(type(error).__name__, str(error).partition("\n")[0])
    else:
        print("good")


CHILD = """
import sys
sys.modules["torch"] = None  # tvm_ffi would import it, which takes seconds
sys.path.insert(0, sys.argv[1])
from tests.support.calls import *
"""


def run_child(
    sample: Sample,
    source: str,
    environment: dict[str, str],
    *options: str,
    prefix: Sequence[str] = (),
) -> str:
    """Run Python code that calls the sample in a process of its own; give what it printed."""
    code = CHILD + textwrap.dedent(source)
    child = subprocess.run(
        [*prefix, sys.executable, "-c", code, str(sample.folder.parent), *options],
        env=environment,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert child.returncode == 0, f"the child ended with {child.returncode}\n{child.stderr}"
    return child.stdout


def declared(function: Callable[..., None]) -> Callable[..., None]:
    """The annotated Python function that a built-in function of the library stands for."""
    launchers = sys.modules[function.__module__].launcher.__globals__["_launchers"]
    found: Callable[..., None] = launchers[function][1]
    return found
