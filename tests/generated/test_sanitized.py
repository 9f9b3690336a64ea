"""The runtime under AddressSanitizer and UndefinedBehaviorSanitizer, from C and through TVM FFI."""

from __future__ import annotations

import importlib
import subprocess
from pathlib import Path

import pytest

from tests.support import standin
from tests.support.c_calls import OUTPUT
from tests.support.c_programs import STRICT, compile_c, compile_program, need, run
from tests.support.calls import run_child
from tests.support.features import Features
from tests.support.sample import Sample

SANITIZE = ("-g", "-O0", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
# Leaks are not looked for: that needs ptrace, and Python itself leaves much behind.
OPTIONS = {"ASAN_OPTIONS": "detect_leaks=0:detect_stack_use_after_return=1"}


@pytest.fixture(scope="module")
def library(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's library, built with the sanitizers of gcc."""
    need("gcc")
    _file("libasan.so")
    target = tmp_path_factory.mktemp("sanitized") / "libtritonbind-sanitized.so"
    builder = importlib.import_module("sample_wrappers._library")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CC", "gcc")
        built: Path = builder.build(target, SANITIZE)
    return built


def test_from_c(sample: Sample, library: Path, tmp_path: Path) -> None:
    command = ("gcc", "-std=c99", *SANITIZE)
    program = compile_program(sample, "calls.c", tmp_path / "calls", command, library)
    assert run(program, log=tmp_path / "log", **OPTIONS) == OUTPUT


def test_through_tvm_ffi(sample: Sample, library: Path) -> None:
    """Every call of the tables of messages, once more."""
    source = """
        from pathlib import Path
        from tests.support.refused_numbers import A_BOOL, A_FLOAT, NO_CHOICE, NO_NUMBER, TOO_WIDE
        from tests.support.refused_launches import GRIDS, SHAPES_AND_ALIGNMENT, STREAMS
        from tests.support.refused_tensors import ACCEPTED, REFUSALS
        from sample_wrappers import _library
        from tests.support.sample import MODULES
        _library.path = lambda: Path(sys.argv[2])
        module = _library._module()
        values = [row[0] for row in [*NO_NUMBER, *A_FLOAT, *A_BOOL, *TOO_WIDE]]
        tables = [NO_CHOICE, REFUSALS, SHAPES_AND_ALIGNMENT, GRIDS, STREAMS]
        rows = [row[:2] for table in tables for row in table]
        rows += [("scale", row[0]) for row in ACCEPTED]
        for name, good in GOOD.items():
            rows.append((name, {}))
            rows += [(name, {argument: value}) for argument in good for value in values]
        for name, changes in rows:
            try:
                module[name](*arguments(name, **changes))
                module[f"{name}.prepare"](*arguments(name, **changes))()
                wrapper = "lambda_" if name == "lambda" else name
                imported = importlib.import_module(f"{PACKAGE}.{MODULES[name]}")
                getattr(imported, wrapper)(*arguments(name, **changes))
            except (TypeError, ValueError):
                pass
        print(len(rows), len(standin.launches()))
    """
    environment = {**standin.environment([90, 90]), **OPTIONS, "LD_PRELOAD": _sanitizers()}
    count, launches = map(int, run_child(sample, source, environment, str(library)).split())
    assert count > 1000
    assert launches > 90


def test_launches_that_need_more_than_a_grid(
    features: Features, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of their functions, while some driver call fails and when none does any more."""
    need("gcc")
    _file("libasan.so")
    library = tmp_path / "libtritonbind-sanitized.so"
    sources = sorted(features.folder.rglob("*.c"))
    command = ("gcc", "-std=c99", *STRICT, *SANITIZE, "-fPIC", "-shared", f"-I{features.folder}")
    compile_c(*command, *sources, "-o", library, "-ldl", "-lm", "-lpthread")
    source = """
        sys.modules["torch"] = None
        import tvm_ffi
        from tests.support.features import CASES, addresses
        module = tvm_ffi.load_module(sys.argv[1])
        names = sorted({case.name for case in CASES})
        for call in ("cuDeviceGetAttribute", "cuKernelSetAttribute", "cuMemAllocAsync",
                     "cuLaunchKernelEx", "cuMemFreeAsync", "cuGetErrorName"):
            refused = 0
            standin.fail(call, 700, count=None)
            for name in names:
                try:
                    module[name](*addresses(name))
                except RuntimeError:
                    refused += 1
            standin.fail(call, 0, count=0)
            print(call, refused, len(standin.launches()), len(standin.allocations()))
            standin.reset()
    """
    standin.build()
    for name, value in {**OPTIONS, "LD_PRELOAD": _sanitizers()}.items():
        monkeypatch.setenv(name, value)
    assert standin.run_child(source, str(library)).splitlines() == [
        "cuDeviceGetAttribute 18 0 0",
        "cuKernelSetAttribute 4 14 3",
        "cuMemAllocAsync 4 14 0",
        "cuLaunchKernelEx 18 0 4",
        "cuMemFreeAsync 4 18 4",
        "cuGetErrorName 0 18 4",
    ]


def _sanitizers() -> str:
    """What must be loaded before all else in a process whose program is not built with them."""
    found = [_file(f"lib{name}") for name in ("asan.so", "ubsan.so", "stdc++.so.6")]
    return ":".join(found)


def _file(name: str) -> str:
    command = ["gcc", f"-print-file-name={name}"]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    if not Path(found).is_absolute():
        pytest.skip(f"gcc has no {name}")
    return found
