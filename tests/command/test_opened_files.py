"""What the import of kernel files reads of the project, wherever it lies there, is an input."""

from __future__ import annotations

import json
import os
from pathlib import Path
from unittest import mock

import pytest

from tests.support.project import HEADER, PYPROJECT, Project, new_project


def kernel(name: str, before: str) -> str:
    return f"""{HEADER}
import os, sys
{before}


@export("demo.{name}", types={{"x": "*i32"}}, constexprs={{"B": B}}, grid=lambda: (1,))
@triton.jit
def {name}(x, B: tl.constexpr):
    tl.store(x, B)
"""


HERE = "os.path.dirname(os.path.dirname(__file__))"
BY_PATH = f"""import importlib.util
found = importlib.util.spec_from_file_location("anything", f"{{{HERE}}}/lib/helper.py")
module = importlib.util.module_from_spec(found)
found.loader.exec_module(module)
B = module.B"""
WAYS = {
    "a folder on the path": 'sys.path.insert(0, "lib")\nfrom helper import B',
    "a module by its path": BY_PATH,
    "a name that is made up": 'sys.path.append("lib")\nB = __import__("hel" + "per").B',
    "a text that is run": 'space = {}\nexec(open("lib/helper.py").read(), space)\nB = space["B"]',
}
PLAIN = kernel("plain", "B = 1")
FILES = {"pyproject.toml": PYPROJECT, "lib/helper.py": "B = 4\n", "kernels/plain.py": PLAIN}


def made(folder: Path, files: dict[str, str]) -> Project:
    project = new_project(folder, {**FILES, **files})
    result = project.run("regenerate")
    assert result.code == 0, result.err
    assert project.run("regenerate", "--check").errors == ["generated/ is fresh"]
    return project


def is_right(project: Project, value: int) -> None:
    """What is generated is of that value, and a run that reads everything finds the same."""
    document = json.loads((project.output / "MANIFEST.json").read_bytes())
    variants = document["functions"]["demo.uses"]["variants"].values()
    assert {variant["constexprs"]["B"] for variant in variants} == {str(value)}
    again = project.run("regenerate", "--check", "--rebuild")
    assert again.errors == ["generated/ is fresh to the byte"]


@pytest.mark.parametrize("way", WAYS)
def test_a_helper_is_an_input_however_it_is_read(tmp_path: Path, way: str) -> None:
    project = made(tmp_path, {"kernels/uses.py": kernel("uses", WAYS[way])})
    is_right(project, 4)
    project.edit("lib/helper.py", "4", "8")
    check = project.run("regenerate", "--check")
    assert (check.code, check.errors[0]) == (1, "stale: lib/helper.py has changed")
    assert project.run("regenerate", "--check", "kernels/plain.py").code == 0
    assert project.run("regenerate", "--check", "demo.uses").code == 1
    assert project.run("regenerate", "demo.uses").code == 0
    is_right(project, 8)
    (project.folder / "lib/helper.py").unlink()
    check = project.run("regenerate", "--check")
    assert (check.code, check.errors[0]) == (1, "stale: lib/helper.py is gone")
    assert project.run("regenerate").code == 2


def test_a_helper_that_is_read_no_more_is_no_input(tmp_path: Path) -> None:
    uses = WAYS["a folder on the path"]
    project = made(tmp_path, {"kernels/uses.py": kernel("uses", uses)})
    project.edit("kernels/uses.py", uses, "B = 8")
    assert project.run("regenerate").code == 0
    is_right(project, 8)
    project.edit("lib/helper.py", "4", "5")
    assert project.run("regenerate", "--check").code == 0


def test_a_package_below_src_and_all_that_it_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        "src/mypkg/__init__.py": "from .sizes import B\n",
        "src/mypkg/sizes.py": "from mypkg.deep import more\n\nB = 2 * more.HALF\n",
        "src/mypkg/deep/more.py": "HALF = 2\n",
        "kernels/also.py": kernel("also", "from mypkg.sizes import B"),
        "kernels/uses.py": kernel("uses", "from mypkg import B"),
    }
    monkeypatch.syspath_prepend(tmp_path / "project/src")
    project = made(tmp_path, files)
    for place in ("src/mypkg/__init__.py", "src/mypkg/sizes.py", "src/mypkg/deep/more.py"):
        project.edit(place, "\n", "\n# another version\n")
        for name in ("also", "uses"):
            check = project.run("regenerate", "--check", f"kernels/{name}.py")
            assert (check.code, check.errors[0]) == (1, f"stale: {place} has changed")
        assert project.run("regenerate").code == 0
    # The other file, which was read after it, still needs them.
    project.write("kernels/also.py", kernel("also", "B = 1"))
    assert project.run("regenerate").code == 0
    project.edit("src/mypkg/deep/more.py", "2", "3")
    assert project.run("regenerate", "--check", "kernels/also.py").code == 0
    assert project.run("regenerate", "demo.uses").code == 0
    is_right(project, 6)


@pytest.mark.parametrize("new", ["lib/tuned.py", "lib/tuned/__init__.py"])
def test_a_helper_that_comes_to_be(tmp_path: Path, new: str) -> None:
    tries = 'sys.path.insert(0, "lib")\ntry:\n    from tuned import B\n'
    tries += "except ImportError:\n    B = 4"
    project = made(tmp_path, {"kernels/uses.py": kernel("uses", tries)})
    project.write(new, "B = 16\n")
    check = project.run("regenerate", "--check")
    assert (check.code, check.errors[0]) == (1, f"stale: {new} is new")
    assert project.run("regenerate").code == 0
    is_right(project, 16)


def test_a_table_of_any_kind_is_an_input(tmp_path: Path) -> None:
    reads = "from pathlib import Path\nB = int(Path('tables/best.txt').read_text())\n"
    reads += "if B > 4:\n    B += int(Path('tables/more.txt').read_text())"
    files = {"tables/best.txt": "4\n", "tables/more.txt": "1\n"}
    project = made(tmp_path, {**files, "kernels/uses.py": kernel("uses", reads)})
    project.edit("tables/more.txt", "1", "2")
    assert project.run("regenerate", "--check").code == 0
    project.edit("tables/best.txt", "4", "6")
    check = project.run("regenerate", "--check")
    assert (check.code, check.errors[0]) == (1, "stale: tables/best.txt has changed")
    assert project.run("regenerate").code == 0
    is_right(project, 8)


def test_what_an_environment_or_the_output_holds_is_none(tmp_path: Path) -> None:
    """Nor what a kernel file writes."""
    folders = ("env", "target/site-packages", "conda")
    before = "".join(f"sys.path.append('{folder}')\n" for folder in (*folders, "generated"))
    before += "import first, second, third\nopen('log.txt', 'a').write('x')\nB = 1"
    files = {"env/pyvenv.cfg": "", "conda/conda-meta/history": "", "kernels/uses.py": ""}
    for folder, name in zip(folders, ("first", "second", "third"), strict=True):
        files[f"{folder}/{name}.py"] = ""
    files["kernels/uses.py"] = kernel("uses", before)
    project = made(tmp_path, files)
    for folder, name in zip(folders, ("first", "second", "third"), strict=True):
        project.write(f"{folder}/{name}.py", "# another version\n")
    assert project.run("regenerate", "--check").code == 0


def test_what_a_helper_reads_of_the_environment_is_said(tmp_path: Path) -> None:
    helper = "import os\n\nB = int(os.environ.get('DEMO_B', 4))\n"
    uses = kernel("uses", WAYS["a folder on the path"])
    project = made(tmp_path, {"lib/helper.py": helper, "kernels/uses.py": uses})
    with mock.patch.dict(os.environ, DEMO_B="8"):
        check = project.run("regenerate", "--check")
    assert (check.code, check.errors) == (
        1,
        [
            "ignored: lib/helper.py reads the environment variable DEMO_B, which is set; list it "
            "in [tool.codegen] environment, or unset it"
        ],
    )


LISTS = """import importlib.metadata
sys.path.append("__editable__.some.finder")
B = len([*importlib.metadata.distributions()]) and 1"""


def test_a_finders_own_name_is_no_file(tmp_path: Path) -> None:
    """Editable installations put such names on the path, each machine its own."""
    project = made(tmp_path, {"kernels/uses.py": kernel("uses", LISTS)})
    assert "opened" not in json.loads((project.output / "MANIFEST.json").read_bytes())
    is_right(project, 1)
