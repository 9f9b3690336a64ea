"""A kernel that is declared by its launches: what is built, and which variant a call gets."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.conditions import variant_of
from tests.support.launch_rows import Launched, generic, launched, row_of_variant
from tests.support.specialisations import facts, holds

KERNELS, LAUNCHES = 10, 24


class Cases(list[Launched]):
    """With a name that an example which fails has room for."""

    def __repr__(self) -> str:
        return "cases"


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Cases:
    return Cases(launched(tmp_path_factory.mktemp("launches"), KERNELS, LAUNCHES))


def test_what_was_launched_is_built_and_what_assumes_nothing(cases: Cases) -> None:
    """And nothing else: no cross product."""
    for case in cases:
        wanted = {repr(row) for row in (*case.rows, *map(generic, case.rows))}
        variants = case.kernel.specialisation.variants
        assert sorted(repr(row_of_variant(case.made, v)) for v in variants) == sorted(wanted)


@pytest.mark.parametrize(
    "part", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 4))]
)
@settings(max_examples=250, deadline=None)
@given(number=st.integers(0, KERNELS - 1), dice=st.randoms(use_true_random=False))
def test_a_call_gets_what_the_jit_would_compile_where_that_was_launched(
    cases: Cases, number: int, dice: random.Random, part: int
) -> None:
    """Else a variant of its types, None, constexprs and options, whose assumptions hold."""
    case = cases[number]
    call = case.call(dice)
    row = case.row(call)
    is_built = generic(row) in map(generic, case.rows)
    try:
        chosen = case.variant(call)
    except (TypeError, ValueError):
        assert not is_built, call
        return
    assert variant_of(case.library.plans[case.made.name], call, {}) == chosen.label
    if row in case.rows:
        assert row_of_variant(case.made, chosen) == row
    own = {entry.name: call[entry.name] for entry in case.made.entries}
    found = case.binder.specialisation(case.made, own)
    possible = [
        variant
        for variant in case.kernel.specialisation.variants
        if generic(row_of_variant(case.made, variant)) == generic(row)
        and holds(case.made, variant, found)
    ]
    if is_built:
        most = max(facts(case.made, variant) for variant in possible)
        assert chosen in possible and facts(case.made, chosen) == most
    assert chosen.options.num_warps == call["num_warps"]


def test_the_calls_of_the_rows_get_their_own(cases: Cases) -> None:
    for case in cases:
        for call, row in zip(case.calls, case.rows, strict=True):
            assert row_of_variant(case.made, case.variant(call)) == row
