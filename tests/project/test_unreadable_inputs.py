"""What cannot be read among the kernels concerns the runs that need it, and those without names."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.project.imports import needed_by
from tests.support.no_files import KINDS, device, fifo, listening, loop, nothing, replace
from tests.support.project import ADD, PYPROJECT, TWICE, Project, Result, new_project

FRESH = ["generated/ is fresh"]
NOT_FRESH = "generated/ is not fresh: run `python -m codegen regenerate`"
USES = TWICE.replace("demo.twice", "demo.uses").replace(
    "@export", "from kernels.helps import VALUE\nfrom outside import OTHER\n\n@export", 1
)
FILES = {
    "pyproject.toml": PYPROJECT,
    "kernels/add.py": ADD,
    "kernels/helps.py": "from shared import SIZE as VALUE\n",
    "kernels/uses.py": USES.replace("def twice", "def uses"),
    "kernels/table.json": "[]",
    "outside.py": "OTHER = 1\n",
    "shared.py": "SIZE = 1\n",
}
KINDS_OF_FILES = [
    *(("kernels/uses.py", kind) for kind in (fifo, listening, device, nothing, loop)),
    *((f"kernels/{name}", fifo) for name in ("helps.py", "new.py")),
    *(("kernels/table.json", kind) for kind in (fifo, nothing)),
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = new_project(tmp_path_factory.mktemp("model"), FILES)
    assert project.run("regenerate").code == 0
    return project


@pytest.fixture
def made(model: Project, tmp_path: Path) -> Project:
    copy = Project(tmp_path / "project")
    shutil.copytree(model.folder, copy.folder)
    return copy


def sentence(path: str, kind: Callable[[Path], None]) -> list[str]:
    return [
        f"error: {path} is {KINDS[kind]}, where a file must be",
        "  hint: put a file in its place, or move it elsewhere",
    ]


@pytest.mark.parametrize(("path", "kind"), KINDS_OF_FILES)
def test_a_run_with_names_does_without(
    made: Project, path: str, kind: Callable[[Path], None]
) -> None:
    replace(made.folder / path, kind)
    assert made.run("regenerate", "--check", "demo.add").errors == FRESH
    before = made.tree()
    assert made.run("regenerate", "-q", "demo.add") == Result(0, "", "")
    assert made.tree() == before, "nothing is recorded otherwise"
    made.edit("kernels/add.py", "+ n", "+ 2 * n")
    for command in ("--check", "--diff"):
        assert made.run("regenerate", command, "demo.add").code == 1
    said = made.run("regenerate", "-v", "kernels/add.py")
    assert said.code == 0
    why = {"stale: kernels/add.py has changed", f"stale: {path} cannot be read"}
    assert why <= {*said.errors}
    assert made.run("regenerate", "--check", "demo.add").errors == FRESH
    assert made.run("regenerate", "--check", "--rebuild", "add").errors == [
        "generated/ is fresh to the byte"
    ]
    for command in ("--check", "--diff", "-q"):
        all_of_it = made.run("regenerate", command)
        assert (all_of_it.code, all_of_it.errors) == (2, sentence(path, kind))


@pytest.mark.parametrize("kind", [fifo, nothing])
@pytest.mark.parametrize("path", ["kernels/uses.py", "kernels/helps.py"])
def test_a_run_that_needs_it_says_so(
    made: Project, path: str, kind: Callable[[Path], None]
) -> None:
    replace(made.folder / path, kind)
    for command in ("--check", "--diff", "-q"):
        result = made.run("regenerate", command, "demo.uses")
        assert (result.code, result.errors) == (2, sentence(path, kind))


@pytest.mark.parametrize("text", ["'table.json'", '"t*.json"', '"**/[st]able.json"'])
def test_a_table_that_a_kernel_names_is_needed(made: Project, text: str) -> None:
    replace(made.folder / "kernels/table.json", fifo)
    made.write("kernels/add.py", f"NAME = {text}\n{ADD}")
    result = made.run("regenerate", "demo.add")
    assert (result.code, result.errors) == (2, sentence("kernels/table.json", fifo))


def test_patterns_of_tables(tmp_path: Path) -> None:
    folder = tmp_path / "kernels"
    (folder / "deep").mkdir(parents=True)
    names = ["deep/a.best.json", "deep/b.json", "c.best.json"]
    for name in names:
        (folder / name).touch()
    for text, found in {
        "'*.best.json'": ["c.best.json", "deep/a.best.json"],
        "'deep/?.json'": ["deep/b.json"],
        "'a*b', 'c.json'": [],
        "'*', x": [],
    }.items():
        (folder / "k.py").write_text(f"TUNED = [{text}]\n")
        needed = needed_by(folder, ["k.py"], ())
        assert [name for name in sorted(needed) if name.endswith(".json")] == [
            f"kernels/{name}" for name in found
        ], text


@pytest.mark.parametrize("path", ["kernels/uses.py", "kernels/helps.py"])
def test_what_it_may_need_is_not_called_fresh_for_it(made: Project, path: str) -> None:
    """`add` needs what the file needs, too, which changed while nobody could read it."""
    made.edit("kernels/add.py", "@export", "from shared import SIZE\n\n@export")
    assert made.run("regenerate").code == 0
    file, aside = made.folder / path, made.folder.parent / "aside"
    file.rename(aside)
    fifo(file)
    made.edit("shared.py", "1", "2")
    assert made.run("regenerate", "demo.add").code == 0
    assert made.run("regenerate", "--check", "demo.add").errors == FRESH
    manifest = json.loads((made.output / "MANIFEST.json").read_bytes())
    assert manifest["inputs"][path] == "unreadable"
    file.unlink()
    assert made.run("regenerate", "--check").errors[0] == f"stale: {path} is gone"
    aside.rename(file)
    assert made.run("regenerate", "--check").errors == [f"stale: {path} has changed", NOT_FRESH]
    assert made.run("regenerate").code == 0
    assert made.run("regenerate", "--check", "--rebuild").errors == [
        "generated/ is fresh to the byte"
    ]


def unprivileged(project: Project, *arguments: str) -> Result:
    """The command without root's right to read whatever is there."""
    command = project.command("regenerate", *arguments)
    if os.geteuid() == 0:
        drop = "-dac_override,-dac_read_search"
        without = ["setpriv", f"--bounding-set={drop}", f"--inh-caps={drop}"]
        if subprocess.run([*without, "true"], capture_output=True, check=False).returncode != 0:
            pytest.skip("root can read everything, and setpriv cannot change that here")
        command = [*without, *command]
    done = subprocess.run(
        command,
        cwd=project.folder,
        env=project.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("path", ["kernels/uses.py", "kernels/table.json", "outside.py"])
def test_a_file_that_is_closed(made: Project, path: str) -> None:
    (made.folder / path).chmod(0)
    made.edit("kernels/add.py", "+ n", "+ 2 * n")
    assert unprivileged(made, "-q", "demo.add") == Result(0, "", "")
    assert unprivileged(made, "--check", "demo.add").errors == FRESH
    closed = Result(2, "", f"error: {path}: Permission denied\n")
    assert unprivileged(made, "--check") == closed
    assert unprivileged(made, "-q") == closed
    if path.endswith(".py"):
        assert unprivileged(made, "-q", "demo.uses") == closed
