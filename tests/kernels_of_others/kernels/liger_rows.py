"""Softmax, sparsemax, dynamic tanh and attention over residuals of Liger Kernel 0.8.5."""

from liger_kernel.ops.attn_res import _attn_res_bwd_kernel, _attn_res_fwd_kernel
from liger_kernel.ops.dyt import _dyt_bwd_kernel, _dyt_fwd_kernel
from liger_kernel.ops.softmax import (
    _softmax_single_block_backward_kernel,
    _softmax_single_block_forward_kernel,
)
from liger_kernel.ops.sparsemax import _sparsemax_backward_kernel, _sparsemax_forward_kernel
from triton import cdiv, next_power_of_2

from codegen.export import export, sm_count

from .declaring import derived, rows, typed, warps

HALVES = "*fp16 | *bf16"

export(
    "others.liger.softmax_single_block_forward",
    types=typed(f"{HALVES}: Y_ptr X_ptr", "i32:16: Y_row_stride X_row_stride n_cols"),
    constexprs={"BLOCK_SIZE": [2048, 4096]},
    grid=lambda X_ptr: (X_ptr.shape[0],),
)(rows(_softmax_single_block_forward_kernel, "n_cols"))

export(
    "others.liger.softmax_single_block_backward",
    types=typed(f"{HALVES}: dy_ptr y_ptr dx_ptr", "i32:16: dy_stride y_stride dx_stride n_cols"),
    constexprs={"BLOCK_SIZE": [2048, 4096]},
    grid=lambda dy_ptr: (dy_ptr.shape[0],),
)(rows(_softmax_single_block_backward_kernel, "n_cols"))

# These two take num_warps as a constexpr too.
export(
    "others.liger.sparsemax_forward",
    types=typed(
        "*fp32: x_ptr sorted_x_ptr o_ptr",
        "i32:16: x_stride_row sorted_x_stride_row o_stride_row n_cols",
    ),
    constexprs={"BLOCK_SIZE": [1024, 2048]},
    grid=lambda x_ptr: (x_ptr.shape[0],),
)(rows(_sparsemax_forward_kernel, "n_cols"))

export(
    "others.liger.sparsemax_backward",
    types=typed("*fp32: o_ptr go_ptr gi_ptr", "i32:16: stride n_cols"),
    constexprs={"BLOCK_SIZE": [1024, 2048]},
    grid=lambda go_ptr: (go_ptr.shape[0],),
)(rows(_sparsemax_backward_kernel, "n_cols"))

export(
    "others.liger.dyt_fwd",
    types=typed("*bf16: X Y Alpha Gamma Beta"),
    constexprs={"N": [1024, 4096], "HAVE_BETA": True},
    tuned={
        (1024,): {"BLOCK_N": 1024, "num_warps": 4, "num_stages": 1},
        (4096,): {"BLOCK_N": 4096, "num_warps": 8, "num_stages": 1},
    },
    grid=lambda X, N, BLOCK_N: (cdiv(N, BLOCK_N), X.numel() // N),
)(_dyt_fwd_kernel)

# The sums of each program have a row of their own, and there is one for each SM.
export(
    "others.liger.dyt_bwd",
    types=typed("*bf16: DY DX X Alpha Gamma", "*fp32: DA DG", "*fp32 | None: DB", "i32: M"),
    constexprs={"N": 4096},
    configs=[
        {"BLOCK_N": 1024, "num_warps": 4, "num_stages": 1},
        {"BLOCK_N": 4096, "num_warps": 16, "num_stages": 1},
    ],
    grid=lambda N, BLOCK_N: (cdiv(N, BLOCK_N), sm_count()),
)(derived(_dyt_bwd_kernel, HAVE_BETA=lambda given: given["DB"] is not None))


def over_blocks(kernel):
    return derived(
        kernel,
        BLOCK_D=lambda given: next_power_of_2(given["D"]),
        MAX_BLOCKS=lambda given: max(4, next_power_of_2(given["n_blocks"])),
        num_warps=lambda given: warps(given["BLOCK_D"]),
    )


export(
    "others.liger.attn_res_fwd",
    types=typed(
        "*bf16: V_ptr W_query_ptr W_norm_ptr Out_ptr",
        "*fp32: Alpha_ptr RSTD_ptr",
        "i32: n_blocks n_tokens",
        "i32:16: D",
    ),
    constexprs={"eps": 1e-06, "BLOCK_D": [512, 4096], "MAX_BLOCKS": [4, 8]},
    shapes={"V_ptr": ("n_blocks", "n_tokens", "D"), "Out_ptr": ("n_tokens", "D")},
    grid=lambda n_tokens: (n_tokens,),
)(over_blocks(_attn_res_fwd_kernel))

export(
    "others.liger.attn_res_bwd",
    types=typed(
        "*bf16: dOut_ptr V_ptr W_query_ptr W_norm_ptr dV_ptr",
        "*fp32: Alpha_ptr RSTD_ptr dW_query_ptr dW_norm_ptr",
        "i32: n_blocks n_tokens",
        "i32:16: D",
        "fp32: eps",
    ),
    constexprs={"BLOCK_D": [512, 4096], "MAX_BLOCKS": [4]},
    shapes={"V_ptr": ("n_blocks", "n_tokens", "D"), "dV_ptr": ("n_blocks", "n_tokens", "D")},
    grid=lambda n_tokens: (n_tokens,),
)(over_blocks(_attn_res_bwd_kernel))
