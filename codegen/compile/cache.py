"""What was compiled for a run that wrote nothing, as it failed or was ended: the next begins there.

Results are put away one by one, in the user's cache folder, and thrown away when a run has written
its output, which then has the images itself.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path

from codegen.model.generated_file import digest
from codegen.model.plan import TensorMap
from codegen.model.pointer_uses import PointerUses
from codegen.model.request import Compile, Compiled, CompileRequest, OnDone, Result
from codegen.project import folders
from codegen.project.private import (
    NotPrivate,
    cache_folder,
    private_folder,
    read_private,
    write_private,
)


class Kept:
    """The results that are kept for one output folder. A system that keeps none is no error."""

    def __init__(self, output: Path) -> None:
        self._name = digest(os.fsencode(output.resolve()))

    def _folder(self) -> Path:
        """Raises `NotPrivate` and `OSError`."""
        private_folder(cache_folder() / "tritonbind")
        return private_folder(cache_folder() / "tritonbind" / self._name)

    def compiling(self, compile_: Compile, generator: str, say: Callable[[str], None]) -> Compile:
        """`compile_` for what is not kept; what it makes is.

        `generator` is a digest of this package: what another one kept is not taken. `say` is told
        how much was there.
        """

        def compile_others(requests: Sequence[CompileRequest], on_done: OnDone) -> list[Result]:
            folder = self._usable(say) if requests else None
            read = {request.key: _read(folder, request, generator) for request in requests}
            found = {key: result for key, result in read.items() if result is not None}
            if found:
                what = "1 image is" if len(found) == 1 else f"{len(found)} images are"
                them = "it" if len(found) == 1 else "them"
                say(f"{what} as an earlier run compiled {them}, which wrote nothing")
            for request in requests:
                if request.key in found:
                    on_done(request, found[request.key])

            def keep(request: CompileRequest, result: Result) -> None:
                _write(folder, request, generator, result)
                on_done(request, result)

            others = [request for request in requests if request.key not in found]
            made = iter(compile_(others, keep))
            return [found[r.key] if r.key in found else next(made) for r in requests]

        return compile_others

    def clear(self) -> None:
        with contextlib.suppress(OSError, NotPrivate):
            folders.remove(self._folder())

    def _usable(self, say: Callable[[str], None]) -> Path | None:
        try:
            return self._folder()
        except (NotPrivate, OSError) as error:
            say(f"what is compiled is not kept for the next run: {error}")
            return None


def _read(folder: Path | None, request: CompileRequest, generator: str) -> Compiled | None:
    """The result if it is there, and whole."""
    if folder is None:
        return None
    try:
        return decoded(read_private(folder / request.key), generator, request.key)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(folder: Path | None, request: CompileRequest, generator: str, result: Result) -> None:
    if folder is not None and isinstance(result, Compiled):
        with contextlib.suppress(OSError):
            write_private(folder / request.key, encoded(result, generator, request.key))


_BYTES = ("data", "cubin")


def encoded(result: Compiled, generator: str, key: str) -> bytes:
    """A line with the digest of what follows, a line of JSON, and the bytes of the images."""
    facts = {
        field.name: getattr(result, field.name)
        for field in fields(Compiled)
        if field.name not in (*_BYTES, "memory")
    }
    facts["maps"] = [asdict(tensor_map) for tensor_map in result.maps]
    facts["uses"] = {name: sorted(names) for name, names in vars(result.uses).items()}
    sizes = [len(getattr(result, name)) for name in _BYTES]
    header = json.dumps({"generator": generator, "key": key, "sizes": sizes, "facts": facts})
    body = b"".join([header.encode(), b"\n", *(getattr(result, name) for name in _BYTES)])
    return digest(body).encode() + b"\n" + body


def decoded(content: bytes, generator: str, key: str) -> Compiled | None:
    """What `encoded` was given; None where anything of it is another. Raises `ValueError`,
    `KeyError` or `TypeError` for what it never made."""
    own, _, body = content.partition(b"\n")
    if own != digest(body).encode():
        return None
    text, _, images = body.partition(b"\n")
    header = json.loads(text)
    if (header["generator"], header["key"]) != (generator, key):
        return None
    size, _ = header["sizes"]
    facts = header["facts"]
    compiled = Compiled(images[:size], images[size:], **facts)
    return replace(
        compiled,
        parameter_sizes=tuple(facts["parameter_sizes"]),
        uses=PointerUses(**{name: frozenset(names) for name, names in facts["uses"].items()}),
        maps=tuple(map(TensorMap.recorded, facts["maps"])),
    )
