"""Triton's driver while nothing has needed its C module."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tritonbind.serve import driver
from tritonbind.serve.driver import LateDriver


class Utils:
    """As Triton's: one object, which is known by the name of its class in the module."""

    made = 0

    def __new__(cls) -> Utils:
        assert MODULE.CudaUtils is Utils
        return super().__new__(cls)

    def __init__(self) -> None:
        type(self).made += 1

    def get_device_properties(self, device: int) -> dict[str, int]:
        return {"device": device}

    def load_binary(self) -> str:
        return "loaded"


MODULE: Any = SimpleNamespace(CudaUtils=Utils)


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(MODULE, "CudaUtils", Utils)
    monkeypatch.setattr(Utils, "made", 0)
    LateDriver(MODULE)
    return MODULE.CudaUtils()


def test_nothing_is_made_before_something_needs_it(
    late: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "device_properties", lambda device: {"warpSize": 32 + device})
    assert late.get_device_properties(1) == {"warpSize": 33}
    assert Utils.made == 0
    assert late.load_binary() == late.load_binary() == "loaded"
    assert Utils.made == 1


def test_what_the_library_does_not_tell_triton_is_asked(
    late: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "device_properties", lambda device: None)
    assert late.get_device_properties(1) == {"device": 1}
    late.more = 5
    assert (late.more, Utils.made) == (5, 1)


def test_triton_has_its_own_again() -> None:
    MODULE.CudaUtils = Utils
    LateDriver(MODULE).remove()
    assert MODULE.CudaUtils is Utils
