"""Arguments with `data_ptr()` and `dtype` that are no tensors of DLPack's, as the library's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tritonbind.serve.manifest import Argument
from tritonbind.serve.values import as_pointer


class Addresses:
    """The types that a kernel's launches pass as addresses.

    Attributes:
        types: those that came. A launcher looks at no argument while there are none.
    """

    def __init__(self, arguments: Sequence[Argument]) -> None:
        self.types: set[type] = set()
        self._pointers = [(at, one) for at, one in enumerate(arguments) if one.kind == "pointer"]
        self._fitting: set[tuple[int, Any]] = set()
        """Arguments and dtypes that fit."""

    def put(self, passed: list[Any]) -> bool:
        """Put addresses in the place of such arguments. Whether no tensor tells the stream then.

        Raises RefusedError where the library does not have the dtype, and what looking raises.
        """
        has_address, has_tensor = False, False
        for at, argument in self._pointers:
            value = passed[at]
            is_address = type(value) in self.types
            if is_address:
                fit = at, value.dtype
                if fit not in self._fitting:
                    as_pointer(argument, value)
                    self._fitting.add(fit)
                passed[at] = value.data_ptr()
                has_address = True
            elif value is not None:
                has_tensor = True
        return has_address and not has_tensor
