"""What `tritonbind tune` does with little time, and what a second run adds."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import pytest

from tests.support import recordings, standin
from tests.support.tuned import (
    CROSSING,
    ELSE,
    F32,
    ON,
    Ended,
    Tuned,
    gather_launch,
    read_measured,
    table,
)
from tritonbind import recording_file
from tritonbind.recording import Kernel
from tritonbind.tune import command
from tritonbind.tune.cuda import Device
from tritonbind.tune.measuring import Time


def test_a_second_run_measures_no_size_again(tuning: Tuned, tmp_path: Path) -> None:
    """What was made is what was made before. A size that is recorded then is no other either."""
    times = tuning.times(tmp_path / "times", scale=CROSSING)
    tuning.tune(tmp_path, [tuning.scaled(320, 1024)], between=True, times=times)
    first = read_measured(tmp_path)
    other = tuning.times(tmp_path / "times", scale={n: (50 - n, 0) for n in range(4)})
    for sizes in ((320, 1024), (320, 512, 1024)):
        tuning.tune(tmp_path, [tuning.scaled(*sizes)], between=True, times=other)
        assert read_measured(tmp_path) == first


def test_a_second_run_measures_what_is_missing(tuning: Tuned, tmp_path: Path) -> None:
    times = tuning.times(tmp_path / "times", scale=CROSSING)
    tuning.tune(tmp_path, [tuning.scaled(32)], times=times)
    first = read_measured(tmp_path)
    other = tuning.times(tmp_path / "times", scale={n: (50 - n, 0) for n in range(4)})
    ended = tuning.tune(tmp_path, [tuning.scaled(32, 4096)], times=other)
    assert "2 keys" in ended.said[-1]
    assert table(tmp_path) == {(32, False, *F32): 32, (4096, False, *F32): 256}
    assert read_measured(tmp_path)["keys"][0] == first["keys"][0]


def test_measurements_of_another_gpu_are_not_used(tuning: Tuned, tmp_path: Path) -> None:
    times = tuning.times(tmp_path / "times", scale=CROSSING)
    kernels = [tuning.scaled(32)]
    tuning.tune(tmp_path, kernels, times=times)
    ended = tuning.tune(tmp_path, kernels, times=times, driver=13010)
    assert ended.said[2:4] == [
        "measured on Stand-in, CUDA 13.1",
        "best.json.measured is of another GPU or driver: all is measured again",
    ]


def test_no_time_is_left(tuning: Tuned, tmp_path: Path) -> None:
    ended = tuning.tune(tmp_path, [tuning.scaled(32, 64)], "--minutes", "0")
    assert ended == Ended(
        0,
        [
            *ELSE,
            ON,
            "tests.scale: 2 of 2 keys are not measured; the same command goes on from here",
        ],
    )
    assert not (tmp_path / "best.json").exists()
    assert read_measured(tmp_path)["keys"] == []


def test_when_the_time_is_over_what_was_measured_is_in_the_table(
    tuning: Tuned, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each measurement takes a second here, and each key needs 16 and one more."""
    kernels = [tuning.scaled(size) for size in range(1000, 1020)]
    assert tune_by_the_second(tuning, tmp_path, kernels, minutes=1)
    known = len(read_measured(tmp_path)["keys"])
    assert known == len(table(tmp_path)) == 3
    assert capsys.readouterr().err.splitlines()[-1] == (
        "tritonbind: tests.scale: 17 of 20 keys are not measured; the same command goes on from "
        "here"
    )


def test_sizes_of_the_recording_come_first_and_then_powers_of_two(
    tuning: Tuned, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of all functions: there is time for five of their nine keys."""
    gathered = [gather_launch(8, (100, stride), stride) for stride in (64, 256)]
    kernels = [tuning.scaled(16, 64), tuning.kernel("gather", *gathered)]
    tune_by_the_second(tuning, tmp_path, kernels, minutes=1.1)
    measured = [
        [row["key"][0] for row in read_measured(tmp_path, f"tests.{name}.json.measured")["keys"]]
        for name in ("gather", "scale")
    ]
    assert measured == [[64, 128, 256], [16, 64]]
    said = capsys.readouterr().err.splitlines()
    assert [line.partition(" keys ")[0] for line in said if "not measured" in line] == [
        "tritonbind: tests.gather: 2 of 5",
        "tritonbind: tests.scale: 2 of 4",
    ]


def test_ctrl_c_keeps_what_was_measured(tuning: Tuned, tmp_path: Path) -> None:
    kernels = [tuning.scaled(size) for size in range(1000, 1200)]
    recording_file.write(recordings.recording(*kernels), tmp_path / "recording.json")
    words = [sys.executable, "-m", "tritonbind", "tune", "recording.json", "-o", "best.json"]
    process = subprocess.Popen(
        [*words, "-p", str(tuning.package)],
        env={**standin.environment(), "PYTHONPATH": os.getcwd()},
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    for _ in range(600):
        if (tmp_path / "best.json.measured").exists() and read_measured(tmp_path)["keys"]:
            break
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    known = len(read_measured(tmp_path)["keys"])
    assert process.returncode == 2 and "Traceback" not in said
    assert len(table(tmp_path)) == known > 0
    assert f"{200 - known} of 200 keys are not measured" in said


def test_a_file_that_has_no_measurements(tuning: Tuned, tmp_path: Path) -> None:
    (tmp_path / "best.json.measured").write_text("{}")
    assert tuning.tune(tmp_path, [tuning.scaled(32)]).said[3:] == [
        "error: best.json.measured has no measurements of `tritonbind tune`: 'schema'",
        "  hint: remove it; all is measured again then",
    ]


def tune_by_the_second(tuning: Tuned, folder: Path, kernels: list[Kernel], minutes: float) -> bool:
    """Tune in this process. Whatever asks for the time finds that a second has passed."""
    recording = folder / "recording.json"
    recording_file.write(recordings.recording(*kernels), recording)
    clock = itertools.count()
    bench = mock.MagicMock()
    bench.__enter__.return_value = bench
    bench.device = Device("Fake", 90, 1 << 20, 13000)
    bench.set_up.return_value = {}
    bench.time.return_value = Time(1.0, 1.0, 10)
    with (
        mock.patch.object(command, "Bench", return_value=bench),
        mock.patch("time.monotonic", clock.__next__),
    ):
        output = folder if len(kernels) == 2 else folder / "best.json"
        return command.tune(str(recording), str(tuning.package), str(output), (), minutes)
