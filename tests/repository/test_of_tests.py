"""The folders of tests mirror the generator's, and what tests share is in tests/support."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.support.places import REPOSITORY, TESTS

FILES = sorted(TESTS.glob("*/test_*.py"))


def test_there_is_a_folder_for_each_package_of_the_generator() -> None:
    packages = {path.parent.name for path in (REPOSITORY / "codegen").glob("*/__init__.py")}
    assert packages <= {path.parent.name for path in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda path: str(path.relative_to(TESTS)))
def test_a_test_file_imports_no_test_file(file: Path) -> None:
    """Nor does the code that it runs in a child, which is why its text is looked at."""
    text = file.read_text()
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    assert [node.module for node in nodes if node.level] == []
    assert re.findall(r"^ *(?:from|import) tests\.(?!support\b)\w+\.test_.*", text, re.M) == []


def test_folders_of_tests_hold_nothing_else() -> None:
    folders = {path.parent for path in FILES}
    others = {path for folder in folders for path in folder.glob("*.py")} - set(FILES)
    assert others == set()
    assert [*TESTS.glob("*.py")] == [TESTS / "conftest.py"]
