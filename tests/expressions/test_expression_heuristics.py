"""Heuristics of `@triton.heuristics`: what they become, their types, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.model.errors import CodegenError
from tests.support.expressions import heuristic, load

pytestmark = pytest.mark.triton

PRELUDE = "import triton\n\nWIDTH = 8\n\n"
REMEDY = 'give its value instead: constexprs={"EVEN_K": ...}'


@pytest.mark.parametrize(
    ("source", "expected", "is_bool"),
    [
        ("lambda args: args['n'] % (args['BLOCK'] * 2) == 0", "tb_mod(n, 128) == 0", True),
        ("lambda args: triton.next_power_of_2(args['n'])", "tb_next_power_of_2(n)", False),
        ("lambda args: args['bias'] is not None", "bias != NULL", True),
        ("lambda args: args.get('bias') is None", "bias == NULL", True),
        ("lambda args: args['GONE'] is None", "1", True),
        ("lambda nargs: 4 if nargs['n'] < 512 else WIDTH", "n < 512 ? 4 : 8", False),
        ("lambda args, most=4: min(args['n'], most)", "tb_min(n, 4)", False),
        (
            "lambda args: args['x'].shape[-1] == args['x'].stride(0)",
            "tb_x_shape_last_1 == tb_x_stride_0",
            True,
        ),
        # bools, as Python has them
        ("lambda args: args['flag']", "flag", True),
        ("lambda args: not args['n']", "!n", True),
        ("lambda args: True", "1", True),
        ("lambda args: int(args['flag'])", "flag", False),
        ("lambda args: args['flag'] + False", "flag", False),
        ("lambda args: args['flag'] & (args['n'] > 3)", "flag & (int64_t)(n > 3)", True),
        ("lambda args: args['flag'] and args['n'] > 3", "flag && n > 3", True),
        ("lambda args: args['flag'] and args['n']", "flag ? n : 0", False),
        ("lambda args: args['flag'] if args['n'] else True", "n ? flag : 1", True),
        ("lambda args: 1 if args['n'] else True", "1", False),
        ("lambda args: bool(args['n'])", "n != 0", True),
        ("lambda args: max(args['flag'], False)", "tb_max(flag, 0)", True),
        ("lambda args: args['n'] in (2, 4)", "n == 2 || n == 4", True),
        # floats are compared as C has them
        ("lambda args: args['alpha'] > 0.0", "alpha > 0.0f", True),
        ("lambda args: 0 != args['alpha']", "alpha != 0.0f", True),
        (
            "lambda args: args['alpha'] < 0.1 or not args['beta']",
            "alpha < 0.1f || !(beta != 0.0)",
            True,
        ),
        ("lambda args: args['beta'] >= 1e-05", "beta >= 1e-05", True),
        ("lambda args: args['alpha'] == float('-inf')", "alpha == -__builtin_inff()", True),
        ("lambda args: args['alpha'] == args['alpha']", "alpha == alpha", True),
        (
            "lambda args: args['scale'] is not None and args['scale'] != 1",
            "scale != NULL && *scale != 1.0f",
            True,
        ),
        ("lambda args: bool(args['scale'])", "scale != NULL && *scale != 0.0f", True),
        ("lambda args: args['n'] > args['EPS']", "n > 2", True),
    ],
)
def test_heuristic(tmp_path: Path, source: str, expected: str, is_bool: bool) -> None:
    found = heuristic(load(tmp_path, f"{PRELUDE}value = {source}\n").value)
    assert (found.text, found.is_bool) == (expected, is_bool)


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        (
            "lambda args: args['state']",
            "the heuristic `EVEN_K` reads `args['state']`, which is a tuple",
            REMEDY,
        ),
        (
            "lambda args: args['num_warps']",
            "`args['num_warps']` is no parameter of the kernel",
            "the kernel's parameters are n, m, BLOCK, flag, limit, scale, alpha, beta, half, "
            "state, x, bias, ACT, DTYPE, EPS, GONE",
        ),
        ("lambda args: None", "expected an integer, got None", REMEDY),
        (
            "lambda args: args['half'] > 0.5",
            "the heuristic `EVEN_K` reads `args['half']`, which is of type fp16",
            REMEDY,
        ),
        (
            "lambda args: args['alpha']",
            "the heuristic `EVEN_K` reads `args['alpha']`, which is of type fp32",
            REMEDY,
        ),
        (
            "lambda args: args['alpha'] > args['beta']",
            "the heuristic `EVEN_K` reads `args['alpha']`, which is of type fp32",
            REMEDY,
        ),
        (
            "lambda args: args['scale'] > 0",
            "the heuristic `EVEN_K` reads `args['scale']`, which is None in some calls",
            "guard it: `args['scale'] if args['scale'] is not None else 0`",
        ),
        (
            "lambda args: args['alpha'] > float('x')",
            "`float('x')`: could not convert string to float: 'x'",
            REMEDY,
        ),
        (
            "lambda args: args",
            "the heuristic `EVEN_K` reads all of `args`, where an integer is expected",
            'read one of its entries: args["n"]',
        ),
        (
            "lambda n, m: n",
            "a heuristic takes one dict of the kernel's arguments, got the parameters (n, m)",
            f"write it as `lambda args: ...`; or {REMEDY}",
        ),
        (
            "lambda **args: 1",
            "a heuristic takes one dict of the kernel's arguments, got the parameters (**args)",
            f"write it as `lambda args: ...`; or {REMEDY}",
        ),
        (
            "lambda: 1",
            "a heuristic takes one dict of the kernel's arguments, got the parameters ()",
            f"write it as `lambda args: ...`; or {REMEDY}",
        ),
    ],
)
def test_refused(tmp_path: Path, source: str, message: str, hint: str) -> None:
    with pytest.raises(CodegenError) as caught:
        heuristic(load(tmp_path, f"{PRELUDE}value = {source}\n").value)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_no_function() -> None:
    with pytest.raises(CodegenError) as caught:
        heuristic(print)
    assert str(caught.value) == (
        "the heuristic `EVEN_K` must be a lambda or a def, got builtin_function_or_method\n"
        f"  hint: {REMEDY}"
    )
