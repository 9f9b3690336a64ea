"""The README shows what is in the repository."""

from __future__ import annotations

import re

from tests.support.places import REPOSITORY

README = (REPOSITORY / "README.md").read_text()
GUIDES = [REPOSITORY / "CONTRIBUTING.md", *(REPOSITORY / "docs").glob("*.md")]


def test_the_example_is_the_kernel_file():
    assert (REPOSITORY / "kernels/basics/vector_add.py").read_text().strip() in README


def test_every_link_leads_somewhere():
    for document in [REPOSITORY / "README.md", *GUIDES]:
        prose = re.sub(r"`[^`]*`", "", document.read_text())
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", prose):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_every_path_that_the_docs_name_exists():
    text = "".join(path.read_text() for path in GUIDES)
    names = re.findall(r"`((?:codegen|templates|tests|benchmarks|kernels|docs)/[\w/.]+)`", text)
    assert names
    for name in names:
        assert (REPOSITORY / name).exists(), name
