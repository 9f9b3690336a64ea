"""The worker as the parent sees it: started when it is needed, and again when it was lost."""

from __future__ import annotations

import json
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from tritonbind.errors import TritonbindError
from tritonbind.recording import Json
from tritonbind.tune.cases import Case
from tritonbind.tune.cuda import Device
from tritonbind.tune.functions import Function
from tritonbind.tune.measuring import Time
from tritonbind.tune.search import FailedError

PATIENCE = 60.0
"""Seconds without an answer after which a worker is ended."""


class Bench:
    """Measures configurations of some cases. To be used in a `with` statement."""

    def __init__(self, patience: float = PATIENCE) -> None:
        """Raises TritonbindError where there is no GPU."""
        self._patience = patience
        self._worker: subprocess.Popen[str] | None = None
        self._cases: Json = None
        self._is_set_up = False
        self.device: Device
        self._start()

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def set_up(
        self, function: Function, cases: Sequence[Case], configuration: int
    ) -> dict[int, str]:
        """What is measured from now on. Which of the cases are refused, each with the reason.

        Args:
            configuration: one that the device has.

        Raises:
            FailedError: none can be measured.
        """
        self._cases = {
            "function": {
                "package": str(function.package.folder),
                "module": function.module,
                "attribute": function.attribute,
                "arguments": [one.name for one in function.arguments],
                "position": function.position,
                "first": configuration,
            },
            "cases": [case.as_json() for case in cases],
        }
        return self._ready()

    def time(self, case: int, configuration: int, milliseconds: float) -> Time:
        """The time of a configuration. Raises FailedError where it has none."""
        if not self._is_set_up:
            self._ready()
        asked = {"case": case, "configuration": configuration, "milliseconds": milliseconds}
        return Time(**self._ask(asked))

    def _ready(self) -> dict[int, str]:
        told = self._ask(self._cases)["refused_cases"]
        self._is_set_up = True
        return {int(number): reason for number, reason in told.items()}

    def _ask(self, document: Json) -> Any:
        if self._worker is None:
            self._start()
        assert self._worker is not None and self._worker.stdin is not None
        try:
            self._worker.stdin.write(json.dumps(document) + "\n")
            self._worker.stdin.flush()
        except OSError:
            raise FailedError(self._end()) from None
        told = self._answer()
        if "refused" in told:
            if told["is_lost"]:
                self._end()
            raise FailedError(told["refused"])
        return told

    def _answer(self) -> Any:
        assert self._worker is not None and self._worker.stdout is not None
        if not select.select([self._worker.stdout], [], [], self._patience)[0]:
            self._worker.kill()
            self._end()
            raise FailedError(f"it gave no result in {self._patience:g} seconds")
        line = self._worker.stdout.readline()
        if not line:
            raise FailedError(self._end())
        return json.loads(line)

    def _start(self) -> None:
        self._is_set_up = False
        self._worker = subprocess.Popen(
            [sys.executable, "-m", "tritonbind.tune.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for this process, which then ends that one
        )
        try:
            told = self._answer()
        except FailedError as error:
            raise TritonbindError(f"the process that measures cannot be started: {error}") from None
        if "error" in told:
            self._end()
            raise TritonbindError(told["error"], told["hint"])
        self.device = Device(**told)

    def _end(self) -> str:
        """How the worker ended, in words."""
        worker, self._worker, self._is_set_up = self._worker, None, False
        if worker is None:
            return "the process that measures has ended"
        for pipe in (worker.stdin, worker.stdout):
            if pipe is not None:
                pipe.close()
        try:
            code = worker.wait(timeout=5)
        except subprocess.TimeoutExpired:
            worker.kill()
            code = worker.wait()
        if code < 0:
            return f"the process that measures was ended by {signal.Signals(-code).name}"
        return f"the process that measures ended with {code}"
