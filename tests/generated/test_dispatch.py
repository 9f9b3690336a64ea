"""Which variant a call launches, and with what grid, block, shared memory and stream."""

from __future__ import annotations

import ctypes
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import standin
from tests.support.calls import GOOD, arguments, table, tensor
from tests.support.sample import Sample

pytestmark = pytest.mark.triton

addresses = st.one_of(
    st.integers(2**28, 2**40).map(lambda value: 16 * value),  # from 4 GiB on, as CUDA's are
    st.integers(2**29, 2**40).map(lambda value: 8 * value),
)
quickly = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def launch(sample: Sample, name: str, **changes: Any) -> standin.Launch:
    """The launch that the global makes and, just the same, the Python wrapper."""
    standin.reset()
    sample.function(name)(*arguments(name, **changes))
    sample.wrapper(name)(*arguments(name, **changes))
    first, second = standin.launches()
    assert first == second
    return first


@quickly
@given(
    dtype=st.sampled_from(["fp16", "bf16"]),
    x=addresses,
    out=addresses,
    bias=st.one_of(st.none(), addresses),
    block=st.sampled_from([256, 512]),
    passed=st.sampled_from(["tensors", "x is an address", "out is a pointer"]),
)
def test_scale(
    sample: Sample, dtype: str, x: int, out: int, bias: int | None, block: int, passed: str
) -> None:
    x_ptr = x if passed == "x is an address" else tensor(8, dtype=dtype, address=x)
    out_ptr = (
        ctypes.c_void_p(out)
        if passed == "out is a pointer"
        else tensor(8, dtype=dtype, address=out)
    )
    bias_ptr = None if bias is None else tensor(8, address=bias)
    found = launch(sample, "scale", x_ptr=x_ptr, out_ptr=out_ptr, bias_ptr=bias_ptr, BLOCK=block)

    given_bias = "no_bias_ptr" if bias is None else "bias_ptr"
    hints = "generic" if (x | out | (bias or 0)) % 16 else "aligned"
    assert sample.labels(found) == {f"{dtype}-{given_bias}-BLOCK_{block}-{hints}"}
    pointers = [x, out] if bias is None else [x, out, bias]
    types = ["*fp16"] * len(pointers) + ["i64", "fp32", "u64", "u64"]
    assert found.values(*types) == (*pointers, 8, 1.0, 0, 0)
    assert len(found.parameters) == len(types)


@quickly
@given(
    dtype=st.sampled_from(["i8", "fp64"]),
    index_dtype=st.sampled_from(["i32", "i64"]),
    from_ptr=addresses,
    index_ptr=addresses,
    to_ptr=addresses,
    columns=st.one_of(st.integers(1, 999), st.integers(1, 99).map(lambda value: 16 * value)),
)
def test_gather(
    sample: Sample,
    dtype: str,
    index_dtype: str,
    from_ptr: int,
    index_ptr: int,
    to_ptr: int,
    columns: int,
) -> None:
    found = launch(
        sample,
        "gather",
        from_ptr=tensor(8, dtype=dtype, address=from_ptr),
        index_ptr=tensor(8, dtype=index_dtype, address=index_ptr),
        to_ptr=to_ptr,
        rows=3,
        columns=columns,
    )
    hints = "generic" if (from_ptr | index_ptr | to_ptr | columns) % 16 else "aligned"
    assert sample.labels(found) == {f"{dtype}-{index_dtype}-{hints}"}
    assert found.values("*i8", "*i32", "*i8", "i64", "i64") == (
        *(from_ptr, index_ptr, to_ptr),
        *(3, columns),
    )
    assert found.grid == (3 * -(-columns // 512), 1, 1)


@pytest.mark.parametrize("mode", ["sum", "max"])
@pytest.mark.parametrize("negate", [False, True])
def test_reduce(sample: Sample, mode: str, negate: bool) -> None:
    for address, hints in ((4096, "aligned"), (4100, "generic")):
        found = launch(sample, "reduce", x_ptr=address, MODE=mode, NEGATE=negate)
        labels = sample.labels(found)
        assert f"MODE_{mode}-NEGATE_{negate}-{hints}" in labels
        assert all(label.startswith(f"MODE_{mode}-NEGATE_{negate}-") for label in labels)


def test_a_default_is_that_of_the_kernel(sample: Sample) -> None:
    good = GOOD["reduce"]
    given = {name: value for name, value in good.items() if name != "NEGATE"}
    sample.wrapper("reduce")(**given)
    sample.wrapper("reduce")(**given, NEGATE=True, stream=7)
    first, second = standin.launches()
    assert "MODE_sum-NEGATE_False-aligned" in sample.labels(first)
    assert "MODE_sum-NEGATE_True-aligned" in sample.labels(second)
    assert (first.stream, second.stream) == (0, 7)


HUGE = {"to_ptr": 0, "rows": 2**31 - 1, "columns": 1}
LAUNCHES = table(
    [
        ("lambda", {}, (1, 1, 1), 0),
        ("floats", {}, (1, 1, 1), 0),
        ("integers", {"c": 17}, (17, 1, 1), 0),
        ("integers", {"c": 2**31 - 1}, (2**31 - 1, 1, 1), 0),
        ("scale", {"n": 1}, (1, 1, 1), 0),
        ("scale", {"n": 257, "x_ptr": tensor(257, dtype="bf16"), "out_ptr": 0}, (2, 1, 1), 0),
        (
            "scale",
            {"n": 512, "x_ptr": 0, "out_ptr": tensor(512, dtype="bf16"), "BLOCK": 512},
            (1, 1, 1),
            0,
        ),
        ("gather", HUGE, (2**31 - 1, 1, 1), 0),
        ("reduce", {"rows": 5, "columns": 3}, (7, 5, 1), 8),
        ("reduce", {"rows": 9, "columns": 2}, (18, 7, 1), 8),
        ("reduce", {"rows": 2**30, "columns": 2**31 - 1}, (2**30, 7, 1), 8),
        ("explicit", {"gx": 2**31 - 1, "gy": 65535, "gz": 65535}, (2**31 - 1, 65535, 65535), 0),
        ("explicit", {"gx": 3, "gy": 4, "gz": 5}, (3, 4, 5), 0),
        ("product", {"gx": 2}, (2, 1, 1), 65536),
    ]
)


@pytest.mark.parametrize(("name", "changes", "grid", "shared"), LAUNCHES)
def test_the_configuration_of_a_launch(
    sample: Sample, name: str, changes: dict[str, Any], grid: tuple[int, int, int], shared: int
) -> None:
    found = launch(sample, name, **changes)
    assert (found.grid, found.block, found.shared_bytes) == (grid, (128, 1, 1), shared)
    assert found.shared_limit == max(shared, 48 * 1024)
    assert found.attributes == ()
    kernels = {"lambda": "nothing"}
    assert found.kernel == kernels.get(name, name)


@pytest.mark.parametrize(
    ("name", "changes"),
    table(
        [
            ("explicit", {"gx": 0}),
            ("explicit", {"gy": 0}),
            ("explicit", {"gz": 0, "gx": 2**31 - 1}),
            ("integers", {"c": 0}),
            ("scale", {"n": 0}),
            ("scale", {"n": -255}),
            ("reduce", {"rows": 0}),
            ("gather", {"rows": 0, "columns": 2**62}),
        ]
    ),
)
def test_an_empty_grid_launches_nothing(sample: Sample, name: str, changes: dict[str, Any]) -> None:
    sample.wrapper(name)(*arguments(name, **changes))
    assert standin.launches() == []
    assert standin.calls("cuLaunchKernelEx") == 0


HALVES, SINGLES = tensor(8, dtype="fp16"), tensor(8)


@pytest.mark.parametrize(
    ("name", "changes", "label", "threads"),
    [
        ("heuristic", {"n": 32}, "no_bias_ptr-BLOCK_32-EVEN_True-aligned", 128),
        ("heuristic", {"n": 3}, "no_bias_ptr-BLOCK_32-EVEN_False-aligned", 128),
        ("heuristic", {"n": 65, "bias_ptr": 4}, "bias_ptr-BLOCK_128-EVEN_False-generic", 64),
        ("tuned", {}, "fp16-config_1-EVEN_True-aligned", 64),
        ("tuned", {"n": 65}, "fp16-config_0-EVEN_False-aligned", 128),
        ("tuned", {"n": 4096, "flag": False}, "fp16-config_2-EVEN_True-aligned", 256),
        ("tuned", {"n": 1 << 40, "flag": False}, "fp16-config_2-EVEN_True-aligned", 256),
        (
            "tuned",
            {"x_ptr": SINGLES, "out_ptr": SINGLES},
            "fp32-config_2-EVEN_False-aligned",
            256,
        ),
        ("named", {}, "stride_i32-config_0-stride_1", 128),
        ("named", {"config": 1, "stride": 32}, "stride_i32-config_1-stride_16", 64),
        ("named", {"stride": 1 << 40}, "stride_i64-config_0-stride_16", 128),
        ("named", {"stride": 3}, "stride_i32-config_0-generic", 128),
        (
            "named",
            {"x_ptr": tensor(8, address=0x7F0000000004), "stride": 16},
            "stride_i32-config_0-stride_16_x_ptr_any",
            128,
        ),
    ],
)
def test_what_a_kernels_own_decorators_decide(
    sample: Sample, name: str, changes: dict[str, Any], label: str, threads: int
) -> None:
    found = launch(sample, name, **changes)
    assert label in sample.labels(found)
    assert found.block == (threads, 1, 1)


def test_the_grid_knows_the_configuration(sample: Sample) -> None:
    x = tensor(1000)
    grids = [launch(sample, "named", x_ptr=x, config=n).grid for n in (0, 1)]
    assert grids == [(8, 1, 1), (16, 1, 1)]
    assert launch(sample, "tuned", n=1 << 40, flag=False).grid == (4 * 132, 1, 1)
