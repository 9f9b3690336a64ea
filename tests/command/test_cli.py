"""The command: exit codes, what it writes, what it says and where; errors are sentences."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import damage
from tests.support.project import IMAGES, Project, fresh_project, new_project

NOT_FRESH = "generated/ is not fresh: run `python -m codegen regenerate`"
LIBRARY = re.compile(
    r"library: generated/_lib/libtritonbind-[0-9a-f]{16}-\w+\.so \((built|there already), 8 B\)"
)


@pytest.fixture
def fresh(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return fresh_project(tmp_path, tmp_path_factory)


@pytest.fixture
def new(tmp_path: Path) -> Project:
    return new_project(tmp_path)


def test_first_regenerate_writes_everything_and_says_so(new: Project) -> None:
    result = new.run("regenerate", "-j", "2")
    assert (result.code, result.out) == (0, "")
    *changes, summary, library = result.errors
    tree = new.tree()
    assert changes == [f"new: generated/{path}" for path in sorted(tree)]
    assert summary == (
        f"generated/: 2 functions, 4 images; {len(tree)} files written, "
        f"{IMAGES} of {IMAGES} images compiled"
    )
    said = LIBRARY.fullmatch(library)
    assert said is not None and said[1] == "built"
    assert {"add.py", "add.c", "add.h", "deep/twice.py", "deep/__init__.py"} <= tree.keys()


def test_second_regenerate_does_nothing(fresh: Project) -> None:
    before = stamps(fresh)
    result = fresh.run("regenerate")
    assert (result.code, result.out) == (0, "")
    summary, library = result.errors
    assert summary == "generated/: 2 functions, 4 images; everything is fresh"
    assert LIBRARY.fullmatch(library)
    assert stamps(fresh) == before


def stamps(project: Project) -> dict[Path, tuple[int, int]]:
    """What changes when a file or a folder is written or replaced."""
    paths = (project.output, *project.output.rglob("*"))
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in paths}


@pytest.mark.parametrize("arguments", [("regenerate",), ("regenerate", "--check"), ("list",)])
def test_what_needs_no_compiler_imports_none(fresh: Project, arguments: tuple[str, ...]) -> None:
    result = fresh.child(*arguments, python=("-X", "importtime"))
    assert result.code == 0
    imported = set(re.findall(r"\| +([\w.]+)$", result.err, re.MULTILINE))
    assert "codegen.cli" in imported
    heavy = {"triton", "torch", "numpy", "jinja2", "black", "libcst", "elftools", "tvm_ffi"}
    assert not {name.partition(".")[0] for name in imported} & heavy


def test_a_deleted_library_is_built_again(fresh: Project) -> None:
    (library,) = (fresh.output / "_lib").glob("*.so")
    library.unlink()
    result = fresh.run("regenerate")
    assert result.code == 0
    assert "(built, " in result.err
    assert library.exists()


def test_verbose_says_why(fresh: Project) -> None:
    damage.edit_comment(fresh)
    why = "stale: kernels/add.py has changed"
    assert why not in fresh.run("regenerate", "--diff").errors
    assert why in fresh.run("regenerate", "-v").errors


def test_rebuild_compiles_everything(fresh: Project) -> None:
    before = fresh.tree()
    result = fresh.run("regenerate", "--rebuild")
    assert result.code == 0
    assert result.errors[0] == (
        "generated/: 2 functions, 4 images; 4 of 4 images compiled, and every byte is as it was"
    )
    assert fresh.tree() == before


def test_a_change_compiles_only_what_it_concerns(fresh: Project) -> None:
    damage.edit_input(fresh)
    assert fresh.run("regenerate").errors[-2].endswith("; 4 files written, 2 of 4 images compiled")


def test_only_what_changed_goes_through_the_c_compiler(fresh: Project) -> None:
    kept = []
    for change in (damage.edit_input, damage.edit_output):  # the second puts things back as well
        change(fresh)
        fresh.run("regenerate")
        kept.append({path.name for path in (fresh.output / "_lib/objects").iterdir()})
    assert kept[0] == kept[1]
    fresh.edit("kernels/add.py", "+ 2 * n", "+ 3 * n")
    fresh.run("regenerate")
    after = {path.name for path in (fresh.output / "_lib/objects").iterdir()}
    assert (len(kept[1] - after), len(after - kept[1])) == (1, 1), "the old one goes"


def test_json_of_a_run(fresh: Project) -> None:
    damage.edit_input(fresh)
    result = fresh.run("regenerate", "--json")
    assert (result.code, result.err) == (0, "")
    document = json.loads(result.out)
    library = Path(document.pop("library"))
    assert [*(fresh.output / "_lib").glob("*.so")] == [library], "the old one goes"
    assert "MANIFEST.json" in document["changes"]
    assert set(document.pop("changes").values()) == {"changed"}
    assert document.pop("memory") > 100 << 20, "in bytes"
    assert document == {
        "output": "generated",
        "fresh": False,
        "findings": ["stale: kernels/add.py has changed"],
        "compiled": 2,
        "functions": ["demo.add", "demo.twice"],
    }


def test_what_kernels_print_does_not_reach_stdout(fresh: Project) -> None:
    fresh.edit("kernels/add.py", '"""Sums."""', '"""Sums."""\nprint("hello")')
    result = fresh.run("regenerate", "--json")
    assert json.loads(result.out)["fresh"] is False
    assert result.err == "hello\n"


def test_quiet_says_nothing(new: Project) -> None:
    result = new.run("regenerate", "-q")
    assert (result.code, result.out, result.err) == (0, "", "")
    assert new.tree()


def test_show_lists_the_functions_when_all_is_fresh(fresh: Project) -> None:
    result = fresh.run("regenerate", "--show")
    assert result.code == 0
    assert result.out == fresh.run("list").out
    assert result.errors[-1] == (
        "To watch it all happen again: python -m codegen regenerate --rebuild -v"
    )


def test_list_and_inspect(fresh: Project) -> None:
    listing = fresh.run("list")
    assert (listing.code, listing.err) == (0, "")
    size = (fresh.output / "add.images/add.aligned.sm_80.cubin").stat().st_size
    header, add, twice = listing.out.splitlines()
    assert header.split() == ["function", "variants", "targets", "size"]
    assert add == f"demo.add    aligned, generic  sm_80    {size} B", "what both share counts once"
    assert twice.startswith("demo.twice  aligned, generic  sm_80  ")

    inspected = fresh.run("inspect", "add").out.splitlines()
    assert inspected[0] == "demo.add(out: *i32, n: i32, stream=None)"
    assert inspected[2:5] == ["  grid    (cdiv(n, 4), 1, 1)", "  reads   out", "  writes  out"]
    assert "  options num_warps 4, num_stages 3, enable_fp_fusion True" in inspected
    assert "  aligned assumes divisible by 16: out" in inspected
    assert "  generic assumes divisible by 16: nothing" in inspected

    everything = json.loads(fresh.run("list", "--json").out)
    assert list(everything) == ["demo.add", "demo.twice"]
    one = json.loads(fresh.run("inspect", "demo.add", "--json").out)
    assert one == {"demo.add": everything["demo.add"]}


@pytest.mark.parametrize("name", ["add", "demo.add", "add.py", "kernels/add.py"])
def test_a_function_can_be_named_by_its_file(fresh: Project, name: str) -> None:
    assert fresh.run("inspect", name).out.startswith("demo.add(")


def test_build_prints_where_the_library_is(fresh: Project) -> None:
    (library,) = (fresh.output / "_lib").glob("*.so")
    library.unlink()
    result = fresh.run("build")
    assert (result.code, result.out, result.err) == (0, f"{library}\n", "")
    assert library.exists()


def test_a_library_in_the_cache_of_the_user_leaves_others_alone(
    fresh: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There it goes where the output cannot be written, beside those of other projects."""
    shutil.rmtree(fresh.output / "_lib")
    cache = fresh.folder.parent / "cache"
    another = cache / "tritonbind" / "libtritonbind-another.so"
    another.parent.mkdir(parents=True)
    another.touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    built = Path(fresh.run("build").out.strip())
    assert built.parent == another.parent
    assert built.exists()
    assert another.exists()


@pytest.mark.parametrize(
    "arguments",
    [("regenerate", "nosuch"), ("regenerate", "--check", "nosuch"), ("inspect", "nosuch")],
)
def test_an_unknown_name_is_refused(fresh: Project, arguments: tuple[str, ...]) -> None:
    result = fresh.run(*arguments)
    assert (result.code, result.out) == (2, "")
    assert result.errors == [
        "error: no function or kernel file is called `nosuch`",
        "  hint: the functions are demo.add, demo.twice",
    ]


def test_a_function_is_named_before_any_is_generated(tmp_path: Path) -> None:
    result = new_project(tmp_path).run("regenerate", "demo.add")
    assert (result.code, result.errors) == (
        2,
        [
            "error: no function or kernel file is called `demo.add`",
            "  hint: no function is generated yet: name a kernel file, or run "
            "`python -m codegen regenerate`",
        ],
    )


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("regenerate", "demo.ad"), "demo.add"),
        (("regenerate", "--check", "twise"), "twice"),
        (("inspect", "demo.twic"), "demo.twice"),
        (("regenerate", "kernels/ad.py"), "kernels/add.py"),
        (("regenerate", "deep/twise.py"), "deep/twice.py"),
    ],
)
def test_a_name_that_was_meant_is_told(
    fresh: Project, arguments: tuple[str, ...], name: str
) -> None:
    result = fresh.run(*arguments)
    assert (result.code, result.out) == (2, "")
    assert result.errors == [
        f"error: no function or kernel file is called `{arguments[-1]}`",
        f"  hint: did you mean `{name}`?",
    ]


def test_another_triton_must_be_accepted(fresh: Project) -> None:
    manifest = json.loads((fresh.output / "MANIFEST.json").read_bytes())
    installed = manifest["tools"]["triton"]
    manifest["tools"]["triton"] = "3.1.0"
    fresh.write("generated/MANIFEST.json", json.dumps(manifest))

    stale = f"stale: another version of a tool: triton was 3.1.0 and is {installed}"
    assert fresh.run("regenerate", "--check").errors == [stale, NOT_FRESH]
    refused = fresh.run("regenerate")
    assert refused.code == 2
    assert refused.errors == [
        "error: generated/ was made with Triton 3.1.0, and this is Triton "
        f"{installed}, which makes other bytes",
        "  hint: install triton==3.1.0, or pass --accept-triton",
    ]
    assert fresh.run("regenerate", "--accept-triton").code == 0
    assert fresh.run("regenerate", "--check").code == 0


@pytest.mark.parametrize("command", ["list", "inspect", "build"])
def test_what_needs_output_says_how_to_make_it(new: Project, command: str) -> None:
    result = new.run(command, *(["add"] if command == "inspect" else []))
    assert (result.code, result.out) == (2, "")
    assert result.errors == [
        "error: generated holds no generated package",
        "  hint: run `python -m codegen regenerate`",
    ]


def test_another_project_is_named_by_its_folder(fresh: Project) -> None:
    elsewhere = Project(fresh.folder / "kernels")
    assert elsewhere.run("regenerate", "--check").code == 0
    there = Project(fresh.folder.parent)
    result = there.run("--project", "project", "regenerate", "--check")
    assert (result.code, result.errors) == (0, ["generated/ is fresh"])
    result = there.run("--project", "nosuch", "list")
    assert result.errors == [
        "error: there is no folder nosuch",
        "  hint: name another: --project FOLDER",
    ]


@pytest.mark.parametrize(
    "arguments",
    [(), ("nosuch",), ("regenerate", "-j", "0"), ("regenerate", "-j", "many"), ("list", "-q")],
)
def test_bad_usage_ends_with_2(new: Project, arguments: tuple[str, ...]) -> None:
    result = new.run(*arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("usage: python -m codegen")


def test_a_missing_compiler_leaves_the_output_and_says_how_to_go_on(fresh: Project) -> None:
    damage.edit_input(fresh)
    result = fresh.child("regenerate", "-q", CC="nosuch-cc")
    assert result.code == 2
    assert result.errors[0].startswith(
        "error: generated/ is written, and its library is not: building libtritonbind-"
    )
    assert result.errors[1:] == ["  hint: mend that and run `python -m codegen build`"]
    assert fresh.run("regenerate", "--check").code == 0


def test_a_compiler_that_is_no_command(fresh: Project) -> None:
    shutil.rmtree(fresh.output / "_lib")
    result = fresh.child("build", CC="gcc 'x")
    assert (result.code, result.errors) == (
        2,
        [
            'error: generated/ is written, and its library is not: CC="gcc \'x" cannot be read as '
            "a command: No closing quotation",
            "  hint: mend that and run `python -m codegen build`",
        ],
    )


def test_without_triton_an_error_says_so(fresh: Project) -> None:
    damage.edit_input(fresh)
    fresh.write("blocked/triton.py", "raise ModuleNotFoundError('No', name='triton')")
    blocked = f"{fresh.folder / 'blocked'}{os.pathsep}{fresh.environment()['PYTHONPATH']}"
    assert fresh.child("regenerate", "--check", PYTHONPATH=blocked).code == 1
    for command in (("regenerate",), ("adopt", "run.json")):
        result = fresh.child(*command, PYTHONPATH=blocked)
        assert result.code == 2
        assert result.errors == [
            "error: generating needs the package triton, which is not installed",
            "  hint: python -m pip install 'tritonbind[generate]', in an environment of its own "
            "where your program has another Triton",
        ]


def test_progress_is_one_line_on_a_terminal(new: Project) -> None:
    shown = on_terminal(new, "regenerate", "-j", "1")
    steps = list(re.finditer(r"\r\[(\d)/4\] (\w+ \w+ sm_80)", shown))
    assert [step[1] for step in steps] == ["1", "2", "3", "4"]
    labels = {
        f"{name} {hint} sm_80" for name in ("add", "twice") for hint in ("aligned", "generic")
    }
    assert {step[2] for step in steps} == labels
    end = steps[-1].end()
    assert "\n" not in shown[:end]
    assert re.match(r" *\r +\rnew: generated/\.gitignore\r\n", shown[end:])


def test_no_progress_without_a_terminal_or_when_quiet(new: Project) -> None:
    assert "[1/4]" not in new.run("regenerate").err
    assert on_terminal(new, "regenerate", "--rebuild", "--quiet") == ""


def on_terminal(project: Project, *arguments: str) -> str:
    """What the command shows on a terminal as its stderr."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        project.command(*arguments),
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as child:
        os.close(theirs)
        shown = b""
        try:
            while chunk := os.read(ours, 4096):
                shown += chunk
        except OSError:  # the terminal's other end is closed
            pass
    os.close(ours)
    assert child.returncode == 0
    return shown.decode()
