"""Compilation: bytes that depend on nothing but the request, and errors."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.compile.processes import compile_all
from codegen.model.constexpr_values import held
from codegen.model.errors import CodegenError
from codegen.model.image import Compiled
from codegen.model.kernel import Variant
from codegen.model.options import Options
from codegen.model.request import CompileRequest, compile_key
from codegen.model.targets import Target
from tests.support.compile_requests import broken, make_request, message, parameters
from tests.support.places import KERNELS, REPOSITORY

pytestmark = pytest.mark.triton


def images(requests: Sequence[CompileRequest], jobs: int = 2) -> list[bytes]:
    results = compile_all(requests, jobs)
    assert all(isinstance(result, Compiled) for result in results), results
    return [result.data for result in results if isinstance(result, Compiled)]


def plain_requests(root: Path) -> list[CompileRequest]:
    targets = (Target(80), Target(90), Target(120), Target(80, is_ptx=True))
    return [
        *(make_request("add", target, root) for target in targets),
        *(make_request("matmul", target, root) for target in targets[:2]),
    ]


@pytest.fixture(scope="module")
def plain_images(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    return images(plain_requests(KERNELS), jobs=1)


def test_ptx_is_of_the_lowest_version_that_has_the_target(plain_images: list[bytes]) -> None:
    text = plain_images[3].decode()
    assert ".version 7.0\n.target sm_80\n" in text


def test_same_bytes_in_another_directory_with_other_lines(
    plain_images: list[bytes], tmp_path: Path
) -> None:
    root = tmp_path / "elsewhere" / "kernels"
    shutil.copytree(KERNELS, root)
    moved = root / "plain.py"
    moved.write_text("# Moved.\n" * 17 + moved.read_text())
    assert images(plain_requests(root)) == plain_images


def test_same_bytes_whatever_the_environment_says(
    plain_images: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = {
        "DISABLE_LLVM_OPT": "1",
        "DISABLE_PTXAS_OPT": "1",
        "LLVM_IR_ENABLE_DUMP": "1",
        "MLIR_ENABLE_DUMP": "1",
        "NVPTX_ENABLE_DUMP": "1",
        "PTXAS_OPTIONS": "--opt-level 0",
        "PYTHONHASHSEED": "12345",
        "PYTHONOPTIMIZE": "2",
        "PYTHONWARNINGS": "error",
        "TRITON_ALWAYS_COMPILE": "0",
        "TRITON_CACHE_DIR": str(tmp_path / "cache"),
        "TRITON_DEBUG": "1",
        "TRITON_DISABLE_LINE_INFO": "0",
        "TRITON_F32_DEFAULT": "ieee",
        "TRITON_FORCE_DISABLE_FP_FUSION": "1",
        "TRITON_INSTRUMENTATION_MODE": "fpsan",
        "TRITON_INTERPRET": "1",
        "TRITON_KERNEL_DUMP": "1",
        "TRITON_MOCK_PTX_VERSION": "nothing",
        "TRITON_OVERRIDE_ARCH": "sm75",
        "TRITON_PTXAS_PATH": "/bin/false",
        "USE_IR_LOC": "ttgir",
    }
    for name, value in hostile.items():
        monkeypatch.setenv(name, value)
    assert images(plain_requests(KERNELS)) == plain_images
    assert not (tmp_path / "cache").exists()


def test_options_and_constexprs_reach_the_compiler(plain_images: list[bytes]) -> None:
    variations = [
        make_request("add", Target(80), options=Options(num_warps=8)),
        make_request("add", Target(80), block=256),
        make_request("matmul", Target(80), options=Options(maxnreg=64)),
        make_request("matmul", Target(80), options=Options(num_stages=2)),
    ]
    assert not set(images(variations)) & set(plain_images)


def test_constexprs_of_every_kind(tmp_path: Path) -> None:
    from codegen.read.loading import load

    root = tmp_path / "kernels_of_test_aot"
    shutil.copytree(KERNELS, root)
    declarations = {declaration.name: declaration for declaration in load(root, "plain.py")}
    function = declarations["tests.plain.constants"].kernel
    parameters = [p for p in function.params if p.is_constexpr]  # type: ignore[attr-defined]
    defaults: dict[str, Any] = {p.name: held(p.default, p.name, 0) for p in parameters}
    requests = [
        make_request("constants", root=root, **{**defaults, **changes})
        # For Triton's own cache "1" and 1 are the same.
        for changes in ({}, {"word": 1}, {"flag": 1})
    ]
    as_declared, other_word, same_flag = images(requests, jobs=1)
    assert as_declared == same_flag != other_word
    assert len({request.key for request in requests}) == 3


VERSION = importlib.metadata.version("triton")
NO_DTYPE = "'NoneType' object has no attribute 'dtype'"
if VERSION == "3.8.0":
    NO_DTYPE = "AttributeError: 'NoneType' object has no attribute 'type'"
VERSION_HINT = f"\n  hint: write the kernel for Triton {VERSION}"
CONSTEXPR_HINT = "\n  hint: write {0} = tl.constexpr(...); an annotation does not make it one"
ERRORS = {
    "unknown_name": ("22:19", "NameError: missing is not defined, in `tl.store(out, missing)`"),
    "unknown_function": (
        "28:19",
        f"triton.language.frobnicate is not in Triton {VERSION}, "
        "in `tl.store(out, tl.frobnicate(n))`" + VERSION_HINT,
    ),
    "unknown_argument": (
        "34:5",
        f"the argument `colour` of `store` is not in Triton {VERSION}, "
        "in `tl.store(out, n, colour=3)`" + VERSION_HINT,
    ),
    "static_assertion": (
        "40:5",
        "static_assert fails: size must be 3, "
        'in `tl.static_assert(size == 3, "size must be 3")`',
    ),
    "bare_static_assertion": ("46:5", "static_assert fails, in `tl.static_assert(size == 3)`"),
    # In the helper, where the mistake is, and not where it is called.
    "bad_helper": (
        "51:12",
        "arange's range must be a power of 2, in `return tl.arange(0, 3) + n`",
    ),
    # In the kernel, though Triton finds it in a helper of its own.
    "bad_axis": (
        "64:19",
        "invalid axis 4. Expected 0 <= axis < 0, in `tl.store(out, tl.sum(n, axis=4))`",
    ),
    "bad_assembly": (
        "67",
        "ptxas refuses the kernel\n"
        "    ptxas-blackwell line 27; error   : "
        "Not a name of any known instruction: 'frobnicate'\n"
        "    ptxas-blackwell fatal   : Ptx assembly aborted due to errors",
    ),
    "global_variable": (
        "108:23",
        "`ANNOTATED` is a global variable, and a kernel can read those that hold a tl.constexpr, "
        "in `tl.store(out, n + ANNOTATED)`" + CONSTEXPR_HINT.format("ANNOTATED"),
    ),
    "global_class": (
        "121:19",
        "`Methods` is a global variable, and a kernel can read those that hold a tl.constexpr, "
        "in `tl.store(out, Methods.helper(n))`" + CONSTEXPR_HINT.format("Methods"),
    ),
    "library_function": (
        "127:19",
        "this function of CUDA's library has no form for bfloat16, "
        "in `tl.store(out, tl.extra.libdevice.tanh(n.to(tl.bfloat16)))`\n"
        "  hint: convert what it is called with, as in x.to(tl.float32)",
    ),
    "class_annotation": (
        "148:27",
        "Triton's compiler reads annotations, and cannot read that of `out: Tensor`\n"
        '  hint: leave it out, or put it in quotes: out: "Tensor"',
    ),
    "class_annotation_inside": (
        "155:12",
        "Triton's compiler reads annotations, and cannot read that of `value: Tensor`, in "
        '`value: Tensor = n`\n  hint: leave it out, or put it in quotes: value: "Tensor"',
    ),
    "method_of_one": (
        "162:23",
        "`one` is compiled in there, as a call of Triton's JIT does it, and an int has no `.to`, "
        "in `tl.store(out, n + one.to(tl.int32))`\n"
        "  hint: write tl.cast(one, ...), which takes constants too, or give `one` a type that "
        "does not compile it in: without :1, and no value in constexprs",
    ),
    "item_of_one": (
        "168:23",
        "`one` is compiled in there, as a call of Triton's JIT does it, and an int has no `.item`, "
        "in `tl.store(out, n + one.item)`\n"
        "  hint: give `one` a type that does not compile it in: without :1, and no value in "
        "constexprs",
    ),
    "silent_failure": ("179:19", "MemoryError, in `tl.store(out, silent())`"),
    "reads_none": (
        "133:27",
        f"{NO_DTYPE}, in `tl.store(out, tl.load(table + n))`\n"
        "  hint: `table` is None there; what is never None has a type without it in types, what is "
        'None in the same calls as another one like "*i64 | None with offsets", and what follows '
        "from that is said by @triton.heuristics around the kernel",
    ),
    "reads_nones": (
        "139:27",
        f"{NO_DTYPE}, in `tl.store(out, tl.load(table + n) + "
        "tl.load(other + n))`\n"
        "  hint: `table`, `other` are None there; what is never None has a type without it in "
        'types, what is None in the same calls as another one like "*i64 | None with offsets", and '
        "what follows from that is said by @triton.heuristics around the kernel; where no call has "
        "all of them None, export the kernel once for each way, with what is None there in "
        "constexprs",
    ),
}


def test_every_error_is_a_sentence_and_the_sound_kernel_compiles() -> None:
    # Of a target that every version compiles with the same ptxas.
    target = Target(100)
    requests = [*(broken(function, target) for function in ERRORS), broken("sound")]
    *errors, last = compile_all(requests, 2)
    for (function, (place, text)), error in zip(ERRORS.items(), errors, strict=True):
        subject = f"`tests.broken.{function}` variant `generic` for sm_100"
        assert message(error) == f"broken.py:{place}: {subject}: {text}"
    assert isinstance(last, Compiled)


def test_a_kernel_that_no_launch_can_have() -> None:
    [error] = compile_all([broken("much_tensor_memory", Target(100), "*fp16")], 1)
    assert message(error) == (
        "broken.py:76: `tests.broken.much_tensor_memory` variant `generic` for sm_100: the kernel "
        "needs more than 512 columns of tensor memory, which generated functions do not support yet"
    )


def test_ptx_of_an_unknown_target() -> None:
    with pytest.raises(CodegenError, match="`compute_88` is no PTX target"):
        make_request("add", Target(88, is_ptx=True))


def test_a_constexpr_without_a_fixed_spelling() -> None:
    with pytest.raises(CodegenError) as caught:
        make_request("add", block=(1, object()))
    assert str(caught.value) == (
        "constexpr `block` is of type object, whose values have no fixed spelling\n"
        "  hint: use an int, float, bool, str, None, tuple, tl.dtype or @triton.jit function"
    )


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.floats(width=16)
    | st.text("1.en", max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.lists(inner, max_size=2).map(tuple),
    max_leaves=3,
)
VARIANTS = st.builds(
    Variant,
    label=st.text(max_size=1),
    selection=st.just(()),
    parameters=st.builds(
        parameters,
        st.sampled_from([{"n": "i32"}, {"n": "i64"}, {"m": "i32", "n": "i64"}]),
        st.dictionaries(st.sampled_from("ab"), VALUES),
    ),
    divisible=st.lists(st.sampled_from("mn"), unique=True).map(tuple),
    options=st.builds(
        Options, num_warps=st.sampled_from((4, 8)), maxnreg=st.sampled_from((None, 64))
    ),
)
INPUTS = st.tuples(
    st.sampled_from(("key", "other")),
    VARIANTS,
    st.builds(Target, st.sampled_from((80, 90)), st.booleans()),
    st.sampled_from(("3.9.0", "3.9.1")),
)


def given_to_compiler(inputs: tuple[str, Variant, Target, str]) -> str:
    """The inputs without what the compiler is not told, and without order where it has none."""
    source, variant, target, version = inputs
    parts = (variant.signature, sorted(variant.constexprs.items(), key=lambda pair: pair[0]))
    return repr((source, *parts, sorted(variant.divisible), target, variant.options, version))


@given(INPUTS, INPUTS)
def test_keys_are_equal_where_the_compiler_is_given_the_same(
    one: tuple[str, Variant, Target, str], other: tuple[str, Variant, Target, str]
) -> None:
    same = given_to_compiler(one) == given_to_compiler(other)
    assert (compile_key(*one) == compile_key(*other)) == same


@given(VALUES, VALUES)
def test_keys_tell_constexprs_apart(one: object, other: object) -> None:
    keys = {make_request("add", block=value).key for value in (one, other)}
    assert (len(keys) == 1) == (repr(one) == repr(other))


def test_key_is_the_same_in_another_process(tmp_path: Path) -> None:
    script = (
        "from codegen.model.request import compile_key\n"
        "from codegen.model.dtypes import parse_type\n"
        "from codegen.model.kernel import CompiledIn, Target, Variant\n"
        "given = (('low', CompiledIn(-float('inf'))), ('n', CompiledIn(None)))\n"
        "variant = Variant('v', (), (('x', parse_type('*fp32')), *given), ('x',))\n"
        "print(compile_key('k', variant, Target(90), '3.9.0'))\n"
    )
    keys = {
        subprocess.check_output(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(REPOSITORY)},
            cwd=cwd,
        )
        for seed, cwd in (("1", tmp_path), ("2", REPOSITORY))
    }
    assert len(keys) == 1
