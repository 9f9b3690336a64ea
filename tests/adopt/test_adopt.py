"""From a recording to kernel files: what is written, what is said, and what stays of earlier."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from codegen.read import needed_parts
from codegen.read.loading import within
from tests.support.project import PYPROJECT, Project, Result, new_project
from tests.support.recordings import kernel, launch, recording
from tritonbind import recording_file
from tritonbind.kernel_identity import digest_of
from tritonbind.recording import Grid, Kernel, Launch, Recording, Tuned, TunedRow

HEAD = "import triton\nimport triton.language as tl\n"
SCALE = """
@triton.jit
def scale(x, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(x + at, tl.load(x + at, at < n) * 2, at < n)
"""
PACKAGE = (
    f"{HEAD}{SCALE}\n\ndef make():\n{SCALE.replace(chr(10), chr(10) + '    ')}\n    return scale\n"
)
PROGRAM = f"{HEAD}{SCALE}\nraise SystemExit('this program ran')\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    made = new_project(
        tmp_path, {"pyproject.toml": PYPROJECT, "kernels/README": "", "app.py": PROGRAM}
    )
    (tmp_path / "site" / "pack").mkdir(parents=True)
    (tmp_path / "site" / "pack" / "__init__.py").write_text("")
    (tmp_path / "site" / "pack" / "ops.py").write_text(PACKAGE)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    yield made
    needed_parts._PARTS.clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "pack"]:
        del sys.modules[name]


def recorded(project: Project, name: str = "app:scale", **changes: object) -> Kernel:
    """A kernel as it was recorded of `app.py`, which holds the same source as `pack.ops`."""
    function, _ = within(needed_parts.kernel_of("app.py:scale", project.folder))
    return kernel(name, **{"digest": digest_of(function), "tuned": (), **changes})


def adopted(project: Project, *kernels: Kernel) -> Result:
    recording_file.write(Recording(recording().made_with, kernels), project.folder / "run.json")
    return project.run("adopt", "run.json")


def data(project: Project, name: str) -> Any:
    return json.loads((project.folder / "kernels/adopted" / name).read_text())


def head(module: str) -> str:
    return f'''\
"""Kernels of {module}, as a program launched them.

What was launched stands beside this file, in a .json file for each kernel: what is
listed there is built. All of it is yours to read, trim and change.
"""
'''


def test_a_script_is_declared_and_not_run(project: Project) -> None:
    result = adopted(project, recorded(project))
    assert result == Result(
        0,
        "adopted app:scale: 1 specialisation, in kernels/adopted/app.py, with its own grid\n"
        "now run `python -m codegen regenerate`\n",
        "",
    )
    assert (project.folder / "kernels/adopted/app.py").read_text() == head("app.py") + """
from triton import cdiv

from codegen.export import export, kernel_of

export(
    "app.scale",
    grid=lambda n, BLOCK: (cdiv(n, BLOCK),),
    launches="app.scale.json",
    optional_targets=True,
)(kernel_of("app.py:scale"))

# For launches of a program, which have a grid: `tritonbind serve` takes this one.
export(
    "app.scale_jit",
    grid="explicit",
    launches="app.scale.json",
    optional_targets=True,
)(kernel_of("app.py:scale"))
"""
    row = recording_file.to_json(recording())["kernels"][0]["launches"][0]
    assert data(project, "app.scale.json") == {
        "kernel": "app:scale",
        "digest": recorded(project).digest,
        "launches": [json.loads(json.dumps(row))],
    }


def test_kernels_of_a_package_are_imported(project: Project) -> None:
    result = adopted(project, recorded(project, "pack.ops:scale", grids=()))
    assert result.out.splitlines()[0] == (
        "adopted pack.ops:scale: 1 specialisation, in kernels/adopted/pack_ops.py, with an "
        "explicit grid: the program gives it as a tuple, and not by a function"
    )
    assert (project.folder / "kernels/adopted/pack_ops.py").read_text() == head("pack.ops") + """
from codegen.export import export

from pack.ops import scale

# Callers pass the grid, as the program does.
export(
    "pack.ops.scale",
    grid="explicit",
    launches="pack_ops.scale.json",
    optional_targets=True,
)(scale)
"""


def test_kernels_of_one_name_get_functions_of_two(project: Project) -> None:
    adopted(project, recorded(project), recorded(project, "pack.ops:scale"))
    assert {path.name for path in (project.folder / "kernels/adopted").iterdir()} == {
        *("app.py", "app.scale.json", "pack_ops.py", "pack_ops.ops_scale.json")
    }


def test_a_function_keeps_its_name_whatever_is_adopted_later(project: Project) -> None:
    adopted(project, recorded(project, "pack.ops:scale", grids=()))
    adopted(project, recorded(project), recorded(project, "pack.ops:scale", grids=()))
    assert {path.name for path in (project.folder / "kernels/adopted").iterdir()} == {
        *("app.py", "app.app_scale.json", "pack_ops.py", "pack_ops.scale.json")
    }
    assert (project.folder / "kernels/adopted/pack_ops.py").read_text().count("export(") == 1


def test_launches_of_another_source_do_not_stay(project: Project) -> None:
    adopted(project, recorded(project))
    project.edit("app.py", "* 2", "* 3")
    needed_parts._PARTS.clear()
    row = launch(options={"num_warps": 2})
    result = adopted(project, recorded(project, launches=(row,)))
    assert result.out.splitlines()[:3] == [
        "adopted app:scale: 1 specialisation, in kernels/adopted/app.py",
        "left out app:scale: the launches of an earlier adoption (1) are dropped: the kernel's "
        "source, or a value that it reads, has changed since",
        "  hint: git has them, in app.scale.json; record them again with this source",
    ]
    now = data(project, "app.scale.json")
    assert [one["options"] for one in now["launches"]] == [{"num_warps": 2}]
    assert now["digest"] == recorded(project).digest


def test_launches_that_no_argument_takes_together_have_a_function_each(project: Project) -> None:
    """An int here and a float there is everyday code."""
    arguments = launch().arguments

    def with_n(type_: str | None, **more: object) -> Launch:
        return launch(arguments={**arguments, "n": type_}, **more)

    first = recorded(project, grids=(), launches=(with_n("i32"), with_n("fp32"), with_n(None)))
    result = adopted(project, first)
    told = [line.partition(", in ")[0] for line in result.out.splitlines()]
    assert told[:2] == [
        "adopted app:scale: 2 specialisations",
        "adopted app:scale: 1 specialisation",
    ]
    text = (project.folder / "kernels/adopted/app.py").read_text()
    assert text.partition(')(kernel_of("app.py:scale"))\n')[2] == """
# Launches that differ in kind from those of scale: no argument is both.
# Callers pass the grid, as the program does.
export(
    "app.scale_2",
    grid="explicit",
    launches="app.scale_2.json",
    optional_targets=True,
)(kernel_of("app.py:scale"))
"""
    more = with_n("fp32", options={"num_warps": 2})
    again = recorded(project, grids=(), launches=(*first.launches, more))
    result = adopted(project, again)
    assert [line.partition(", in ")[0] for line in result.out.splitlines()][:2] == [
        "adopted app:scale: 2 specialisations, none of them new",
        "adopted app:scale: 2 specialisations, 1 of them new",
    ]
    assert (project.folder / "kernels/adopted/app.py").read_text() == text
    for name, types in (("scale", ["i32", None]), ("scale_2", ["fp32", "fp32"])):
        rows = data(project, f"app.{name}.json")["launches"]
        assert [row["arguments"]["n"] for row in rows] == types


def test_modules_of_private_names_have_files_that_can_be_imported(project: Project) -> None:
    (project.folder.parent / "site/_pack.py").write_text(PACKAGE)
    result = adopted(project, recorded(project, "_pack:scale"))
    assert "in kernels/adopted/pack.py" in result.out


def test_a_kernel_that_its_module_holds_by_another_name_is_found(project: Project) -> None:
    path = project.folder.parent / "site/pack/ops.py"
    path.write_text(f"{PACKAGE}\nPRODUCT = make()\n")
    result = adopted(project, recorded(project, "pack.ops:make.<locals>.scale"))
    assert result.out.startswith("adopted pack.ops:make.<locals>.scale: 1 specialisation, in ")
    assert "from pack.ops import" in (project.folder / "kernels/adopted/pack_ops.py").read_text()


def test_what_a_script_keeps_of_what_it_makes_is_found(project: Project) -> None:
    made = SCALE.replace("\n", "\n    ").replace("* 2", "* FACTOR")
    script = f"""{HEAD}
def make(factor):
    FACTOR = tl.constexpr(factor)
{made}
    return scale

FIRST = make(3)
TABLE = {{"five": make(5), 7: [make(7)]}}
NEVER = other(make(9))
raise SystemExit("this program ran")
"""
    project.write("app.py", script)
    needed_parts._PARTS.clear()
    for name, symbol in (
        ("FIRST", "FIRST"),
        ('TABLE["five"]', "TABLE_five"),
        ("TABLE[7][0]", "TABLE_7_0"),
    ):
        function, _ = within(needed_parts.kernel_of(f"app.py:{name}", project.folder))
        row = kernel("app:make.<locals>.scale", digest=digest_of(function), tuned=(), grids=())
        assert adopted(project, row).out.startswith("adopted app:make.<locals>.scale: 1 ")
        assert data(project, f"app.{symbol}.json")["digest"] == digest_of(function)
    text = (project.folder / "kernels/adopted/app.py").read_text()
    assert """kernel_of("app.py:TABLE['five']")""" in text


def test_a_later_recording_adds_to_what_people_trimmed(project: Project) -> None:
    adopted(project, recorded(project, grids=()))
    trimmed = data(project, "app.scale.json")
    trimmed["launches"][0]["options"] = {"num_warps": 8}
    trimmed["tuned"] = [{"key": ["n"], "rows": [{"key": [1], "config": {"BLOCK": 1}, "count": 1}]}]
    project.write("kernels/adopted/app.scale.json", json.dumps(trimmed))
    project.edit("kernels/adopted/app.py", "# Callers", "# I know: callers")
    row = launch(options={"num_warps": 2})
    result = adopted(
        project, recorded(project, launches=(row,), tuned=recording().kernels[0].tuned)
    )
    assert result.out.splitlines()[0] == (
        "adopted app:scale: 2 specialisations, 1 of them new, in kernels/adopted/app.py"
    )
    now = data(project, "app.scale.json")
    assert [one["options"] for one in now["launches"]] == [{"num_warps": 8}, {"num_warps": 2}]
    assert [[one["key"] for one in table["rows"]] for table in now["tuned"]] == [
        [[1], [64, "torch.bfloat16"]]
    ]
    assert "# I know: callers" in (project.folder / "kernels/adopted/app.py").read_text()
    again = adopted(project, recorded(project, launches=(row,)))
    assert "2 specialisations, none of them new, in" in again.out


def test_another_kernel_of_the_module_joins_its_file(project: Project) -> None:
    project.edit("app.py", "\nraise", f"{SCALE.replace('def scale', 'def twice')}\nraise")
    adopted(project, recorded(project, grids=()))
    function, _ = within(needed_parts.kernel_of("app.py:twice", project.folder))
    second = kernel("app:twice", digest=digest_of(function), grids=(), tuned=())
    adopted(project, second, recorded(project, grids=()))
    text = (project.folder / "kernels/adopted/app.py").read_text()
    assert text.count("app.scale.json") == 1
    assert text.endswith("""\
)(kernel_of("app.py:scale"))

from codegen.export import export, kernel_of

# Callers pass the grid, as the program does.
export(
    "app.twice",
    grid="explicit",
    launches="app.twice.json",
    optional_targets=True,
)(kernel_of("app.py:twice"))
""")


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        (
            "pack.ops:scale",
            {"digest": "0" * 64},
            "not adopted pack.ops:scale: pack.ops has another `scale` than the program ran\n"
            "  hint: install the version that the program has, or record it again with this one",
        ),
        (
            "pack.ops:gone",
            {"digest": "0" * 64},
            "not adopted pack.ops:gone: pack.ops has no `gone`\n"
            "  hint: install the version that the program has",
        ),
        (
            "__main__:scale",
            {},
            "not adopted __main__:scale: the program is no file that could be imported by its "
            "name\n"
            "  hint: put the kernel into a module, or call the program's file by letters, digits "
            "and `_`, and record it again",
        ),
        (
            "nopack.ops:scale",
            {},
            "not adopted nopack.ops:scale: the module nopack.ops cannot be imported: "
            "ModuleNotFoundError: No module named 'nopack'\n"
            "  hint: install nopack where the generator runs",
        ),
        (
            "pack.ops:make.<locals>.scale",
            {"digest": "0" * 64},
            "not adopted pack.ops:make.<locals>.scale: `make` of pack.ops makes it while the "
            "program runs, and the module keeps none of its digest, 000000000000\n"
            "  hint: write a kernel file that calls `make` as the program does, and export that",
        ),
        (
            "pack.ops:scale",
            {"launches": (launch(arguments={"BLOCK": {"constexpr": [{"repr": "<lock>"}]}}),)},
            "not adopted pack.ops:scale: launches with BLOCK=<lock> are left out: the value has no "
            "spelling\n"
            "  hint: declare them by hand, where the value can be named\n"
            "not adopted pack.ops:scale: no launch of it can be adopted",
        ),
    ],
)
def test_what_cannot_be_adopted_is_listed_with_the_reason(
    project: Project, name: str, changes: dict[str, object], message: str
) -> None:
    result = adopted(project, recorded(project, name, **changes))
    assert (result.code, result.err) == (2, "")
    assert result.out == f"{message}\n"
    assert not (project.folder / "kernels/adopted").exists()


def test_what_was_not_recorded_is_listed_too(project: Project) -> None:
    whole = Recording(recording().made_with, (recorded(project),), recording().not_recorded)
    recording_file.write(whole, project.folder / "run.json")
    assert project.run("adopt", "run.json").out.splitlines()[0] == (
        "not adopted app:other: it was launched past Triton's own launcher (2 launches)"
    )


def test_two_scripts_of_one_name_are_told_apart_by_people(project: Project) -> None:
    scale = recorded(project)
    (project.folder / "app.py").unlink()
    needed_parts._PARTS.clear()
    project.write("one/app.py", PROGRAM)
    assert "in kernels/adopted/one_app.py" in adopted(project, scale).out
    project.write("two/app.py", PROGRAM)
    assert adopted(project, scale).out.splitlines()[0] == (
        "not adopted app:scale: the project has several scripts of the name: one/app.py, two/app.py"
    )


def test_a_package_at_the_top_is_no_script(project: Project) -> None:
    """Nor are the files that an earlier adoption and the generator wrote under its name."""
    place = project.folder.parent / "site/pack/__init__.py"
    place.write_text(PACKAGE)
    project.write("tools/pack.py", PROGRAM)
    for new in ("", ", none of them new"):
        result = adopted(project, recorded(project, "pack:scale"))
        assert result.out.startswith(
            f"adopted pack:scale: 1 specialisation{new}, in kernels/adopted/pack.py"
        )
    scale = recorded(project)
    project.write("kernels/adopted/app.py", "")
    project.write("generated/adopted/app.py", "")
    assert adopted(project, scale).out.startswith("adopted app:scale: ")


def test_a_grid_that_is_not_that_of_the_launches_stays_a_comment(project: Project) -> None:
    source = "def grid(meta):\n    return (1,)\n"
    result = adopted(project, recorded(project, grids=(Grid(source, {}),)))
    reason = "it would be (1,) where a recorded launch has (4, 1, 1)"
    assert result.out.splitlines()[0].endswith(f", with an explicit grid: {reason}")
    text = (project.folder / "kernels/adopted/app.py").read_text()
    assert f"#     def grid(meta):\n#         return (1,)\n# It is not translated: {reason}" in text
    assert text.count("export(\n") == 1


def test_a_grid_of_the_kernels_module_is_imported(project: Project) -> None:
    path = project.folder.parent / "site/pack/ops.py"
    body = 'size = meta["BLOCK"]\n    return (triton.cdiv(meta["n"], size), ONE)'
    grid = f"def blocks(meta):\n    {body}"
    path.write_text(f"{PACKAGE}\nONE = 1\n\n\n{grid}\n")
    result = adopted(project, recorded(project, "pack.ops:scale", grids=(Grid(grid, {}),)))
    assert result.out.splitlines()[0].endswith("/pack_ops.py, with its own grid")
    text = (project.folder / "kernels/adopted/pack_ops.py").read_text()
    assert text.startswith(head("pack.ops") + """
from codegen.export import export

from pack.ops import blocks, scale

export(
    "pack.ops.scale",
    grid=blocks,
""")


AUTOTUNED = "@triton.autotune([triton.Config({'BLOCK': 64})], key=['n'])\n@triton.jit"


@pytest.mark.parametrize(
    ("above", "reason"),
    [
        (
            AUTOTUNED.replace("64", "32"),
            "launch 1 of app.scale.json had the configuration (BLOCK=64, num_warps=4, "
            "num_ctas=1, num_stages=3), which the kernel's autotuner does not list here",
        ),
        (
            "@triton.heuristics({'BLOCK': lambda args: open('b').read()})\n@triton.jit",
            "the heuristic of `BLOCK` fails: FileNotFoundError: [Errno 2] No such file or "
            "directory: 'b'",
        ),
    ],
)
def test_what_stands_around_a_kernel_must_be_followed(
    project: Project, above: str, reason: str
) -> None:
    project.edit("app.py", "@triton.jit", above)
    result = adopted(project, recorded(project))
    assert result.out.splitlines()[0].endswith(f", with an explicit grid: {reason}")
    assert (project.folder / "kernels/adopted/app.py").read_text().count("export(\n") == 1


def test_the_winner_of_most_launches_is_kept(project: Project) -> None:
    rows = tuple(TunedRow((64,), {"BLOCK": 64, "num_warps": w}, n) for w, n in ((8, 5), (4, 3)))
    adopted(project, recorded(project, tuned=(Tuned(("n",), rows),)))
    (table,) = data(project, "app.scale.json")["tuned"]
    assert [row["config"]["num_warps"] for row in table["rows"]] == [8]


def test_the_name_of_a_second_function_is_taken_too(project: Project) -> None:
    project.edit("app.py", "\nraise", f"{SCALE.replace('def scale', 'def scale_jit')}\nraise")
    function, _ = within(needed_parts.kernel_of("app.py:scale_jit", project.folder))
    second = kernel("app:scale_jit", digest=digest_of(function), grids=(), tuned=())
    adopted(project, recorded(project), second)
    names = {path.name for path in (project.folder / "kernels/adopted").glob("*.json")}
    assert names == {"app.scale.json", "app.app_scale_jit.json"}


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("run.json", "{", "run.json: not JSON: Expecting property name enclosed in double quotes"),
        (
            "kernels/adopted/app.scale.json",
            "[1]",
            "kernels/adopted/app.scale.json is not what `tritonbind adopt` wrote: ",
        ),
    ],
)
def test_foreign_files_are_refused_and_nothing_is_written(
    project: Project, file: str, text: str, message: str
) -> None:
    adopted(project, recorded(project))
    project.write(file, text)
    kernel_file = project.folder / "kernels/adopted/app.py"
    kernel_file.unlink()
    result = project.run("adopt", "run.json")
    assert result.code == 2
    assert f"error: {message}" in result.err
    assert not kernel_file.exists()


def test_a_kernel_with_any_number_of_arguments_is_told_to_be_unserved(project: Project) -> None:
    file = project.folder.parent / "site/pack/ops.py"
    signature = "def scale(x, n, BLOCK: tl.constexpr):"
    file.write_text(
        PACKAGE.replace(signature, "def scale(x, *rest, BLOCK: tl.constexpr):\n    n = rest[0]", 1)
    )
    from pack.ops import scale  # type: ignore[import-not-found]

    row = launch(arguments={"x": "*fp32", "rest": ["i32"], "BLOCK": {"constexpr": 64}})
    one = recorded(
        project,
        "pack.ops:scale",
        digest=digest_of(scale),
        parameters=("x", "rest", "BLOCK"),
        launches=(row,),
    )
    result = adopted(project, one)
    assert result.code == 0
    assert (
        "left out pack.ops:scale: `tritonbind serve` does not serve its launches: it takes any "
        "number of arguments as `*rest`\n"
        "  hint: give it a tuple instead and record it again, or call its function, which is "
        "built\n"
    ) in result.out + result.err
    assert data(project, "pack_ops.scale.json")["launches"]
