"""Launches that a declaration lists: what is wrong with them gets one sentence, with the launch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codegen.model.dtypes import DTYPES
from codegen.model.errors import CodegenError, CodegenErrors
from codegen.model.kernel import Kernel
from codegen.model.options import OPTIONS
from codegen.model.parameters import Constexpr
from tests.support import made

APART = "declare these launches apart, under two names"
GOOD: dict[str, Any] = {"x": "*fp32:16", "n": "i32", "BLOCK": {"constexpr": 64}}
NOT_A_LIST = (
    'write {"kernel": "module:name", "launches": [{"arguments": {...}, "options": {...}}]}, as '
    "`tritonbind adopt` does"
)
NO_ROW = 'write {"arguments": {"x": "*fp32:16"}, "options": {"num_warps": 4}}'
WHERE = 'write launches="kernel.launches.json"; `tritonbind adopt` writes such files'
SPELLING = "leave out the launches that have such a value"


def row(options: dict[str, Any] | None = None, /, **changes: Any) -> dict[str, Any]:
    return {"arguments": {**GOOD, **changes}, "options": options or {}}


def without(name: str) -> dict[str, Any]:
    return {"arguments": {n: given for n, given in GOOD.items() if n != name}}


def write(folder: Path, document: object) -> None:
    """A file of launches."""
    (folder / "kernels").mkdir(parents=True)
    (folder / "kernels" / "k.json").write_text(json.dumps(document))


def read(
    folder: Path,
    launches: object,
    more: str = "",
    parameters: str = "x, n, BLOCK: tl.constexpr",
    above: str = "@triton.jit",
) -> Kernel:
    source = f"@export('t.k', grid='explicit', launches={launches!r}{more})\n{above}\n"
    (kernel,) = made.read(folder, f"{source}def k({parameters}): pass\n")
    return kernel


def refusal(folder: Path, launches: object, **others: str) -> tuple[str, str | None]:
    """The sentence without the place, and its hint."""
    with pytest.raises(CodegenError) as caught:
        read(folder, launches, **others)
    error = caught.value.errors[0] if isinstance(caught.value, CodegenErrors) else caught.value
    assert error.where is not None and error.where.path == str(folder / "kernels" / "made.py")
    return error.message.replace(f"{folder}/", ""), error.hint


BAD: dict[str, tuple[object, str, str | None]] = {
    "none": ([], "launches lists no launch", "leave out the declaration of a kernel without any"),
    "no list": (
        5,
        "launches must be a list of rows, or a .json file beside the kernel file or below, got 5",
        WHERE,
    ),
    "another file": (
        "a.txt",
        "launches must be a list of rows, or a .json file beside the kernel file or below, got "
        "'a.txt'",
        WHERE,
    ),
    "a file elsewhere": (
        "../a.json",
        "launches must be a list of rows, or a .json file beside the kernel file or below, got "
        "'../a.json'",
        WHERE,
    ),
    "no file": (
        "a.json",
        "there is no file kernels/a.json",
        "put the file with the launches there",
    ),
    "no row": (
        ["x"],
        "launch 1: it must have arguments and options, each a dict by name, got 'x'",
        NO_ROW,
    ),
    "a misspelt key": (
        [{"argument": {}}],
        "launch 1: it must have arguments and options, each a dict by name, got {'argument': {}}",
        NO_ROW,
    ),
    "another key": (
        [{**row(), "counts": 3}],
        "launch 1: a launch has no `counts`",
        "did you mean `count`?",
    ),
    "no parameter": (
        [row(), row(y="*fp32")],
        "launch 2: the kernel has no parameter `y`",
        "its parameters are x, n, BLOCK",
    ),
    "a parameter less": (
        [row(), without("n")],
        "launch 2: it does not say what `n` is",
        "a launch names all parameters of the kernel, those with defaults too",
    ),
    "no type": (
        [row(n="i33")],
        "launch 1 parameter `n`: `i33` is not a Triton type",
        f"write one of {', '.join(DTYPES)}, or `*` and one of them for a pointer",
    ),
    "no hint": (
        [row(n="i32:8")],
        "launch 1 parameter `n`: its type `i32:8` is not understood",
        'write "*fp32", "i32", or with what is assumed "*fp32:16", "i32:1"',
    ),
    "a bare value": (
        [row(n=5)],
        "launch 1 parameter `n`: 5 is no argument of a launch",
        'write a type such as "*fp32:16", null, or {"constexpr": ...}',
    ),
    "a value that has no spelling": (
        [row(BLOCK={"constexpr": {"repr": "Layout()"}})],
        "launch 1 parameter `BLOCK`: its value Layout() has no spelling that could be compiled in",
        SPELLING,
    ),
    "an argument that has no spelling": (
        [row(x={"repr": "*fp32 [('tt.pointee', 1)]"})],
        "launch 1 parameter `x`: its value *fp32 [('tt.pointee', 1)] has no spelling that could be "
        "compiled in",
        SPELLING,
    ),
    "a constexpr with a type": (
        [row(BLOCK="i32")],
        "parameter `BLOCK`: it is a constexpr, and launch 1 passes it as `i32`",
        'give its value there: {"constexpr": ...}',
    ),
    "a value and a type": (
        [row(), row(n={"constexpr": 3})],
        "parameter `n`: launch 2 has 3 compiled in, and launch 1 passes it as `i32`",
        APART,
    ),
    "a tuple and none": (
        [row(n=["i32", "i32"]), row()],
        "parameter `n`: it is a tuple of 2 in launch 1, and no tuple in launch 2",
        APART,
    ),
    "tuples of two lengths": (
        [row(n=["i32"]), row(n=["i32", "i32"])],
        "parameter `n`: it is a tuple of 1 in launch 1, and a tuple of 2 in launch 2",
        APART,
    ),
    "several values in a tuple": (
        [row(n=["i32", {"constexpr": 3}]), row(n=["i32", {"constexpr": 4}])],
        "parameter `n`: entry 1 of the tuple has several values, 3, 4",
        "declare the launches with each of them apart, under several names",
    ),
    "a pointer and a scalar": (
        [row(), row(x="i32")],
        "parameter `x`: it is `*fp32` in launch 1 and `i32` in launch 2, which no argument can be "
        "both",
        APART,
    ),
    "an int beyond 64 bits and one below": (
        [row(), row(n="u64")],
        "parameter `n`: it is `i32` in launch 1 and `u64` in launch 2, which no argument can be "
        "both",
        APART,
    ),
    "descriptors of two ranks": (
        [row(x="tensordesc<bf16[64, 64]>"), row(x="tensordesc<bf16[64]>")],
        "parameter `x`: it is `tensordesc<bf16[64, 64]>` in launch 1 and `tensordesc<bf16[64]>` in "
        "launch 2, which no argument can be both",
        APART,
    ),
    "a descriptor's block that nothing tells": (
        [row(x="tensordesc<bf16[64, 64]>"), row(x="tensordesc<bf16[64, 32]>")],
        "parameter `x`: a size of its block is 64 in launch 1 and 32 in launch 2, and no constexpr "
        "has these values",
        APART,
    ),
    "no dtype": (
        [row(BLOCK={"constexpr": {"dtype": "bf17"}})],
        "parameter `BLOCK`: `bf17` is no dtype of Triton's",
        "write one as bf16",
    ),
    "no function": (
        [row(BLOCK={"constexpr": {"function": "math:nope"}})],
        "parameter `BLOCK`: its value, the function math:nope, is not there: AttributeError: "
        "module 'math' has no attribute 'nope'",
        "install what has it, or leave out the launches with it",
    ),
    "an option that cannot be": (
        [row({"num_warps": 3})],
        "launch 1: num_warps must be 1, 2, 4, 8, 16 or 32, got 3",
        None,
    ),
    "AMD's option": (
        [row({"waves_per_eu": 3})],
        "launch 1: it has the option waves_per_eu=3, an option of Triton's for AMD's GPUs: for "
        "CUDA's its launches raise a KeyError",
        "leave it out where the kernel is for CUDA",
    ),
    "no option": (
        [row({"xyzzy": 1})],
        "launch 1: it has the option xyzzy=1, which Triton's launches do not have",
        f"they have {', '.join(OPTIONS)}",
    ),
    "an option that is a parameter, too": (
        [row({"BLOCK": 32})],
        "launch 1: it has the option BLOCK=32, and the parameter of that name is something else",
        "a launch passes one keyword argument for both: give one value for both",
    ),
    "a pointer that is 1": (
        [row(x="*fp32:1")],
        "launch 1 parameter `x`: only an int can be assumed to be 1",
        "use :16 for a pointer",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_wrong_launch_gets_a_sentence(tmp_path: Path, case: str) -> None:
    launches, message, hint = BAD[case]
    assert refusal(tmp_path, launches) == (
        f"`t.k`{'' if message.startswith(('launch ', 'parameter')) else ':'} {message}",
        hint,
    )


@pytest.mark.parametrize(
    ("what", "more"),
    [
        ("types", "types={'x': '*fp32'}"),
        ("constexprs", "constexprs={'BLOCK': 64}"),
        ("cases", "cases=[]"),
        ("num_warps", "num_warps=4"),
    ],
)
def test_what_launches_say_is_not_said_again(tmp_path: Path, what: str, more: str) -> None:
    assert refusal(tmp_path, [row()], more=f", {more}") == (
        f"`t.k`: launches says what to build, and so does {what}",
        f"leave out {what}, or the launches",
    )


@pytest.mark.parametrize(("what", "more"), [("configs", "configs=[{}]"), ("tuned", "tuned={}")])
def test_an_explicit_grid_follows_no_autotuner(tmp_path: Path, what: str, more: str) -> None:
    assert refusal(tmp_path, [row()], more=f", {more}") == (
        f"`t.k`: {what} is for the kernel's autotuner, and launches with an explicit grid are "
        "those of the kernel below it",
        f"leave out {what}, or write the grid as a function",
    )


def test_what_the_jit_never_assumes(tmp_path: Path) -> None:
    above = "@triton.jit(do_not_specialize=['x'])"
    assert refusal(tmp_path, [row()], above=above) == (
        "`t.k` launch 1 parameter `x`: the kernel says not to specialise it, and it is declared as "
        "`*fp32:16`",
        'write it as "*fp32"',
    )


LESS = "leave out some launches, or declare some of them under another name"
NAMES = [f"p{number}" for number in range(70)]


def test_a_limit_of_hints(tmp_path: Path) -> None:
    """Each int is assumed to be divisible by 16 in a launch of its own."""
    launches = [row(**{n: "i32:16" if n == name else "i32" for n in NAMES}) for name in NAMES]
    signature = ", ".join(["x, n, BLOCK: tl.constexpr", *NAMES])
    assert refusal(tmp_path, launches, parameters=signature) == (
        "`t.k` has 71 groups of hints that go together, and a generated function can have 64",
        LESS,
    )


def test_a_limit_of_types(tmp_path: Path) -> None:
    launches = [
        row(**{n: f"*fp{16 if one >> place & 1 else 32}" for place, n in enumerate(NAMES[:9])})
        for one in range(1 << 9)
    ]
    signature = ", ".join(["x, n, BLOCK: tl.constexpr", *NAMES[:9]])
    assert refusal(tmp_path, launches, parameters=signature) == (
        "`t.k` has 9 choices of types, and a generated function can have 8",
        LESS,
    )


def test_a_limit_of_combinations(tmp_path: Path) -> None:
    values = [[(7 * one + place) % 13 for place in range(20)] for one in range(13)]
    launches = [
        row(**{n: {"constexpr": value} for n, value in zip(NAMES, each, strict=False)})
        for each in values
    ]
    signature = ", ".join(f"{n}: tl.constexpr" for n in ["x, n, BLOCK", *NAMES[:20]])
    most = (1 << 63) - 1
    assert refusal(tmp_path, launches, parameters=signature) == (
        f"`t.k` has {13**20} combinations of choices, and a generated function can have {most}",
        LESS,
    )


NO_LISTS = {
    "a list": ([], "it has no list called launches"),
    "no launches": ({}, "it has no list called launches"),
    "a kernel that is no text": ({"launches": [], "kernel": 1}, "its kernel is no text"),
    "a table without rows": (
        {"launches": [row()], "tuned": [{"key": []}]},
        "its tuned is no list of tables with rows of key and config",
    ),
}


@pytest.mark.parametrize("case", NO_LISTS)
def test_a_file_that_lists_no_launches(tmp_path: Path, case: str) -> None:
    document, why = NO_LISTS[case]
    write(tmp_path, document)
    assert refusal(tmp_path, "k.json") == (
        f"`t.k`: kernels/k.json is no list of launches: {why}",
        NOT_A_LIST,
    )


def test_a_file_that_is_no_json(tmp_path: Path) -> None:
    write(tmp_path, "")
    (tmp_path / "kernels" / "k.json").write_text("[")
    assert refusal(tmp_path, "k.json") == (
        "`t.k`: kernels/k.json is no list of launches: JSONDecodeError: Expecting value: line 1 "
        "column 2 (char 1)",
        NOT_A_LIST,
    )


def test_the_file_and_the_launch_are_named(tmp_path: Path) -> None:
    write(tmp_path, {"launches": [row(), row(n="i33")], "wrappers": ["autotune"]})
    message, _ = refusal(tmp_path, "k.json")
    assert message == "`t.k` launch 2 of k.json parameter `n`: `i33` is not a Triton type"


def test_a_misspelt_key_of_the_file(tmp_path: Path) -> None:
    write(tmp_path, {"launches": [row()], "wrapper": []})
    assert refusal(tmp_path, "k.json") == (
        "`t.k`: kernels/k.json has no `wrapper`",
        "did you mean `wrappers`?",
    )


def test_a_kernel_is_known_by_what_the_program_calls_it(tmp_path: Path) -> None:
    now = read(tmp_path / "1", [row()]).identity
    assert (now.module, now.qualname) == ("kernels.made", "k")
    document = {"kernel": "app.ops:Block.k", "digest": now.digest, "launches": [row()]}
    write(tmp_path / "2", document)
    recorded = read(tmp_path / "2", "k.json").identity
    assert (recorded.name, recorded.digest) == ("app.ops:Block.k", now.digest)


def test_launches_of_another_kernel(tmp_path: Path) -> None:
    digest = read(tmp_path / "1", [row()]).identity.digest
    write(tmp_path / "2", {"kernel": "app:k", "digest": "ab" * 32, "launches": [row()]})
    assert refusal(tmp_path / "2", "k.json") == (
        "`t.k`: it is not the kernel that was launched: k.json has the digest abababababab, and "
        f"the kernel now has {digest[:12]}",
        "record the program again with this kernel; or take the digest out of the file, where the "
        "launches hold for the new kernel too",
    )


def test_what_autotuners_chose_is_kept(tmp_path: Path) -> None:
    table = {"key": ["n"], "rows": [{"key": [64], "config": {"BLOCK": 64}, "count": 2}]}
    write(tmp_path, {"launches": [row()], "tuned": [table]})
    assert read(tmp_path, "k.json").tuned == (table,)


def test_a_function_of_a_script_is_found_and_the_script_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "app_of_functions.py").write_text(
        "import triton\n\n@triton.jit\ndef double(x):\n    return x * 2\n\nraise SystemExit(1)\n"
    )
    named = {"constexpr": {"function": "app_of_functions:double"}}
    kernel = read(tmp_path, [row(BLOCK=named)])
    (block,) = (one for one in kernel.parameters if isinstance(one, Constexpr))
    assert "double" in repr(block.choices)
