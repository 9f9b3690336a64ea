"""What MANIFEST.json says of a function: from a plan, and back to its images."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from codegen import files
from codegen.conditions import calls_of, configurations_of
from codegen.manifest import PACKAGE, Manifest
from codegen.model import Parameter
from codegen.ordinary import read_if_file
from codegen.plans import Image, Plan, TensorMap
from codegen.targets import Target
from codegen.uses import PointerUses
from codegen.wording import axis_text, signature_text

_ANALYSIS = ("ir_operations.py", "pointer_uses.py", "ttir.py")
_USES = {"reads": "read", "writes": "written", "writes_through": "through"}
"""The entries of an image, and the attributes of its `PointerUses`."""


def functions_of(
    plans: Sequence[Plan], paths: Mapping[tuple[str, str, str], str]
) -> dict[str, Any]:
    """The manifest's entry of each function; `paths` by function, variant and target."""
    return {plan.kernel.name: _function(plan, paths) for plan in plans}


def recorded_images(manifest: Manifest, output: Path) -> dict[str, Image]:
    """The images of the output by their keys, those whose bytes are as they were written.

    None of them when what was found in their IR was found in another way.
    """
    images: dict[str, Image] = {}
    if any(manifest.inputs.get(f"codegen/{n}") != files.digest(c) for n, c in _analysis()):
        return images
    for function in manifest.functions.values():
        for variant in function["variants"].values():
            for target, entry in variant["images"].items():
                content = _intact(output, entry)
                if content is not None:
                    images[entry["key"]] = _image(target, entry, content)
    return images


def _analysis() -> list[tuple[str, bytes]]:
    return [(name, (PACKAGE / name).read_bytes()) for name in _ANALYSIS]


def _function(plan: Plan, paths: Mapping[tuple[str, str, str], str]) -> dict[str, Any]:
    kernel = plan.kernel
    variants = {}
    for binary in plan.binaries:
        variant = binary.variant
        variants[variant.label] = {
            "parameters": [
                [name, type_] for name, type_ in variant.signature if type_ != "constexpr"
            ],
            "constexprs": {name: repr(value) for name, value in variant.constexprs},
            "divisible_by_16": list(variant.divisible),
            "options": asdict(variant.options),
            "images": {
                image.target.name: {
                    "file": paths[kernel.name, variant.label, image.target.name],
                    "key": image.key,
                    "symbol": image.symbol,
                    "num_warps": image.num_warps,
                    "registers": image.registers,
                    "shared": image.shared,
                    "stack": image.stack,
                    "num_ctas": image.num_ctas,
                    "scratch": image.scratch,
                    "launch_pdl": image.launch_pdl,
                    "cooperative": image.cooperative,
                    "size": len(image.data),
                    "sha256": files.digest(image.data),
                    "tensor_maps": [dataclasses.asdict(tensor_map) for tensor_map in image.maps],
                    **{
                        entry: sorted(getattr(image.uses, attribute))
                        for entry, attribute in _USES.items()
                    },
                }
                for image in binary.images
            },
        }
    return {
        "kernel": f"{kernel.file}:{kernel.qualname}",
        "signature": signature_text(kernel),
        "grid": [axis_text(kernel, axis) for axis in kernel.grid.axes or ("gx", "gy", "gz")],
        "omitted": [
            {"variant": each.variant, "target": each.target.name, "reason": each.reason}
            for each in plan.omissions
        ],
        "sources": dict(kernel.sources),
        "pointers": {
            parameter.name: plan.uses.of(parameter.name)
            for parameter in kernel.parameters
            if isinstance(parameter, Parameter) and parameter.is_tensor
        },
        "writes_through": sorted(plan.uses.through),
        "hints": {
            parameter.name: parameter.hint
            for parameter in kernel.parameters
            if isinstance(parameter, Parameter) and parameter.hint is not None
        },
        "variants": variants,
        "calls": calls_of(plan),
        "configurations": configurations_of(plan),
    }


def _image(target: str, entry: Mapping[str, Any], content: bytes) -> Image:
    kind, _, capability = target.partition("_")
    return Image(
        Target(int(capability), kind == "compute"),
        content,
        entry["symbol"],
        entry["num_warps"],
        entry["shared"],
        entry["registers"],
        entry["stack"],
        entry["key"],
        PointerUses(**{name: frozenset(entry[key]) for key, name in _USES.items()}),
        entry["num_ctas"],
        entry["scratch"],
        entry["launch_pdl"],
        entry["cooperative"],
        tuple(TensorMap(**{**each, "box": tuple(each["box"])}) for each in entry["tensor_maps"]),
    )


def _intact(output: Path, entry: Mapping[str, Any]) -> bytes | None:
    """The image, where it is the one that the entry is of."""
    try:
        content = read_if_file(output / entry["file"])
    except (OSError, ValueError):
        return None
    is_intact = content is not None and files.digest(content) == entry["sha256"]
    return content if is_intact else None
