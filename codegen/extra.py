"""Whether the packages of the extra `generate` are here, which not every command needs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from importlib.util import find_spec

from codegen.model.errors import CodegenError
from codegen.model.triton_version import current

_NEEDED = ("triton", "jinja2", "black", "libcst", "elftools")


@contextlib.contextmanager
def needed() -> Iterator[None]:
    """Around the import of what needs them. Raises `CodegenError` for a package that is missing,
    and for a Triton that is not known, whose import may fail."""
    try:
        for name in _NEEDED:
            if find_spec(name) is None:
                raise ModuleNotFoundError(name=name)
        current()
        yield
    except ModuleNotFoundError as error:
        raise CodegenError(
            f"generating needs the package {error.name}, which is not installed",
            hint="python -m pip install 'tritonbind[generate]', in an environment of its own "
            "where your program has another Triton",
        ) from error
