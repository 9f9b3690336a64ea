"""A program is recorded, adopted, generated, and then runs from the library with no compiler."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

from tests.support import jit_on_standin, standin
from tests.support.places import REPOSITORY

PYTHON = [sys.executable, "-m"]
PROGRAM = """
    import sys

    import triton
    import triton.language as tl

    from tests.support.jit_on_standin import ADDRESS, on_device
    from tests.support.library_tensor import current_streams


    def measured(launch, quantiles):
        launch()
        measured.count += 1
        return [abs(grid.block - 64)]


    def grid(given):
        grid.block = given["BLOCK"]
        return (triton.cdiv(given["n"], given["BLOCK"]),)


    @triton.autotune(
        [triton.Config({"BLOCK": 32}), triton.Config({"BLOCK": 64}, num_warps=2)],
        key=["n"],
        do_bench=measured,
    )
    @triton.heuristics({"FULL": lambda given: given["n"] % given["BLOCK"] == 0})
    @triton.jit
    def double(x, out, n, FULL: tl.constexpr, BLOCK: tl.constexpr):
        offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        mask = True if FULL else offsets < n
        tl.store(out + offsets, 2 * tl.load(x + offsets, mask=mask), mask=mask)


    if __name__ == "__main__":
        measured.count = 0
        current_streams[0] = 0
        x, out = on_device(4096), on_device(4096, address=ADDRESS + 0x10000)
        for n in map(int, sys.argv[1:]):
            double[grid](x, out, n)
        print(measured.count)
"""


def test_a_program_runs_unchanged_from_what_it_launched(jit: Path, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    line = (REPOSITORY / "tritonbind/tritonbind.pth").read_text()
    (tmp_path / "site/sitecustomize.py").write_text(line)
    (tmp_path / "app.py").write_text(textwrap.dedent(PROGRAM))
    (tmp_path / "pyproject.toml").write_text('[tool.codegen]\ntargets = ["sm_90"]\n')

    def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = jit_on_standin.environment(jit, log=tmp_path / "launches") | variables
        environment["PYTHONPATH"] = os.pathsep.join(
            map(str, (tmp_path / "site", REPOSITORY, tmp_path))
        )
        done = subprocess.run(
            [*PYTHON, *command], env=environment, cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done

    app = ("--", sys.executable, "app.py")
    assert run("tritonbind", "record", *app, "128", "100").stdout == "4\n"
    (tmp_path / "launches").unlink()
    run("tritonbind", "adopt", "recording.json")
    run("tritonbind", "regenerate", "--quiet")
    nothing = {"CC": "/bin/false", "TRITON_CACHE_DIR": str(tmp_path / "empty")}
    served = run("tritonbind", "serve", "--strict", *app, "128", "100", "33", "4096", **nothing)
    assert (served.stdout, served.stderr) == ("0\n", "")
    launches = standin.read_log(tmp_path / "launches")
    assert [(one.grid[0], one.block[0]) for one in launches] == [
        (2, 64),
        (2, 64),
        (1, 64),
        (64, 64),
    ]
    assert [one.value(2, "i32") for one in launches] == [128, 100, 33, 4096]
