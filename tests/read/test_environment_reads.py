"""What kernel files see of the environment: where things are, what the project lists, no more."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from unittest import mock

import pytest

from codegen.model.kernel import Variant
from codegen.model.request import compile_key
from codegen.model.surroundings import Surroundings
from codegen.model.targets import Target
from codegen.read.environment_reads import environment_reads
from tests.support.compile_requests import parameters
from tests.support.project import HEADER, PYPROJECT, Project, new_project

pytestmark = pytest.mark.triton

SEEN = f"""{HEADER}
import os, subprocess, sys

child = subprocess.run(
    [sys.executable, "-c", "import os; print(os.environ.get('DEMO_BLOCK'))"],
    capture_output=True, text=True,
).stdout.strip()
VALUES = tl.constexpr((
    os.environ.get("DEMO_BLOCK"), os.getenv("DEMO_BLOCK"), child,
    str(os.environb.get(b"DEMO_BLOCK")), "DEMO_BLOCK" in os.environ,
))


@export("demo.seen", types={{"out": "*i32"}}, constexprs={{"V": VALUES}}, grid=lambda: (1,))
@triton.jit
def seen(out, V: tl.constexpr):
    tl.store(out, len(V))
"""
LISTED = f'{PYPROJECT}environment = ["DEMO_BLOCK", "DEMO_OTHER"]\n'


def values(project: Project) -> str:
    document = json.loads((project.output / "MANIFEST.json").read_bytes())
    variant, *_ = document["functions"]["demo.seen"]["variants"].values()
    found: str = variant["constexprs"]["V"]
    return found


def test_what_is_listed_is_an_input(tmp_path: Path) -> None:
    project = new_project(tmp_path, {"pyproject.toml": LISTED, "kernels/seen.py": SEEN})
    assert project.run("regenerate").code == 0
    assert values(project) == "(None, None, 'None', 'None', False)"
    assert project.run("regenerate", "--check").code == 0
    with mock.patch.dict(os.environ, DEMO_BLOCK="64"):
        result = project.run("regenerate", "--check")
        assert (result.code, result.errors[0]) == (1, "stale: $DEMO_BLOCK has changed")
        assert project.run("regenerate").code == 0
        assert values(project) == "('64', '64', '64', \"b'64'\", True)"
        assert project.run("regenerate", "--check").code == 0
    assert project.run("regenerate", "--check").code == 1


def test_what_is_not_listed_is_not_seen_and_that_is_said(tmp_path: Path) -> None:
    ignored = (
        "ignored: kernels/seen.py reads the environment variable DEMO_BLOCK, which is set; list it "
        "in [tool.codegen] environment, or unset it"
    )
    project = new_project(tmp_path, {"pyproject.toml": PYPROJECT, "kernels/seen.py": SEEN})
    assert project.run("regenerate").code == 0
    before = project.tree()
    assert project.run("regenerate", "--check").errors == ["generated/ is fresh"]
    with mock.patch.dict(os.environ, DEMO_BLOCK="64"):
        check = project.run("regenerate", "--check")
        assert (check.code, check.errors) == (1, [ignored])
        again = project.run("regenerate", "--rebuild")
        assert again.code == 0 and ignored in again.errors
    assert project.tree() == before
    assert values(project) == "(None, None, 'None', 'None', False)"


def test_what_a_process_is_started_with() -> None:
    given = {
        "PATH": "/bin",
        "HOME": "/home/a",
        "LD_LIBRARY_PATH": "/lib",
        "LC_ALL": "de_DE",
        "PYTHONHASHSEED": "7",
        "PYTHONOPTIMIZE": "2",
        "TRITON_INTERPRET": "1",
        "TORCH_LOGS": "all",
        "CUDA_VISIBLE_DEVICES": "1",
        "DEMO": "1",
    }
    always = {"PATH": "/bin", "HOME": "/home/a", "LD_LIBRARY_PATH": "/lib"}
    set_here = {
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC0",
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "TMPDIR": "/own",
        "TRITON_CACHE_DIR": "/own",
        "TRITON_ALWAYS_COMPILE": "1",
        "TRITON_DISABLE_LINE_INFO": "1",
    }
    with mock.patch.dict(os.environ, given, clear=True):
        assert Surroundings().environment("/own") == {**always, **set_here}
        around = Surroundings(listed=(("DEMO", "2"), ("HOME", None), ("TZ", "CET")))
        found = around.environment("/own")
    del always["HOME"]
    assert found == {**always, **set_here, "DEMO": "2", "TZ": "CET"}


def test_what_is_listed_is_in_the_key_of_images_and_nothing_is_where_nothing_is() -> None:
    variant = Variant("generic", (), parameters({"x": "*i32"}))
    keys = [
        compile_key("key", variant, Target(80), "3.9.0", listed)
        for listed in ((), (("DEMO", None),), (("DEMO", ""),), (("DEMO", "1"),))
    ]
    assert len(set(keys)) == 4
    assert keys[0] == compile_key("key", variant, Target(80), "3.9.0")


AROUND = f"""{HEADER}
import os, sys, time

FOUND = tl.constexpr((os.getcwd() == os.path.dirname(os.path.dirname(__file__)), len(sys.argv),
                      os.umask(0o22), time.strftime("%Z"), "".join({{"a", "b", "c", "d", "e"}})))
"""


def test_the_folder_the_time_zone_and_the_order_of_sets_are_always_the_same(
    tmp_path: Path,
) -> None:
    source = AROUND + "\n\n@export" + SEEN.partition("\n@export")[2].replace("VALUES", "FOUND")
    project = new_project(tmp_path, {"pyproject.toml": PYPROJECT, "kernels/seen.py": source})
    assert project.child("regenerate").code == 0
    before = values(project)
    assert before.startswith("(True, 1, 18, 'UTC', ")
    (project.folder / "deep").mkdir()
    again = Project(project.folder / "deep")
    result = again.child("regenerate", "--rebuild", TZ="Asia/Tokyo", PYTHONHASHSEED="77")
    assert (result.code, values(project)) == (0, before)


DIFFERS = {
    "a variable": (
        "import time; SALT = tl.constexpr(time.time_ns())",
        "tl.store(x, SALT)",
        "",
        r"`SALT` differs at each import of salt\.py: \d+ in one, \d+ in the next",
    ),
    "a declared constexpr": (
        "import random",
        "tl.store(x, N)",
        "constexprs={'N': random.randint(0, 10**9)}, ",
        r"constexpr of `N` differs at each import of salt\.py: \d+ in one, \d+ in the next",
    ),
    "an address": (
        "SALT = tl.constexpr(id(object()))",
        "tl.store(x, SALT)",
        "",
        r"`SALT` differs at each import of salt\.py: \d+ in one, \d+ in the next",
    ),
    "a configuration": (
        "import os",
        "tl.store(x, N)",
        "",
        r"`N` of configuration 0 differs at each import of salt\.py: \d+ in one, \d+ in the next",
    ),
}


@pytest.mark.parametrize("case", DIFFERS)
def test_a_value_that_differs_at_each_import_is_named(tmp_path: Path, case: str) -> None:
    before, body, declared, message = DIFFERS[case]
    parameter = ", N: tl.constexpr" if body.endswith("N)") else ""
    tuned = "@triton.autotune([triton.Config({'N': os.getpid()})], [])\n"
    source = (
        f"{HEADER}{before}\n\n@export('demo.salt', types={{'x': '*i64'}}, {declared}"
        f"grid=lambda: (1,))\n{tuned * (case == 'a configuration')}@triton.jit\n"
        f"def salt(x{parameter}):\n    {body}\n"
    )
    targets = PYPROJECT.replace('"sm_80"', '"sm_80", "sm_90", "sm_100"')
    project = new_project(tmp_path, {"pyproject.toml": targets, "kernels/salt.py": source})
    result = project.run("regenerate", "-j", "3")
    assert (result.code, result.out) == (2, "")
    assert re.search(f"`demo.salt`: {message}", result.errors[0]), result.err
    assert result.errors[1] == (
        "  hint: let it not depend on the time, on random numbers, addresses, or the order of a set"
    )
    assert result.errors[2:] == ["1 error; nothing was written"], "processes have a value each"
    assert not project.output.exists()


def test_what_a_path_expands_is_a_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DEMO_BLOCK", "64")
    source = tmp_path / "kernels/expands.py"
    code = compile("import os; os.path.expandvars('$DEMO_BLOCK')", str(source), "exec")
    with environment_reads(source.parent) as found:
        exec(code, {"__name__": "kernels.expands"})
    assert found == [("kernels/expands.py", "DEMO_BLOCK")]
