"""The process that measures: an error that spoils the device's context ends it, and not the rest.

It reads a line of JSON for each thing to do, and answers with one:

- {"function": ..., "cases": [...]}: what is measured from now on, and which cases are refused;
- {"configuration": 3, "case": 0, "milliseconds": 20.0}: the time of a configuration.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from tritonbind.errors import TritonbindError
from tritonbind.recording import Json
from tritonbind.serve.packages import find
from tritonbind.tune.cases import Case
from tritonbind.tune.cuda import Cuda, CudaError
from tritonbind.tune.measuring import Stopwatch
from tritonbind.tune.tensors import DeviceTensor


class _Bench:
    """What is measured at the moment."""

    def __init__(self) -> None:
        self.cuda = Cuda()
        self._stopwatch = Stopwatch(self.cuda)
        self._tensors: list[DeviceTensor] = []
        self._prepare: list[Callable[[int], Callable[[], object]] | None] = []
        """For each case: it gives what launches a configuration."""
        self._launches: dict[tuple[int, int], Callable[[], object]] = {}
        """By case and configuration."""

    def set_up(self, function: Mapping[str, Any], cases: Sequence[Case]) -> Json:
        """Which cases are refused, by the library or for want of memory: a sentence each."""
        self._launches.clear()
        self._prepare.clear()
        self._free(0)
        refused: dict[int, str] = {}
        for number, case in enumerate(cases):
            before = len(self._tensors)
            self._prepare.append(None)
            try:
                prepare = self._call(function, case)
                self._launches[number, function["first"]] = prepare(function["first"])
                self._prepare[number] = prepare
            except (CudaError, TypeError, ValueError) as error:
                refused[number] = _sentence(error)
                self._free(before)
        self._stopwatch.warm_up()
        return {"refused_cases": refused}

    def _call(
        self, function: Mapping[str, Any], case: Case
    ) -> Callable[[int], Callable[[], object]]:
        """It takes a configuration, and gives what launches it."""
        import tvm_ffi

        values: dict[str, Any] = {name: _number(one) for name, one in case.values.items()}
        for name, tensor in case.tensors.items():
            self._tensors.append(DeviceTensor(self.cuda, tensor))
            values[name] = tvm_ffi.from_dlpack(self._tensors[-1])
        package = find(function["package"])
        prepare = package.module().prepare
        call = getattr(package.module(function["module"]), function["attribute"])
        before = [values[name] for name in function["arguments"][: function["position"]]]
        after = [values[name] for name in function["arguments"][function["position"] :]]
        return lambda number: prepare(call, *before, number, *after)

    def _free(self, keep: int) -> None:
        for tensor in self._tensors[keep:]:
            tensor.free()
        del self._tensors[keep:]

    def time(self, case: int, configuration: int, milliseconds: float) -> Json:
        key = case, configuration
        if key not in self._launches:
            prepare = self._prepare[case]
            if prepare is None:
                raise ValueError("the case was refused")
            self._launches[key] = prepare(configuration)
        return asdict(self._stopwatch.time(self._launches[key], milliseconds))

    def is_lost(self) -> bool:
        """Whether the device answers nothing any more."""
        try:
            self.cuda.synchronize()
        except CudaError:
            return True
        return False


def main() -> None:
    """Answer until nobody asks."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what kernels print is no answer

    def answer(document: Json) -> None:
        try:
            print(json.dumps(document), file=answers, flush=True)
        except BrokenPipeError:  # nobody waits for it any more
            os._exit(0)

    try:
        bench = _Bench()
    except TritonbindError as error:
        return answer({"error": error.reason, "hint": error.hint})
    answer(asdict(bench.cuda.device))
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            if "function" in asked:
                cases = [Case.from_json(case) for case in asked["cases"]]
                told = bench.set_up(asked["function"], cases)
            else:
                told = bench.time(asked["case"], asked["configuration"], asked["milliseconds"])
        except Exception as error:
            told = {"refused": _sentence(error), "is_lost": bench.is_lost()}
        answer(told)
        if told.get("is_lost"):
            os._exit(0)  # what cleans up would ask the device
    return None


def _number(value: Json) -> Any:
    return float(value["float"]) if isinstance(value, dict) else value


def _sentence(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return text[0] if text else type(error).__name__


if __name__ == "__main__":
    main()
