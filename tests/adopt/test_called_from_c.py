"""A recorded, autotuned kernel is called from C, with tensors and ints alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.support import c_programs, jit_on_standin, standin
from tests.support.jit_on_standin import ADDRESS
from tests.support.launches import Launch
from tests.support.places import REPOSITORY

pytestmark = pytest.mark.triton

PROGRAM = """
    import sys

    import triton
    import triton.language as tl

    from tests.support.jit_on_standin import ADDRESS, on_device
    from tests.support.library_tensor import current_streams


    def measured(launch, quantiles):
        number = measured.count % 2
        measured.count += 1
        return [number if n < 1000 else -number]


    @triton.heuristics({"BIASED": lambda given: given["bias"] is not None})
    @triton.autotune(
        [triton.Config({"BLOCK": 32}), triton.Config({"BLOCK": 64}, num_warps=2)],
        key=["n"],
        do_bench=measured,
    )
    @triton.heuristics({"FULL": lambda given: given["n"] % given["BLOCK"] == 0})
    @triton.jit
    def twice(
        x, bias, out, n, BIASED: tl.constexpr, FULL: tl.constexpr, BLOCK: tl.constexpr
    ):
        offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        mask = True if FULL else offsets < n
        value = 2 * tl.load(x + offsets, mask=mask)
        if BIASED:
            value += tl.load(bias + offsets, mask=mask)
        tl.store(out + offsets, value, mask=mask)


    if __name__ == "__main__":
        measured.count = 0
        current_streams[0] = 0
        x, out = on_device(4096), on_device(4096, address=ADDRESS + 0x10000)
        for n in map(int, sys.argv[1:]):
            for bias in (None, x):
                twice[lambda given: (triton.cdiv(n, given["BLOCK"]), 1)](x, bias, out, n)
"""
CALLER = """\
#include <stdio.h>
#include <stdlib.h>

#include "adopted/app.h"

int main(int count, char **arguments)
{
    void *x = (void *)FIRST, *out = (void *)SECOND;
    for (int place = 1; place < count; place++)
        for (int is_biased = 0; is_biased < 2; is_biased++)
            if (twice_launch(NULL, x, is_biased ? x : NULL, out, atoi(arguments[place]))
                != TRITONBIND_OK)
                printf("%s\\n", tritonbind_last_error());
    return 0;
}
"""
SIZES = ("128", "100", "2048")
DECLARED = """
export(
    "app.twice",
    grid=lambda n, BLOCK: (cdiv(n, BLOCK), 1),
    launches="app.twice.json",
    optional_targets=True,
)(kernel_of("app.py:twice"))

# For launches of a program, which have a grid: `tritonbind serve` takes this one.
export(
    "app.twice_jit",
    grid="explicit",
    launches="app.twice.json",
    optional_targets=True,
)(kernel_of("app.py:twice"))
"""


def run(folder: Path, cache: Path, *command: str, **variables: str) -> str:
    environment = jit_on_standin.environment(cache, log=folder / "launches") | variables
    environment["PYTHONPATH"] = os.pathsep.join(map(str, (folder / "site", REPOSITORY, folder)))
    done = subprocess.run(
        [sys.executable, "-m", "tritonbind", *command],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def launched(folder: Path) -> list[Launch]:
    """What was launched since this was last asked."""
    found = standin.read_log(folder / "launches")
    (folder / "launches").unlink()
    return found


def essence(launch: Launch) -> tuple[Any, ...]:
    return launch.kernel, launch.grid, launch.block, launch.shared_bytes, launch.parameters


def image_of(variant: dict[str, Any]) -> str:
    file: str = variant["images"]["sm_90"]["file"]
    return file


def test_c_launches_what_the_jit_launched(jit: Path, tmp_path: Path) -> None:
    c_programs.need("cc")
    (tmp_path / "site").mkdir()
    line = (REPOSITORY / "tritonbind/tritonbind.pth").read_text()
    (tmp_path / "site/sitecustomize.py").write_text(line)
    (tmp_path / "app.py").write_text(textwrap.dedent(PROGRAM))
    (tmp_path / "pyproject.toml").write_text('[tool.codegen]\ntargets = ["sm_90"]\n')
    app = ("--", sys.executable, "app.py", *SIZES)

    run(tmp_path, jit, "record", *app)
    by_jit = launched(tmp_path)
    assert len(by_jit) == 2 * len(SIZES)
    assert run(tmp_path, jit, "adopt", "recording.json").splitlines()[0] == (
        "adopted app:twice: 6 specialisations, in kernels/adopted/app.py, with its own grid"
    )
    assert (tmp_path / "kernels/adopted/app.py").read_text().endswith(DECLARED)
    run(tmp_path, jit, "regenerate", "--quiet")

    (said,) = (
        line
        for line in run(tmp_path, jit, "inspect", "app.twice").splitlines()
        if line.startswith("  calls")
    )
    assert said == (
        "  calls   6 combinations of dtypes, None, widths, constexprs, options, heuristics and "
        "configurations; others are refused"
    )
    functions = json.loads((tmp_path / "generated/MANIFEST.json").read_bytes())["functions"]
    public, below = functions["app.twice"], functions["app.twice_jit"]
    assert [one["name"] for one in public["arguments"]] == ["x", "bias", "out", "n"]
    assert [one["name"] for one in below["arguments"]] == [
        *("x", "bias", "out", "n", "BIASED", "FULL", "BLOCK", "num_warps", "gx", "gy", "gz")
    ]
    (library,) = (tmp_path / "generated/_lib").glob("*.so")
    source = CALLER.replace("FIRST", hex(ADDRESS)).replace("SECOND", hex(ADDRESS + 0x10000))
    (tmp_path / "caller.c").write_text(source)
    program = tmp_path / "caller"
    include = f"-I{tmp_path / 'generated'}"
    c_programs.compile_c(
        *("cc", "-std=c99", *c_programs.STRICT, include, tmp_path / "caller.c", "-o", program),
        *(library, f"-Wl,-rpath,{library.parent}"),
    )
    environment = standin.environment([90, 90], log=tmp_path / "launches")

    def by_c(*sizes: str) -> str:
        done = subprocess.run([program, *sizes], env=environment, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    assert by_c(*SIZES) == ""
    found = launched(tmp_path)
    assert [essence(one) for one in found] == [essence(one) for one in by_jit]
    expected = [(int(n), is_biased) for n in SIZES for is_biased in (False, True)]
    for one, (n, is_biased) in zip(found, expected, strict=True):
        block = 32 if n < 1000 else 64
        values = {"BIASED": is_biased, "FULL": n % block == 0, "BLOCK": block}
        compiled_in = {name: repr(value) for name, value in values.items()}
        assert (compiled_in, n % 16 == 0) in [  # several, where the bytes are the same
            ({name: variant["constexprs"][name] for name in values}, "n" in assumed)
            for variant in public["variants"].values()
            for assumed in [variant["divisible_by_16"]]
            if one.image.matches((library.parent.parent / image_of(variant)).read_bytes())
        ]
    assert [(one.grid[0], one.block[0]) for one in found[::2]] == [(4, 128), (4, 128), (32, 64)]

    # Sizes whose key was not recorded get the configuration of the nearest key.
    assert by_c("96", "8192") == ""
    shapes = [(one.grid[0], one.block[0]) for one in launched(tmp_path)]
    assert shapes == [(3, 128), (3, 128), (128, 64), (128, 64)]

    nothing = {"CC": "/bin/false", "TRITON_CACHE_DIR": str(tmp_path / "empty")}
    run(tmp_path, jit, "serve", "--strict", *app, **nothing)
    assert [essence(one) for one in launched(tmp_path)] == [essence(one) for one in by_jit]
