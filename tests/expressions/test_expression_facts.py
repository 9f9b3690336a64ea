"""What grids read besides integers: tensors, None, constants, the number of SMs."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest

from codegen.export import sm_count
from codegen.expressions.operands import CExpression
from codegen.model.computed import TensorFact
from codegen.model.errors import CodegenError
from tests.support.expressions import OPTIONAL_PRELUDE, load, optional_grid


@pytest.fixture(autouse=True)
def _torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """The names that kernel files have from torch, also where it is not installed."""
    torch, cuda = types.ModuleType("torch"), types.ModuleType("torch.cuda")

    def get_device_properties(device: object) -> object:
        raise AssertionError("asked for a device while translating")

    get_device_properties.__module__ = "torch.cuda"
    cuda.get_device_properties = get_device_properties  # type: ignore[attr-defined]
    torch.cuda = cuda  # type: ignore[attr-defined]
    torch.float16 = type("dtype", (), {})()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch.cuda", cuda)


def first(tmp_path: Path, source: str) -> CExpression:
    return optional_grid(load(tmp_path, f"{OPTIONAL_PRELUDE}grid = {source}\n").grid)[0]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        # Facts of tensors
        ("lambda x: x.shape[0]", "tb_x_shape_0"),
        ("lambda META: META['x'].shape[1]", "tb_x_shape_1"),
        ("lambda x: x.shape[-1]", "tb_x_shape_last_1"),
        ("lambda x: x.size(0)", "tb_x_shape_0"),
        ("lambda x: x.size(dim=-2)", "tb_x_shape_last_2"),
        ("lambda x: x.size()[2]", "tb_x_shape_2"),
        ("lambda x: x.stride(1)", "tb_x_stride_1"),
        ("lambda x: x.stride()[-1]", "tb_x_stride_last_1"),
        ("lambda x: x.numel()", "tb_x_numel"),
        ("lambda x: x.nelement()", "tb_x_numel"),
        ("lambda x: x.shape.numel()", "tb_x_numel"),
        ("lambda x: math.prod(x.shape)", "tb_x_numel"),
        ("lambda x: len(x.shape)", "tb_x_ndim"),
        ("lambda x: len(x)", "tb_x_shape_0"),
        ("lambda x: x.dim()", "tb_x_ndim"),
        ("lambda x: x.ndim", "tb_x_ndim"),
        ("lambda x, BLOCK: cdiv(x.shape[0], BLOCK)", "tb_cdiv(tb_x_shape_0, 64)"),
        (
            "lambda x: x.shape[0] // x.shape[1] if x.shape[1] else 0",
            "tb_x_shape_1 ? tb_x_shape_0 / tb_x_shape_1 : 0",
        ),
        ("lambda x: x.numel() // 2 >= 0", "1"),
        # None
        ("lambda bias: bias is None", "bias == NULL"),
        ("lambda bias: bias is not None", "bias != NULL"),
        ("lambda bias: None != bias", "bias != NULL"),
        ("lambda bias: present(bias) + 1", "(bias != NULL) + 1"),
        ("lambda x: x is None", "0"),
        (
            "lambda bias: bias.shape[0] if bias is not None else 7",
            "bias != NULL ? tb_bias_shape_0 : 7",
        ),
        (
            "lambda bias: 7 if bias is None else len(bias) - 1",
            "bias == NULL ? 7 : tb_bias_shape_0 - 1",
        ),
        (
            "lambda bias: 7 if bias is None or bias.ndim == 1 else 8",
            "bias == NULL || tb_bias_ndim == 1 ? 7 : 8",
        ),
        ("lambda bias: 7 if not bias is None and bias is None else 8", "8"),
        ("lambda limit: limit if limit is not None else 0", "limit != NULL ? (int64_t)*limit : 0"),
        ("lambda limit: 3 if limit is None else -limit", "limit == NULL ? 3 : -(int64_t)*limit"),
        ("lambda limit: limit or 5", "limit != NULL && (int64_t)*limit ? (int64_t)*limit : 5"),
        ("lambda limit: 3 if limit else 4", "limit != NULL && (int64_t)*limit ? 3 : 4"),
        ("lambda limit: not limit", "!(limit != NULL && (int64_t)*limit)"),
        ("lambda scale: scale is None", "scale == NULL"),
        ("lambda alpha: alpha is None", "0"),
        ("lambda n: n is None", "0"),
        ("lambda n, m: (n // m) == None", "((void)tb_checked_floordiv(n, m, &failed), 0)"),
        ("lambda GONE: 1 if GONE is None else 2", "1"),
        ("lambda GONE, n: n if GONE else 2", "2"),
        # Constants of other types, decided when translating
        ("lambda META: 1 if META['ACT'] == 'gelu' else 2", "1"),
        ("lambda META: META['ACT'] in ('relu', 'silu')", "0"),
        ("lambda META: META['ACT'] != 3", "1"),
        ("lambda META: 3 if 'el' in META['ACT'] else 4", "3"),
        ("lambda DTYPE: DTYPE == tl.float16 and DTYPE is tl.float16", "1"),
        ("lambda DTYPE: DTYPE in [tl.bfloat16, torch.float16]", "0"),
        ("lambda EPS: EPS > 2 and EPS == 2.5", "1"),
        ("lambda BLOCK: BLOCK == 64.0", "1"),
        ("lambda n, ACT: n == ACT", "0"),
        ("lambda n: n in (1, 2)", "n == 1 || n == 2"),
        ("lambda n: n not in (1, n - 1)", "!(n == 1 || n == n - 1)"),
        ("lambda n: n in DEVICE", "0"),
        ("lambda META: META[TILE]", "64"),
        ("lambda META: META.get('n')", "n"),
        ("lambda META: META.get('n', 3)", "n"),
        ("lambda: DEVICE['warp_size']", "32"),
        # The number of SMs
        ("lambda: sm_count()", "sm_count"),
        ("lambda n: min(NUM_SMS, n)", "tb_min(sm_count, n)"),
        ("lambda: DEVICE['multiprocessor_count'] * 2", "sm_count * 2"),
        ("lambda n: min(TWICE_THE_SMS, n)", "tb_min(2 * sm_count, n)"),
        ("lambda: PER_SM", "4096 / (sm_count + 1)"),
        ("lambda n: torch.cuda.get_device_properties(n.x).multi_processor_count", "sm_count"),
        (
            "lambda: driver.active.utils.get_device_properties(0)['multiprocessor_count']",
            "sm_count",
        ),
        (
            "lambda: triton.runtime.driver.active.utils.get_device_properties(0)"
            "['multiprocessor_count']",
            "sm_count",
        ),
        ("lambda: sms('cuda')", "sm_count"),
        # Functions
        ("lambda n: math.ceil(n / 64)", "tb_cdiv(n, 64)"),
        ("lambda n: math.ceil(n / -64)", "-tb_floordiv(-n, -64)"),
        ("lambda n: math.floor(n / 64)", "tb_floordiv(n, 64)"),
        ("lambda n: n.bit_length() // 2", "tb_bit_length(n) / 2"),
        ("lambda: (-5).bit_length() + sum(range(3, 0, -1))", "9"),
        ("lambda n: sum((n, 1)) + sum(())", "n + 1"),
        ("lambda n: math.prod([n, 3])", "n * 3"),
        ("lambda n: min((n, 3))", "tb_min(n, 3)"),
        ("lambda n: bool(n) + bool(n < 3)", "(n != 0) + (n < 3)"),
        ("lambda n: len((n, 1)) + len('ab')", "4"),
        ("lambda n: (n, 2, *(3, 4))[-1]", "4"),
        ("lambda n: sum(cdiv(size, 64) for size in (n, 130))", "tb_cdiv(n, 64) + 3"),
        ("lambda n: max([size * 2 for size in (n, 3, 5)])", "tb_max(tb_max(n * 2, 6), 10)"),
        ("lambda n: all(n % m == 0 for m in (2, 3))", "tb_mod(n, 2) == 0 && tb_mod(n, 3) == 0"),
        ("lambda n: any([n < 3, n > 9])", "n < 3 || n > 9"),
        ("lambda n: all(size for size in (n, 7))", "n != 0"),
        ("lambda n: all(()) + any([])", "1"),
        ("lambda n: doubled(n)", "n * 2"),
        ("lambda n: total(n, 1, by=3)", "n + 1"),
    ],
)
def test_text(tmp_path: Path, source: str, expected: str) -> None:
    assert first(tmp_path, source).text == expected


def test_what_an_expression_reads(tmp_path: Path) -> None:
    found = first(
        tmp_path,
        "lambda n, x, bias, limit: min(sm_count(), cdiv(x.shape[-1], n)) "
        "if bias is None and limit is None else bias.numel() if bias is not None else 0",
    )
    assert found.names == {"n", "limit"}
    assert found.facts == {TensorFact("x", "shape", -1), TensorFact("bias", "numel")}
    assert found.pointers == {"bias"}
    assert found.reads_sm_count and found.can_fail and not found.is_bool
    stride = first(tmp_path, "lambda x: x.stride(0)")
    assert (stride.low, stride.high) == (-(2**63), 2**63 - 1)
    rank = first(tmp_path, "lambda x: x.ndim")
    assert (rank.low, rank.high) == (0, 64)
    assert (first(tmp_path, "lambda: sm_count()").low, first(tmp_path, "lambda: 1").low) == (1, 1)


def test_names_of_facts_are_no_parameters() -> None:
    names = [fact.c_name for fact in (TensorFact("x", "shape", 1), TensorFact("x_shape", "ndim"))]
    assert names == ["tb_x_shape_1", "tb_x_shape_ndim"]


REMEDY = 'compute it before the call and use grid="explicit"'
KNOWN_OF_TENSORS = f"known of a tensor are shape, size(), stride(), numel(), dim(); or {REMEDY}"


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        (
            "lambda x: x",
            "the grid reads `x`, which is a tensor",
            "read a number of it (shape, size(), stride(), numel(), dim()), or test `x is None`",
        ),
        (
            "lambda x: x.shape",
            "expected an integer, got a tuple: `x.shape`",
            "read one of its entries: x.shape[0]",
        ),
        (
            "lambda x: x.shape + 1",
            "expected an integer, got a tuple: `x.shape`",
            "read one of its entries: x.shape[0]",
        ),
        (
            "lambda x: x.dtype",
            "the grid reads `x.dtype`, and calls choose the dtype of `x`",
            "export the kernel once for each dtype; or compute it before the call and use "
            'grid="explicit"',
        ),
        (
            "lambda x: x.data_ptr() % 16",
            "the grid has `x.data_ptr()`, which is not known in C",
            KNOWN_OF_TENSORS,
        ),
        ("lambda x: x.numel(0)", "expected numel(), got `x.numel(0)`", REMEDY),
        ("lambda x: x.size(0, 1)", "expected size(i), got `x.size(0, 1)`", REMEDY),
        (
            "lambda n, x: x.shape[n]",
            "`x.shape[n]`: an index must be a constant int in range",
            REMEDY,
        ),
        (
            "lambda n, x: x.stride(n)",
            "`x.stride(n)`: an index must be a constant int in range",
            REMEDY,
        ),
        ("lambda n: (n, 1)[2]", "`(n, 1)[2]`: an index must be a constant int in range", REMEDY),
        (
            "lambda x: 1 if x else 2",
            "whether `x` is true depends on what the tensor holds",
            "test `x is not None`",
        ),
        (
            "lambda bias: bias.shape[0]",
            "the grid reads `bias.shape`, and `bias` is None in some calls",
            "guard it: `... if bias is not None else 0`",
        ),
        (
            "lambda bias: len(bias)",
            "the grid reads `bias`, and `bias` is None in some calls",
            "guard it: `... if bias is not None else 0`",
        ),
        (
            "lambda META: META['limit'] + 1",
            "the grid reads `META['limit']`, which is None in some calls",
            "guard it: `META['limit'] if META['limit'] is not None else 0`",
        ),
        (
            "lambda scale: 0 if scale is None else scale",
            "the grid reads `scale`, which is of type fp32",
            REMEDY,
        ),
        ("lambda ACT: ACT", "the grid reads `ACT`, which is a str ('gelu')", REMEDY),
        ("lambda n: n + None", "expected an integer, got None", REMEDY),
        ("lambda EPS, n: n + EPS", "the grid reads `EPS`, which is a float (2.5)", REMEDY),
        (
            "lambda EPS: EPS < 'a'",
            "`EPS < 'a'`: '<' not supported between instances of 'float' and 'str'",
            REMEDY,
        ),
        (
            "lambda n: (n if n > 3 else (1, 2), 1)",
            "`n > 3` decides between an integer and a tuple of 2, which C cannot",
            REMEDY,
        ),
        (
            "lambda m: math.ceil(m / 64)",
            "`math.ceil(m / 64)` goes through a float, which is inexact beyond 2**53",
            f"write `cdiv(m, 64)`; or {REMEDY}",
        ),
        (
            "lambda m: math.floor(m / 64)",
            "`math.floor(m / 64)` goes through a float, which is inexact beyond 2**53",
            f"write `m // 64`; or {REMEDY}",
        ),
        (
            "lambda n: int(n / 64)",
            "`n / 64` is a float, where an integer is expected",
            "write `n // 64`, or `cdiv(n, 64)` to round up",
        ),
        ("lambda: DEVICE['cores']", "`DEVICE['cores']` is no entry of `DEVICE`", REMEDY),
        (
            "lambda: broken.active",
            "`broken.active`: no GPU here",
            REMEDY,
        ),
        (
            "lambda: torch.cuda.get_device_properties(0)",
            "the grid reads `torch.cuda.get_device_properties(0)`, which is the properties of a "
            "device",
            "read their multi_processor_count",
        ),
        (
            "lambda META: META.get('size')",
            "`META.get('size')`: `size` is no parameter of the kernel",
            "the kernel's parameters are n, m, BLOCK, flag, limit, scale, alpha, beta, half, x, "
            "bias, ACT, DTYPE, EPS, GONE",
        ),
        (
            "lambda n: bool(n, 1)",
            "expected bool(x), got `bool(n, 1)`",
            "pass the arguments one by one, by position",
        ),
    ],
)
def test_refused(tmp_path: Path, source: str, message: str, hint: str) -> None:
    with pytest.raises(CodegenError) as caught:
        first(tmp_path, source)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_sm_count_outside_of_a_grid() -> None:
    module = {"sm_count": sm_count, "__name__": "kernels.some"}
    with pytest.raises(CodegenError) as caught:
        exec(compile("\nCOUNT = sm_count()\n", "some.py", "exec"), module)
    where = caught.value.where
    assert where is not None and (where.path, where.line) == ("some.py", 2)
    assert (caught.value.message, caught.value.hint) == (
        "the number of SMs is known when a function is called, not before",
        "call sm_count() inside a grid or a heuristic: grid=lambda n: (min(n, sm_count()),)",
    )
