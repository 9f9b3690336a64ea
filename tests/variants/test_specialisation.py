"""The variant of a call, against what Triton's own binder says of the same arguments."""

from __future__ import annotations

import itertools
import random
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegen.model.kernel import Kernel, Variant
from tests.support import made as support
from tests.support.calls import tensor
from tests.support.conditions import variant_of
from tests.support.specialisations import (
    Binder,
    Entry,
    Made,
    arguments,
    facts,
    holds,
    is_the_jits_own,
    random_call,
    random_kernel,
)

KERNELS = 8


@dataclass(frozen=True, repr=False)
class Case:
    """A random kernel, built."""

    made: Made
    kernel: Kernel
    binder: Binder
    library: support.Library

    def __repr__(self) -> str:
        return self.made.source

    def candidates(self, found: dict[str, tuple[Any, Any]]) -> list[Variant]:
        """The variants that may serve a call and assume most."""
        variants = self.kernel.specialisation.variants
        good = [variant for variant in variants if holds(self.made, variant, found)]
        most = max(facts(self.made, variant) for variant in good)
        return [variant for variant in good if facts(self.made, variant) == most]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    folder = tmp_path_factory.mktemp("specialisation")
    random_kernels = [random_kernel(f"k{n}", random.Random(n)) for n in range(KERNELS)]
    kernels = support.read(folder, "".join(one.source for one in random_kernels))
    functions = support.declarations(folder)
    library = support.build(folder / "made", [support.plan(kernel) for kernel in kernels])
    return [
        Case(one, kernel, Binder(functions[one.name]), library)
        for one, kernel in zip(random_kernels, kernels, strict=True)
    ]


@pytest.mark.parametrize(
    "part", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 5))]
)
@settings(max_examples=300, deadline=None)
@given(number=st.integers(0, KERNELS - 1), dice=st.randoms(use_true_random=False))
def test_a_call_gets_the_variant_that_assumes_most_of_what_holds(
    cases: list[Case], number: int, dice: random.Random, part: int
) -> None:
    case = cases[number]
    call = random_call(case.made, dice)
    found = case.binder.specialisation(case.made, call)
    chosen = case.library.chosen(case.made.name, *arguments(case.made, call))
    candidates = case.candidates(found)
    assert chosen in candidates, (call, chosen.label, [one.label for one in candidates])
    own = [
        variant
        for variant in case.kernel.specialisation.variants
        if is_the_jits_own(case.made, variant, found)
    ]
    assert own in ([], [chosen])
    assert variant_of(case.library.plans[case.made.name], call, {}) == chosen.label


def test_a_call_of_which_nothing_holds_gets_a_variant(cases: list[Case]) -> None:
    """One that assumes nothing of ints and addresses, whatever else the call decides."""
    for case in cases:
        for chosen in itertools.product(*(_choices(entry) for entry in case.made.entries)):
            call = {
                entry.name: _odd(entry) if value is _ODD else value
                for entry, value in zip(case.made.entries, chosen, strict=True)
            }
            if any(
                e.partner and (call[e.partner] is None) != (call[e.name] is None)
                for e in case.made.entries
            ):
                continue
            found = case.library.chosen(case.made.name, *arguments(case.made, call))
            assert facts(case.made, found) == 0, (call, found.label)


_ODD = object()


def _odd(entry: Entry) -> Any:
    odd = {"pointer": (entry.types[0].rpartition("*")[2], 0x7F0000001008), "int": 3, "float": 0.5}
    return odd[entry.kind]


def _choices(entry: Entry) -> tuple[Any, ...]:
    return entry.choices or ((_ODD, None) if entry.nullable else (_ODD,))


NONE_COUNTS_FOR_NOTHING = """
@export("tests.counts", types={"x": "*fp32 | None", "n": "i32", "m": "i32"}, grid=lambda: (1,),
        cases=[{"n": 16}, {"x": None, "n": 16, "m": 1}])
@triton.jit
def counts(x, n, m): pass
"""


def test_of_none_nothing_is_assumed(tmp_path: Path) -> None:
    """Both cases assume two facts, and without x the first assumes but one."""
    library = support.library(tmp_path, NONE_COUNTS_FOR_NOTHING)
    assert library.chosen("counts", None, 16, 1).label == "no_x-n_16_m_1_x_any"
    assert library.chosen("counts", 4096, 16, 1).label == "x-n_16"
    assert library.chosen("counts", 4100, 16, 1).label == "x-n_16_m_1_x_any"
    assert library.chosen("counts", None, 16, 2).label == "no_x-n_16"
    assert library.chosen("counts", None, 3, 1).label == "no_x-generic"


def test_a_dtype_that_a_pointer_without_tensor_shares(tmp_path: Path) -> None:
    """The alignment of its elements is looked up by dtype, not by whether it is None."""
    library = support.library(
        tmp_path,
        "@export('tests.k', types={'x': '*i8 | *fp32 | None', 'y': '*i8 | *fp32 | None'}, "
        "grid=lambda: (1,))\n@triton.jit\ndef k(x, y): pass\n",
    )
    assert library.chosen("k", 4097, tensor(8, dtype="i8")).label == "i8-x-y-generic"
    with pytest.raises(ValueError, match="must be aligned to the 4 bytes of its elements"):
        library.chosen("k", 4097, tensor(8, dtype="fp32"))
    with pytest.raises(TypeError) as caught:
        library.chosen("k", None, 4097)
    assert str(caught.value).startswith(
        "tests.k argument #1 `y` must be a tensor, since an address does not tell its dtype, got"
    )


def test_tensors_that_are_all_none_choose_no_dtype(tmp_path: Path) -> None:
    """What would be compiled for either is the same."""
    source = (
        "@export('tests.k', types={'x': '*i8 | *fp32 | None', 'y': '*i8 | *fp32 | None'}, "
        "grid=lambda: (1,))\n@triton.jit\ndef k(x, y): pass\n"
    )
    library = support.library(tmp_path, source)
    assert library.chosen("k", None, None).label == "i8-no_x-no_y-aligned"
    assert variant_of(library.plans["k"], {"x": None, "y": None}, {}) == "i8-no_x-no_y-aligned"


ANNOTATED = """
@export("tests.null", types={"x": "*fp32 | None"}, grid=lambda x, n: (n if x is None else 1,))
@triton.heuristics({"HAS_X": lambda given: given["x"] is not None})
@triton.jit
def null(x: "*fp32", n: tl.int32, HAS_X: tl.constexpr): pass
"""


def test_none_for_a_pointer_that_the_kernel_annotates_is_a_null_pointer(tmp_path: Path) -> None:
    """What Triton's binder makes of it: it has the type of the annotation, and is no constexpr."""
    (kernel,) = support.read(tmp_path, ANNOTATED)
    function = support.declarations(tmp_path)["null"].fn
    library = support.build(tmp_path / "made", [support.plan(kernel)])
    for x, has_x, blocks in ((4096, True, 1), (None, False, 5)):
        types = [type_ for type_, _ in Binder(function).bound(x, 5, has_x)]
        chosen = library.chosen("null", x, 5)
        assert [type_ for _, type_ in chosen.signature] == types == ["*fp32", "i32", "constexpr"]
        assert chosen.constexprs == {"HAS_X": has_x}
        launch = library.launch("null", x, 5)
        assert launch.grid[0] == blocks
        assert launch.parameters[0] == struct.pack("<Q", x or 0)
