"""Runs a captured launch: what the stand-in driver decoded, through Triton's interpreter."""

from __future__ import annotations

import ast
import functools
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from codegen.model.descriptors import DescriptorType, parse_parameter_type
from tests.support import interpreter, tensor_maps
from tests.support.launches import Launch, decode
from tests.support.places import REPOSITORY


@functools.cache
def manifest(output: Path = REPOSITORY / "generated") -> dict[str, Any]:
    """The manifest of the output folder, by default the repository's own."""
    document: dict[str, Any] = json.loads((output / "MANIFEST.json").read_text())
    return document


def replay(function: str, launch: Launch, output: Path = REPOSITORY / "generated") -> str:
    """Run the kernel that `launch` launched, on host memory; the label of its variant comes back.

    The variant is found by the launched image, and the image's own records cut the parameters, so
    that the values are those a GPU would see. The kernels are beside the output folder.
    """
    entry = manifest(output)["functions"][function]
    label, variant = _launched_variant(entry, launch, output)
    file, _, qualname = entry["kernel"].partition(":")
    names, types = zip(*variant["parameters"], strict=True)
    parameters = iter(launch.parameters)
    arguments = {
        name: _argument(parameters, type_) for name, type_ in zip(names, types, strict=True)
    }
    constexprs = {name: ast.literal_eval(text) for name, text in variant["constexprs"].items()}
    kernel = getattr(_interpreted(output.parent / "kernels" / file), qualname)
    interpreter.run(kernel, launch.grid, {**arguments, **constexprs})
    return label


def _argument(parameters: Iterator[bytes], type_: str) -> object:
    """The argument that the next parameters are: one value, or a map, its shape and strides."""
    declared = parse_parameter_type(type_)
    value = next(parameters)
    if isinstance(declared, DescriptorType):
        shape, strides = (
            tuple(int(decode(next(parameters), width)) for _ in declared.block)
            for width in ("i32", "i64")
        )
        base = interpreter.Address(tensor_maps.decode(value).data, f"*{declared.dtype.name}")
        block = declared.bound({}).block
        return interpreter.Descriptor(base, block, shape, strides)
    decoded = decode(value, type_)
    return interpreter.Address(int(decoded), type_) if type_.startswith("*") else decoded


def _launched_variant(
    entry: dict[str, Any], launch: Launch, output: Path
) -> tuple[str, dict[str, Any]]:
    for label, variant in entry["variants"].items():
        for image in variant["images"].values():
            content = (output / image["file"]).read_bytes()
            if launch.image.matches(content):
                assert launch.kernel == image["symbol"]
                assert launch.block == (32 * image["num_warps"], 1, 1)
                assert launch.shared_bytes == image["shared"]
                return label, variant
    raise AssertionError(f"no image of {entry['kernel']} was launched, but {launch.image}")


@functools.cache
def _interpreted(file: Path) -> ModuleType:
    return interpreter.load(file)
