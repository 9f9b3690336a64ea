"""The library is built before what is generated takes its place; what does not compile does not."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from codegen.model.generated_file import GeneratedFile
from codegen.render import files as render
from tests.support import damage
from tests.support.processes import hear_signals
from tests.support.project import COMPILER, Project, fresh_project, new_project

HINT = (
    "  hint: nothing was written; mend the compiler, or name another in CC; where the C is at "
    "fault, this is a fault of the generator: please report it with the kernel file"
)
REFUSES = """\
#!/bin/sh
for word; do
    if [ "$word" = add.c ]; then
        echo "add.c:3:1: error: no" >&2
        exit 1
    fi
done
exec {compiler} "$@"
"""
REPORTS = f"""\
{COMPILER}
echo "$2" >> {{log}}
cp {{add}} {{seen}}.$$ && mv {{seen}}.$$ {{seen}}
"""


@pytest.fixture
def fresh(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return fresh_project(tmp_path, tmp_path_factory)


def everything(project: Project) -> dict[str, bytes]:
    """The output with its library, and what lies beside it."""
    return {
        str(path.relative_to(project.folder)): path.read_bytes()
        for path in project.folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def command(project: Project, text: str) -> str:
    path = project.folder.parent / "another cc"
    path.write_text(text)
    path.chmod(0o755)
    return f"'{path}'"


def failed(project: Project, command: str) -> re.Pattern[str]:
    """The first line of an error, up to the compiler's words."""
    place = re.escape(str(project.output))
    return re.compile(
        f"error: what would be generated does not compile: the C compiler failed in {place} "
        rf"\({re.escape(command)} -std=c99 -O2 -fPIC -fvisibility=hidden -c add.c "
        rf"-o {place}/_lib/building-\w+/\d+.o\):"
    )


def test_what_does_not_compile_replaces_nothing(fresh: Project) -> None:
    damage.edit_input(fresh)
    before = everything(fresh)
    compiler = command(fresh, REFUSES.format(compiler=fresh.compiler()))
    result = fresh.child("regenerate", CC=compiler)
    assert (result.code, result.out) == (2, "")
    assert failed(fresh, compiler).fullmatch(result.errors[0]), result.errors[0]
    assert result.errors[1:] == ["add.c:3:1: error: no", HINT]
    assert everything(fresh) == before
    again = fresh.run("regenerate")
    assert again.code == 0
    assert again.errors[0] == ("2 images are as an earlier run compiled them, which wrote nothing")


def test_the_first_run_of_a_project_too(tmp_path: Path) -> None:
    project = new_project(tmp_path)
    before = everything(project)
    compiler = command(project, REFUSES.format(compiler=project.compiler()))
    result = project.child("regenerate", CC=compiler)
    assert (result.code, result.errors[1:]) == (2, ["add.c:3:1: error: no", HINT])
    assert everything(project) == before
    assert not project.output.exists()


def test_c_that_is_none(fresh: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a real compiler, whose own words are shown."""
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no gcc here")
    made = render.render

    def broken(*given: Any) -> Sequence[GeneratedFile]:
        return [
            GeneratedFile(file.path, file.content + b"#error not this\n" * (file.path == "add.c"))
            for file in made(*given)
        ]

    (fresh.folder.parent / "cc").unlink(missing_ok=True)
    (fresh.folder.parent / "cc").symlink_to(compiler)
    damage.edit_input(fresh)
    before = everything(fresh)
    with monkeypatch.context() as patch:
        patch.setattr(render, "render", broken)
        result = fresh.run("regenerate")
    assert (result.code, result.errors[-1]) == (2, HINT)
    assert failed(fresh, str(fresh.folder.parent / "cc")).fullmatch(result.errors[0])
    assert re.fullmatch(r"add.c:\d+:2: error: #error not this", result.errors[1])
    assert everything(fresh) == before


def test_the_library_comes_with_the_sources_and_is_compiled_once(fresh: Project) -> None:
    log, seen, add = (
        fresh.folder.parent / "log",
        fresh.folder.parent / "seen",
        fresh.output / "add.c",
    )
    compiler = command(fresh, REPORTS.format(log=log, seen=seen, add=add))
    assert fresh.child("regenerate", CC=compiler).code == 0
    assert not log.exists(), "all is fresh"
    old = add.read_bytes()
    damage.edit_input(fresh)
    result = fresh.child("regenerate", CC=compiler)
    assert (result.code, result.errors[-1][-12:]) == (0, "(built, 8 B)")
    assert add.read_bytes() != old == seen.read_bytes()
    made = [Path(line).name for line in log.read_text().splitlines()]
    (library,) = (fresh.output / "_lib").glob("*.so")
    assert made[-1] == library.name
    assert len(made) == len({*made}) == 1 + len([*(fresh.output / "_lib/objects").iterdir()])
    log.unlink()
    result = fresh.child("regenerate", CC=compiler)
    assert (result.code, result.errors[-1][-19:]) == (0, "there already, 8 B)")
    assert not log.exists()


def test_a_folder_of_libraries_that_is_a_link(fresh: Project) -> None:
    """What it leads to gets the library before the sources change, and nothing there goes."""
    theirs = fresh.folder.parent / "theirs"
    (fresh.output / "_lib").rename(theirs)
    (fresh.output / "_lib").symlink_to("../../theirs")
    (old,) = theirs.glob("*.so")
    damage.edit_input(fresh)
    result = fresh.run("regenerate")
    assert (result.code, result.errors[-1][-12:]) == (0, "(built, 8 B)")
    assert (fresh.output / "_lib").is_symlink()
    assert old.exists() and len([*theirs.glob("*.so")]) == 2


def test_no_place_for_the_library(fresh: Project) -> None:
    """What is generated is whole without."""
    shutil.rmtree(fresh.output / "_lib")
    (fresh.output / "_lib").touch()
    damage.edit_input(fresh)
    result = fresh.run("regenerate")
    assert result.code == 2
    assert result.errors[-2:] == [
        "error: generated/ is written, and its library is not: cannot write the library to "
        f"{fresh.output}/_lib: [Errno 17] File exists: '{fresh.output}/_lib'",
        "  hint: mend that and run `python -m codegen build`",
    ]
    assert fresh.run("regenerate", "--check").errors == [
        "orphaned: generated/_lib was not generated; move it elsewhere"
    ]


SLOW = """\
#!/bin/sh
touch {started}
sleep 600
"""


def test_a_run_that_is_killed_as_it_compiles_the_c(fresh: Project) -> None:
    started = fresh.folder.parent / "started"
    damage.edit_input(fresh)
    before = everything(fresh)
    with subprocess.Popen(
        fresh.command("regenerate"),
        cwd=fresh.folder,
        env=fresh.environment(CC=command(fresh, SLOW.format(started=started))),
        preexec_fn=hear_signals,
    ) as child:
        deadline = time.monotonic() + 60
        while not started.exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        child.send_signal(signal.SIGKILL)
    assert {p: c for p, c in everything(fresh).items() if not p.startswith(".gen")} == before
    assert os.listdir(fresh.folder / ".generated.new")
    assert fresh.run("regenerate").code == 0
    assert sorted(os.listdir(fresh.folder)) == ["generated", "kernels", "pyproject.toml"]
    assert sorted(path.name for path in (fresh.output / "_lib").iterdir())[1:] == ["objects"]


def test_a_debugger_finds_the_sources(fresh: Project) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("there is no gcc here")
    damage.edit_input(fresh)
    result = fresh.child("regenerate", CC="gcc -g -O0")
    assert result.code == 0, result.err
    (library,) = (fresh.output / "_lib").glob("*.so")
    content = library.read_bytes()
    assert os.fsencode(fresh.output) in content
    assert b".generated.new" not in content
