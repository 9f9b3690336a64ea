"""Which kernel it is: the same wherever it stands, and another when its meaning changes."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.support.places import REPOSITORY
from tritonbind.kernel_identity import digest_of, identity_of, module_of

SOURCE = """\
import enum
import math

import triton
import triton.language as tl
from triton.language import exp


class Mode(enum.IntEnum):
    FAST = 1


class Settings:
    width = 5

    @staticmethod
    @triton.jit
    def half(x):
        return x / 2


settings = Settings()
STEP = tl.constexpr(64)
DTYPE = tl.constexpr(tl.bfloat16)
TABLE = (1, 2.5, "a", None)
LOOSE = 7


@triton.jit
def low(x):
    return exp(x) * STEP


@triton.jit
def middle(x):
    return low(x) + tl.cdiv(x, 2) + settings.half(x)


def make(count, function):
    rows = tl.constexpr(count)

    @triton.jit
    def kernel(x, n, BLOCK: tl.constexpr):
        offsets = tl.arange(0, BLOCK) + rows
        if Mode.FAST == 1 and settings.width > 3 and math.pi > 3:
            value = tl.load(x + offsets).to(DTYPE)
        LOOSE = TABLE[0]
        tl.store(x + offsets, function(value) + middle(value) + LOOSE)

    return kernel


kernel = make(3, low)
"""
DIGEST = "6fe7d8e72c27536a2be535f2f01443cb86a0249539f93a306d3d3dbbf2eb1d0a"


def read(folder: Path, text: str = SOURCE, name: str = "named") -> ModuleType:
    """The module of a text."""
    path = folder / f"{name}.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[name]
    return module


def digest(folder: Path, text: str, name: str = "other") -> str:
    return digest_of(read(folder, text, name).kernel)


@pytest.mark.triton
def test_the_digest_is_one_for_all_versions(tmp_path: Path) -> None:
    identity = identity_of(read(tmp_path).kernel)
    assert (identity.module, identity.qualname) == ("named", "make.<locals>.kernel")
    assert identity.name == "named:make.<locals>.kernel"
    assert identity.digest == DIGEST


SAME = {
    "moved in its file": ("import enum", "# more\n\n\nimport enum"),
    "another module": ("import math", "import math  # and no more"),
    "a decorator in another spelling": (
        "    @triton.jit\n    def kernel",
        "    @triton.jit()\n    def kernel",
    ),
    "a name that the kernel binds": ("LOOSE = 7", "LOOSE = 8"),
    "spaces at the end of a line": ("+ offsets).to(DTYPE)", "+ offsets).to(DTYPE)  "),
    "a function that is not called": ("def make(", "def unused():\n    return 1\n\n\ndef make("),
}
OTHER = {
    "its own text": ("+ rows", "+ rows + 1"),
    "what it closes over": ("make(3, low)", "make(4, low)"),
    "a function that it closes over": ("make(3, low)", "make(3, middle)"),
    "a function below": ("exp(x) * STEP", "exp(x) + STEP"),
    "what a function below reads": ("constexpr(64)", "constexpr(128)"),
    "a type": ("tl.constexpr(tl.bfloat16)", "tl.constexpr(tl.float16)"),
    "a function of Triton's": ("import exp\n", "import exp2 as exp\n"),
    "a table": ('(1, 2.5, "a", None)', '(1, 2.5, "a", 0)'),
    "another type of number": ('(1, 2.5, "a", None)', '(1.0, 2.5, "a", None)'),
    "a member of an enum": ("FAST = 1", "FAST = 2"),
    "a part of an object": ("width = 5", "width = 6"),
    "a method": ("return x / 2", "return x / 4"),
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_the_digest_stays(change: tuple[str, str], tmp_path: Path) -> None:
    assert SOURCE.count(change[0]) == 1
    assert digest(tmp_path, SOURCE.replace(*change)) == digest_of(read(tmp_path).kernel)


@pytest.mark.parametrize("change", OTHER.values(), ids=OTHER)
def test_the_digest_changes(change: tuple[str, str], tmp_path: Path) -> None:
    assert SOURCE.count(change[0]) == 1
    assert digest(tmp_path, SOURCE.replace(*change)) != digest_of(read(tmp_path).kernel)


def test_functions_that_call_each_other_end(tmp_path: Path) -> None:
    text = SOURCE.replace("return exp(x)", "return middle(x) + exp(x)")
    assert digest(tmp_path, text) != digest_of(read(tmp_path).kernel)


def test_a_function_from_another_module_may_move(tmp_path: Path, monkeypatch: Any) -> None:
    """What it is called and says counts, not where it stands."""
    start = SOURCE.index("@triton.jit\ndef low")
    end = SOURCE.index("@triton.jit\ndef middle")
    head = "import triton\nimport triton.language as tl\nfrom triton.language import exp\n"
    there = f"{head}STEP = tl.constexpr(64)\n\n{SOURCE[start:end]}"
    moved = f"{SOURCE[:start]}from there import low\n\n{SOURCE[end:]}"
    (tmp_path / "there.py").write_text(there)
    monkeypatch.syspath_prepend(tmp_path)
    assert digest(tmp_path, moved) == digest_of(read(tmp_path).kernel)


def test_nothing_of_a_module_is_run(tmp_path: Path) -> None:
    lazy = "def __getattr__(name):\n    raise SystemExit(name)\n\n\n"
    text = SOURCE.replace("settings = Settings()", f"{lazy}import sys\nsettings = Settings()")
    text = text.replace("+ rows", "+ rows + sys.modules['other'].missing")
    digest(tmp_path, text)


RUN = f"""
if __name__ == "__main__":
    import sys
    sys.path.append({str(REPOSITORY)!r})
    from tritonbind.kernel_identity import identity_of
    print(identity_of(kernel).name)
"""


@pytest.mark.parametrize(
    ("command", "module"),
    [
        (["package/program.py"], "program"),
        (["-m", "package.program"], "package.program"),
        (["-m", "package"], "package.__main__"),
        (["no-module.py"], "__main__"),
    ],
    ids=" ".join,
)
def test_the_module_of_a_script_is_what_imports_it(
    command: list[str], module: str, tmp_path: Path
) -> None:
    package = tmp_path / "package"
    package.mkdir()
    files = (package / "__init__.py", package / "__main__.py", package / "program.py")
    for path in (*files[1:], tmp_path / "no-module.py"):
        path.write_text(SOURCE + RUN)
    files[0].touch()
    done = subprocess.run(
        [sys.executable, *command], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{module}:make.<locals>.kernel\n"


def test_the_module_of_any_other_function_is_its_own() -> None:
    assert module_of(read) == __name__
