"""Triton's driver for a GPU without the C module that it would compile to ask the GPU something.

Packages ask the driver for the device as they are imported, and Triton then builds a C module. Here
that is put off until something needs it; what programs ask for is answered by the driver's library.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tritonbind.devices import device_properties


class LateUtils:
    """`CudaUtils` of Triton's driver, which compiles a C module as it is made: not before then."""

    def __init__(self, make: Callable[[], Any]) -> None:
        vars(self).update(_make=make, _made=None)

    def _own(self) -> Any:
        if self._made is None:
            vars(self)["_made"] = self._make()
        return self._made

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own(), name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._own(), name, value)

    def get_device_properties(self, device: int) -> dict[str, int]:
        """Sizes in bytes, rates in kHz and widths in bits, as Triton's own."""
        found = device_properties(device)
        if found is None:
            found = self._own().get_device_properties(device)
        return found


class LateDriver:
    """Triton's module of the CUDA driver while its C module is put off."""

    def __init__(self, module: Any) -> None:
        self._module, self._kind = module, module.CudaUtils
        module.CudaUtils = lambda: LateUtils(self._made)

    def _made(self) -> Any:
        self.remove()  # Triton's class looks for itself in its module
        return self._kind()

    def remove(self) -> None:
        """Triton's own again, for drivers that are not yet made."""
        self._module.CudaUtils = self._kind
