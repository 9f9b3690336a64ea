"""Constexprs of every kind reach the compiler as they are, and keys tell them apart."""

from __future__ import annotations

import enum
import itertools
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import triton.language as tl

from codegen.model.constexpr_values import canonical
from tests.support import standin
from tests.support.places import KERNELS
from tests.support.project import HEADER, PYPROJECT, new_project
from tests.support.signature_project import SignatureProject


def test_the_kernel_got_what_was_declared(signatures: SignatureProject) -> None:
    """It asserts that itself when it is compiled; here, that the manifest shows the same."""
    entry = signatures.functions["tests.constants.kinds"]["variants"]["aligned"]
    assert entry["constexprs"] == {
        "MODE": "<Mode.MULTIPLY: (1, 2.5)>",
        "LEVEL": "<Level.HIGH: 7>",
        "TILE": "Tile(rows=3, columns=(None, Tile(rows=1, columns=2)))",
        "TEXT": "'a \"quoted\"\\n\\\\ é☃ %d /* */ ??/'",
        "LIMITS": "(-inf, nan, -0.0, 5e-324)",
        "NUMBER": str(2**70 + 1),
        "MIXED": "((1, None), triton.language.float16, JITFunction(kernels.constants:twice), 3, "
        "True, 'x')",
        "WRAPPED": "(4, 5)",
        "DEFAULT": "(1, (2, None))",
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Mode.MULTIPLY,", "Mode.ADD,"),
        ("Level.HIGH", "Level.LOW"),
        ("Tile(1, 2)", "Tile(1, 3)"),
        ('float("nan"), -0.0', "1.0, -0.0"),
        ("2**70 + 1,\n", "2**70 + 2,\n"),
        ("tl.float16, twice", "tl.float32, twice"),
        ("tl.constexpr(4), 5", "tl.constexpr(3), 5"),
        ("= (1, (2, None))", "= (1, (2, 0))"),
    ],
)
def test_another_value_would_be_noticed(tmp_path: Path, old: str, new: str) -> None:
    """The kernel's assertions can fail, each of them."""
    source = (KERNELS / "constants.py").read_text(encoding="utf-8")
    text, _, _ = source.partition('\n\n@export(\n    "tests.constants.cast"')
    assert text.count(old) == 1
    files = {"pyproject.toml": PYPROJECT, "kernels/constants.py": text.replace(old, new)}
    result = new_project(tmp_path, files).run("regenerate")
    assert result.code == 2
    assert "`tests.constants.kinds` variant `aligned` for sm_80: static_assert fails" in result.err


@pytest.mark.parametrize(
    ("choice", "label", "name"),
    [(None, "bf16", "OUT_bf16"), ("fp16", "fp16", "OUT_fp16"), ("i32", "i32", "OUT_i32")],
)
def test_a_call_names_a_dtype(
    signatures: SignatureProject, choice: str | None, label: str, name: str
) -> None:
    arguments = [4096, 1.5] + [choice] * (choice is not None)
    signatures.wrapper("constants.cast")(*arguments)
    found, _, values = signatures.launched("constants.cast", standin.launch())
    assert found == f"{name}-aligned"
    assert values["x"] == 1.5
    constexprs = signatures.functions["tests.constants.cast"]["variants"][found]["constexprs"]
    spelling = {"bf16": "bfloat16", "fp16": "float16", "i32": "int32"}[label]
    assert constexprs == {"OUT": f"triton.language.{spelling}"}


def test_a_dtype_that_is_no_choice(signatures: SignatureProject) -> None:
    with pytest.raises(ValueError, match="OUT") as caught:
        signatures.wrapper("constants.cast")(4096, 1.5, "fp32")
    assert str(caught.value).splitlines() == [
        "tests.constants.cast argument #2 `OUT` must be one of 'fp16', 'bf16', 'i32', "
        "got the str 'fp32'",
        "tests.constants.cast(out: *u8, x: fp32, OUT: 'fp16' | 'bf16' | 'i32', stream=None)",
    ]


class Mode(enum.Enum):
    ADD = 1


class Other(enum.Enum):
    ADD = 1


class Changed:
    class Mode(enum.Enum):
        ADD = 2


class Level(enum.IntEnum):
    ADD = 1


class Tile(NamedTuple):
    rows: int
    columns: int


class Swapped:
    class Tile(NamedTuple):
        columns: int
        rows: int


Changed.Mode.__qualname__ = "Mode"
Swapped.Tile.__qualname__ = "Tile"
ALL: list[Any] = [
    *(1, True, 1.0, "1", b"1", (1,), ((1,),), (), None, "None", 0, False, 0.0, -0.0, ""),
    *(float("inf"), float("-inf"), float("nan"), "nan", 2**70, -(2**70), 2.0**70),
    *(Mode.ADD, Other.ADD, Changed.Mode.ADD, Level.ADD, Tile(1, 2), Swapped.Tile(1, 2), (1, 2)),
    *(tl.float16, tl.float32, "fp16", (tl.float16,), tl.constexpr(1), (tl.constexpr(1),), (1, ())),
    *("a\nb", "a\\nb", "é", "e\u0301", "\ud800"),
]


def test_spellings_tell_all_values_apart() -> None:
    spelled = [repr(canonical(value)) for value in ALL]
    for (x, first), (y, second) in itertools.combinations(zip(ALL, spelled, strict=True), 2):
        assert first != second, (x, y)
    assert spelled == [repr(canonical(value)) for value in ALL]


UNHASHABLE = "cannot be hashed, as Triton's JIT does with constexprs"
REFUSED = {
    "a list": ("[[1, 2]]", f"its value [1, 2] {UNHASHABLE}", None),
    "a list in a tuple": ("(1, [2])", f"its value (1, [2]) {UNHASHABLE}", None),
    "a dict": ("{'a': 1}", "is of type dict, whose values have no fixed spelling", "spelling"),
    "a type of pointers": (
        "tl.pointer_type(tl.int8)",
        f"its value pointer<int8> {UNHASHABLE}",
        None,
    ),
    "an object": ("object()", "is of type object, whose values have no fixed spelling", "spelling"),
    "choices of tuples": (
        "[(1,), (2,)]",
        "a call can choose among ints, bools, strings or dtypes, got [(1,), (2,)]",
        "choices",
    ),
    "choices of dtypes and others": (
        '[tl.float16, "fp32"]',
        "a call can choose among ints, bools, strings or dtypes, got [triton.language.float16, "
        "'fp32']",
        "choices",
    ),
}
HINTS = {
    None: "write tuples instead of lists, and make pointer types in the kernel",
    "spelling": "use an int, float, bool, str, None, tuple, tl.dtype or @triton.jit function",
    "choices": "export the kernel once for each value, under several names",
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(tmp_path: Path, case: str) -> None:
    value, message, hint = REFUSED[case]
    source = f"""{HEADER}@export("demo.bad", types={{"x": "*i8"}}, constexprs={{"B": {value}}}, \
grid=lambda: (1,))
@triton.jit
def bad(x, B: tl.constexpr):
    pass
"""
    project = new_project(tmp_path, {"pyproject.toml": "", "kernels/bad.py": source})
    subject = "its value " if message.startswith("is of") else ""
    line = HEADER.count("\n") + 1
    assert project.run("regenerate").errors == [
        f"error: kernels/bad.py:{line}: `demo.bad` parameter `B`: {subject}{message}",
        f"  hint: {HINTS[hint]}",
        "1 error; nothing was written",
    ]
