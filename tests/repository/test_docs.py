"""The documents show what is in the repository, in lines that fit."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.support.places import REPOSITORY

README = (REPOSITORY / "README.md").read_text()
GUIDES = [REPOSITORY / "CONTRIBUTING.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
DOCUMENTS = [
    *GUIDES,
    *(REPOSITORY / name for name in ("README.md", "CHANGELOG.md")),
    *(REPOSITORY / name / "README.md" for name in ("codegen", "templates/runtime")),
]


def test_the_example_is_the_kernel_file():
    assert (REPOSITORY / "kernels/basics/vector_add.py").read_text().strip() in README


def test_every_link_leads_somewhere():
    for document in DOCUMENTS:
        prose = re.sub(r"`[^`]*`", "", document.read_text())
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", prose):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_every_path_that_the_docs_name_exists():
    text = "".join(path.read_text() for path in GUIDES)
    names = re.findall(r"`((?:codegen|templates|tests|benchmarks|kernels|docs)/[\w/.]+)`", text)
    assert names
    for name in names:
        assert (REPOSITORY / name).exists(), name


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_lines_have_100_columns(document):
    """Tables and code may have more, and so may what has no space to break at."""
    prose = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.M | re.S).splitlines()
    long = [line for line in prose if len(line) > 100 and not line.startswith(("|", "    "))]
    assert [line for line in long if " " in re.sub(r"`[^`]*`", "", line).strip()] == []


def test_make_help_lists_every_command():
    command = ["make", "--no-print-directory", "help"]  # where make runs the tests
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    makefile = (REPOSITORY / "Makefile").read_text()
    listed = [line.split()[1] for line in done.stdout.splitlines()]
    assert listed == re.search(r"^\.PHONY: (.*)$", makefile, flags=re.M)[1].split()
