"""None among the strings that a call chooses from, as an activation that may be left out."""

from __future__ import annotations

import ctypes

import pytest
from tvm_ffi.core import TypeSchema

from tests.support import made
from tests.support.jit_calls import Array

SOURCE = """
@export("tests.few", types={"x": "*fp32"}, constexprs={"ACT": ["gelu", None]}, grid=lambda: (1,))
@triton.jit
def few(x, ACT: tl.constexpr = None):
    pass

MANY = [f"act_{n}" for n in range(9)]

@export("tests.many", types={"x": "*fp32"}, constexprs={"ACT": [*MANY[:5], None, *MANY[5:]]},
        grid=lambda WIDE: (1 + WIDE,))
@triton.heuristics({"WIDE": lambda args: args["ACT"] is None})
@triton.jit
def many(x, ACT: tl.constexpr, WIDE: tl.constexpr):
    pass
"""
FEW = ["gelu", None]
MANY = [*(f"act_{n}" for n in range(9)), None]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> made.Library:
    return made.library(tmp_path_factory.mktemp("none"), SOURCE)


@pytest.mark.parametrize(
    ("name", "choice"), [*(("few", c) for c in FEW), *(("many", c) for c in MANY)]
)
def test_each_is_found(built: made.Library, name: str, choice: str | None) -> None:
    variant = built.chosen(name, Array().passed(), choice)
    assert variant.constexprs["ACT"] == choice
    if name == "many":
        assert built.launch(name, Array().passed(), choice).grid[0] == 1 + (choice is None)


@pytest.mark.parametrize("given", ["", "None", "gel", 0])
def test_others_are_refused(built: made.Library, given: object) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        built.module["few"](Array().passed(), given)
    got = f"the str {given!r}" if isinstance(given, str) else given
    assert str(caught.value).partition("\n")[0] == (
        f"tests.few argument #1 `ACT` must be one of 'gelu', None, got {got}"
    )


def test_from_c_it_is_null(built: made.Library) -> None:
    library = ctypes.CDLL(str(next((built.folder / "_lib").glob("*.so"))))
    arguments = ctypes.c_void_p(0), ctypes.c_void_p(4096)
    assert library.few_launch(*arguments, None) == 0
    assert library.few_launch(*arguments, b"gelu") == 0
    assert library.few_launch(*arguments, b"relu") != 0


def test_the_schema_and_the_texts_say_so(built: made.Library) -> None:
    metadata = built.module.get_function_metadata("few")
    assert metadata is not None
    schema = TypeSchema.from_json_str(metadata["type_schema"])
    assert "c_void_p, str | None, int" in repr(schema)
    assert 'ACT: Literal["gelu", None] = None,' in (built.folder / "made.py").read_text()
    assert "* ACT_: NULL for None: one of 'gelu', None" in (built.folder / "made.h").read_text()
