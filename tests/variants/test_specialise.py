"""What is built of a kernel: the axes of a call's decisions, and a variant for each combination."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from codegen.model.dtypes import parse_type
from codegen.model.errors import CodegenError
from codegen.model.identifiers import c_identifier, image_file, python_identifier
from codegen.model.kernel import Axis, Kernel
from codegen.model.parameters import Constexpr, Parameter
from codegen.variants.axes.constexpr import ConstexprAxis
from codegen.variants.axes.dtype import DtypeAxis
from codegen.variants.axes.hints import HintsAxis
from codegen.variants.axes.none import NoneAxis
from codegen.variants.specialise import specialise
from tests.support.plans import TARGETS, choice, kernel, plan, value

pytestmark = pytest.mark.triton

POINTER = value("out", "*fp32")
UNHINTED = value("out", "*fp32", hint=None)


def hints(*names: str) -> HintsAxis:
    labels = ("aligned", "generic")
    return HintsAxis((), labels, labels, (tuple((name, 16) for name in names), ()))


def constexpr(name: str, labels: tuple[str, ...], choices: tuple[object, ...]) -> ConstexprAxis:
    return ConstexprAxis((name,), labels, choices, choices)


def dtype(names: tuple[str, ...], dtypes: tuple[str, ...]) -> DtypeAxis:
    types = tuple((parse_type(f"*{one}"),) * len(names) for one in dtypes)
    return DtypeAxis(names, dtypes, dtypes, types)


FULL = kernel(
    value("x", "*fp16 | *bf16"),
    choice("FAST", False, True),
    value("bias", "*fp32 | None"),
    value("y", "*fp16 | *bf16"),
    value("z", "*i8 | *i16 | *i32"),
    value("n", "i32", hint=16),
    value("m", "i32"),
    choice("WIDTH", 64),
    choice("MODE", "sum", "max-abs", ""),
)
FULL_AXES = (
    dtype(("x", "y"), ("fp16", "bf16")),
    dtype(("z",), ("i8", "i16", "i32")),
    constexpr("FAST", ("FAST_False", "FAST_True"), (False, True)),
    NoneAxis(("bias",), ("bias", "no_bias"), (False, True), ("bias",)),
    constexpr("MODE", ("MODE_sum", "MODE_maxminus_abs", "MODE_"), ("sum", "max-abs", "")),
    hints("x", "bias", "y", "z", "n"),
)

AXES: dict[str, tuple[Kernel, tuple[Axis, ...]]] = {
    "nothing to decide": (kernel(UNHINTED, choice("WIDTH", 64)), ()),
    "no parameters": (kernel(), ()),
    "hints alone": (kernel(POINTER), (hints("out"),)),
    "an int may be hinted": (kernel(value("n", "i32", hint=16)), (hints("n"),)),
    "negative numbers": (
        kernel(choice("N", -1, 1)),
        (constexpr("N", ("N_minus_1", "N_1"), (-1, 1)),),
    ),
    "everything, dtypes first and hints last": (FULL, FULL_AXES),
}


@pytest.mark.parametrize("case", AXES)
def test_axes(case: str) -> None:
    of, axes = AXES[case]
    assert of.specialisation.axes == axes


@pytest.mark.parametrize("case", AXES)
def test_variants_are_all_combinations_in_mixed_radix_order(case: str) -> None:
    of, axes = AXES[case]
    variants = of.specialisation.variants
    assert of.specialisation.numbers == ()
    sizes = [len(axis.labels) for axis in axes]
    assert [variant.selection for variant in variants] == list(
        itertools.product(*map(range, sizes))
    )
    for number, variant in enumerate(variants):
        index = 0
        for size, digit in zip(sizes, variant.selection, strict=True):
            index = index * size + digit
        assert index == number
    assert len({variant.label for variant in variants}) == len(variants)


def test_labels() -> None:
    labels = [variant.label for variant in FULL.specialisation.variants]
    assert labels[0] == "fp16-i8-FAST_False-bias-MODE_sum-aligned"
    assert labels[1] == "fp16-i8-FAST_False-bias-MODE_sum-generic"
    assert labels[-1] == "bf16-i32-FAST_True-no_bias-MODE_-generic"
    assert [variant.label for variant in kernel().specialisation.variants] == ["generic"]


def test_what_a_variant_tells_the_compiler() -> None:
    by_label = {variant.label: variant for variant in FULL.specialisation.variants}

    hinted = by_label["bf16-i16-FAST_True-bias-MODE_maxminus_abs-aligned"]
    assert hinted.signature == (
        ("x", "*bf16"),
        ("FAST", "constexpr"),
        ("bias", "*fp32"),
        ("y", "*bf16"),
        ("z", "*i16"),
        ("n", "i32"),
        ("m", "i32"),
        ("WIDTH", "constexpr"),
        ("MODE", "constexpr"),
    )
    assert hinted.constexprs == {"FAST": True, "WIDTH": 64, "MODE": "max-abs"}
    assert hinted.divisible == ("x", "bias", "y", "z", "n")
    assert tuple(hinted.types) == ("x", "bias", "y", "z", "n", "m")

    without = by_label["fp16-i8-FAST_False-no_bias-MODE_sum-aligned"]
    assert dict(without.signature)["bias"] == "constexpr"
    assert without.constexprs["bias"] is None
    assert without.divisible == ("x", "y", "z", "n")
    assert tuple(without.types) == ("x", "y", "z", "n", "m")

    generic = by_label["fp16-i8-FAST_False-bias-MODE_sum-generic"]
    assert generic.divisible == ()


def test_const_pointers_choose_with_others() -> None:
    of = kernel(value("x", "const *fp16 | const *bf16"), value("y", "*fp16 | *bf16"))
    types = tuple((parse_type(f"*k{one}"), parse_type(f"*{one}")) for one in ("fp16", "bf16"))
    dtypes = ("fp16", "bf16")
    assert of.specialisation.axes[0] == DtypeAxis(("x", "y"), dtypes, dtypes, types)
    assert of.specialisation.variants[-1].signature == (("x", "*kbf16"), ("y", "*bf16"))


def test_choices_in_another_order_are_another_choice() -> None:
    of = kernel(value("x", "*fp16 | *bf16"), value("y", "*bf16 | *fp16"))
    assert len(of.specialisation.variants) == 8


@pytest.mark.parametrize(
    ("choices", "labels"),
    [
        (("a", "b+c"), ["MODE_a", "MODE_b_c"]),
        (("a/b", "a:b"), ["MODE_1", "MODE_2"]),
        (("x" * 40, "y"), ["MODE_" + "x" * 40, "MODE_y"]),
        (("x" * 41, "y"), ["MODE_1", "MODE_2"]),
    ],
)
def test_choices_that_no_file_can_be_called_after_have_numbers(
    choices: tuple[str, ...], labels: list[str]
) -> None:
    found = kernel(value("x", "*fp32"), choice("MODE", *choices)).specialisation.variants
    assert list(dict.fromkeys(variant.label.rpartition("-")[0] for variant in found)) == labels


def many(count: int, length: int, types: str, hint: int | None = 0) -> list[Parameter]:
    return [value(f"{'ö' * (length // 2 - 1)}{i:02}", types, hint=hint) for i in range(count)]


LONG: dict[str, tuple[Kernel, list[str]]] = {
    "nones": (
        kernel(*many(5, 100, "*fp32 | None")),
        [f"variant_{number}" for number in range(1, 2 * 2**5)],
    ),
    "a parameter": (
        kernel(*many(1, 400, "*fp32 | None")),
        ["variant_1", "variant_2", "variant_3"],
    ),
    "a function": (
        kernel(POINTER, value("y", "*fp32 | None"), name=f"tests.{'f' * 400}"),
        ["y-aligned", "y-generic", "no_y-aligned", "no_y-generic"],
    ),
    "a function and nones": (
        kernel(*many(2, 80, "*fp32 | None"), name=f"tests.{'f' * 400}"),
        [f"variant_{number}" for number in range(1, 2 * 2**2)],
    ),
}


@pytest.mark.parametrize("case", LONG)
def test_labels_of_any_length_make_names_that_files_can_have(tmp_path: Path, case: str) -> None:
    of, labels = LONG[case]
    assert [variant.label for variant in of.specialisation.variants][: len(labels)] == labels
    made = plan(of, TARGETS)
    paths = {made.path(b.variant, image) for b in made.binaries for image in b.images}
    assert len(paths) > len(labels)
    for path in paths:
        Path(tmp_path, f"{Path(path).name}.0123456789").touch()
    assert max(len(Path(path).name.encode()) for path in paths) <= 240


def test_functions_with_long_names_have_images_of_their_own() -> None:
    names = [image_file("f" * 400 + end, "generic", "sm_80") for end in ("a", "b")]
    assert names[0] != names[1]


@pytest.mark.parametrize("length", [4, 20])
def test_cases_of_many_ints_have_numbers(length: int) -> None:
    names = [f"{'s' * length}{i}" for i in range(12)]
    of = kernel(POINTER, *(value(name, "i32") for name in names))
    every = tuple((name, 16) for name in ("out", *names))
    cases = (every, every[:2])
    found = specialise(of, (), cases).variants
    assert [variant.label for variant in found] == ["case_1", "case_2", "generic"]


def test_cases_of_few_ints_are_called_after_them() -> None:
    of = kernel(POINTER, value("n", "i32"), value("m", "i32"))
    cases = ((("out", 16), ("n", 16), ("m", 1)), (("out", 16), ("n", 16)))
    found = specialise(of, (), cases).variants
    assert [variant.label for variant in found] == ["n_16_m_1", "n_16", "generic"]


LIMITS: dict[str, tuple[list[Parameter | Constexpr], str]] = {
    "parameters": (
        [value(f"n{i}", "i8") for i in range(255)],
        "`tests.kernel` has 255 run-time parameters, and a generated function can have 254",
    ),
    "choices of types": (
        [value(f"x{i}", f"*i{8 << i % 4} | *u{8 << i // 4}") for i in range(9)],
        "`tests.kernel` has 9 choices of types, and a generated function can have 8",
    ),
}


@pytest.mark.parametrize("case", LIMITS)
def test_limits(case: str) -> None:
    parameters, message = LIMITS[case]
    with pytest.raises(CodegenError) as caught:
        kernel(*parameters)
    assert caught.value.message == message
    assert caught.value.where is not None
    assert caught.value.hint
    kernel(*parameters[:-1])


NAMES = [
    *("seq_len", "x_", "X", "int", "register", "register_", "stream", "stream_", "stream__"),
    *("values", "grid", "failed", "tb_x", "tb_x_", "_x", "_x_", "class", "class_", "None_"),
]


@pytest.mark.parametrize("spell", [c_identifier, python_identifier])
def test_names_stay_apart_however_they_are_spelt(spell: type) -> None:
    assert len({spell(name) for name in NAMES}) == len(NAMES)


@pytest.mark.parametrize(
    ("name", "c_name", "python_name"),
    [
        ("seq_len", "seq_len", "seq_len"),
        ("register", "register_", "register"),
        ("class", "class_", "class_"),
        ("stream", "stream_", "stream_"),
        ("grid", "grid_", "grid"),
        ("_x", "tbp__x", "_x"),
        ("tb_x", "tbp_tb_x", "tb_x"),
        ("BLOCK", "BLOCK_", "BLOCK"),
        ("errno", "errno_", "errno"),
    ],
)
def test_names_that_are_taken_are_spelt_otherwise(name: str, c_name: str, python_name: str) -> None:
    assert (c_identifier(name), python_identifier(name)) == (c_name, python_name)
