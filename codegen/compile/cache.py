"""What a run compiled that then failed or was ended: the next run takes it from here.

Images are kept one by one in the user's cache folder. When a run has written its output, which
holds them too, they are removed.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from codegen.model.generated_file import digest
from codegen.model.image import Image
from codegen.model.targets import TARGETS
from codegen.project import folders
from codegen.project.private import (
    NotPrivate,
    cache_folder,
    private_folder,
    read_private,
    write_private,
)


class Cache:
    """The images that are kept for one output folder. A system that keeps none is no error."""

    def __init__(
        self, output: Path, generator: str = "", say: Callable[[str], None] = lambda sentence: None
    ) -> None:
        """`generator` is a digest of this package: what another one kept is not taken. `say` is
        told how much was there."""
        self._name = digest(os.fsencode(output.resolve()))
        self._generator = generator
        self._say = say

    def images(self, keys: Iterable[str]) -> dict[str, Image]:
        """Those of these keys that are there, and whole."""
        try:
            folder = self._folder()
        except (NotPrivate, OSError) as error:
            self._say(f"what is compiled is not kept for the next run: {error}")
            return {}
        found = {}
        for key in dict.fromkeys(keys):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                image = decoded(read_private(folder / key), self._generator, key)
                if image is not None:
                    found[key] = image
        if found:
            what = "1 image is" if len(found) == 1 else f"{len(found)} images are"
            them = "it" if len(found) == 1 else "them"
            self._say(f"{what} as an earlier run compiled {them}, which wrote nothing")
        return found

    def keep(self, image: Image) -> None:
        with contextlib.suppress(OSError, NotPrivate):
            write_private(self._folder() / image.key, encoded(image, self._generator))

    def clear(self) -> None:
        with contextlib.suppress(OSError, NotPrivate):
            folders.remove(self._folder())

    def _folder(self) -> Path:
        """Raises `NotPrivate` and `OSError`."""
        private_folder(cache_folder() / "tritonbind")
        return private_folder(cache_folder() / "tritonbind" / self._name)


def encoded(image: Image, generator: str) -> bytes:
    """A line with the digest of what follows, a line of JSON, and the bytes of the image."""
    header = {"generator": generator, "target": image.target.name, **image.record()}
    body = json.dumps(header).encode() + b"\n" + image.data
    return digest(body).encode() + b"\n" + body


def decoded(content: bytes, generator: str, key: str) -> Image | None:
    """What `encoded` was given; None where anything of it is another. Raises `ValueError`,
    `KeyError` or `TypeError` for what it never made."""
    own, _, body = content.partition(b"\n")
    if own != digest(body).encode():
        return None
    text, _, data = body.partition(b"\n")
    header = json.loads(text)
    if (header["generator"], header["key"]) != (generator, key):
        return None
    return Image.recorded(TARGETS[header["target"]], data, header)
