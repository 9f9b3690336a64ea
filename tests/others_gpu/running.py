"""A call through the generated wrapper, and through Triton's JIT as the package makes it."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import importlib
import inspect
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch

from codegen.model import options as tritons
from tests.kernels_of_others.tutorials.kernels.source import tutorial
from tests.support.manifest_calls import (
    Entry,
    configuration_of,
    variant_of,
    variants_of_configuration,
)

from .cases import Call, Case, Descriptor

FOLDER = Path(__file__).parent.parent / "kernels_of_others"
PACKAGES = FOLDER / "packages"
"""The packages themselves, where they are not installed: see `carry.py` beside it."""
PROJECTS = {
    "others": (FOLDER, "others_wrappers"),
    "tutorials": (FOLDER / "tutorials", "tutorial_wrappers"),
}
"""Each project's folder, and the package in it that is generated."""

LABELS = {
    **{torch.float16: "fp16", torch.bfloat16: "bf16", torch.float32: "fp32", torch.float64: "fp64"},
    **{torch.float8_e4m3fn: "fp8e4nv", torch.float8_e5m2: "fp8e5", torch.bool: "i1"},
    **{getattr(torch, f"int{bits}"): f"i{bits}" for bits in (8, 16, 32, 64)},
    **{getattr(torch, f"uint{bits}"): f"u{bits}" for bits in (8, 16, 32, 64)},
}
OPTIONS = ("num_warps", "num_stages", "num_ctas", "maxnreg")
DEFAULTS = dataclasses.asdict(tritons.DEFAULTS)
del DEFAULTS["num_warps"], DEFAULTS["num_stages"]  # which are always said
GRID = ("gx", "gy", "gz")


class Contradiction(Exception):
    """What a case passes is not what the wrapper was generated for."""


@dataclass(frozen=True)
class JitCall:
    """What goes to the JIT function below a package's heuristics and autotuner."""

    kernel: Any
    arguments: Mapping[str, Any]
    options: Mapping[str, Any]
    grid: tuple[int, int, int]
    variant: str
    """Which variant of the wrapper this is, by the manifest."""

    def launch(self) -> None:
        import triton

        # For kernels that make descriptors themselves.
        triton.set_allocator(lambda size, *_: torch.empty(size, device="cuda", dtype=torch.int8))
        self.kernel[self.grid](**self.arguments, **self.options)


def is_generated(project: str) -> bool:
    folder, package = PROJECTS[project]
    return (folder / package / "MANIFEST.json").is_file()


@cache
def manifest(project: str) -> Mapping[str, Any]:
    folder, package = PROJECTS[project]
    functions: Mapping[str, Any] = json.loads((folder / package / "MANIFEST.json").read_text())
    return functions["functions"]


def entry_of(case: Case) -> Entry:
    """What the manifest says of the case's function."""
    entries = manifest(case.project)
    if case.name not in entries:
        raise Contradiction(f"{case.name} has a case and no declaration: mend either")
    found: Entry = entries[case.name]
    return found


def wrapper_of(case: Case) -> Callable[..., None]:
    """The generated function."""
    folder, package = PROJECTS[case.project]
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    file = entry_of(case)["kernel"].partition(".py")[0].replace("/", ".")
    module = importlib.import_module(f"{package}.{file}")
    function: Callable[..., None] = getattr(module, case.name.rpartition(".")[2])
    return function


def kernel_of(case: Case) -> Any:
    """The package's kernel, with its heuristics and its autotuner around it."""
    if PACKAGES.is_dir() and str(PACKAGES) not in sys.path:
        sys.path.append(str(PACKAGES))
    module, _, path = case.kernel.partition(":")
    read = tutorial if case.project == "tutorials" else importlib.import_module
    kernel: Any = read(module)
    for name in path.split("."):
        kernel = getattr(kernel, name)
    return kernel


def jit_call(case: Case, call: Call) -> JitCall:
    """The call with what heuristics and the configuration add, held against the manifest.

    Raises `Contradiction` where the wrapper has other values compiled in than the case passes.
    """
    entry, kernel = entry_of(case), kernel_of(case)
    given, options = dict(call.arguments), dict(call.options)
    while hasattr(kernel, "configs") or hasattr(kernel, "values"):
        if hasattr(kernel, "configs"):
            names = {name for config in kernel.configs for name in config.kwargs}
            found = _configuration(case, call, {**options, **given}, names)
            options = {name: found.pop(name) for name in OPTIONS if name in found} | options
            given = found | given
        else:
            for name, heuristic in kernel.values.items():
                value = heuristic({**given, **options})
                if given.setdefault(name, value) != value:
                    raise Contradiction(
                        f"{case.name}: the case passes {name}={given[name]!r}, of which the "
                        f"package's heuristic makes {value!r}: leave it out of the case"
                    )
        kernel = kernel.fn
    for name, parameter in inspect.signature(kernel.fn).parameters.items():
        if parameter.default is not inspect.Parameter.empty:
            given.setdefault(name, getattr(parameter.default, "value", parameter.default))
    for name in given.keys() & set(OPTIONS) - set(kernel.arg_names):  # that heuristics gave
        options[name] = given.pop(name)
    unknown = given.keys() - set(kernel.arg_names)
    if unknown:
        raise Contradiction(f"{case.name}: the kernel has no parameter {', '.join(unknown)}")
    variant = _variant(case, call, {**options, **given})
    _fill(case, entry["variants"][variant], given, options)
    missing = [name for name in kernel.arg_names if name not in given]
    if missing:
        raise Contradiction(f"{case.name}: the case leaves out {', '.join(missing)}")
    arguments = {name: _passed(given[name], {**options, **given}) for name in kernel.arg_names}
    options = {
        name: value
        for name, value in options.items()
        if name not in arguments and value != DEFAULTS.get(name, ...)
    }
    return JitCall(kernel, arguments, options, grid_of(call, {**options, **given}), variant)


def call_wrapper(
    case: Case, call: Call, grid: tuple[int, ...], passed: Callable[[Any], Any]
) -> None:
    """Call the generated function with what its signature has of the call.

    `passed` makes of a tensor what the wrapper shall be given.
    """
    wrapper, entry = wrapper_of(case), entry_of(case)
    configurations = entry["configurations"]
    given = {
        name: value.tensor if isinstance(value, Descriptor) else value
        for name, value in call.arguments.items()
    }
    if configurations is not None and configurations["argument"] is not None:
        given[configurations["argument"]] = call.config
    for name, size in zip(GRID, grid, strict=True):
        given.setdefault(name, size)
    arguments = {}
    for name, parameter in inspect.signature(wrapper).parameters.items():
        plain = name if name in given else name.removesuffix("_")
        if plain in given:
            value = given[plain]
            arguments[name] = passed(value) if isinstance(value, torch.Tensor) else value
        elif parameter.default is inspect.Parameter.empty:
            raise Contradiction(f"{case.name}: the wrapper needs {name}, which the case leaves out")
    wrapper(**arguments)


def grid_of(call: Call, meta: Mapping[str, Any]) -> tuple[int, int, int]:
    """The whole grid."""
    grid = call.grid(meta) if callable(call.grid) else call.grid
    x, y, z = (*grid, 1, 1)[:3]
    return x, y, z


def _configuration(
    case: Case, call: Call, given: Mapping[str, Any], names: set[str]
) -> dict[str, Any]:
    """What the call's configuration says, by the variants that have it."""
    entry, view = entry_of(case), _view(case, call, given)
    with _explained(case):
        number = configuration_of(entry, view, view)
    found: dict[str, Any] = {}
    for variant in variants_of_configuration(entry, number):
        values = {name: variant["options"][name] for name in OPTIONS}
        values |= {name: _read(variant["constexprs"].get(name)) for name in names - set(OPTIONS)}
        for name, value in values.items():
            if found.setdefault(name, value) != value:
                raise Contradiction(
                    f"{case.name}: configuration {number} has {name} {found[name]} and {value}"
                )
    if not found:
        raise Contradiction(f"{case.name}: the wrapper has no configuration {number}")
    return {name: value for name, value in found.items() if value is not None}


def _view(case: Case, call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as the manifest speaks of them."""
    view: dict[str, Any] = {}
    for name, value in given.items():
        tensor = value.tensor if isinstance(value, Descriptor) else value
        is_tensor = isinstance(tensor, torch.Tensor)
        view[name] = (LABELS[tensor.dtype], tensor.data_ptr()) if is_tensor else _plain(value)
    configurations = entry_of(case)["configurations"]
    if configurations is not None and configurations["argument"] is not None:
        view[configurations["argument"]] = call.config
    return view


def _variant(case: Case, call: Call, given: Mapping[str, Any]) -> str:
    """The variant of the call, as the manifest tells it."""
    view = _view(case, call, given)
    with _explained(case):
        return variant_of(entry_of(case), view, view)


@contextlib.contextmanager
def _explained(case: Case) -> Iterator[None]:
    try:
        yield
    except KeyError as error:
        raise Contradiction(f"{case.name}: the case leaves out {error.args[0]}") from None
    except AssertionError:
        raise Contradiction(f"{case.name}: the wrapper has no variant for the call") from None


def _fill(
    case: Case, variant: Mapping[str, Any], given: dict[str, Any], options: dict[str, Any]
) -> None:
    """Compare what is compiled into a variant with what is given; add what is not given."""
    for name, text in variant["constexprs"].items():
        if not _same(given.setdefault(name, _read(text)), text):
            raise Contradiction(
                f"{case.name}: the case passes {name}={given[name]!r}, and the wrapper was "
                f"generated for {text}: change the case or the declaration"
            )
    for name, value in variant["options"].items():
        if options.get(name, value) != value:
            raise Contradiction(
                f"{case.name}: the case launches with {name}={options[name]!r}, and the wrapper "
                f"was generated for {value!r}: change the case or the declaration"
            )
        if value != DEFAULTS.get(name, ...):
            options[name] = value


def _same(value: object, text: str) -> bool:
    return repr(value) == text or (isinstance(value, (int, float)) and value == _read(text))


def _read(text: str | None) -> Any:
    try:
        return None if text is None else ast.literal_eval(text)
    except ValueError:
        return text


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, (int, float, str)) else repr(value)


def _passed(value: Any, meta: Mapping[str, Any]) -> Any:
    """An argument as the JIT takes it."""
    if not isinstance(value, Descriptor):
        return value
    from triton.tools.tensor_descriptor import TensorDescriptor

    block = value.block(meta) if callable(value.block) else value.block
    return TensorDescriptor.from_tensor(value.tensor, list(block))
