"""The packages of the generator import one another in one direction."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

import pytest

from tests.support.places import REPOSITORY

MAY_IMPORT = {
    "model": set(),
    "expressions": {"model"},
    "prove": {"model"},
    "variants": {"model", "expressions", "prove"},
    "read": {"model", "expressions", "variants"},
    "project": {"model", "read"},
    "compile": {"model", "read", "prove", "project", "variants"},
    "render": {"model", "prove", "variants"},
    "adopt": {"model", "read", "project"},
}
CODEGEN = REPOSITORY / "codegen"


def imported(package: str) -> Iterator[tuple[str, str]]:
    """Each file of a package, and what of the generator it imports."""
    for path in sorted((CODEGEN / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("codegen"):
                names = (alias.name for alias in node.names) if node.module == "codegen" else [""]
                for name in names:
                    yield path.name, f"{node.module}.{name}".split(".")[1]


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_those_before_it_alone(package: str) -> None:
    allowed = {package, *MAY_IMPORT[package]}
    assert {pair for pair in imported(package) if pair[1] not in allowed} == set()


def test_every_folder_is_a_package_with_its_place() -> None:
    folders = {path.parent.name for path in CODEGEN.glob("*/__init__.py")}
    assert folders == MAY_IMPORT.keys()


@pytest.mark.parametrize("package", ["codegen", "tritonbind"])
def test_the_readme_has_the_first_line_of_every_file(package: str) -> None:
    root = REPOSITORY / package
    rows: dict[str, str] = {}
    text = (root / "README.md").read_text()
    for line in text[text.index(f"## {package}/") :].splitlines():
        if line.startswith("## "):
            folder = line.removeprefix("## ").removeprefix(f"{package}/")
        elif line.startswith("| `"):
            name, _, job = line.removeprefix("| `").removesuffix(" |").partition("` | ")
            rows[folder + name] = job.replace("\\|", "|")
    files = [path for path in root.rglob("*.py") if not path.name.startswith("__")]
    jobs = {
        path.relative_to(root).as_posix(): " ".join(
            (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n\n")[0].split()
        )
        for path in files
    }
    assert rows == jobs


def test_what_is_installed_beside_a_program_imports_the_standard_library_alone() -> None:
    """Where functions import more, they are commands, or find it imported."""
    others = set()
    for path in sorted((REPOSITORY / "tritonbind").rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Import):
                others |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                others.add(str(node.module).partition(".")[0])
    assert others - sys.stdlib_module_names == {"tritonbind"}
