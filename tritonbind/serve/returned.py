"""What a served launch returns, where Triton's JIT would return the kernel that it compiled."""

from __future__ import annotations

from typing import Any, NoReturn

from tritonbind.serve.manifest import Function


class ServedLaunch:
    """Stands for Triton's CompiledKernel: nothing was compiled, so there is nothing to read."""

    def __init__(self, function: Function) -> None:
        self.function = function

    def __repr__(self) -> str:
        return f"<{self.function.identity.name}, served by {self.function.name}>"

    def __getattr__(self, name: str) -> NoReturn:
        function: Any = self.__dict__.get("function")
        if function is None or name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(
            f"no `{name}`: {function.identity.name} was served by {function.name} of "
            f"{function.package.name}, and not compiled here; "
            "`python -m codegen inspect` tells of its images"
        )
