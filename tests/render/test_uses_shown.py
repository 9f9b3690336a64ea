"""What a kernel reads and writes, in everything that is generated, recorded and printed of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from codegen import report
from codegen.model.plan import Plan
from codegen.model.pointer_uses import PointerUses, union
from codegen.render.files import render
from codegen.render.manifest_entries import functions_of
from tests.support.plans import TARGETS, kernel, plan, value
from tests.support.project import IMAGES, Project, fresh_project

TABLES = kernel(
    value("source", "*fp32", comment="the input"),
    value("out", "*fp32"),
    value("total", "*fp32 | None", comment="a sum"),
    value("tables", "*i64", comment="addresses"),
    value("later", "*i8"),
    value("target", "i64", comment="another"),
    value("length", "i64"),
    name="tests.tables",
)
PLAN = plan(
    TABLES,
    TARGETS,
    PointerUses(
        reads=frozenset({"source", "total", "tables"}),
        writes=frozenset({"out", "total"}),
        writes_through=frozenset({"tables", "target"}),
    ),
)


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    files = render([PLAN], {"kernel.py": "Tables."}, "kernels")
    return {file.path: file.content.decode() for file in files if file.path.startswith("kernel.")}


def test_the_header(texts: dict[str, str]) -> None:
    assert """\
 * source: *fp32, read: the input
 * out: *fp32, written
 * total: *fp32 or NULL, read and written: a sum
 * tables: *i64, read; writes to the addresses in it: addresses
 * later: *i8, not used
 * target_: an address that is written to: another
 */
TRITONBIND_PUBLIC tritonbind_status tables_launch(
    void *stream,
    const void *source,
    void *out,
    void *total,
    const void *tables,
    const void *later,
    int64_t target_,
    int64_t length);
""" in texts["kernel.h"]


def test_the_call_takes_what_is_not_written_as_const(texts: dict[str, str]) -> None:
    assert re.findall(r"(tb_get_\w*pointer)\(call, \d, &passed\.(\w+)\)", texts["kernel.c"]) == [
        ("tb_get_const_pointer", "source"),
        ("tb_get_pointer", "out"),
        ("tb_get_pointer", "total"),
        ("tb_get_const_pointer", "tables"),
        ("tb_get_const_pointer", "later"),
    ]
    # Messages show the signature as it is declared.
    assert "tests.tables(source: *fp32, out: *fp32, " in texts["kernel.c"]


def test_the_python_docstring(texts: dict[str, str]) -> None:
    assert """\
        source: `*fp32`, read: the input
        out: `*fp32`, written
        total: `*fp32` or None, read and written: a sum
        tables: `*i64`, read; writes to the addresses in it: addresses
        later: `*i8`, not used
        target: `i64`, an address that is written to: another
        length: `i64`
""" in texts["kernel.py"]


def test_the_manifest_and_what_is_printed_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    entry = functions_of([PLAN])["tests.tables"]
    assert entry["pointers"] == {
        **{"source": "in", "out": "out", "total": "inout", "tables": "in", "later": "unused"},
    }
    assert entry["writes_through"] == ["tables", "target"]
    image = entry["variants"]["no_total-aligned"]["images"]["sm_80"]
    assert image["reads"] == ["source", "tables", "total"]
    assert image["writes"] == ["out", "total"]
    assert image["writes_through"] == ["tables", "target"]
    report.inspection("tests.tables", entry)
    assert capsys.readouterr().out.splitlines()[3:7] == [
        "  reads   source, total, tables",
        "  writes  out, total",
        "  unused  later",
        "  writes  to the addresses in tables, target",
    ]


def test_tensor_descriptors_are_among_the_pointers(capsys: pytest.CaptureFixture[str]) -> None:
    names = ("source", "both", "out", "later")
    descriptors = [value(name, "tensordesc<fp16[16, 64]>", hint=None) for name in names]
    uses = PointerUses(frozenset({"source", "both"}), frozenset({"out", "both"}))
    made = plan(kernel(*descriptors, value("n", "i32"), name="tests.blocks"), TARGETS, uses)
    entry = functions_of([made])["tests.blocks"]
    assert entry["pointers"] == {"source": "in", "both": "inout", "out": "out", "later": "unused"}
    report.inspection("tests.blocks", entry)
    assert capsys.readouterr().out.splitlines()[3:6] == [
        "  reads   source, both",
        "  writes  both, out",
        "  unused  later",
    ]


def test_a_function_does_what_any_of_its_images_does() -> None:
    first, *others = PLAN.binaries
    assert len(others) == 3
    assert Plan(TABLES, (first,)).uses == first.images[0].uses
    mixed = union([PointerUses(frozenset({"later"}), frozenset({"source"})), PLAN.uses])
    assert [mixed.of(name) for name in ("source", "out", "later")] == ["inout", "out", "in"]


@pytest.mark.parametrize(
    ("old", "new", "compiled"),
    [
        ("", "", 0),
        ('"reads": [', '"another": [', IMAGES),
        ('"pointers": {', '"another": {', IMAGES),
        (r'("codegen/prove/memory_effects.py"): "\w{9}', r'\1: "another__', IMAGES),
        (r'("codegen/prove/triton_ir.py"): "\w{9}', r'\1: "another__', IMAGES),
    ],
    ids=["control", "an image without", "a function without", "another analysis", "another IR"],
)
def test_what_another_generator_recorded_is_compiled_again(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    old: str,
    new: str,
    compiled: int,
) -> None:
    fresh: Project = fresh_project(tmp_path, tmp_path_factory)
    manifest = fresh.output / "MANIFEST.json"
    before = manifest.read_text()
    pattern = old if "\\" in old else re.escape(old)
    manifest.write_text(re.sub(pattern, new, before) if old else before)
    assert (manifest.read_text() != before) is bool(old)
    fresh.edit("kernels/add.py", '"""Sums."""', '"""Adds."""')
    result = fresh.run("regenerate")
    assert result.errors[-2].endswith(f", {compiled} of {IMAGES} images compiled")
    restored = manifest.read_text()
    assert '"reads": [' in restored and '"pointers": {' in restored
