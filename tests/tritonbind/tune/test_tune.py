"""`tritonbind tune`, behind the stand-in driver, whose launches take the times that a test says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import made, recordings, standin
from tests.support.places import TESTS
from tests.support.tuned import (
    CROSSING,
    ELSE,
    F32,
    ON,
    Ended,
    Times,
    Tuned,
    read_measured,
    table,
)
from tritonbind.recording import Example


def test_the_table_has_the_best_of_each_key(tuning: Tuned, tmp_path: Path) -> None:
    times = tuning.times(tmp_path / "times", scale=CROSSING)
    ended = tuning.tune(tmp_path, [tuning.scaled(32, 320, 4096, 65536)], times=times)
    assert ended == Ended(
        0,
        [
            *ELSE,
            ON,
            "best.json: tests.scale: 4 keys, 4 of 4 configurations, 4.94 times as fast as the "
            "default; 56 images instead of 56",
        ],
    )
    assert table(tmp_path) == {
        (n, False, *F32): block for n, block in ((32, 32), (320, 64), (4096, 128), (65536, 256))
    }


def test_sizes_between_those_of_the_recording_are_measured_too(
    tuning: Tuned, tmp_path: Path
) -> None:
    """What is best there is the best of neither neighbour here."""
    linear: Times = {0: (0, 10), 1: (16, 5), 2: (30, 0.1), 3: (300, 1)}
    times = tuning.times(tmp_path / "times", scale=linear)
    ended = tuning.tune(tmp_path, [tuning.scaled(64, 256)], between=True, times=times)
    assert ended == Ended(
        0,
        [
            *ELSE,
            ON,
            "best.json: tests.scale: 5 keys, 3 of 4 configurations, 1.56 times as fast as the "
            "default; 40 images instead of 56",
        ],
    )
    assert table(tmp_path) == {
        (n, False, *F32): block
        for n, block in ((64, 32), (96, 64), (128, 64), (192, 128), (256, 128))
    }


def test_why_a_size_is_not_measured(tuning: Tuned, tmp_path: Path) -> None:
    unlike = [tuning.scaled(16, x="*fp32"), tuning.scaled(64)]
    ended = tuning.tune(tmp_path, unlike, between=True)
    assert ended.said[2:4] == [
        "tests.scale: not measured at 32, 48 between 16 and 64 of `n`: `x` is of another type or "
        "alignment",
        ON,
    ]
    assert [key[0] for key in table(tmp_path)] == [16, 64]


def test_the_generator_takes_the_table(tuning: Tuned, tmp_path: Path) -> None:
    """What no key needs is not built any more."""
    times = tuning.times(tmp_path / "times", scale=CROSSING)
    (tmp_path / "kernels").mkdir()
    kernel = [tuning.scaled(32, 4096, 8192)]
    tuning.tune(tmp_path, kernel, "-o", "kernels/best.json", times=times)
    source = (TESTS / "kernels" / "tuning.py").read_text()
    flips = 'constexprs={"FLIP": [False, True]},'
    source = source.replace(flips, f'{flips} tuned="best.json",')
    scale = next(one for one in made.read(tmp_path, source) if one.name == "tests.scale")
    assert [one.name for one in scale.arguments] == ["x", "bias", "out", "n", "FLIP"]
    variants = scale.specialisation.variants
    assert {variant.constexprs["BLOCK"] for variant in variants} == {32, 128}


def test_an_adopted_kernel(tuning: Tuned, tmp_path: Path) -> None:
    """Its constexprs are compiled in, and its launches had what configurations and heuristics
    gave."""
    times = tuning.times(tmp_path / "times", negate={0: (10, 10), 1: (80, 2.5)})
    launches = [
        recordings.launch(
            arguments={
                **{"x": "*fp32:16", "out": "*fp32:16", "n": n},
                **{"FLIP": {"constexpr": True}, "EVEN": {"constexpr": is_even}},
                "BLOCK": {"constexpr": 32},
            },
            examples=tuple(
                Example({"n": size}, {"x": (size,), "out": (size,)}, (1, 1, 1)) for size in sizes
            ),
        )
        for n, is_even, sizes in (("i32:16", True, (64, 4096)), ("i32", False, (65,)))
    ]
    ended = tuning.tune(tmp_path, [tuning.kernel("negate", *launches)], times=times)
    assert ended.code == 0
    assert table(tmp_path) == {(64, True, *F32): 32, (65, True, *F32): 32, (4096, True, *F32): 128}


def test_the_file_says_of_what_it_is(tuning: Tuned, tmp_path: Path) -> None:
    times = tuning.times(tmp_path / "times", scale=CROSSING)
    tuning.tune(tmp_path, [tuning.scaled(32, 2048, 4096)], times=times)
    document = json.loads((tmp_path / "best.json").read_text())
    assert len(document.pop("rows")) == 3
    options = {"num_warps": 1, "num_stages": 3, "num_ctas": 1}
    assert document == {
        "schema": "tritonbind.tuned/1",
        "function": "tests.scale",
        "device": "Stand-in",
        "driver": "13.0",
        "default": {"BLOCK": 128, **options},
    }


def test_within_the_tolerance_fewer_images_are_chosen(tuning: Tuned, tmp_path: Path) -> None:
    near: Times = {0: (200, 0), 1: (101, 0), 2: (100, 0), 3: (103, 0)}
    far: Times = {0: (200, 0), 1: (90, 0), 2: (100, 0), 3: (103, 0)}
    kernels = [tuning.scaled(32, 64)]
    for options, times, expected in (((), near, {128}), (("--tolerance", "5"), far, {64})):
        file = tuning.times(tmp_path / "times", scale=times)
        ended = tuning.tune(tmp_path, kernels, *options, times=file)
        assert set(table(tmp_path).values()) == expected
        assert "1 of 4 configurations" in ended.said[-1]
        (tmp_path / "best.json.measured").unlink()


def test_a_configuration_that_spoils_the_device_is_left_out(tuning: Tuned, tmp_path: Path) -> None:
    times = tuning.times(tmp_path / "times", scale={**CROSSING, 1: 700})
    ended = tuning.tune(tmp_path, [tuning.scaled(320, 4096)], times=times)
    assert ended.code == 0
    assert table(tmp_path) == {(320, False, *F32): 128, (4096, False, *F32): 128}
    for row in read_measured(tmp_path)["keys"]:
        assert row["failed"] == {
            "1": "cuCtxSynchronize: CUDA_ERROR_ILLEGAL_ADDRESS: an illegal memory access was "
            "encountered"
        }


def test_all_configurations_may_fail(tuning: Tuned, tmp_path: Path) -> None:
    times = tuning.times(tmp_path / "times", scale=dict.fromkeys(range(4), 719))
    ended = tuning.tune(tmp_path, [tuning.scaled(32)], times=times)
    assert ended == Ended(
        0,
        [
            *ELSE,
            ON,
            "tests.scale: no configuration could be measured at [32, False, 'torch.float32', "
            "'torch.float32']: cuCtxSynchronize: CUDA_ERROR_LAUNCH_FAILED: unspecified launch "
            "failure",
        ],
    )
    assert not (tmp_path / "best.json").exists()


def test_tensors_are_aligned_as_they_were(tuning: Tuned, tmp_path: Path) -> None:
    unaligned = tuning.scaled(64, x="*fp16", out="*fp32:16")
    tuning.tune(tmp_path, [unaligned], log=tmp_path / "log")
    launch = standin.read_log(tmp_path / "log")[0]
    x, out, n = launch.values("*fp16", "*fp32", "i32")
    assert (int(x) % 16, int(out) % 16, n) == (2, 0, 64)


def test_several_functions_go_to_a_folder(tuning: Tuned, tmp_path: Path) -> None:
    gathered = recordings.launch(
        arguments={
            **{"x": "*bf16:16", "index": "*i64:16", "out": "*bf16:16", "n": "i32"},
            **{"stride": "i32", "BLOCK": {"constexpr": 16}},
        },
        examples=(
            Example(
                {"n": 8, "stride": 64}, {"x": (100, 64), "index": (8,), "out": (8, 16)}, (8, 1, 1)
            ),
        ),
    )
    kernels = [tuning.scaled(32), tuning.kernel("gather", gathered)]
    ended = tuning.tune(tmp_path, kernels)
    assert ended == Ended(
        2,
        [
            ELSE[1],
            "error: best.json is one file, and there are tables for tests.gather, tests.scale",
            "  hint: name a folder, or one function",
        ],
    )
    assert tuning.tune(tmp_path, kernels, "-o", "best").code == 0
    assert {path.name for path in (tmp_path / "best").iterdir()} == {
        *("tests.gather.json", "tests.gather.json.measured"),
        *("tests.scale.json", "tests.scale.json.measured"),
    }
    assert [*table(tmp_path / "best", "tests.gather.json")] == [
        (64, "torch.bfloat16", "torch.int64", "torch.bfloat16")
    ]
    assert tuning.tune(tmp_path, kernels, "-k", "tests.gather").code == 0


def test_what_the_library_refuses_is_left_out_with_its_sentence(
    tuning: Tuned, tmp_path: Path
) -> None:
    big = tuning.scaled(1 << 40)
    ended = tuning.tune(tmp_path, [big, tuning.scaled(32)])
    assert ended.said[3].startswith(
        "tests.scale: left out of [1099511627776, False, 'torch.float32', 'torch.float32']: "
        "cuMemAlloc_v2: CUDA_ERROR_OUT_OF_MEMORY: out of memory"
    )
    assert [key[0] for key in table(tmp_path)] == [32]
    assert ended.said[4].startswith("best.json: ") and len(ended.said) == 5


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"digest": "1" * 64},
            [
                *ELSE,
                "tests.scale: left out: kernels.tuning:scale was recorded with another source than "
                "that which the library was built from; build it again, or record again",
                "error: recording.json has no launch that can be measured of tests.gather, "
                "tests.negate, tests.scale",
                "  hint: record the program that launches these kernels: `tritonbind record -- "
                "python app.py`",
            ],
        ),
        (
            {"launches": (recordings.launch(examples=()),)},
            [
                *ELSE,
                "error: recording.json has no launch that can be measured of tests.gather, "
                "tests.negate, tests.scale",
                "  hint: record the program that launches these kernels: `tritonbind record -- "
                "python app.py`",
            ],
        ),
    ],
)
def test_a_recording_with_nothing_to_measure(
    tuning: Tuned, tmp_path: Path, changes: dict[str, Any], said: list[str]
) -> None:
    kernel = tuning.kernel("scale", *tuning.scaled(32).launches, **changes)
    assert tuning.tune(tmp_path, [kernel]) == Ended(2, said)
    assert not (tmp_path / "best.json.measured").exists()


def test_no_gpu(tuning: Tuned, tmp_path: Path) -> None:
    ended = tuning.tune(tmp_path, [tuning.scaled(32)], devices=[])
    assert ended == Ended(
        2,
        [
            *ELSE,
            "error: CUDA finds no GPU: cuInit: CUDA_ERROR_NO_DEVICE: no CUDA-capable device is "
            "detected",
            "  hint: tune on a machine with an NVIDIA GPU and its driver",
        ],
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ("-k", "tests.fixed"),
            [
                "has no function tests.fixed to tune",
                "  hint: it has tests.gather, tests.negate, tests.scale",
            ],
        ),
        (("-p", "./absent"), ["/absent is no generated package: it has no MANIFEST.json"]),
        (("-p", "absent"), ["error: there is no package 'absent'"]),
        (("-o", "times/best.json"), ["error: cannot make times: File exists"]),
        (("-o", "here.json"), ["error: cannot write here.json: it is a folder"]),
    ],
)
def test_what_cannot_be(
    tuning: Tuned, tmp_path: Path, options: tuple[str, ...], said: list[str]
) -> None:
    (tmp_path / "times").write_text("")
    (tmp_path / "here.json").mkdir()
    ended = tuning.tune(tmp_path, [tuning.scaled(32)], *options)
    assert ended.code == 2
    assert all(any(part in line for line in ended.said) for part in said), ended.said


def test_a_package_without_a_configuration_to_name(tmp_path: Path) -> None:
    functions = {"k": {"configurations": None}}
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "MANIFEST.json").write_text(json.dumps({"functions": functions}))
    ended = Tuned(tmp_path / "package").tune(tmp_path, [])
    assert ended == Ended(
        2,
        [
            f"error: {tmp_path}/package/MANIFEST.json: no function takes the number of a "
            "configuration",
            "  hint: export an autotuned kernel without `tuned`, and generate the package again",
        ],
    )
