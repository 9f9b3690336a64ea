"""Parameters that are tuples: leaves are arguments, and Triton gets what its JIT would make."""

from __future__ import annotations

import functools
import inspect
import operator
import struct
from collections import namedtuple
from typing import Any

import numpy as np
import pytest
import triton
import triton.language as tl
from hypothesis import given, settings
from hypothesis import strategies as st
from triton._C.libtriton import native_specialize_impl
from triton._utils import find_paths_if
from triton.backends.compiler import BaseBackend
from triton.backends.driver import expand_signature

from codegen.model.declaration import Declaration
from codegen.model.errors import SourceLocation
from codegen.model.kernel import KernelSource, Variant
from codegen.model.options import Options
from codegen.prove.layout_proof import predicted_parameters
from codegen.read.parameters import parameters_of
from codegen.read.tuples import flattened, nested_signature, paths_of, spread
from codegen.variants.cases import cases_of
from codegen.variants.specialise import specialise
from tests.support import interpreter, standin, tuple_cases
from tests.support.fake_tensor import FakeTensor
from tests.support.places import KERNELS
from tests.support.signature_project import PACKAGE, SignatureProject
from tests.support.tuple_cases import refilled
from tritonbind.kernel_identity import identity_of

CASES = tuple_cases.cases(np.random.default_rng(7))


def passed(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    return FakeTensor(value, "bf16" if value.dtype == np.uint16 else None)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.function}-{case.variant}")
def test_a_call_is_what_numpy_computes(
    signatures: SignatureProject, case: tuple_cases.TupleCase
) -> None:
    """The stand-in decodes the launch, and Triton's interpreter runs it, the tuples rebuilt."""
    wrapper = signatures.wrapper(f"tuples.{case.function}")
    wrapper(*map(passed, case.flat))
    launch = standin.launch()
    label, target, values = signatures.launched(f"tuples.{case.function}", launch)
    assert (label, target) == (case.variant, "sm_90")
    leaves = []
    for name, given_value in zip(inspect.signature(wrapper).parameters, case.flat, strict=False):
        value = values.get(name, given_value)
        leaves.append(value)
        if isinstance(value, interpreter.Address):
            assert value.address == given_value.ctypes.data, name
        else:
            assert value == given_value, name
        if name not in values:
            assert value is None or (name, value) == ("strides_1", 1)
    module = interpreter.load(KERNELS / "tuples.py")
    arguments = refilled(case.arguments, leaves)
    interpreter.run(module.declared[case.function].kernel, launch.grid, arguments)
    np.testing.assert_allclose(case.output, case.expected, rtol=1e-6)


def test_older_devices_get_the_same(signatures: SignatureProject) -> None:
    """Another image, and the same bytes in every place."""
    arguments = [4096, 8192, 12288, None, -3, 2**63, True, 130]
    source = f"""
    sys.path.insert(0, {str(signatures.folder.parent)!r})
    from {PACKAGE}.tuples import variadic
    variadic(*{arguments})
    launch = standin.launch()
    print(launch.image.target, launch.grid, [value.hex() for value in launch.parameters])
    """
    packed = ["<Q", "<Q", "<Q", None, "<i", "<Q", "<?", "<i"]
    pairs = [(a, form) for a, form in zip(arguments, packed, strict=True) if form]
    expected = [struct.pack(form, value).hex() for value, form in pairs] + ["00" * 8] * 2
    outputs = [standin.run_child(source, devices=[sm]) for sm in (80, 90)]
    assert outputs == [f"{target} (3, 1, 1) {expected}\n" for target in ("sm_80", "sm_90a")]


def test_the_leaves_have_names_of_their_own(signatures: SignatureProject) -> None:
    texts = {
        name.rpartition(".")[2]: entry["signature"]
        for name, entry in signatures.functions.items()
        if name.startswith("tests.tuples")
    }
    assert texts == {
        "strided": "tests.tuples.strided(out: *fp32, sources_0: *fp32, sources_1: *fp16 | *bf16, "
        "shape_0: i32, shape_1: i32, strides_0: i64, strides_1: i32 | i64, stream=None)",
        "rescale": "tests.tuples.rescale(out_data: *fp32, out_columns: i32, out_strides_0: i64, "
        "x_data: *fp32, x_rows: i32, x_strides_0: i64, scaling_factor: fp32, "
        "scaling_offset: fp64, stream=None)",
        "variadic": "tests.tuples.variadic(out: *fp64, args_0: *fp32, args_1: *fp16, "
        "args_2_0: *fp32 | None, args_2_1: i32, args_3: u64, args_4: i1, n: i32, stream=None)",
        "odd": "tests.tuples.odd(deep_0_0_0: *i32, deep_2_0: i8, deep_2_1_1: i16, stream=None)",
    }


def test_a_message_names_the_leaf(signatures: SignatureProject) -> None:
    with pytest.raises(ValueError, match="args_2_1") as caught:
        signatures.wrapper("tuples.variadic")(4096, 8192, 12288, None, 2**31, 0, True, 130)
    assert str(caught.value).splitlines()[0] == (
        "tests.tuples.variadic argument #4 `args_2_1` must be an i32-range integer, got 2147483648"
    )


def test_heuristics_read_tuples(signatures: SignatureProject) -> None:
    """One is known when generating, and one from the call."""
    for count in (3, 4):
        standin.reset()
        signatures.wrapper("tuples.odd")(4096, count, -300)
        label, _, values = signatures.launched("tuples.odd", standin.launch())
        assert label == f"LARGE_{count > 3}-aligned"
        assert standin.launch().grid == (count, 1, 1)
        assert [values["deep_2_0"], values["deep_2_1_1"]] == [count, -300]


def test_what_a_variant_assumes_of_leaves(signatures: SignatureProject) -> None:
    """Pointers are hinted as they are outside of tuples, and ints where the declaration says so."""
    variants = signatures.functions["tests.tuples.strided"]["variants"]
    aligned = variants["fp16-strides_1_i32-aligned"]
    assert aligned["divisible_by_16"] == ["out", "sources_0", "sources_1", "shape_0"]
    assert aligned["constexprs"] == {"strides_1": "1", "BLOCK": "32"}
    rescale = signatures.functions["tests.tuples.rescale"]["variants"]["aligned"]
    assert rescale["constexprs"] == {
        **{"out_rows": "None", "out_strides_1": "1"},
        **{"x_columns": "None", "x_strides_1": "1"},
    }


# ---- against the JIT's own account of a call ----


class Pointer:
    """What Triton asks of a tensor."""

    dtype = "float32"

    def __init__(self, address: int) -> None:
        self.address = address

    def data_ptr(self) -> int:
        return self.address


Pair = namedtuple("Pair", ["left", "right"])
leaves = st.one_of(
    st.sampled_from([1, 0, 16, -32, 5, -7, 2**31 - 1, None, True, False, 1.5, -0.0]),
    st.sampled_from([2**31, 2**40, -(2**62)]),
    st.integers(0, 64).map(lambda number: Pointer(8 * number)),
    st.sampled_from([4, "relu", None, (1, 2)]).map(tl.constexpr),
)
entries = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=3).map(tuple), st.builds(Pair, inner, inner)),
    max_leaves=8,
)
tuples = st.one_of(st.lists(entries, max_size=3).map(tuple), st.builds(Pair, entries, entries))


def declared(value: Any) -> Any:
    """What a declaration says of a parameter that gets the value."""
    if isinstance(value, tuple):
        parts = map(declared, value)
        return Pair(*parts) if isinstance(value, Pair) else tuple(parts)
    if isinstance(value, bool):
        return "i1"
    if isinstance(value, int):
        width = "i32" if -(2**31) <= value < 2**31 else "i64"
        return 1 if value == 1 else f"{width}:16" if value % 16 == 0 else width
    if isinstance(value, float):
        return "fp32"
    return "*fp32" if isinstance(value, Pointer) else value


@triton.jit(do_not_specialize=["first"], do_not_specialize_on_alignment=["last"])
def anything(first, last):
    pass


def variants_of(types: dict[str, Any]) -> tuple[Variant, ...]:
    nowhere = SourceLocation("a.py", 1)
    declaration = Declaration("a", anything, types, {}, {}, "explicit", {}, nowhere)
    flat = spread(declaration, anything)
    parameters = parameters_of(flat, anything, ())
    source = KernelSource(
        *("a", "a.py", "a", nowhere, "", parameters, Options(), "key", identity_of(anything)),
        tuples=flat.tuples,
    )
    assert cases_of(declaration, source, flat.params) is None
    return specialise(source).variants


@settings(deadline=None)
@given(first=tuples, last=tuples)
def test_a_variant_is_what_the_jit_makes_of_a_call(first: Any, last: Any) -> None:
    """Types, constants with their paths, and hints, where all pointers of the call are aligned."""
    is_aligned = all(
        leaf.address % 16 == 0 for leaf in flattened((first, last)) if isinstance(leaf, Pointer)
    )
    variant = variants_of({"first": declared(first), "last": declared(last)})[0]
    paths = paths_of(variant, ["first", "last"])

    specialised = [
        native_specialize_impl(BaseBackend, value, False, value is not first, value is not last)
        for value in (first, last)
    ]
    types = [type_ for type_, _ in specialised]
    signature = list(nested_signature(variant, ["first", "last"]).values())
    assert shown(signature) == shown(types)
    constants = find_paths_if(types, lambda _, type_: type_ == "constexpr")
    assert [paths[name] for name in variant.constexprs] == constants
    values = (first, last)
    for value, path in zip(variant.constexprs.values(), constants, strict=True):
        found = functools.reduce(operator.getitem, path, values)
        assert value == getattr(found, "value", found)
    if is_aligned:
        keys = [key for _, key in specialised]
        hinted = find_paths_if(keys, lambda _, key: isinstance(key, str) and "D" in key)
        assert [paths[name] for name in variant.divisible] == hinted

    expanded = expand_signature(signature, None, "nvTmaDesc")
    widths = {"u1": 1, "i32": 4, "fp32": 4, "i64": 8, "*fp32": 8}
    sizes = [widths[type_] for type_ in flattened(expanded) if type_ != "constexpr"]
    assert [slot.size for _, slot in predicted_parameters(variant)] == [*sizes, 8, 8]


def shown(value: Any) -> Any:
    """With the fields that Triton looks for, which tuples do not compare."""
    if not isinstance(value, (tuple, list)):
        return value
    return type(value).__dict__.get("_fields"), [shown(part) for part in value]


def test_a_subclass_of_a_namedtuple_has_no_fields_to_triton() -> None:
    class Named(Pair):
        pass

    types = {"first": Named("i32", "i32"), "last": ()}
    variant = variants_of(types)[0]
    assert tuple(variant.types) == ("first_0", "first_1")
    value = Named(3, 3)
    jit, _ = native_specialize_impl(BaseBackend, value, False, True, True)
    assert shown(nested_signature(variant, ["first", "last"])["first"]) == shown(jit)
