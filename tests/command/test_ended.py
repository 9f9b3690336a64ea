"""Runs that are ended: by ctrl-C, or by a signal. What was there stays, and nothing runs on."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.processes import hear_signals, processes_with
from tests.support.project import ADD, Project, fresh_project

WAIT = "open({started!r}, 'w')\n{indent}time.sleep(60)\n"
AT_IMPORT = f"import time\n{WAIT}"
AS_IT_IS_COMPILED = (
    # After the reading.
    f"import sys, time\nif 'codegen.compile.worker' in sys.modules:\n    {WAIT}"
)


@pytest.fixture
def fresh(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return fresh_project(tmp_path, tmp_path_factory)


def ended(project: Project, sent: signal.Signals, **environment: str) -> tuple[int, str]:
    """A run to which the signal is sent once something of it waits: its exit code, what it said."""
    temporary = project.folder.parent / "temporary"
    temporary.mkdir()
    with subprocess.Popen(
        project.command("regenerate", "-j", "1"),
        cwd=project.folder,
        env=project.environment(TMPDIR=str(temporary), **environment),
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_signals,
    ) as child:
        until(lambda: started(project).exists())
        child.send_signal(sent)
        _, said = child.communicate(timeout=60)
    until(lambda: not processes_with(f"TMPDIR={temporary}") and not [*temporary.iterdir()])
    return child.returncode, said


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def started(project: Project) -> Path:
    return project.folder.parent / "started"


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads /proc")
@pytest.mark.parametrize(
    ("sent", "kernel"),
    [
        (signal.SIGINT, AT_IMPORT),
        (signal.SIGTERM, AT_IMPORT),
        (signal.SIGHUP, AS_IT_IS_COMPILED),
        (signal.SIGTERM, AS_IT_IS_COMPILED),
    ],
    ids=["ctrl-C", "SIGTERM", "SIGHUP compiling", "SIGTERM compiling"],
)
def test_a_run_that_is_ended_leaves_everything_as_it_was(
    fresh: Project, sent: signal.Signals, kernel: str
) -> None:
    text = kernel.format(started=str(started(fresh)), indent="    " * ("if" in kernel))
    fresh.write("kernels/add.py", f"{text}{ADD.replace('+ n', '+ 2 * n')}")
    before = fresh.tree()
    code, said = ended(fresh, sent)
    assert (code, said) == (2, "interrupted; run `python -m codegen regenerate` to go on\n")
    assert fresh.tree() == before
    assert not [path for path in fresh.folder.iterdir() if path.name.startswith(".generated")]


WAITS = """\
#!/bin/sh
touch {started}
sleep 600 &
wait
"""


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads /proc")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_ended_as_it_compiles_the_c(fresh: Project, sent: signal.Signals) -> None:
    """The compilers end with it, and what they have started."""
    compiler = fresh.folder.parent / "waits"
    compiler.write_text(WAITS.format(started=started(fresh)))
    compiler.chmod(0o755)
    fresh.write("kernels/add.py", ADD.replace("+ n", "+ 2 * n"))
    before, library = fresh.tree(), [*(fresh.output / "_lib").rglob("*")]
    code, said = ended(fresh, sent, CC=str(compiler))
    assert (code, said) == (2, "interrupted; run `python -m codegen regenerate` to go on\n")
    assert (fresh.tree(), [*(fresh.output / "_lib").rglob("*")]) == (before, library)
    assert not [path for path in fresh.folder.iterdir() if path.name.startswith(".generated")]


def test_what_was_ignored_stays_ignored(fresh: Project) -> None:
    """As under nohup, and as ctrl-C for what a shell runs in the background."""
    code = "import signal, sys\nfrom codegen.cli import main\nimport codegen.cli as cli\n"
    code += "def see(*_): print([signal.getsignal(n).name for n in (1, 15)], flush=True)\n"
    code += "cli.read_config = see\nmain(['list'])\n"
    command = [fresh.command()[0], "-c", code]
    done = subprocess.run(
        ["sh", "-c", 'trap "" HUP TERM; exec "$@"', "sh", *command],
        cwd=fresh.folder,
        env=fresh.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "['SIG_IGN', 'SIG_IGN']\n"
