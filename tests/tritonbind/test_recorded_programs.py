"""Whole programs, recorded: what is noted of their launches."""

from __future__ import annotations

from pathlib import Path

from tests.support.recorded import counts, record
from tritonbind.recording import Example, Grid, Launch


def test_each_specialisation_is_an_entry(jit: Path, tmp_path: Path) -> None:
    source = """
        for n in (64, 128, 100, 100, 1):
            scale[lambda meta: (triton.cdiv(n, meta["BLOCK"]),)](Tensor(n), n, BLOCK=64)
    """
    ended = record(tmp_path, jit, source)
    assert ended.code == 0
    assert ended.said == [
        f"tritonbind: {ended.file}: 1 kernel, 3 specialisations, 5 launches",
    ]
    kernel = ended.kernel
    assert kernel.kernel == "app:scale"
    assert kernel.parameters == ("x", "n", "BLOCK")
    assert kernel.wrappers == ()
    assert kernel.tuned == ()
    assert kernel.grids == (Grid('lambda meta: (triton.cdiv(n, meta["BLOCK"]),)', {}),)
    launches = {launch.arguments["n"]: launch for launch in kernel.launches}
    assert launches["i32:16"] == Launch(
        arguments={"x": "*fp32:16", "n": "i32:16", "BLOCK": {"constexpr": 64}},
        options={},
        target="sm_90",
        count=2,
        grid=((1, 2), (1, 1), (1, 1)),
        values={"n": (64, 128)},
        shapes={"x": ((64, 128),)},
        examples=(
            Example({"n": 64}, {"x": (64,)}, (1, 1, 1)),
            Example({"n": 128}, {"x": (128,)}, (2, 1, 1)),
        ),
    )
    assert launches["i32"].count == 2
    assert launches["i32:1"].values == {}
    assert launches.keys() == {"i32:16", "i32", "i32:1"}


def test_nothing_is_left_beside_the_recording(jit: Path, tmp_path: Path) -> None:
    record(tmp_path, jit, "scale[(1,)](Tensor(8), 8, BLOCK=64)")
    assert {path.name for path in tmp_path.iterdir()} == {"recording.json", "app.py", "site"}


def test_the_exit_code_and_the_output_are_the_programs(jit: Path, tmp_path: Path) -> None:
    source = """
        import sys
        print(sys.argv[1:])
        scale[(1,)](Tensor(8), 8, BLOCK=64)
        sys.exit(7)
    """
    ended = record(tmp_path, jit, source, "--x", "-o")
    assert (ended.code, ended.out) == (7, "['--x', '-o']\n")
    assert counts(ended.recording) == {"app:scale": 1}
