"""The images of the output, as the manifest records them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codegen.model.generated_file import digest
from codegen.model.image import Image
from codegen.model.paths import read_if_file
from codegen.model.resources import PACKAGE
from codegen.model.targets import TARGETS
from codegen.project.manifest import Manifest, images_of

_ANALYSIS = tuple(f"prove/{name}.py" for name in ("ir_operations", "memory_effects", "triton_ir"))
"""What finds `PointerUses`."""


def recorded_images(manifest: Manifest, output: Path) -> dict[str, Image]:
    """The images of the output by their keys, those whose bytes are as they were written.

    None of them when what was found in their IR was found in another way.
    """
    images: dict[str, Image] = {}
    for name in _ANALYSIS:
        if manifest.inputs.get(f"codegen/{name}") != digest((PACKAGE / name).read_bytes()):
            return images
    for target, entry in images_of(manifest):
        content = _intact(output, entry)
        if content is not None:
            images[entry["key"]] = Image.recorded(TARGETS[target], content, entry)
    return images


def _intact(output: Path, entry: Mapping[str, Any]) -> bytes | None:
    """The image, where it is the one that the entry is of."""
    try:
        content = read_if_file(output / entry["file"])
    except (OSError, ValueError):
        return None
    is_intact = content is not None and digest(content) == entry["sha256"]
    return content if is_intact else None
