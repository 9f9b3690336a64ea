"""Whole generated files, kept under __snapshots__ to be read; rewrite: `--snapshot-update`."""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from codegen.model.computed import Grid, Reads, TensorFact
from codegen.model.kernel import Kernel
from codegen.model.parameters import Shape
from codegen.model.pointer_uses import PointerUses
from codegen.model.targets import Target
from codegen.render.files import render
from tests.support import made, rust
from tests.support.plans import choice, kernel, plan, value

TINY = kernel(
    value("out_ptr", "*fp32", comment="the output"),
    value("n", "i32", comment="elements"),
    name="tests.fill",
    file="tiny.py",
    doc="Set n elements to 1.",
    grid=Grid(("tb_cdiv(n, 128)", "1", "1"), Reads(("n",))),
)

SCALE = kernel(
    value(
        "x",
        "const *fp16 | const *bf16 | const *fp64",
        shape=Shape("(rows, columns)", ("rows", "columns")),
        comment='the input; "quotes", \\ and */ stay what they are, and so does 32 °C',
    ),
    value("out", "*fp16 | *bf16 | *fp64", shape=Shape("(rows, columns)", ("rows", "columns"))),
    value("bias", "*fp32 | None", shape=Shape("(columns,)", ("columns",)), comment="added"),
    value("rows", "i64"),
    value("columns", "i32", hint=16, comment="the length of a row"),
    value("factor", "fp16", default=1.0),
    value("limit", "fp64", default=float("inf"), comment="of the result"),
    value("clamp", "i1", default=False),
    choice("MODE", "sum", "max", default="sum", comment="how the rows are reduced"),
    choice("FAST", False, True, default=False),
    choice("WIDTH", 64),
    name="tests.deep.scale_rows_and_add_bias",
    file="deep/full.py",
    doc='Scale each row, then add "bias".\n\n'
    "    out = x * factor + bias          */ (not the end) \\\n"
    '\nA paragraph of a line that is as long as lines may be, with """quotes""" to be escaped.'
    "\nThe last line.",
    grid=Grid(
        (
            "tb_checked_mul(rows, tb_checked_floordiv(columns, rows - 1, &failed), &failed)",
            "rows < 65535 ? rows : 65535",
            "1",
        ),
        Reads(("rows", "columns")),
        can_fail=True,
    ),
)
EXPLICIT = kernel(
    value("register", "*i8", comment="named like a keyword of C"),
    value("stream", "i32"),
    value("x_shape", "u64"),
    choice("lambda", -1, 1 << 40, comment="named like a keyword of Python"),
    name="tests.deep.explicit",
    file="deep/full.py",
    grid=Grid(None),
)
BARE = kernel(name="tests.deep.bare", file="deep/full.py", doc="Without any argument.")

MOVE = kernel(
    value("n", "i32", comment="rows to move"),
    value("source", "tensordesc<fp32[ROWS, 64], tf32>", comment="[rows, columns]"),
    value("target", "tensordesc<bf16[2, 8]> | tensordesc<fp64[2, 8]>"),
    value("Tensor", "tensordesc<fp16[64], padding=nan>", comment="named like a type"),
    choice("ROWS", 32, 64),
    name="tests.tensors.move",
    file="tensors.py",
    grid=Grid(
        ("tb_cdiv(n, ROWS_)", "tb_cdiv(tb_source_shape_last_1, 64)", "1"),
        Reads(("n", "ROWS"), (TensorFact("source", "shape", -1),)),
    ),
)

LAUNCHES = [
    {
        "arguments": {"x": x, "n": n, "bias": bias, "BLOCK": {"constexpr": block}},
        "options": {"num_warps": warps},
    }
    for x, n, bias, block, warps in (
        ("*fp16:16", "i32:16", "*fp32:16", 64, 4),
        ("*fp16:16", "i32", "*fp32:16", 64, 4),
        ("*fp16:16", "i32:1", "*fp32:16", 64, 4),
        ("*fp32:16", "i32", None, 64, 4),
        ("*fp32:16", "i64", None, 128, 8),
        ("*fp32", "i32:16", None, 256, 8),
        ("*fp32", "i32:16", "*fp32", 512, 4),
    )
]
LAUNCHED = f"""
@export("tests.launched", grid="explicit", launches={LAUNCHES})
@triton.jit
def launched(x, n, bias, BLOCK: tl.constexpr): pass
"""
PUBLIC = """
def launch(x, bias, n, block, even):
    values = {"BLOCK": block, "EVEN": even}
    constexprs = {name: {"constexpr": value} for name, value in values.items()}
    return {"arguments": {"x": x, "bias": bias, "n": n, **constexprs}, "options": {"num_warps": 4}}
@export(
    "tests.public",
    grid=lambda n, BLOCK: (cdiv(n, BLOCK),),
    launches=[
        launch("*fp16:16", None, "i32:16", 64, True),
        launch("*fp16:16", None, "i32", 64, False),
        launch("*fp32:16", "*fp32:16", "i32:16", 32, True),
    ],
    tuned={(64, "torch.float16"): {"BLOCK": 64}, (64, *["torch.float32"] * 2): {"BLOCK": 32}},
)
@triton.autotune([triton.Config({"BLOCK": block}) for block in (32, 64, 128)], key=["n"])
@triton.heuristics({"EVEN": lambda args: args["n"] % args["BLOCK"] == 0})
@triton.jit
def public(x, bias, n, BLOCK: tl.constexpr, EVEN: tl.constexpr): pass
"""

FILES: dict[str, tuple[Kernel, ...]] = {
    "tiny": (TINY,),
    "deep/full": (SCALE, EXPLICIT, BARE),
    "tensors": (MOVE,),
    "launches": (),  # read from LAUNCHED
    "with_grid": (),  # read from PUBLIC
}
USES = {
    TINY.name: PointerUses(writes=frozenset({"out_ptr"})),
    SCALE.name: PointerUses(reads=frozenset({"x", "bias"}), writes=frozenset({"out"})),
}
TITLES = {
    "tiny.py": "One kernel.",
    "deep/full.py": 'Every "kind" of thing.',
    "tensors.py": "Kernels that take tensor descriptors.",
    "launches.py": "A kernel whose launches are listed.",
    "with_grid.py": "The same, with what stands around it.",
}
TARGETS = (Target(80), Target(90), Target(80, is_ptx=True))


class CFile(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "c"


class Header(CFile):
    file_extension = "h"


class PythonFile(CFile):
    file_extension = "py"


class RustFile(CFile):
    file_extension = "rs"


@functools.cache
def generated() -> dict[str, str]:
    kernels = [kernel for of_file in FILES.values() for kernel in of_file]
    with tempfile.TemporaryDirectory() as folder:
        kernels += made.read(Path(folder), LAUNCHED, "launches")
        public = made.read(Path(folder), PUBLIC, "with_grid")
    plans = [plan(of, TARGETS, USES.get(of.name)) for of in kernels]
    plans += [made.plan(of, TARGETS) for of in public]
    files = render(plans, TITLES, "kernels", callers=["rust"])
    return {file.path: file.content.decode() for file in files}


@pytest.mark.parametrize("stem", FILES, ids=["tiny", "full", "tensors", "launches", "with_grid"])
def test_module(snapshot: SnapshotAssertion, stem: str) -> None:
    for extension in (CFile, Header, PythonFile, RustFile):
        text = generated()[f"{stem}.{extension.file_extension}"]
        assert text == snapshot.use_extension(extension)


@pytest.mark.parametrize("stem", FILES)
@pytest.mark.parametrize("language", ["c", "h", "py", "rs"])
def test_lines_are_short_and_end_where_they_end(stem: str, language: str) -> None:
    text = generated()[f"{stem}.{language}"]
    assert [line for line in text.splitlines() if len(line) > 100] == []
    assert [line for line in text.splitlines() if line != line.rstrip()] == []
    assert "\n\n\n" not in text if language != "py" else "\n\n\n\n" not in text
    assert text.endswith("\n") and not text.endswith("\n\n")


@pytest.mark.parametrize("stem", FILES)
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_generated_c_has_no_warning(tmp_path: Path, stem: str, compiler: str) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler} here")
    for path, text in generated().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]
    for language, standard, file in (
        ("c", "c99", f"{stem}.c"),
        ("c", "c99", f"{stem}.h"),
        ("c++", "c++11", f"{stem}.h"),
    ):
        syntax = [f"-x{language}", f"-std={standard}", "-fsyntax-only", *warnings]
        child = subprocess.run(
            [compiler, *syntax, str(tmp_path / file)], capture_output=True, text=True, check=False
        )
        assert child.returncode == 0, child.stderr


def test_generated_rust_has_no_warning_and_is_formatted_for_good(tmp_path: Path) -> None:
    """The modules are formatted as they are, and stay so."""
    crate = rust.write_crate(tmp_path, generated())
    rust.compile_rust(crate, tmp_path)
    rust.check_format(crate)
