"""What is wrong around the declarations: files that fail, names that clash, manifests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.project import (
    ADD,
    FILES,
    HEADER,
    TWICE,
    fresh_project,
    new_project,
)

pytestmark = pytest.mark.triton

IMPORTS = {
    "missing module": (
        "x = 1\nimport nothing_of_this_name\n",
        "2: the kernel file cannot be imported: ModuleNotFoundError: No module named "
        "'nothing_of_this_name'",
    ),
    "bad syntax": ("x = 1\n\ndef f(:\n", "3: the kernel file cannot be imported: SyntaxError: "),
    "bad syntax in what it imports": (
        "x = 1\nfrom . import syntax\n",
        "2: the kernel file cannot be imported: SyntaxError: ",
    ),
    "bad bytes": (
        "x = '\0'\n",
        "1: the kernel file cannot be imported: ",
    ),
    "exception": (
        "def f():\n    raise ValueError('no good')\n\nf()\n",
        "2: the kernel file cannot be imported: ValueError: no good",
    ),
    "exception in what it imports": (
        "x = 1\nfrom .triton import other\n",
        "2: the kernel file cannot be imported: ValueError: no good "
        "(kernels/triton/other.py, line 2)",
    ),
    "exception without words": (
        "assert False\n",
        "1: the kernel file cannot be imported: AssertionError",
    ),
    "exit": ("import sys\nsys.exit(0)\n", "2: the kernel file cannot be imported: SystemExit: 0"),
    "refused by Triton": (
        f"{HEADER}tl.arange(0, 4)\n",
        "7: the kernel file cannot be imported: ValueError: Did you forget to add @triton.jit ? ",
    ),
}


@pytest.mark.parametrize("case", IMPORTS)
def test_a_file_that_cannot_be_imported(tmp_path: Path, case: str) -> None:
    source, message = IMPORTS[case]
    project = new_project(tmp_path, {**FILES, "kernels/bad.py": source})
    if "imports" in case:
        project.write("kernels/syntax.py", "def f(:\n")
        project.write(
            "kernels/triton/other.py", "def f():\n    raise ValueError('no good')\n\nf()\n"
        )
    result = project.run("regenerate")
    assert (result.code, result.out) == (2, "")
    assert result.errors[0].startswith(f"error: kernels/bad.py:{message}")
    hint = "`python -c 'import kernels.bad'` in the project's folder shows where it happens"
    if case == "missing module":
        hint = "install nothing_of_this_name where the generator runs, or do without it"
    assert result.errors[1] == f"  hint: {hint}"
    assert result.errors[-1].endswith("; nothing was written")
    assert not project.output.exists()


def test_a_package_that_cannot_be_imported_is_told_once(tmp_path: Path) -> None:
    project = new_project(tmp_path, {**FILES, "kernels/__init__.py": "import nosuch\n"})
    assert project.run("regenerate").errors == [
        "error: kernels/__init__.py:1: the kernel file cannot be imported: ModuleNotFoundError: "
        "No module named 'nosuch'",
        "  hint: install nosuch where the generator runs, or do without it",
        "1 error; nothing was written",
    ]


OTHER = ADD.replace("demo.add", "other.add")
CLASHES = {
    "same name": (
        {"kernels/a.py": ADD, "kernels/b.py": ADD},
        "kernels/b.py:10: `demo.add` ends as `demo.add` at kernels/a.py:10 does, and the last part "
        "of a name is that of the C function",
        "give one of them another last part",
    ),
    "same last part": (
        {"kernels/a.py": ADD, "kernels/b.py": OTHER},
        "kernels/b.py:10: `other.add` ends as `demo.add` at kernels/a.py:10 does, and the last "
        "part of a name is that of the C function",
        "give one of them another last part",
    ),
    "same file name in C": (
        {"kernels/a/b.py": ADD, "kernels/a_b.py": TWICE},
        "kernels/a_b.py:10: the files a/b.py and a_b.py would have the same name in C, a_b",
        "rename one of them",
    ),
    "a name that cannot be imported": (
        {"kernels/my-kernel.py": ADD},
        "kernels/my-kernel.py:1: a file that declares kernels must have a name that can be "
        "imported, got `my-kernel`",
        "rename it to letters, digits and `_`, beginning with a letter",
    ),
    "a name that leaves no room for more": (
        {f"kernels/{'k' * 240}.py": ADD},
        f"kernels/{'k' * 240}.py:1: a file that declares kernels may have a name of 233 characters "
        "before the `.py`, got 240",
        "rename it: its images go into a folder that is called after it",
    ),
    "a keyword": (
        {"kernels/class/a.py": ADD},
        "kernels/class/a.py:1: a file that declares kernels must have a name that can be "
        "imported, got `class`",
        "rename it to letters, digits and `_`, beginning with a letter",
    ),
    "an __init__.py": (
        {"kernels/deep/__init__.py": ADD},
        "kernels/deep/__init__.py:1: a file that declares kernels must have a name that can be "
        "imported, got `__init__`",
        "rename it to letters, digits and `_`, beginning with a letter",
    ),
    "a name that the module has for another": (
        {"kernels/a.py": ADD + ADD.partition("export\n\n")[2].replace("add", "_add")},
        "kernels/a.py:19: `demo._add` ends as the module's own name for `add` does",
        "give it a name without the `_`",
    ),
    "a kernel with names of the runtime": (
        {"kernels/a.py": ADD.replace("demo.add", "demo.tb")},
        "kernels/a.py:10: what is generated of `demo.tb` would have names of the runtime",
        "give it another name",
    ),
    "a kernel with names of the runtime in plain C": (
        {"kernels/a.py": ADD.replace("demo.add", "demo.tritonbind")},
        "kernels/a.py:10: what is generated of `demo.tritonbind` would have names of the runtime",
        "give it another name",
    ),
    "a file with names of the runtime": (
        {"kernels/tb.py": ADD},
        "kernels/tb.py:10: what is generated of `tb.py` would have names of the runtime",
        "give it another name",
    ),
    "a file as a header of the runtime": (
        {"kernels/tb/core.py": ADD},
        "kernels/tb/core.py:10: what is generated of `tb/core.py` would have names of the "
        "runtime",
        "give it another name",
    ),
    "a file of the runtime": (
        {"kernels/runtime/tritonbind.py": ADD},
        "kernels/runtime/tritonbind.py:10: what is generated of runtime/tritonbind.py would have "
        "the name of a file of the runtime",
        "rename the kernel file",
    ),
    "no kernels": (
        {"kernels/a.py": "x = 1\n"},
        "no kernel is declared in kernels",
        "put @export(...) from codegen.export above a @triton.jit function",
    ),
    "no folder": (
        {},
        "there is no folder kernels",
        'make it, or name the one of the kernels in [tool.codegen]: kernels = "..."',
    ),
}


@pytest.mark.parametrize("case", CLASHES)
def test_files_and_names(tmp_path: Path, case: str) -> None:
    files, message, hint = CLASHES[case]
    project = new_project(tmp_path, {"pyproject.toml": "", **files})
    result = project.run("regenerate")
    assert result.code == 2
    assert result.errors == [
        f"error: {message}",
        f"  hint: {hint}",
        "1 error; nothing was written",
    ]
    assert not project.output.exists()


def test_a_selected_file_may_not_clash_with_what_stays(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    project = fresh_project(tmp_path, tmp_path_factory)
    project.write("kernels/other.py", OTHER)
    assert project.run("regenerate", "kernels/other.py").errors[0] == (
        "error: kernels/other.py:10: `other.add` ends as `demo.add` in kernels/add.py:add does, "
        "and the last part of a name is that of the C function"
    )


def test_kernels_that_fail_to_compile_are_told_together(tmp_path: Path) -> None:
    files = {
        **FILES,
        "kernels/undefined.py": ADD.replace("demo.add", "demo.undefined").replace("+ n)", "+ m)"),
        "kernels/odd.py": ADD.replace("demo.add", "demo.odd").replace(
            "+ n)", "+ tl.zeros([3], tl.int32))"
        ),
    }
    project = new_project(tmp_path, files)
    result = project.run("regenerate", "-j", "2")
    assert (result.code, result.out) == (2, "")
    others = "(and so for 1 other of its images)"
    assert result.errors == [
        "error: kernels/odd.py:17:34: `demo.odd` variant `aligned` for sm_80: Shape element 0 "
        "must be a power of 2, in `tl.store(out, tl.load(out) + tl.zeros([3], tl.int32))` "
        f"{others}",
        "error: kernels/undefined.py:17:34: `demo.undefined` variant `aligned` for sm_80: "
        f"NameError: m is not defined, in `tl.store(out, tl.load(out) + m)` {others}",
        "without them: `python -m codegen regenerate kernels/add.py kernels/deep/twice.py` does "
        "what is whole",
        "2 errors; nothing was written",
    ]
    assert not project.output.exists()


RESTORE = (
    "  hint: restore it from version control, or remove it and run `python -m codegen regenerate`"
)
MANIFESTS = {
    "a merge conflict": (
        "<<<<<<< ours\n",
        "it is not JSON: Expecting value: line 1 column 1 (char 0)",
    ),
    "not text": ("\udcff", "it is not JSON: "),
    "another document": ("[1, 2]", "it lacks an entry"),
    "an entry gone": (
        '{"tools": {}, "options": {}, "inputs": {}, "files": {}}',
        "it lacks an entry",
    ),
    "nested without end": ("[" * 100_000, "it is nested too deep"),
    "an entry that is a list": (
        '{"tools": {}, "options": {}, "inputs": [], "files": {}, "functions": {}}',
        "it lacks an entry",
    ),
    "numbers for texts": (
        '{"tools": {}, "options": {}, "inputs": {"a": 1}, "files": {}, "functions": {}}',
        "its entry `inputs` holds something else than texts",
    ),
    "a zero byte in a path": (
        r'{"tools": {}, "options": {}, "inputs": {}, "files": {"a\u0000": ""}, "functions": {}}',
        "it names 'a\\x00', which no file can be called",
    ),
    "half of a character in a path": (
        r'{"tools": {}, "options": {}, "inputs": {}, "files": {"\ud800": ""}, "functions": {}}',
        "it names '\\ud800', which no file can be called",
    ),
    "a file elsewhere": (
        json.dumps(
            {
                **{entry: {} for entry in ("tools", "options", "inputs", "functions")},
                "files": {"../precious": ""},
            }
        ),
        "it names ../precious, which is outside its folder",
    ),
}


@pytest.mark.parametrize("case", MANIFESTS)
@pytest.mark.parametrize("command", ["list", "regenerate"])
def test_a_damaged_manifest(tmp_path: Path, case: str, command: str) -> None:
    text, reason = MANIFESTS[case]
    project = new_project(tmp_path, FILES)
    project.write("generated/MANIFEST.json", "")
    (project.output / "MANIFEST.json").write_bytes(text.encode(errors="surrogateescape"))
    result = project.run(command)
    assert (result.code, result.out) == (2, "")
    assert result.errors[0].startswith(f"error: generated/MANIFEST.json is damaged: {reason}")
    assert result.errors[1:] == [RESTORE]


def test_what_another_version_wrote_of_functions_is_forgotten(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    project = fresh_project(tmp_path, tmp_path_factory)
    path = project.output / "MANIFEST.json"
    document = json.loads(path.read_bytes())
    del document["functions"]["demo.add"]["variants"]["generic"]["images"]["sm_80"]["key"]
    document["inputs"]["codegen/cli.py"] = "of another version"
    path.write_text(json.dumps(document))
    assert "demo.add" not in project.run("list").out
    result = project.run("regenerate")
    assert result.errors[-2].endswith("; 1 file written, 2 of 4 images compiled")
    assert "demo.add" in project.run("list").out
