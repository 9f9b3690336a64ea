"""Settings of a project that are refused, and a folder without a project."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.project import FILES, Project, new_project

pytestmark = pytest.mark.triton

TARGETS = (
    "sm_75, sm_80, sm_86, sm_87, sm_89, sm_90, sm_100, sm_103, sm_110, sm_120, sm_121, "
    "compute_75, compute_80, compute_86, compute_87, compute_89"
)
SETTINGS = {
    "not TOML": (
        "[tool.codegen]\ntargets = [sm_80]\n",
        "pyproject.toml:2: the file is not TOML: Invalid value (at line 2, column 12)",
        "mend its syntax",
    ),
    "not UTF-8": (
        "\udcff = 1\n",
        "pyproject.toml:1: the file is not TOML: 'utf-8' codec can't decode byte 0xff in "
        "position 0: invalid start byte",
        "mend its syntax",
    ),
    "no table": (
        'tool = "none"\n',
        "pyproject.toml:1: [tool.codegen] must be a table, got 'none'",
        "write the settings below a line [tool.codegen]",
    ),
    "unknown setting": (
        "[tool.other]\ntarget = 1\n[tool.codegen]\ntarget = []\n",
        "pyproject.toml:4: [tool.codegen] has no setting `target`",
        "did you mean `targets`?",
    ),
    "unknown setting like no other": (
        "[tool.codegen]\nwarps = 4\n",
        "pyproject.toml:2: [tool.codegen] has no setting `warps`",
        "the settings are kernels, output, targets, prefix, environment, callers",
    ),
    **{
        f"table {name}": (
            f"[project]\nname = 'x'\n\n{header}\ntargets = ['sm_80']\n",
            f"pyproject.toml:4: there is no table [{name}]: the settings are in [tool.codegen]",
            "rename it, or join the two where both are there",
        )
        for name, header in {
            "tool.tritonbind": "[tool.tritonbind]",
            "tool.Code-Gen": '[ tool . "Code-Gen" ]',
            "tritonbind": "[tritonbind.codegen]",
            "codegen": "[codegen]",
            "tool.codgen": "[tool.codgen]",
        }.items()
    },
    "unknown target": (
        '[tool.codegen]\nkernels = "kernels"\ntargets = ["sm_80", "sm_85"]\n',
        "pyproject.toml:3: [tool.codegen] targets has 'sm_85', which cannot be built",
        f"write some of {TARGETS}",
    ),
    "targets no list": (
        '[tool.codegen]\ntargets = "sm_80"\n',
        "pyproject.toml:2: [tool.codegen] targets must be a list of names, got 'sm_80'",
        "write for instance targets = ['sm_80', 'sm_90', 'sm_100', 'sm_120', 'compute_80']",
    ),
    "targets of lists": (
        '[tool.codegen]\ntargets = [["sm_80"]]\n',
        "pyproject.toml:2: [tool.codegen] targets must be a list of names, got [['sm_80']]",
        "write for instance targets = ['sm_80', 'sm_90', 'sm_100', 'sm_120', 'compute_80']",
    ),
    **{
        f"the callers {written}": (
            f"[tool.codegen]\ncallers = {written}\n",
            f"pyproject.toml:2: [tool.codegen] callers must be a list of some of rust, got {shown}",
            'write callers = ["rust"]',
        )
        for written, shown in {'"rust"': "'rust'", '["c"]': "['c']", "[[]]": "[[]]"}.items()
    },
    **{
        f"the prefix {written}": (
            f"[tool.codegen]\nprefix = {written}\n",
            "pyproject.toml:2: [tool.codegen] prefix must be the beginning of names in C: letters, "
            f"digits and single `_` between them, got {shown}",
            'write for instance prefix = "acme"',
        )
        for written, shown in {
            '"9lives"': "'9lives'",
            '"_own"': "'_own'",
            '"my-project"': "'my-project'",
            '"acme_"': "'acme_'",
            '""': "''",
            "1": "1",
        }.items()
    },
    "an environment of numbers": (
        "[tool.codegen]\nenvironment = [1]\n",
        "pyproject.toml:2: [tool.codegen] environment must be a list of names of variables, got "
        "[1]",
        'write for instance environment = ["MY_BLOCK"]',
    ),
    "a variable with a value": (
        '[tool.codegen]\nenvironment = ["MY_BLOCK=64"]\n',
        "pyproject.toml:2: [tool.codegen] environment must be a list of names of variables, got "
        "['MY_BLOCK=64']",
        'write for instance environment = ["MY_BLOCK"]',
    ),
    "a variable that options say": (
        '[tool.codegen]\nenvironment = ["TRITON_DEBUG"]\n',
        "pyproject.toml:2: [tool.codegen] environment has 'TRITON_DEBUG', which no declaration's "
        "options follow",
        "leave it out, and say debug=True in declarations",
    ),
    "a variable of the generator's": (
        '[tool.codegen]\nenvironment = ["PYTHONHASHSEED"]\n',
        "pyproject.toml:2: [tool.codegen] environment has 'PYTHONHASHSEED', which the generator "
        "itself sets",
        "leave it out",
    ),
    "nested without end": (
        f"[tool.codegen]\ntargets = {'[' * 100_000}\n",
        "pyproject.toml:1: the file is nested too deep",
        "write it with fewer levels",
    ),
    "a folder far away": (
        '[tool.codegen]\noutput = "../generated"\n',
        "pyproject.toml:2: [tool.codegen] output must be the name of a folder beside "
        "pyproject.toml that can be imported, got '../generated'",
        'write output = "generated"',
    ),
    "output into the kernels": (
        '[tool.codegen]\noutput = "kernels"\n',
        "pyproject.toml:2: [tool.codegen] kernels and output must be two folders, got 'kernels' "
        "for both",
        'write output = "generated"',
    ),
    "a module of Python's": (
        '[tool.codegen]\nkernels = "json"\n',
        "pyproject.toml:2: [tool.codegen] kernels: a module of Python itself is called 'json'",
        'rename the folder; write kernels = "kernels"',
    ),
}


@pytest.mark.parametrize("case", SETTINGS)
def test_settings(tmp_path: Path, case: str) -> None:
    text, message, hint = SETTINGS[case]
    project = new_project(tmp_path, FILES)
    (project.folder / "pyproject.toml").write_bytes(text.encode(errors="surrogateescape"))
    result = project.run("regenerate", "--check")
    assert (result.code, result.out) == (2, "")
    assert result.errors == [f"error: {message}", f"  hint: {hint}"]


def test_a_folder_without_a_project(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert Project(tmp_path / "empty").run("list").errors == [
        "error: there is no pyproject.toml in . or above it",
        "  hint: run in the project that holds the kernels, or name it: --project FOLDER",
    ]
