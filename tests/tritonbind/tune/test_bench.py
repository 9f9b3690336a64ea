"""What becomes of a process that measures when it does not answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.tuned import Tuned
from tritonbind.errors import TritonbindError
from tritonbind.tune import bench, cases
from tritonbind.tune.search import FailedError

DEVICE = '{"name": "Fake", "capability": 90, "shared": 1000, "driver": 13000}'


def worker(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Let this be what is started as the process that measures."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setattr(bench.sys, "executable", str(path))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 3", "the process that measures ended with 3"),
        ("kill -9 $$", "the process that measures was ended by SIGKILL"),
        ("exec sleep 60", "it gave no result in 0.5 seconds"),
    ],
)
def test_a_worker_that_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    worker(tmp_path, monkeypatch, script)
    with pytest.raises(TritonbindError) as caught:
        bench.Bench(patience=0.5)
    assert caught.value.reason == f"the process that measures cannot be started: {reason}"


def test_a_worker_that_dies_or_hangs_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tuning: Tuned
) -> None:
    """The first dies when it is asked for a time, the second hangs, the third answers."""
    ready = "echo '{\"refused_cases\": {}}'"
    time = '{"median": 5.0, "low": 4.0, "count": 10}'
    worker(
        tmp_path,
        monkeypatch,
        f"cd {tmp_path}; echo start >> starts; echo '{DEVICE}'; read asked; {ready}; read asked\n"
        "case $(wc -l < starts) in 1) kill -9 $$;; 2) exec sleep 60;; esac\n"
        f"echo '{time}'; read asked",
    )
    function = tuning.functions["scale"]
    with bench.Bench(patience=0.5) as made:
        assert made.device.name == "Fake"
        assert made.set_up(function, [cases.Case({}, {})], 0) == {}
        reasons = []
        for _ in range(2):
            with pytest.raises(FailedError) as caught:
                made.time(0, 1, 2.0)
            reasons.append(str(caught.value))
        assert reasons == [
            "the process that measures was ended by SIGKILL",
            "it gave no result in 0.5 seconds",
        ]
        assert made.time(0, 1, 2.0).median == 5.0
    assert (tmp_path / "starts").read_text().count("start") == 3
