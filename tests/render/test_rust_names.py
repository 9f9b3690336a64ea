"""Rust modules of kernels whose names, arguments and files are words of Rust: they compile."""

from __future__ import annotations

import keyword
from dataclasses import replace
from pathlib import Path

from codegen.model.identifiers import rust_identifier
from codegen.render.files import render
from tests.support import made, rust

WORDS = """
    Self abstract as async await become box break const continue crate do dyn else enum extern
    false final fn for gen if impl in let loop macro match mod move mut override priv pub ref
    return self static struct super trait true try type typeof union unsafe unsized use virtual
    where while yield macro_rules raw safe auto default i32 u8 bool str usize String Vec Box Option
    Result Some Ok Err Error Stream DevicePtr Dtype Prepared Tensor prepared stream status c c_char
    c_int c_void std register register_ tritonbind kernels type_ match_ launch raw_
    """.split()  # noqa: SIM905


def test_words_of_rust_become_names(tmp_path: Path) -> None:
    """Of a kernel's arguments, of its function, of its file and of that file's folder."""
    names = [word for word in WORDS if not keyword.iskeyword(word)]
    types = dict.fromkeys(names, "i32")
    source = f"""
@export("tests.match", types={types}, grid="explicit")
@triton.jit
def kernel({", ".join(names)}): pass
"""
    (kernel,) = made.read(tmp_path, source)
    for number, stem in enumerate(("match/use", "mod", "tritonbind", "build", "self")):
        named = replace(kernel, file=f"{stem}.py", name=f"tests.{Path(stem).name}")
        files = render([made.plan(named)], {named.file: "T."}, "kernels", callers=["rust"])
        texts = {one.path: one.content.decode(errors="replace") for one in files}
        assert len(texts) == len(files)
        rust.compile_rust(rust.write_crate(tmp_path / str(number), texts), tmp_path)
    assert len({rust_identifier(name) for name in names}) == len(names)


def test_kinds_of_arguments(tmp_path: Path) -> None:
    """Each becomes the type that a caller would write."""
    source = """
@export(
    "tests.kinds",
    types={
        "x": "*fp16 | *bf16", "out": "*fp32 | None", "n": "i64 | None", "u": "u8", "h": "fp16",
        "b": "bf16", "f": "fp32", "d": "fp64 | None", "flag": "i1",
    },
    constexprs={
        "MODE": ["sum", None], "WAY": ["up", "down"], "BLOCK": [64, 128], "FAST": [True, False],
    },
    grid="explicit",
)
@triton.jit
def kinds(
    x, out, n, u, h, b, f, d, flag,
    MODE: tl.constexpr, WAY: tl.constexpr, BLOCK: tl.constexpr, FAST: tl.constexpr,
): pass
"""
    plans = [made.plan(kernel) for kernel in made.read(tmp_path, source)]
    files = render(plans, {"made.py": "Title."}, "kernels", callers=["rust"])
    texts = {one.path: one.content.decode(errors="replace") for one in files}
    found = texts["made.rs"].partition("pub fn kinds_launch(\n")[2].partition(") ->")[0]
    assert [line.strip().rstrip(",") for line in found.splitlines()] == [
        "stream: Stream",
        "x_dtype: Dtype",
        "x: DevicePtr",
        "out: Option<DevicePtr>",
        "n: Option<i64>",
        "u: u8",
        "h: u16",
        "b: u16",
        "f: f32",
        "d: Option<f64>",
        "flag: bool",
        "MODE: Option<&str>",
        "WAY: &str",
        "BLOCK: i64",
        "FAST: bool",
        "gx: i32",
        "gy: i32",
        "gz: i32",
    ]
    rust.compile_rust(rust.write_crate(tmp_path, texts), tmp_path)
