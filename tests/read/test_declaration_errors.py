"""What is wrong in a kernel file: each mistake gets one sentence, with its place and its remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.model.targets import TARGETS
from tests.support.declarations import EXPORT_LINE, POINTERS, kernel
from tests.support.project import new_project

pytestmark = pytest.mark.triton

TYPES = (
    "i1, i8, i16, i32, i64, u8, u16, u32, u64, fp16, bf16, fp32, fp64, fp8e4nv, fp8e4b8, fp8e5, "
    "fp8e5b16, fp8e4b15"
)


# source, message, hint; the place is the @export
BAD: dict[str, tuple[str, str, str | None]] = {
    "type missing": (
        kernel('types={"x": "*fp32"}'),
        "`demo.bad` parameter `n`: its type is missing",
        'add it to types, for instance "*fp32" or "i32", or annotate it in the kernel',
    ),
    "type unknown": (
        kernel('types={"x": "*fp31", "n": "i32"}'),
        "`demo.bad` parameter `x`: `*fp31` is not a Triton type",
        f"write one of {TYPES}, or `*` and one of them for a pointer",
    ),
    "type as tensor libraries call it": (
        kernel('types={"x": "*float32", "n": "i32"}'),
        "`demo.bad` parameter `x`: `*float32` is not a Triton type",
        "write `*fp32`",
    ),
    "type empty": (
        kernel('types={"x": "*fp32 |", "n": "i32"}'),
        "`demo.bad` parameter `x`: `` is not a Triton type",
        f"write one of {TYPES}, or `*` and one of them for a pointer",
    ),
    "type not a string": (
        kernel('types={"x": tl.float32, "n": "i32"}'),
        "`demo.bad` parameter `x`: its type must be a string, got triton.language.float32",
        'write it as "*fp32" or "i32"',
    ),
    "scalar of a type that is never an argument": (
        kernel('types={"x": "fp8e5", "n": "i32"}'),
        "`demo.bad` parameter `x`: a scalar argument cannot be `fp8e5`: Triton launches no such "
        "argument",
        "pass it as fp16 or fp32 and convert it in the kernel",
    ),
    "scalar const": (
        kernel('types={"x": "*fp32", "n": "const i32"}'),
        "`demo.bad` parameter `n`: `const i32`: only a pointer can be const",
        "write `i32`",
    ),
    "types not a dict": (
        kernel('types=["*fp32", "i32"]'),
        "`demo.bad`: types must be a dict by parameter, got ['*fp32', 'i32']",
        'write types={"parameter": ...}',
    ),
    "a type by a number": (
        kernel('types={1: "i32"}'),
        "`demo.bad`: types must be a dict by parameter, got {1: 'i32'}",
        'write types={"parameter": ...}',
    ),
    "a case by a number": (
        kernel(f"{POINTERS}, cases=[{{1: 16}}]"),
        "`demo.bad`: cases must be a list of dicts by parameter, got [{1: 16}]",
        'write cases=[{"stride": 1, "n": 16}]',
    ),
    "a configuration by a number": (
        kernel(f"{POINTERS}, configs=[{{1: 16}}]"),
        "`demo.bad`: configs must be a list of dicts by parameter and option, got [{1: 16}]",
        'write configs=[{"BLOCK": 64, "num_warps": 4}]; [{}], or nothing, asks for all',
    ),
    "no configuration": (
        kernel(f"{POINTERS}, configs=[]"),
        "`demo.bad`: configs must be a list of dicts by parameter and option, got []",
        'write configs=[{"BLOCK": 64, "num_warps": 4}]; [{}], or nothing, asks for all',
    ),
    "wrong name in types": (
        kernel('types={"x": "*fp32", "m": "i32"}'),
        "`demo.bad`: types names `m`, which is no parameter",
        "the kernel's parameters are x, n",
    ),
    "a slip in types": (
        kernel('types={"x": "*fp32", "size": "i32"}', "x, sizes"),
        "`demo.bad`: types names `size`, which is no parameter",
        "did you mean `sizes`?",
    ),
    "wrong name in constexprs": (
        kernel(f'{POINTERS}, constexprs={{"BLOCK": 4}}'),
        "`demo.bad`: constexprs names `BLOCK`, which is no parameter",
        "the kernel's parameters are x, n",
    ),
    "wrong name in shapes": (
        kernel(f'{POINTERS}, shapes={{"y": (4,)}}'),
        "`demo.bad`: shapes names `y`, which is no parameter",
        "the kernel's parameters are x, n",
    ),
    "type for a constexpr": (
        kernel('types={"x": "*fp32", "n": "i32"}', "x, n: tl.constexpr"),
        "`demo.bad` parameter `n`: it is a constexpr, and types gives it `i32`",
        'give its value instead: constexprs={"n": ...}',
    ),
    "constexpr without value": (
        kernel(POINTERS, "x, n, BLOCK: tl.constexpr"),
        "`demo.bad` parameter `BLOCK`: it is a constexpr without a value",
        'give one: constexprs={"BLOCK": ...}',
    ),
    "value and type for a run-time parameter": (
        kernel('types={"x": "*fp32", "n": "i32"}, constexprs={"n": 4}'),
        "`demo.bad` parameter `n`: constexprs gives it a value, and types gives it `i32`",
        "leave it out of one of them",
    ),
    "choices none": (
        kernel(f'{POINTERS}, constexprs={{"B": []}}', "x, n, B: tl.constexpr"),
        "`demo.bad` parameter `B`: its list of choices is empty",
        "give one value, or several",
    ),
    "choices equal": (
        kernel(f'{POINTERS}, constexprs={{"B": [4, 8, 4]}}', "x, n, B: tl.constexpr"),
        "`demo.bad` parameter `B`: its choices must differ, got [4, 8, 4]",
        "name each of them once",
    ),
    "choices of two kinds": (
        kernel(f'{POINTERS}, constexprs={{"B": [0, True]}}', "x, n, B: tl.constexpr"),
        "`demo.bad` parameter `B`: its choices must be of one kind, got [0, True]",
        "give ints alone",
    ),
    "choices no call can pass": (
        kernel(f'{POINTERS}, constexprs={{"B": [[1], 2.5]}}', "x, n, B: tl.constexpr"),
        "`demo.bad` parameter `B`: a call can choose among ints, bools, strings or dtypes, got "
        "[[1], 2.5]",
        "export the kernel once for each value, under several names",
    ),
    "choice too large": (
        kernel(f'{POINTERS}, constexprs={{"B": [1, 1 << 63]}}', "x, n, B: tl.constexpr"),
        "`demo.bad` parameter `B`: a choice must fit int64, got 9223372036854775808",
        "choose another",
    ),
    "choice with a zero byte": (
        kernel(f'{POINTERS}, constexprs={{"B": ["a", "b\\0"]}}', "x, n, B: tl.constexpr"),
        "`demo.bad` parameter `B`: a choice cannot hold a zero byte, got 'b\\x00'",
        "choose another",
    ),
    "constexpr that is a plain function": (
        kernel(POINTERS, "x, n, B: tl.constexpr = new_name").replace(
            "import triton\n", "import triton; new_name = lambda: 0\n"
        ),
        "`demo.bad` parameter `B`: its value is the plain Python function `<lambda>`, which no "
        "kernel can call",
        "put @triton.jit above it",
    ),
    "constexpr that has no spelling": (
        kernel(f'{POINTERS}, constexprs={{"B": object}}', "x, n, B: tl.constexpr"),
        "`demo.bad` parameter `B`: its value is of type type, whose values have no fixed spelling",
        "use an int, float, bool, str, None, tuple, tl.dtype or @triton.jit function",
    ),
    "scalar choice": (
        kernel('types={"x": "*fp32", "n": "i32 | u32"}'),
        "`demo.bad` parameter `n`: a scalar cannot have the choice of types `i32` | `u32`",
        'declare one type that holds every value, or "i32 | i64", which the value decides',
    ),
    "pointer or scalar": (
        kernel('types={"x": "*fp32 | fp32", "n": "i32"}'),
        "`demo.bad` parameter `x`: its types `*fp32` | `fp32` are pointers and scalars",
        "declare pointers alone, or one scalar type, and export a kernel of both twice",
    ),
    "choice of equal types": (
        kernel('types={"x": "*fp32 | *fp32", "n": "i32"}'),
        "`demo.bad` parameter `x`: its types `*fp32` | `*fp32` must differ",
        "name each of them once",
    ),
    "shape of a scalar that may be None": (
        kernel('types={"x": "*fp32", "n": "i32 | None"}, shapes={"x": ("n",)}', grid="lambda: 1"),
        "`demo.bad` parameter `x`: its shape reads `n`, which is None in some calls",
        "a shape may read the kernel's ints",
    ),
    "nothing but None": (
        kernel('types={"x": "None", "n": "i32"}'),
        "`demo.bad` parameter `x`: None alone is no type",
        'write it as in "*fp32 | None", or without quotes for what is None in every call',
    ),
    "a value as a type": (
        kernel('types={"x": "*fp32", "n": 16}'),
        "`demo.bad` parameter `n`: its type must be a string, got 16",
        'to compile it in write constexprs={"n": 16}',
    ),
    "None as the type of a constexpr": (
        kernel('types={"x": "*fp32", "n": None}', "x, n: tl.constexpr = 4"),
        "`demo.bad` parameter `n`: it is a constexpr, and types gives it `None`",
        'give its value instead: constexprs={"n": ...}',
    ),
    "None and a value for a run-time parameter": (
        kernel('types={"x": "*fp32", "n": None}, constexprs={"n": 4}'),
        "`demo.bad` parameter `n`: constexprs gives it a value, and types gives it `None`",
        "leave it out of one of them",
    ),
    "default of another type than None": (
        kernel('types={"x": "*fp32"}', "x, n=3"),
        "`demo.bad` parameter `n`: its type is missing",
        'add it to types, for instance "*fp32" or "i32", or annotate it in the kernel',
    ),
    "float divisible by 16": (
        kernel('types={"x": "*fp32", "n": "i32", "f": "fp32:16"}', "x, n, f"),
        "`demo.bad` parameter `f`: only ints and pointers can be divisible by 16, got `fp32:16`",
        'write it as "fp32"',
    ),
    "annotation against types": (
        kernel('types={"x": "*fp32", "n": "i64"}', "x, n: tl.int32"),
        "`demo.bad` parameter `n`: types gives it `i64`, and the kernel annotates it as `i32`",
        "leave it out of types, or remove the annotation",
    ),
    "default of another type": (
        kernel(POINTERS, "x, n=2.5"),
        "`demo.bad` parameter `n`: its default 2.5 is no `i32`",
        "change the default, or the type",
    ),
    "default out of range": (
        kernel('types={"x": "*fp32", "n": "u8"}', "x, n=256"),
        "`demo.bad` parameter `n`: its default 256 is no `u8`",
        "change the default, or the type",
    ),
    "parameter named as the explicit grid": (
        kernel('types={"x": "*fp32", "gy": "i32"}', "x, gy", grid='"explicit"'),
        "`demo.bad`: an explicit grid adds gx, gy and gz, and the kernel has a parameter `gy` of "
        "its own",
        "rename it in the kernel, or write the grid as a function",
    ),
    "name not dotted identifiers": (
        kernel(name='"demo.2nd"'),
        "a function's name must be identifiers joined by dots, got 'demo.2nd'",
        'write it as in @export("package.kernel", ...)',
    ),
    "grid no function": (
        kernel(grid="(1, 2)"),
        "`demo.bad`: grid must be a function of the kernel's parameters, got (1, 2)",
        'write grid=lambda n: (cdiv(n, 64),), or grid="explicit" to pass it in each call',
    ),
    "grid of an odd kind": (
        kernel(grid="dict"),
        "`demo.bad`: a grid must be a lambda or a def, got type",
        "write it as grid=lambda n: (cdiv(n, 64),)",
    ),
    "shape of a scalar": (
        kernel(f'{POINTERS}, shapes={{"n": (4,)}}'),
        "`demo.bad` parameter `n`: only a pointer has a shape",
        "leave it out",
    ),
    "shape a string": (
        kernel(f'{POINTERS}, shapes={{"x": "n"}}'),
        "`demo.bad` parameter `x`: a shape must be a tuple of ints and expressions, got 'n'",
        'write it as ("rows", 64)',
    ),
    "size neither int nor text": (
        kernel(f'{POINTERS}, shapes={{"x": (2.0,)}}'),
        "`demo.bad` parameter `x`: a size must be an int from 0 on or an expression, got 2.0",
        'write it as ("rows", 64)',
    ),
    "size below 0": (
        kernel(f'{POINTERS}, shapes={{"x": ("n", -1)}}'),
        "`demo.bad` parameter `x`: a size must be an int from 0 on or an expression, got -1",
        'write it as ("rows", 64)',
    ),
    "shape that reads a pointer": (
        kernel(f'{POINTERS}, shapes={{"x": ("n", "x")}}'),
        "`demo.bad` parameter `x`: its shape reads `x`, which is a pointer",
        "a shape may read the kernel's ints",
    ),
    "shape that can overflow": (
        kernel('types={"x": "*fp32", "n": "i64"}, shapes={"x": ("n * n",)}'),
        "`demo.bad` parameter `x`: the size `n * n` may overflow or divide by zero",
        "give the product as separate sizes, and divide by constants",
    ),
    "targets": (
        kernel(f'{POINTERS}, targets=["sm_90a"]'),
        "`demo.bad`: targets must be a list of names of targets, got ['sm_90a']",
        f"choose among {', '.join(TARGETS)}",
    ),
    "targets that the project has not": (
        kernel(f'{POINTERS}, targets=["sm_75"]'),
        "`demo.bad` is for sm_75, and the project builds sm_80, sm_90, sm_100, sm_120, compute_80",
        "add one of them to [tool.codegen] targets",
    ),
    "num_warps": (
        kernel(f"{POINTERS}, num_warps=3"),
        "`demo.bad`: num_warps must be 1, 2, 4, 8, 16 or 32, got 3",
        None,
    ),
    "num_stages": (
        kernel(f"{POINTERS}, num_stages=-1"),
        "`demo.bad`: num_stages must be an int of 0 or more, got -1",
        None,
    ),
    "maxnreg": (
        kernel(f"{POINTERS}, maxnreg=0"),
        "`demo.bad`: maxnreg must be None or an int of 1 or more, got 0",
        None,
    ),
    "enable_fp_fusion": (
        kernel(f"{POINTERS}, enable_fp_fusion=1"),
        "`demo.bad`: enable_fp_fusion must be True or False, got 1",
        None,
    ),
    "num_ctas": (
        kernel(f"{POINTERS}, num_ctas=3"),
        "`demo.bad`: num_ctas must be 1, 2, 4, 8 or 16, got 3",
        None,
    ),
    "num_ctas that is a bool": (
        kernel(f"{POINTERS}, num_ctas=True"),
        "`demo.bad`: num_ctas must be 1, 2, 4, 8 or 16, got True",
        None,
    ),
    "launch_pdl": (
        kernel(f"{POINTERS}, launch_pdl=1"),
        "`demo.bad`: launch_pdl must be True or False, got 1",
        None,
    ),
    "launch_cooperative_grid": (
        kernel(f"{POINTERS}, launch_cooperative_grid=0"),
        "`demo.bad`: launch_cooperative_grid must be True or False, got 0",
        None,
    ),
    "above a plain function": (
        kernel(above="def helper(): pass\n"),
        "`demo.bad`: @export must stand above a @triton.jit function, got function `helper`",
        "put @export directly above @triton.jit",
    ),
    "too many choices of types": (
        kernel(
            "types={f'x{i}': f'*i{8 << i % 4} | *u{8 << i // 4}' for i in range(9)}",
            ", ".join(f"x{i}" for i in range(9)),
            grid="lambda: (1,)",
        ),
        "`demo.bad` has 9 choices of types, and a generated function can have 8",
        "split the kernel, or export it several times with fixed types",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_declaration_gets_a_sentence(tmp_path: Path, case: str) -> None:
    source, message, hint = BAD[case]
    project = new_project(tmp_path, {"pyproject.toml": "", "kernels/bad.py": source})
    result = project.run("regenerate")
    lines = [f"error: kernels/bad.py:{EXPORT_LINE}: {message}"]
    lines += [f"  hint: {hint}"] if hint else []
    assert [line for line in result.errors if "nothing was written" not in line] == lines
    assert (result.code, result.out) == (2, "")
    assert not project.output.exists()


def test_all_parameters_of_all_kernels_are_told_at_once(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": "",
        "kernels/a.py": kernel('types={"x": "*fp31"}'),
        "kernels/b.py": kernel('types={"x": "*fp32"}', name='"demo.b"'),
    }
    result = new_project(tmp_path, files).run("regenerate")
    assert [line.partition(": `")[0] for line in result.errors if "hint" not in line] == [
        f"error: kernels/a.py:{EXPORT_LINE}",
        f"error: kernels/a.py:{EXPORT_LINE}",
        f"error: kernels/b.py:{EXPORT_LINE}",
        "3 errors; nothing was written",
    ]


def test_the_interpreter_in_the_environment_is_named(tmp_path: Path) -> None:
    listed = '[tool.codegen]\nenvironment = ["TRITON_INTERPRET"]\n'
    project = new_project(tmp_path, {"pyproject.toml": listed, "kernels/bad.py": kernel()})
    result = project.child("regenerate", TRITON_INTERPRET="1")
    assert result.errors[:2] == [
        f"error: kernels/bad.py:{EXPORT_LINE}: `demo.bad`: Triton's interpreter took the kernel, "
        "which cannot be compiled",
        "  hint: unset the environment variable TRITON_INTERPRET",
    ]
