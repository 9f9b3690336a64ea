"""Programs of several threads and processes, and those that end badly: each launch is counted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.recorded import counts, environment, record, write_program
from tritonbind import recording_file
from tritonbind.recording import Example, merged

LAUNCH = "scale[(1,)](Tensor(8), 8, BLOCK=64)"
LOST = (
    "not ended, or been killed, or ended by os._exit: what was launched there in the last seconds "
    "is not recorded"
)


def test_threads_lose_no_launch(jit: Path, tmp_path: Path) -> None:
    source = f"""
        import sys, threading

        def work():
            for n in range(500):
                {LAUNCH}
                scale[(n % 7 + 1,)](Tensor(n), n * 16, BLOCK=64)

        sys.setswitchinterval(1e-6)
        {LAUNCH}
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
    """
    ended = record(tmp_path, jit, source)
    assert (ended.code, counts(ended.recording)) == (0, {"app:scale": 4001})
    (aligned,) = (one for one in ended.kernel.launches if one.arguments["n"] == "i32:16")
    assert aligned.values == {"n": (0, 499 * 16)}
    assert aligned.grid[0] == (1, 7)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_of_multiprocessing_are_recorded(method: str, jit: Path, tmp_path: Path) -> None:
    """The main module has another name in some of them, and its kernel is the same."""
    source = f"""
        import multiprocessing

        def work(n):
            {LAUNCH}

        if __name__ == "__main__":
            if {method!r} == "fork":
                {LAUNCH}
            context = multiprocessing.get_context({method!r})
            workers = [context.Process(target=work, args=(n,)) for n in range(2)]
            for worker in workers: worker.start()
            for worker in workers: worker.join()
    """
    ended = record(tmp_path, jit, source)
    own = method == "fork"
    assert (ended.code, counts(ended.recording)) == (0, {"app:scale": 2 + own})
    assert len(ended.recording.kernels) == 1


def test_a_fork_counts_its_own(jit: Path, tmp_path: Path) -> None:
    """Also where another thread of the parent holds the recorder's lock."""
    source = f"""
        import os, sys, threading, time
        from tritonbind.session import of_this_process

        def work():
            with of_this_process()._recorder._lock:
                held.set()
                time.sleep(1)

        for n in range(3):
            {LAUNCH}
        held = threading.Event()
        threading.Thread(target=work).start()
        held.wait()
        child = os.fork()
        {LAUNCH}
        if child == 0:
            scale[(2,)](Tensor(16), 16, BLOCK=64)
            sys.exit()
        os.waitpid(child, 0)
    """
    ended = record(tmp_path, jit, source)
    assert ended.code == 0
    launches = {one.arguments["n"]: one for one in ended.kernel.launches}
    assert launches["i32"].count == 3 + 2
    assert launches["i32"].examples == (Example({"n": 8}, {"x": (8,)}, (1, 1, 1)),)
    assert launches["i32:16"].count == 1


def test_processes_of_other_programs_are_recorded(jit: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    source = f"""
        import subprocess, sys

        if sys.argv[1:] == ["worker"]:
            {LAUNCH}
        else:
            for _ in range(2):
                command = [sys.executable, __file__, "worker"]
                subprocess.run(command, cwd="elsewhere", check=True)
    """
    ended = record(tmp_path, jit, source)
    assert counts(ended.recording) == {"app:scale": 2}


def test_what_a_killed_process_wrote_is_kept(jit: Path, tmp_path: Path) -> None:
    """A kill that nothing can catch loses no more than the last seconds, which is said."""
    source = f"""
        import os, signal, time

        {LAUNCH}
        time.sleep(2.5)
        {LAUNCH}
        os.kill(os.getpid(), signal.SIGKILL)
    """
    ended = record(tmp_path, jit, source)
    assert ended.code == 128 + signal.SIGKILL
    assert counts(ended.recording) == {"app:scale": 1}
    assert ended.said[0] == f"tritonbind: 1 process has {LOST}"


def test_launches_of_processes_that_end_at_once_are_not_lost_in_silence(
    jit: Path, tmp_path: Path
) -> None:
    source = f"""
        import os
        for _ in range(2):
            child = os.fork()
            if child == 0:
                {LAUNCH}
                os._exit(0)
            os.waitpid(child, 0)
    """
    ended = record(tmp_path, jit, source)
    assert ended.said == [
        f"tritonbind: 2 processes have {LOST}",
        "tritonbind: no launch of a kernel through Triton was recorded; "
        f"{ended.file} is not written",
    ]


def test_what_was_recorded_by_a_killed_command_can_be_merged(jit: Path, tmp_path: Path) -> None:
    source = f"""
        import time
        {LAUNCH}
        print("launched", flush=True)
        time.sleep(60)
    """
    program, file = write_program(tmp_path, source), tmp_path / "all.json"
    command = [sys.executable, "-m", "tritonbind", "record", "-o", str(file), "--"]
    running = subprocess.Popen(
        [*command, sys.executable, str(program)],
        env=environment(tmp_path, jit),
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert running.stdout is not None
    assert running.stdout.readline() == b"launched\n"
    parts = tmp_path / "all.json.parts"
    _wait_for(parts, "*.json")
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    done = _tritonbind("merge", str(parts), "-o", str(file))
    assert done.stderr == (
        f"tritonbind: 1 process has {LOST}\n"
        f"tritonbind: {file}: 1 kernel, 1 specialisation, 1 launch\n"
    )
    assert counts(recording_file.read(file)) == {"app:scale": 1}
    again = _tritonbind("record", "-o", str(file), "--", "true")
    assert again.returncode == 2
    assert again.stderr == (
        f"tritonbind: error: {parts} holds parts of another run\n"
        f"  hint: tritonbind merge {parts} -o {file}, or remove the folder; another program may "
        "be recorded into another file\n"
    )


def test_a_signal_to_the_command_is_the_programs(jit: Path, tmp_path: Path) -> None:
    source = f"""
        import signal, sys, time
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(9))
        {LAUNCH}
        print("launched", flush=True)
        for _ in range(600):  # a signal may come after Python looks for one and before it sleeps
            time.sleep(0.1)
    """
    program, file = write_program(tmp_path, source), tmp_path / "all.json"
    command = [sys.executable, "-m", "tritonbind", "record", "-o", str(file), "--"]
    running = subprocess.Popen(
        [*command, sys.executable, str(program)],
        env=environment(tmp_path, jit),
        stdout=subprocess.PIPE,
    )
    assert running.stdout is not None
    assert running.stdout.readline() == b"launched\n"
    running.send_signal(signal.SIGTERM)
    assert running.wait(60) == 9
    assert counts(recording_file.read(file)) == {"app:scale": 1}


def test_ranks_are_merged_by_hand(jit: Path, tmp_path: Path) -> None:
    """Each has a file of its own, as on several machines."""
    files = []
    for rank in range(2):
        (tmp_path / str(rank)).mkdir()
        ended = record(tmp_path / str(rank), jit, f"for _ in range({rank} + 1): {LAUNCH}")
        files.append(ended.file)
    whole = tmp_path / "whole.json"
    done = _tritonbind("merge", *map(str, files), "-o", str(whole))
    assert done.stderr == f"tritonbind: {whole}: 1 kernel, 1 specialisation, 3 launches\n"
    assert recording_file.read(whole) == merged(map(recording_file.read, files))


def test_a_merge_of_nothing_is_refused(tmp_path: Path) -> None:
    done = _tritonbind("merge", str(tmp_path), "-o", str(tmp_path / "whole.json"))
    assert done.returncode == 2
    assert done.stderr == (
        f"tritonbind: error: {tmp_path}: no recording\n"
        "  hint: name files that `tritonbind record` wrote, or a folder FILE.parts\n"
    )
    assert [*tmp_path.iterdir()] == []


def _tritonbind(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tritonbind", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def _wait_for(folder: Path, pattern: str) -> None:
    deadline = time.monotonic() + 30
    while not any(folder.glob(pattern)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
