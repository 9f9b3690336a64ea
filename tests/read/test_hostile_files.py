"""Kernel files that do to their process what an import should not: a sentence, and no other file
or process suffers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from codegen.compile.processes import Compiler
from codegen.compile.watch import Watch
from codegen.model.surroundings import Died, Surroundings
from codegen.model.targets import Target
from codegen.read.kernel_files import read_kernels
from codegen.read.reading import Reading
from tests.support.project import ADD, HEADER, PYPROJECT, new_project
from tests.support.readings import readings_of

pytestmark = pytest.mark.triton

CANNOT = "the kernel file cannot be imported: "
ENDS = "the kernel file ends the process that imports it: "
CLOSES = "the kernel file closes or replaces file descriptors that it did not open"
HOSTILE = {
    "interrupts": ("x = 1\nraise KeyboardInterrupt", 2, f"{CANNOT}KeyboardInterrupt"),
    "own": ("class Own(BaseException): pass\nraise Own('no')", 2, f"{CANNOT}Own: no"),
    "closes_generator": ("raise GeneratorExit", 1, f"{CANNOT}GeneratorExit"),
    "says_nothing": (
        "class Bad(Exception):\n    def __str__(self): raise self\nraise Bad",
        3,
        f"{CANNOT}Bad",
    ),
    "recursive": (
        "def f(): f()\nf()",
        1,
        f"{CANNOT}RecursionError: maximum recursion depth exceeded",
    ),
    "exits": ("import os; os._exit(0)", 1, f"{ENDS}exit status 0"),
    "exits_with": ("import os; os._exit(7)", 1, f"{ENDS}exit status 7"),
    "becomes_another": ("import os; os.execv('/bin/true', ['true'])", 1, f"{ENDS}exit status 0"),
    "aborts": ("import os; os.abort()", 1, f"{ENDS}SIGABRT"),
    "crashes": ("import ctypes; ctypes.string_at(0)", 1, f"{ENDS}SIGSEGV"),
    "real_time": ("import os; os.kill(os.getpid(), 40)", 1, f"{ENDS}signal 40"),
    "kills_all": ("import os; os.killpg(0, 9)", 1, f"{ENDS}SIGKILL"),
    "closes_all": ("import os; os.closerange(0, 100)", 1, CLOSES),
    "closes_output": ("import os; os.close(1)", 1, CLOSES),
    "asks": ("input()", 1, f"{CANNOT}EOFError: EOF when reading a line"),
    "nested": (
        f"{HEADER}VALUE = ()\nfor _ in range(100_000): VALUE = (VALUE,)\n"
        "@export('demo.nested', types={'x': '*i32'}, constexprs={'N': VALUE}, grid='explicit')\n"
        "@triton.jit\ndef nested(x, N: tl.constexpr): pass\n",
        9,
        f"{CANNOT}RecursionError: maximum recursion depth exceeded",
    ),
}
STRANGE = {
    "changes_folder": "import os; os.chdir('/')",
    "forks": "import os; os.fork()",
    "forks_and_ends": "import os\nif os.fork() == 0: os._exit(3)",
    "replaces_streams": "import io, sys; sys.stdout = sys.stderr = io.StringIO()",
    "starts_a_thread": (
        "import threading, time; threading.Thread(target=time.sleep, args=(1000,)).start()"
    ),
    "clears_the_environment": "import os; os.environ.clear()",
}


@pytest.fixture(scope="module")
def readings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reading]:
    """All of them, read in one go, each before a file that is whole."""
    sources = {f"{name}.py": source for name, (source, _, _) in HOSTILE.items()}
    sources |= {
        f"{name}.py": f"{source}\n{HEADER}\n" + ADD.partition("export\n\n")[2].replace("add", name)
        for name, source in STRANGE.items()
    }
    sources |= {f"{file[:-3]}_then.py": "VALUE = 1\n" for file in sources}
    files = {f"kernels/{name}": source for name, source in sources.items()}
    project = new_project(tmp_path_factory.mktemp("hostile"), files)
    with project.inside():
        found = readings_of(project.folder / "kernels", sorted(sources), [Target(80)], 1)
    assert [reading.file for reading in found] == sorted(sources)
    return {reading.file.removesuffix(".py"): reading for reading in found}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_ends_its_process(readings: dict[str, Reading], name: str) -> None:
    _, line, message = HOSTILE[name]
    (error,) = readings[name].errors
    assert error.where is not None
    assert (Path(error.where.path).name, error.where.line) == (f"{name}.py", line)
    assert error.message.startswith(message)
    assert error.hint is not None
    assert readings[f"{name}_then"].errors == ()


@pytest.mark.parametrize("name", STRANGE)
def test_a_file_that_changes_its_process(readings: dict[str, Reading], name: str) -> None:
    assert readings[name].errors == () and len(readings[name].kernels) == 1
    assert readings[f"{name}_then"].errors == ()


def test_the_command_says_so_and_writes_nothing(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": PYPROJECT,
        "kernels/a.py": "import os; os._exit(0)\n",
    }
    project = new_project(tmp_path, files)
    result = project.run("regenerate")
    assert (result.code, result.out) == (2, "")
    assert result.errors == [
        "error: kernels/a.py:1: the kernel file ends the process that imports it: exit status 0",
        "  hint: `python -c 'import kernels.a'` in the project's folder shows where it happens",
        "1 error; nothing was written",
    ]
    assert not project.output.exists()


def test_strange_files_are_compiled(tmp_path: Path) -> None:
    """The process that compiles imports them, too."""
    source = (
        "import os, sys\nos.fork()\nos.chdir('/')\nsys.stdout = sys.stderr = None\nprint('a')\n"
    )
    files = {"pyproject.toml": PYPROJECT, "kernels/add.py": source + ADD}
    project = new_project(tmp_path, files)
    result = project.run("regenerate")
    assert (result.code, result.errors[-2]) == (0, result.errors[-2])
    assert result.errors[-2].endswith("2 of 2 images compiled")


def test_what_a_kernel_file_prints_is_shown(tmp_path: Path) -> None:
    files = {"pyproject.toml": PYPROJECT, "kernels/a.py": "print('hello')\nassert False\n"}
    result = new_project(tmp_path, files).run("regenerate")
    assert result.out == "" and result.errors[0] == "hello"


def test_a_file_that_leaves_a_process_of_no_use(tmp_path: Path) -> None:
    (tmp_path / "kernels").mkdir()
    source = "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))\n"
    (tmp_path / "kernels" / "limits.py").write_text(source)
    printed: list[str] = []
    files = ["limits.py"]
    (reading,) = readings_of(tmp_path / "kernels", files, [Target(80)], 1, say=printed.append)
    assert [error.message for error in reading.errors] == [f"{ENDS}exit status 1"]
    assert re.fullmatch(
        r"what a kernel file left cannot go on: OSError: .* Too many open files.*", printed[0]
    )


class _LeavesOneBehind:
    """Once it is read, the process has ended, and another has all that was open in it."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        source = "import os, time\nif os.fork() == 0: time.sleep(600)\nos._exit(3)"
        return exec, (source,)


def test_a_process_that_leaves_another_behind_is_not_waited_for() -> None:
    compiler = Compiler(Surroundings())
    with pytest.raises(Died) as caught:
        compiler.ask(_LeavesOneBehind())
    assert caught.value.fate == "exit status 3"


def test_an_endless_import_is_named(tmp_path: Path) -> None:
    source = "import time\ntime.sleep(6)\n"
    project = new_project(tmp_path, {"kernels/a.py": "", "kernels/b.py": source})
    said: list[str] = []
    from codegen.compile.processes import Compilers

    compilers = Compilers(watch=Watch(said.append, 0.5))
    try:
        read_kernels(
            project.folder / "kernels", ["a.py", "b.py"], [Target(80)], 1, compilers.borrowed
        )
    finally:
        compilers.stop()
    assert re.fullmatch(r"still importing kernels/b.py, for \d+ s now", said[-1])


def test_a_watch_tells_once_each_time_the_time_has_doubled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    times = iter((0.0, 5.0, *(10.0,) * 2, 11.0, 19.0, *(20.0,) * 2, 39.0, *(45.0,) * 2))
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    said: list[str] = []
    watch = Watch(said.append, 10.0)
    with watch.running(lambda: "compiling `a`"):
        for _ in range(7):
            watch.look()
    watch.look()
    assert [*times] == []
    assert said == [
        "still compiling `a`, for 10 s now",
        "still compiling `a`, for 20 s now",
        "still compiling `a`, for 45 s now",
    ]
