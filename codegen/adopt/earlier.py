"""What earlier adoptions wrote, as people left it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codegen.adopt.kernel_files import Adopted, stem_of
from codegen.adopt.recorded_grids import Row
from codegen.model.errors import CodegenError, shown, told
from codegen.model.paths import read_if_file


@dataclass(frozen=True)
class Earlier:
    """The folder of adopted kernels."""

    folder: Path
    documents: Mapping[str, Mapping[str, Any]]
    """The data of each kernel, by the name of its file."""

    @classmethod
    def read(cls, folder: Path) -> Earlier:
        """Raises `CodegenError` for data that no adoption wrote."""
        paths = sorted(folder.glob("*.json")) if folder.is_dir() else []
        return cls(folder, {path.name: _document(path) for path in paths})

    @property
    def symbols(self) -> set[str]:
        """The functions' names, which no other kernel can have."""
        return {name.removesuffix(".json").rpartition(".")[2] for name in self.documents}

    def declares(self, kernel: Adopted) -> bool:
        """Whether the kernel file names the kernel's data. Raises `CodegenError` as `text_of`."""
        return f'"{kernel.data_file}"' in (self.text_of(kernel.stem) or "")

    def functions_of(
        self, recorded: str, digest: str, module: str
    ) -> list[tuple[str, Sequence[Row]]]:
        """The functions that a recorded kernel has already, with their launches: those of its
        source, or the names of those of an earlier one. A factory's products share a name, so each
        is known by its source alone."""
        own = {
            name.removesuffix(".json").rpartition(".")[2]: document
            for name, document in self.documents.items()
            if name.startswith(f"{stem_of(module)}.") and document.get("kernel") == recorded
        }
        same = [(name, one["launches"]) for name, one in own.items() if one["digest"] == digest]
        return same or [(name, ()) for name in own if "<locals>" not in recorded]

    def data_of(self, kernel: Adopted) -> Mapping[str, Any] | None:
        """The data of a kernel, where they are of the same source."""
        document = self.documents.get(kernel.data_file)
        is_same = document is not None and document["digest"] == kernel.digest
        return document if is_same else None

    def outdated(self, kernel: Adopted) -> int:
        """How many launches its data has of another source."""
        document = self.documents.get(kernel.data_file)
        if document is None or self.data_of(kernel) is not None:
            return 0
        return len(document["launches"])

    def text_of(self, stem: str) -> str | None:
        """A kernel file. Raises `CodegenError` for what is no text."""
        path = self.folder / f"{stem}.py"
        content = read_if_file(path)
        try:
            return None if content is None else content.decode()
        except UnicodeDecodeError as error:
            raise CodegenError(f"{shown(path)} is not UTF-8: {told(error)}") from error


def _document(path: Path) -> Mapping[str, Any]:
    try:
        found: dict[str, Any] = json.loads(read_if_file(path) or b"")
        _ = found["digest"], [row["arguments"] for row in found["launches"]]
        return found
    except (ValueError, KeyError, TypeError) as error:
        raise CodegenError(
            f"{shown(path)} is not what `tritonbind adopt` wrote: {told(error)}",
            hint="mend it, or remove it and adopt again",
        ) from error
