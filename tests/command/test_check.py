"""What is not fresh: `--check` finds it, `--diff` shows it, a run mends it, or a part of it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import damage
from tests.support.project import HEADER, PYPROJECT, Project, fresh_project, new_project

NOT_FRESH = "generated/ is not fresh: run `python -m codegen regenerate`"


@pytest.fixture
def fresh(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return fresh_project(tmp_path, tmp_path_factory)


@pytest.mark.parametrize("arguments", [("--check",), ("--check", "--rebuild"), ("--diff",)])
def test_what_only_looks_writes_nothing(fresh: Project, arguments: tuple[str, ...]) -> None:
    """No bytecode of kernels, either, and of `--check` nothing in the cache."""
    damage.edit_input(fresh)
    cache = fresh.folder.parent / "cache"
    before = {path: path.stat().st_mtime_ns for path in fresh.folder.rglob("*")}
    environment = fresh.environment(XDG_CACHE_HOME=str(cache), PYTHONDONTWRITEBYTECODE="")
    done = subprocess.run(
        fresh.command("regenerate", *arguments, "-j", "1"),
        cwd=fresh.folder,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert {path: path.stat().st_mtime_ns for path in fresh.folder.rglob("*")} == before
    assert cache.exists() == (arguments == ("--diff",))


DAMAGES: list[tuple[Callable[[Project], None], list[str]]] = [
    (damage.nothing, ["generated/ is fresh"]),
    (damage.edit_input, ["stale: kernels/add.py has changed", NOT_FRESH]),
    (damage.add_input, ["stale: kernels/third.py is new", NOT_FRESH]),
    (damage.add_table, ["stale: kernels/deep/best.json is new", NOT_FRESH]),
    (
        damage.remove_input,
        ["stale: kernels/deep/twice.py is gone", NOT_FRESH],
    ),
    (
        damage.change_settings,
        [
            "stale: [tool.codegen] has changed: targets was ['sm_80'] and is ['sm_80', 'sm_86']",
            NOT_FRESH,
        ],
    ),
    (damage.edit_output, ["edited by hand: generated/add.c", NOT_FRESH]),
    (damage.remove_output, ["missing: generated/deep/twice.h", NOT_FRESH]),
    (damage.edit_manifest, ["edited by hand: generated/MANIFEST.json", NOT_FRESH]),
    (damage.remove_manifest, ["missing: generated/MANIFEST.json", NOT_FRESH]),
    (
        damage.leave_a_stranger,
        ["orphaned: generated/deep/notes.txt was not generated; move it elsewhere"],
    ),
]


@pytest.mark.parametrize(("harm", "lines"), DAMAGES, ids=lambda v: getattr(v, "__name__", ""))
def test_check_names_what_is_not_as_recorded(
    fresh: Project, harm: Callable[[Project], None], lines: list[str]
) -> None:
    harm(fresh)
    before = fresh.tree()
    code = 0 if harm is damage.nothing else 1

    result = fresh.run("regenerate", "--check")
    assert (result.code, result.out, result.errors) == (code, "", lines)

    quiet = fresh.run("regenerate", "--check", "--quiet")
    assert (quiet.code, quiet.out, quiet.err) == (code, "", "")

    document = json.loads(fresh.run("regenerate", "--check", "--json").out)
    findings = [line for line in lines if not line.startswith("generated/")]
    assert document == {"fresh": code == 0, "findings": findings}
    assert fresh.tree() == before


@pytest.mark.parametrize(
    "harm",
    [harm for harm, _ in DAMAGES if harm not in (damage.nothing, damage.leave_a_stranger)],
    ids=lambda harm: harm.__name__,
)
def test_regenerate_mends_it(fresh: Project, harm: Callable[[Project], None]) -> None:
    harm(fresh)
    assert fresh.run("regenerate").code == 0
    assert fresh.run("regenerate", "--check").errors == ["generated/ is fresh"]


def test_what_is_edited_during_a_run_is_stale_after_it(fresh: Project) -> None:
    """The kernel file grows by a line while it is imported, as if its author went on typing."""
    late = "open(__file__, 'a').write('# later\\n')\n"
    fresh.write("kernels/add.py", (fresh.folder / "kernels/add.py").read_text() + late)
    assert fresh.run("regenerate").code == 0
    result = fresh.run("regenerate", "--check")
    assert result.code == 1
    assert "stale: kernels/add.py has changed" in result.errors


def test_an_edited_record_needs_a_run_on_everything(fresh: Project) -> None:
    damage.edit_manifest(fresh)
    result = fresh.run("regenerate", "demo.add")
    assert (result.code, result.errors) == (
        2,
        [
            "error: edited by hand: generated/MANIFEST.json; that concerns more than add.py",
            "  hint: run it without names: `python -m codegen regenerate`",
        ],
    )


def test_a_stranger_stays_and_is_reported(fresh: Project) -> None:
    damage.leave_a_stranger(fresh)
    fresh.edit("kernels/add.py", "where n goes", "the sum")
    result = fresh.run("regenerate")
    assert result.code == 0
    assert "orphaned: generated/deep/notes.txt was not generated; move it elsewhere" in result.err
    assert (fresh.output / "deep/notes.txt").read_text() == "mine"
    again = fresh.run("regenerate", "--check", "--rebuild", "--json")
    assert again.code == 1
    document = json.loads(again.out)
    assert (document["fresh"], document["changes"]) == (False, {})
    assert document["findings"] == [
        "orphaned: generated/deep/notes.txt was not generated; move it elsewhere"
    ]


def test_a_removed_kernel_takes_its_outputs_with_it(fresh: Project) -> None:
    damage.remove_input(fresh)
    result = fresh.run("regenerate")
    assert result.code == 0
    assert "removed: generated/deep/__init__.py" in result.errors
    assert "generated/: 1 function, 2 images; 2 files written, 5 removed, 0 of 2" in result.err
    assert not (fresh.output / "deep").exists()


def test_diff_is_a_patch_on_stdout(fresh: Project) -> None:
    damage.edit_comment(fresh)
    before = fresh.tree()
    result = fresh.run("regenerate", "--diff")
    assert (result.code, result.errors) == (1, [NOT_FRESH])
    assert fresh.tree() == before

    (fresh.folder / "change.patch").write_text(result.out)
    patch = ["git", "apply", "--unsafe-paths", "change.patch"]
    subprocess.run(patch, cwd=fresh.folder, check=True, capture_output=True)
    assert fresh.run("regenerate", "--check").errors == ["generated/ is fresh"]

    fresh_diff = fresh.run("regenerate", "--diff")
    assert (fresh_diff.code, fresh_diff.out) == (0, "")
    assert fresh_diff.errors == ["generated/ is fresh"]


def test_diff_of_images_files_without_newline_and_empty_files(fresh: Project) -> None:
    damage.edit_input(fresh)
    (fresh.output / "add.h").write_bytes(b"no newline")
    (fresh.output / "add.py").write_bytes(b"\xff\xfe")
    (fresh.output / "py.typed").unlink()
    result = fresh.run("regenerate", "--check", "--diff")
    assert result.code == 1
    lines = result.out.splitlines()
    image = "add.images/add.aligned.sm_80.cubin"
    sizes = r"\(\d+ bytes\)"
    binary = rf"Binary files a/generated/{image} {sizes} and b/generated/{image} {sizes} differ"
    assert any(re.fullmatch(binary, line) for line in lines)
    assert any(line.startswith("Binary files a/generated/add.py (2 bytes) and") for line in lines)
    after = lines.index("-no newline")
    assert lines[after + 1] == "\\ No newline at end of file"
    empty = lines.index("--- /dev/null")
    assert lines[empty + 1] == "+++ b/generated/py.typed"


def test_check_rebuild_compares_bytes(fresh: Project) -> None:
    result = fresh.run("regenerate", "--check", "--rebuild")
    assert (result.code, result.errors) == (0, ["generated/ is fresh to the byte"])

    image = fresh.output / "add.images/add.aligned.sm_80.cubin"
    forged = image.read_bytes() + b"\0"
    image.write_bytes(forged)
    result = fresh.run("regenerate", "--check", "--rebuild")
    assert result.code == 1
    assert result.errors == ["changed: generated/add.images/add.aligned.sm_80.cubin", NOT_FRESH]
    assert fresh.run("regenerate", "--check", "--rebuild", "-q").err == ""
    assert image.read_bytes() == forged


def test_one_file_regenerates_while_another_is_broken(fresh: Project) -> None:
    damage.edit_input(fresh)
    fresh.write("kernels/deep/twice.py", "import nothing_of_this_name\n")
    fresh.write("kernels/third.py", "also broken")
    before = fresh.tree()
    assert fresh.run("regenerate").code == 2
    assert fresh.tree() == before

    assert fresh.run("regenerate", "add").code == 0
    changed = {path for path, content in fresh.tree().items() if content != before.get(path)}
    assert {path.partition(".")[0] for path in changed} == {"add", "MANIFEST", "_build"}
    assert fresh.tree()["deep/twice.c"] == before["deep/twice.c"]

    assert fresh.run("regenerate", "--check", "add").errors == ["generated/ is fresh"]
    assert fresh.run("regenerate", "--check").errors == [
        "stale: kernels/deep/twice.py has changed",
        "stale: kernels/third.py is new",
        NOT_FRESH,
    ]
    assert "everything is fresh" not in fresh.run("regenerate", "add").err


@pytest.mark.parametrize(
    "name", ["kernels/add.py", "add.py", "./kernels/deep/../add.py", "{folder}/kernels/add.py"]
)
def test_a_kernel_file_is_named_by_any_path_to_it(fresh: Project, name: str) -> None:
    damage.edit_input(fresh)
    fresh.write("kernels/third.py", "broken")
    assert fresh.run("regenerate", name.format(folder=fresh.folder)).code == 0


@pytest.mark.parametrize("name", ["", ".", "kernels", "../kernels/add.py"])
def test_what_names_no_kernel_is_said(fresh: Project, name: str) -> None:
    damage.edit_input(fresh)
    said = fresh.run("regenerate", name)
    assert said.errors[0] == f"error: no function or kernel file is called `{name}`"
    assert said.code == 2


def test_a_selection_needs_a_kernel(fresh: Project) -> None:
    damage.add_input(fresh)
    (fresh.folder / "kernels/deep/twice.py").unlink()
    before = fresh.tree()
    assert fresh.run("regenerate", "kernels/third.py").errors[0] == (
        "error: no kernel is declared in third.py"
    )
    gone = fresh.run("regenerate", "twice")
    assert gone.errors == [
        "error: kernels/deep/twice.py is gone",
        "  hint: run it without names: `python -m codegen regenerate`",
    ]
    assert gone.code == 2
    assert fresh.tree() == before


@pytest.mark.parametrize(
    ("harm", "finding"),
    [
        (
            damage.change_settings,
            "stale: [tool.codegen] has changed: targets was ['sm_80'] and is ['sm_80', 'sm_86']",
        ),
        (damage.remove_output, "missing: generated/deep/twice.h"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_selection_refuses_what_concerns_others(
    fresh: Project, harm: Callable[[Project], None], finding: str
) -> None:
    damage.edit_input(fresh)
    harm(fresh)
    before = fresh.tree()
    result = fresh.run("regenerate", "kernels/add.py")
    assert result.code == 2
    assert result.errors == [
        f"error: {finding}; that concerns more than add.py",
        "  hint: run it without names: `python -m codegen regenerate`",
    ]
    assert fresh.tree() == before


TUNED = f'''"""Tuned."""

{HEADER}
@export("demo.tuned", types={{"out": "*i32", "n": "i32"}}, grid=lambda: (1,), tuned="*.best.json")
@triton.autotune([triton.Config({{"BY": 1}}), triton.Config({{"BY": 2}})], key=["n"])
@triton.jit
def tuned(out, n, BY: tl.constexpr):
    tl.store(out, tl.load(out) + n * BY)
'''


def test_a_table_of_tuned_configurations_is_an_input(tmp_path: Path) -> None:
    row = '{"key": [%d], "config": {"BY": 2}}'
    files = {"pyproject.toml": PYPROJECT, "kernels/deep/tuned.py": TUNED}
    project = new_project(tmp_path, {**files, "kernels/deep/a.best.json": f"[{row % 1}]"})
    assert project.run("regenerate").code == 0
    assert "config_1" in project.run("inspect", "tuned").out
    assert project.run("regenerate", "--check").code == 0

    project.write("kernels/deep/b.best.json", f"[{row % 3}]")
    added = project.run("regenerate", "--check")
    assert added.errors == ["stale: kernels/deep/b.best.json is new", NOT_FRESH]
    assert project.run("regenerate").code == 0
    document = json.loads(project.run("inspect", "tuned", "--json").out)["demo.tuned"]
    assert document["configurations"] == {
        "listed": ["BY=1, num_warps=4, num_stages=3", "BY=2, num_warps=4, num_stages=3"],
        "values": [{"BY": by, "num_ctas": 1, "num_stages": 3, "num_warps": 4} for by in (1, 2)],
        "default": 0,
        "argument": None,
        "key": ["n"],
        "tuned": [
            {"conditions": [{"kind": "value", "of": ["n"], "is": [key]}], "configuration": 1}
            for key in (1, 3)
        ],
        "takes_nearest": False,
        "shared": [],
    }
    assert document["calls"] == [
        {
            "variant": f"config_{number}-{hints}",
            "conditions": [
                {"kind": "configuration", "of": [], "is": [number]},
                *[{"kind": "hints", "of": ["out"], "is": [{"out": 16}]}] * (hints == "aligned"),
            ],
        }
        for hints in ("aligned", "generic")
        for number in (0, 1)
    ]

    project.edit("kernels/deep/a.best.json", "[1]", "[7]")
    changed = project.run("regenerate", "--check")
    assert changed.errors == ["stale: kernels/deep/a.best.json has changed", NOT_FRESH]
