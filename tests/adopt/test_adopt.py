"""From a recording to kernel files: what is written, what is said, and what stays of earlier."""

from __future__ import annotations

import json

import pytest

from codegen.read import needed_parts
from codegen.read.loading import within
from tests.support.adopted import PACKAGE, SCALE, adopted, data, head, recorded
from tests.support.project import Project, Result
from tests.support.recordings import kernel, launch, recording
from tritonbind import recording_file
from tritonbind.kernel_identity import digest_of
from tritonbind.recording import Launch, Recording


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
