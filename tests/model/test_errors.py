"""Errors: what they are about is said by whoever knows it, above the place that raises them."""

from __future__ import annotations

import pickle

import pytest

from codegen.model.errors import (
    CannotBuild,
    CodegenError,
    CodegenErrors,
    SourceLocation,
    about,
    collected,
)
from codegen.model.kernel import MadeOf
from codegen.read.differing import Differs, OtherImport

HERE, THERE = SourceLocation("/k.py", 3), SourceLocation("/k.py", 7, 2)


def test_each_level_adds_what_it_knows() -> None:
    with (
        pytest.raises(CannotBuild) as caught,
        about("`tests.k`", HERE, "read the docs"),
        about("parameter `x`"),
    ):
        raise CannotBuild("its type is missing")
    assert str(caught.value) == (
        "/k.py:3: `tests.k` parameter `x`: its type is missing\n  hint: read the docs"
    )
    assert (caught.value.subject, caught.value.reason) == (
        "`tests.k` parameter `x`",
        "its type is missing",
    )


def test_an_error_keeps_the_place_and_the_hint_that_it_has() -> None:
    first = CodegenError("it is wrong", where=THERE, hint="mend it")
    with pytest.raises(CodegenError) as caught, about("`tests.k`", HERE, "read the docs"):
        raise first
    assert str(caught.value) == "/k.py:7:2: `tests.k`: it is wrong\n  hint: mend it"
    assert str(first) == "/k.py:7:2: it is wrong\n  hint: mend it"


@pytest.mark.parametrize("sentence", ["`tests.k` has 255 parameters", "`tests.k`: it is wrong"])
def test_a_sentence_that_begins_with_its_subject_stays(sentence: str) -> None:
    with pytest.raises(CodegenError) as caught, about("`tests.k`", HERE):
        raise CodegenError(sentence)
    assert str(caught.value) == f"/k.py:3: {sentence}"


def test_several_errors_are_each_about_it_and_join_others() -> None:
    errors = [CodegenError("before")]
    with collected(errors), about("`tests.k`", HERE):
        raise CodegenErrors([CodegenError("one"), CodegenError("two", where=THERE)])
    with collected(errors):
        raise CodegenError("after")
    assert [str(error) for error in errors] == [
        "before",
        "/k.py:3: `tests.k`: one",
        "/k.py:7:2: `tests.k`: two",
        "after",
    ]


@pytest.mark.parametrize(
    "error",
    [
        CodegenError("it is wrong", subject="`tests.k`", where=THERE, hint="mend it"),
        CodegenErrors([CodegenError("one", where=HERE)], ["k.py"]),
        OtherImport("`tests.k` in k.py", MadeOf(key="1")),
        Differs("`X`", "`tests.k`: `X` differs", where=HERE),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_comes_whole_out_of_another_process(error: CodegenError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.args) == (type(error), str(error), error.args)
    assert {name: str(part) for name, part in vars(again).items()} == {
        name: str(part) for name, part in vars(error).items()
    }
