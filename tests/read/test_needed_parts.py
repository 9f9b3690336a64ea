"""Of modules that cannot be imported whole, the kernel's own definitions run."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from codegen.model.errors import CodegenError
from codegen.read import needed_parts
from codegen.read.loading import within
from codegen.read.needed_parts import kernel_of

KERNEL = """
@triton.jit
def kernel(x, BLOCK: tl.constexpr):
    tl.store(x, {value})
"""
HEAD = "import triton\nimport triton.language as tl\n"

Written = Callable[[dict[str, str]], Path]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Written]:
    """Writes files of a folder from which modules are imported, and gives the folder."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before, parts = set(sys.modules), dict(needed_parts._PARTS)

    def write(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    yield write
    for name in set(sys.modules) - before:
        del sys.modules[name]
    needed_parts._PARTS.clear()
    needed_parts._PARTS.update(parts)


def kernel(place: str, root: Path) -> Any:
    function, _ = within(kernel_of(place, root))
    assert function is not None
    return function


def test_a_script_is_not_run(written: Written) -> None:
    script = f"{HEAD}VALUE = tl.constexpr(3)\n{KERNEL.format(value='VALUE')}\nraise SystemExit(1)\n"
    root = written({"examples/train.py": script})
    found = kernel("examples/train.py:kernel", root)
    assert found.fn.__globals__["VALUE"].value == 3
    assert found.fn.__module__ == "train"
    assert found.cache_key


def test_what_a_script_calls_as_its_kernel_does_its_own_is_not_run(written: Written) -> None:
    """A script's variables are called as parameters and variables of its kernels, mostly."""
    script = """
        x = torch.rand(64, device="cuda")
        for n, i in ((16, 1), (5, 2)):
            scale[(1,)](x, n, BLOCK=BLOCK)
        BLOCK = 64

        @triton.jit
        def helper(x):
            return x + OFFSET

        OFFSET = tl.constexpr(3)

        @triton.jit
        def scale(x, n, BLOCK: tl.constexpr = BLOCK):
            for i in range(n):
                tl.store(x + i, helper(n))
    """
    root = written({"app.py": HEAD + textwrap.dedent(script)})
    kernel, _ = within(kernel_of("app.py:scale", root))
    assert kernel is not None
    space = kernel.fn.__globals__
    assert {"helper", "OFFSET", "BLOCK"} <= space.keys()
    assert not {"x", "n", "i"} & space.keys()


def test_a_module_that_can_be_imported_is(written: Written) -> None:
    root = written({"whole_one.py": HEAD + KERNEL.format(value="1.0") + "SEEN = True\n"})
    assert kernel("whole_one:kernel", root).fn.__globals__["SEEN"] is True


def test_what_a_kernel_needs_comes_from_modules_that_cannot_be_imported_either(
    written: Written,
) -> None:
    root = written(
        {
            "torn/__init__.py": "import missing_extension\n",
            "torn/shim.py": f"import missing_extension\n{HEAD}",
            "torn/sizes.py": "from .deeper.more import *\nUNUSED = missing()\n",
            "torn/deeper/__init__.py": "raise OSError('no GPU')\n",
            "torn/deeper/more.py": "import triton.language as tl\nSIZE = tl.constexpr(7)\n",
            "torn/ops.py": "from torn.shim import tl, triton\nfrom . import sizes\n"
            "from torn.sizes import SIZE\nfrom torn import nothing\n"
            + KERNEL.format(value="SIZE")
            + "\nOTHER = nothing.at_all()\n",
        }
    )
    found = kernel("torn.ops:kernel", root)
    assert found.fn.__globals__["SIZE"].value == 7
    assert "OTHER" not in found.fn.__globals__
    assert found.fn.__module__ == "torn.ops"


def test_names_of_one_statement_may_be_asked_for_one_by_one(written: Written) -> None:
    root = written(
        {
            "both.py": "A = 1\nB = 2\n",
            "s.py": f"{HEAD}from both import A, B\nFIRST = A\nSECOND = B\n"
            + KERNEL.format(value="FIRST"),
        }
    )
    module = needed_parts._Parts("s", root / "s.py").module
    assert [module.FIRST, module.SECOND] == [1, 2]


def test_what_failed_once_fails_again_for_the_same_reason(written: Written) -> None:
    root = written({"s.py": f"{HEAD}A = 1 // 0\nB = A\n{KERNEL.format(value='B')}"})
    for _ in range(2):
        with pytest.raises(CodegenError, match=r"s\.py:3: .*ZeroDivisionError"):
            kernel("s.py:kernel", root)


def test_a_module_may_make_its_names_itself(written: Written) -> None:
    root = written(
        {
            "made/__init__.py": "import missing_extension\n",
            "made/platform.py": "def __getattr__(name):\n    return {'current': 5}[name]\n",
            "made/ops.py": "from made.platform import current\nimport missing_extension\n"
            f"{HEAD}WIDTH = tl.constexpr(current)\n{KERNEL.format(value='WIDTH')}",
        }
    )
    assert kernel("made.ops:kernel", root).fn.__globals__["WIDTH"].value == 5


def test_annotations_stay_text_where_the_file_says_so(written: Written) -> None:
    text = f"from __future__ import annotations\n{HEAD}{KERNEL.format(value='1')}"
    root = written({"s.py": text})
    assert kernel("s.py:kernel", root).fn.__annotations__["BLOCK"] == "tl.constexpr"


def test_a_class_holds_kernels_too(written: Written) -> None:
    inner = "".join(f"    {line}\n" for line in KERNEL.format(value="1").strip().splitlines())
    root = written({"s.py": f"{HEAD}class Holder:\n{inner}\nrun()\n"})
    assert kernel("s.py:Holder.kernel", root).fn.__name__ == "kernel"


@pytest.mark.parametrize(
    ("files", "place", "message"),
    [
        (
            {"s.py": f"{HEAD}import lacking\nV = lacking.value\n{KERNEL.format(value='V')}"},
            "s.py:kernel",
            "`lacking` is needed, and cannot be imported: the module lacking cannot be imported: "
            "ModuleNotFoundError: No module named 'lacking'\n"
            "  hint: install what it needs where the generator runs",
        ),
        (
            {"s.py": f"{HEAD}V = tl.constexpr(1 // 0)\n{KERNEL.format(value='V')}"},
            "s.py:kernel",
            "{root}/s.py:3: a definition that the kernel needs cannot run: ZeroDivisionError: "
            "integer division or modulo by zero\n"
            "  hint: install what it needs where the generator runs",
        ),
        (
            {"s.py": HEAD},
            "s.py:kernel",
            "s.py has no `kernel`: AttributeError: {root}/s.py defines no `kernel`\n"
            "  hint: name it as the program does, or record the program again",
        ),
        (
            {},
            "nowhere:kernel",
            "the module nowhere cannot be imported: ModuleNotFoundError: "
            "No module named 'nowhere'\n"
            "  hint: install nowhere where the generator runs",
        ),
        (
            {},
            "nowhere.py",
            "a kernel's place must be a module or a script, and its name there, got 'nowhere.py'\n"
            '  hint: write "package.module:kernel", or "script.py:kernel"',
        ),
        (
            {"s.py": "def\n"},
            "s.py:kernel",
            "{root}/s.py:1: SyntaxError: invalid syntax",
        ),
        (
            {},
            "gone.py:kernel",
            "{root}/gone.py: No such file or directory",
        ),
    ],
)
def test_what_cannot_be_had_is_said(
    written: Written, files: dict[str, str], place: str, message: str
) -> None:
    root = written(files)
    with pytest.raises(CodegenError) as caught:
        kernel(place, root)
    assert str(caught.value) == message.replace("{root}", str(root))
