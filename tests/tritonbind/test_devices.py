"""What CUDA's library tells of a device."""

from __future__ import annotations

import json

import pytest

from tests.support import standin
from tritonbind.devices import device_properties


def test_the_properties_are_those_of_the_driver() -> None:
    code = """
    import json
    from tritonbind.devices import device_properties
    print(json.dumps([device_properties(0), device_properties(99)]))
    """
    known, unknown = json.loads(standin.run_child(code))
    assert known == {
        **{"max_shared_mem": 232448, "max_num_regs": 65536, "multiprocessor_count": 132},
        **{"warpSize": 32, "sm_clock_rate": 1980000, "mem_clock_rate": 2619000},
        "mem_bus_width": 5120,
    }
    assert unknown is None


def test_without_a_driver_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr("ctypes.CDLL", missing)
    assert device_properties(0) is None
