"""Same input, same bytes: in any folder, with any number of compilers, in any order of hashing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codegen.model.generated_file import digest
from codegen.project.freshness import Finding, Staleness, find_staleness
from codegen.project.manifest import read_inputs, read_manifest
from codegen.project.settings import read_config
from tests.support.project import FILES, Project, fresh_project, new_project

pytestmark = pytest.mark.triton

TARGETS = '[tool.codegen]\ntargets = ["sm_90", "compute_80"]\n'


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    project = new_project(
        tmp_path_factory.mktemp("reference"), {**FILES, "pyproject.toml": TARGETS}
    )
    assert project.run("regenerate").code == 0
    return project.tree()


@pytest.mark.parametrize(
    ("jobs", "environment"),
    [
        ("1", {"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONOPTIMIZE": "1"}),
        ("2", {"PYTHONHASHSEED": "2", "TRITON_CACHE_DIR": "c", "TRITON_DISABLE_LINE_INFO": "0"}),
    ],
    ids=["one compiler", "two"],
)
def test_bytes_depend_on_nothing_but_the_input(
    tmp_path: Path, reference: dict[str, bytes], jobs: str, environment: dict[str, str]
) -> None:
    deeper = tmp_path / "another folder" / "and deeper"
    project = new_project(deeper, {**FILES, "pyproject.toml": TARGETS})
    result = project.child("regenerate", "-j", jobs, python=(), **environment)
    assert result.code == 0, result.err
    tree = project.tree()
    assert tree.keys() == reference.keys()
    assert [path for path in tree if tree[path] != reference[path]] == []


def test_no_output_names_the_place_it_was_made_in(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    project = fresh_project(tmp_path, tmp_path_factory)
    places = {str(path).encode() for path in (tmp_path_factory.getbasetemp(), Path.home(), "/tmp")}
    for path, content in project.tree().items():
        assert [place for place in places if len(place) > 1 and place in content] == [], path


def test_history_leaves_no_trace(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What was changed there and back, or taken out and put back, gives the same bytes again."""
    project = fresh_project(tmp_path, tmp_path_factory)
    before = project.tree()
    twice = (project.folder / "kernels/deep/twice.py").read_text()
    (project.folder / "kernels/deep/twice.py").unlink()
    project.edit("kernels/add.py", "+ n", "- n")
    assert project.run("regenerate").code == 0
    assert project.tree() != before
    project.edit("kernels/add.py", "- n", "+ n")
    assert project.run("regenerate", "add").code == 0
    project.write("kernels/deep/twice.py", twice)
    assert project.run("regenerate", "twice.py", "kernels/deep/twice.py").code == 2
    assert project.run("regenerate", "kernels/deep/twice.py").code == 0
    assert project.tree() == before


def test_a_file_of_each_kind_counts_as_input(tmp_path: Path) -> None:
    project = new_project(tmp_path)
    project.write("kernels/.hidden/add.py", "")
    project.write("kernels/.hidden.py", "")
    project.write("kernels/folder.py/notes.txt", "")
    inputs = read_inputs(read_config(project.folder))
    assert {"kernels/add.py", "kernels/deep/twice.py"} <= inputs.keys()
    assert {"codegen/cli.py", "templates/module.c.jinja", "templates/_library.py.jinja"} <= (
        inputs.keys()
    )
    assert {"templates/runtime/core/tb_launch.c", "templates/runtime/tritonbind.h"} <= inputs.keys()
    assert not [path for path in inputs if "hidden" in path or "folder.py" in path]
    assert not [path for path in inputs if not path.endswith((".py", ".jinja", ".c", ".h"))]
    assert not [path for path in inputs if "__pycache__" in path]


def test_an_image_that_is_another_is_not_used(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Also where the list of files says the same, as a merge may make it."""
    project = fresh_project(tmp_path, tmp_path_factory)
    before = project.tree()
    name = "add.images/add.aligned.sm_80.cubin"
    image = bytearray(before[name])
    image[-1] ^= 1
    (project.output / name).write_bytes(image)
    path = project.output / "MANIFEST.json"
    document = json.loads(path.read_bytes())
    document["files"][name] = digest(bytes(image))
    path.write_text(json.dumps(document))
    assert staleness(project).findings == (Finding("edited", f"generated/{name}"),)
    assert project.run("regenerate").code == 0
    assert project.tree() == before


def staleness(project: Project) -> Staleness:
    return find_staleness(read_config(project.folder), read_manifest(project.output))


def test_findings_of_several_kinds_come_together(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    project = fresh_project(tmp_path, tmp_path_factory)
    assert staleness(project) == Staleness(())
    assert not staleness(project)

    project.edit("kernels/add.py", "Sums", "sums")
    (project.output / "add.py").unlink()
    project.edit("generated/add.h", "Sums", "sums")
    project.write("generated/mine.txt", "mine")
    path = project.output / "MANIFEST.json"
    document = json.loads(path.read_bytes())
    document["tools"]["black"] = "1"
    document["inputs"]["codegen/nosuch.py"] = ""
    path.write_text(json.dumps(document))

    found = staleness(project)
    assert found.findings[:-1] == (
        Finding("gone", "codegen/nosuch.py"),
        Finding("changed", "kernels/add.py"),
        Finding("edited", "generated/add.h"),
        Finding("missing", "generated/add.py"),
    )
    assert str(found.findings[-1]).startswith("stale: another version of a tool: black was 1 and")
    assert found.unknown == (Finding("unknown", "generated/mine.txt"),)
    assert found.triton is None


def test_a_tool_that_is_not_here_makes_nothing_stale(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = fresh_project(tmp_path, tmp_path_factory)
    monkeypatch.setattr("codegen.project.freshness.installed_tools", dict)
    assert not staleness(project)


def test_nothing_generated_is_one_finding(tmp_path: Path) -> None:
    assert staleness(new_project(tmp_path)) == Staleness(
        (Finding("missing", "generated/MANIFEST.json"),)
    )
