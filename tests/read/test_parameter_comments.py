"""Which comment stands beside which parameter, however the signature is written."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from codegen.read.parameter_comments import parameter_comments

CASES = {
    "after each comma": (
        "def f(\n    a,  # first\n    b,  #    second \n    c,  ## third, with a comma\n): ...",
        {"a": "first", "b": "second", "c": "third, with a comma"},
    ),
    "the last without a comma": (
        "def f(\n    a,  # first\n    b=1  # last\n): ...",
        {"a": "first", "b": "last"},
    ),
    "several in one line": ("def f(a, b,  # of b\n      c, d): ...", {"b": "of b"}),
    "defaults with commas and brackets": (
        "def f(\n    a=lambda x, y: (x, y),  # first\n    b=')',  # second\n"
        "    c=(1, 2),  # third\n    d={'#': [1]},  # fourth\n    e=(1)  # fifth\n): ...",
        {"a": "first", "b": "second", "c": "third", "d": "fourth", "e": "fifth"},
    ),
    "within a default": (
        "def f(\n    a=[1,  # one\n       2],  # first\n    b=(\n"
        "        3  # three\n    ),  # second\n    c='''\n    # text\n    ''',  # third\n): ...",
        {"a": "first", "b": "second", "c": "third"},
    ),
    "annotations": (
        "def f(\n    a: 'tl.constexpr',  # first\n    b: dict[str, int] = None,  # second\n): ...",
        {"a": "first", "b": "second"},
    ),
    "behind wide characters": ("def f(é='äöü, #', b=1,  # of b\n): ...", {"b": "of b"}),
    "the signs between": (
        "def f(\n    a,  # first\n    /,  # slash\n    b,  # second\n    *,  # star\n"
        "    c,  # third\n): ...",
        {"a": "first", "b": "second", "c": "third"},
    ),
    "on lines of their own": (
        "def f(\n    # of a\n    a,\n    # of b\n    b,\n    # end\n): ...",
        {},
    ),
    "before the comma": ("def f(\n    a  # of a\n    , b): ...", {}),
    "behind the signature": ("def f(a, b):  # of all\n    return a  # not here", {}),
    "below decorators": (
        "import functools\n\n\n@functools.cache  # not here\ndef f(a,  # of a\n      b): ...",
        {"a": "of a"},
    ),
    "no comment": ("def f(a, b): ...", {}),
}


@pytest.mark.parametrize("case", CASES)
def test_the_comment_beside_each_parameter(case: str, tmp_path: Path) -> None:
    source, comments = CASES[case]
    path = tmp_path / "module.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location("module", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert parameter_comments(module.f) == comments


def test_a_method_is_read_without_its_indent() -> None:
    class Holder:
        def method(
            self,
            rows,  # of rows
        ) -> None: ...

    assert parameter_comments(Holder.method) == {"rows": "of rows"}


def test_what_has_no_source_has_no_comments() -> None:
    assert parameter_comments(len) == {}
    assert parameter_comments(eval("lambda a: a")) == {}
