"""Hidden characters of kernel files in what is generated, and that what is generated runs."""

from __future__ import annotations

import ast
import unicodedata
from pathlib import Path

import pytest

from codegen.model.errors import CodegenError
from codegen.model.visible import visible
from codegen.project.output import FileChange, apply
from codegen.project.staged import check_modules
from codegen.read.introspect import title_of
from codegen.render.files import render
from tests.support import made

SPELT = {
    "plain, with\nlines and\ttabs, é and 漢": "plain, with\nlines and\ttabs, é and 漢",
    "zero\0 escape\x1b return\r delete\x7f": r"zero\x00 escape\x1b return\x0d delete\x7f",
    "next\x85 soft\xad": r"next\x85 soft\xad",
    "\u202aa\u202eb\u2066c\u2069": r"\u202aa\u202eb\u2066c\u2069",
    "\ufeffmark \u2028 \u2029 \u200b": r"\ufeffmark \u2028 \u2029 \u200b",
    "half \ud800 \udcff": r"half \ud800 \udcff",
    "tag \U000e0041": r"tag \U000e0041",
}


@pytest.mark.parametrize("text", SPELT)
def test_hidden_characters_are_spelt_out(text: str) -> None:
    assert visible(text) == SPELT[text]


ODD = '''"""Ti\\0tle \\u202e turned \\ud800 half"""


@export(
    "demo.odd",
    types={"x": "*fp32", "n": "i32"},
    constexprs={"MODE": ["\\u202e*/", "c"]},
    grid=lambda: (1,),
)
@triton.jit
def odd(
    x,  # a comment \u202e turned \\ud800 \x1b */ end
    n,
    MODE: tl.constexpr = "c",
):
    """Doc\\0 string \\u2067 a \\ud83d b\\x85c\\u2028d\\ufeff \\x0c"""
'''


def test_none_of_them_is_in_generated_text(tmp_path: Path) -> None:
    path = tmp_path / "kernels" / "made.py"
    path.parent.mkdir()
    (kernel,) = made.read(tmp_path, ODD)
    library = made.build(tmp_path / "made", [made.plan(kernel)])
    assert kernel.doc == r"Doc\x00 string \u2067 a \ud83d b\x85c\u2028d\ufeff \x0c"
    texts = {
        path: path.read_text("utf-8")
        for path in library.folder.rglob("*")
        if path.suffix in (".c", ".h", ".py")
    }
    assert len(texts) > 10
    for path, text in texts.items():
        hidden = {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
        assert hidden <= {"\n", "\t"}, path
    module = ast.parse(texts[library.folder / "made.py"])
    function = next(node for node in module.body if isinstance(node, ast.FunctionDef))
    doc = ast.get_docstring(function) or ""
    assert doc.startswith(kernel.doc)
    assert r"a comment \u202e turned \ud800 \x1b */ end" in doc
    check_modules(library.folder, ["__init__.py", "_build.py", "_library.py", "made.py"])


def test_the_title_too(tmp_path: Path) -> None:
    path = tmp_path / "kernels" / "titled.py"
    path.parent.mkdir()
    path.write_text('"""Ti\\0tle \\u202e"""\n' + made.HEADER + ODD.partition('half"""')[2], "utf-8")
    from codegen.read.introspect import introspect

    introspect(path.parent, path.name)
    assert title_of(path.parent, path.name) == r"Ti\x00tle \u202e"


def test_a_string_with_half_of_a_character(tmp_path: Path) -> None:
    with pytest.raises(CodegenError) as caught:
        made.read(tmp_path, ODD.replace('"\\u202e*/"', '"\\ud800"'))
    (error,) = caught.value.errors  # type: ignore[attr-defined]
    assert (error.message, error.hint) == (
        "`demo.odd` parameter `MODE`: its value '\\ud800' has half of a character (a lone "
        "surrogate), which is no text",
        "write whole characters",
    )


def test_what_does_not_run_replaces_nothing(tmp_path: Path) -> None:
    (kernel,) = made.read(tmp_path, ODD)
    files = render([made.plan(kernel)], {kernel.file: "Title."}, "kernels")
    output = tmp_path / "generated"
    changes = [FileChange(file.path, "new", None, file.content) for file in files]
    apply(output, changes, lambda staging: check_modules(staging, [file.path for file in files]))
    before = (output / "made.py").read_bytes()
    broken = before.replace(b"@launcher", b"not_there\n\n\n@launcher")
    assert broken != before
    change = FileChange("made.py", "changed", before, broken)
    with pytest.raises(CodegenError) as caught:
        apply(output, [change], lambda staging: check_modules(staging, ["made.py"]))
    assert caught.value.message == (
        "what would be generated cannot be imported: made.py: NameError: name 'not_there' is not "
        "defined"
    )
    assert (output / "made.py").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if "generated" in path.name] == ["generated"]
