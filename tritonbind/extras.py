"""What the generator needs and a plain installation lacks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tritonbind.errors import TritonbindError

_OF_GENERATE = ("triton", "jinja2", "black", "libcst", "elftools")


def main_of_generator(command: str) -> Callable[[Sequence[str]], int]:
    """The generator's command. Raises `TritonbindError` where what it needs is not installed."""
    try:
        from codegen.cli import main
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] not in _OF_GENERATE:
            raise
        raise TritonbindError(
            f"`{command}` needs {error.name}, which is not installed",
            hint="python -m pip install 'tritonbind[generate]', in an environment of its own "
            "where the program has another Triton",
        ) from error
    return main
