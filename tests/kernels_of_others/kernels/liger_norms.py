"""Normalisations of Liger Kernel 0.8.5."""

import torch
import triton.language as tl
from liger_kernel.ops.fused_add_rms_norm import (
    _fused_add_rms_norm_backward_kernel,
    _fused_add_rms_norm_forward_kernel,
)
from liger_kernel.ops.group_norm import _group_norm_backward_kernel, _group_norm_forward_kernel
from liger_kernel.ops.layer_norm import _layer_norm_backward_kernel, _layer_norm_forward_kernel
from liger_kernel.ops.poly_norm import _poly_norm_backward_kernel, _poly_norm_forward_kernel
from liger_kernel.ops.rms_norm import (
    _block_rms_norm_forward_kernel,
    _rms_norm_backward_kernel,
    _rms_norm_forward_kernel,
)
from triton import cdiv, next_power_of_2

from codegen.export import export, sm_count

from .declaring import derived, rows, typed

HALVES = "*fp16 | *bf16"
LLAMA, GEMMA = 0, 1


def dtype_of_x(given):
    return tl.float16 if given["X_ptr"].dtype == torch.float16 else tl.bfloat16


# What is left out has a stride of 0.
export(
    "others.liger.rms_norm_forward",
    types=typed(
        f"{HALVES}: Y_ptr X_ptr",
        f"{HALVES} | None: W_ptr",
        "i32:16: Y_row_stride X_row_stride n_cols",
        "*fp32: RSTD_ptr",
        "i32: W_row_stride",
        "i32:1: RSTD_row_stride",
        "fp32: eps offset",
    ),
    constexprs={"casting_mode": LLAMA, "BLOCK_SIZE": [4096]},
    shapes={"W_ptr": ("n_cols",)},
    grid=lambda X_ptr: (X_ptr.shape[0],),
)(
    rows(
        _rms_norm_forward_kernel,
        "n_cols",
        elementwise_affine=lambda given: given["W_ptr"] is not None,
    )
)

# A program for each SM, which takes so many rows as make all.
export(
    "others.liger.rms_norm_backward",
    types=typed(
        f"{HALVES}: dY_ptr dX_ptr X_ptr W_ptr",
        "i32:16: dY_row_stride dX_row_stride X_row_stride dW_row_stride n_cols",
        "*fp32: RSTD_ptr",
        "*fp32 | None: dW_ptr",
        "i32: n_rows rows_per_program",
        "i32:1: W_row_stride RSTD_row_stride",
        "fp32: offset",
    ),
    constexprs={"casting_mode": LLAMA, "elementwise_affine": True, "BLOCK_SIZE": [4096]},
    grid=lambda: (sm_count(),),
)(
    rows(
        _rms_norm_backward_kernel,
        "n_cols",
        X_dtype=dtype_of_x,
        COMPUTE_DW=lambda given: given["dW_ptr"] is not None,
    )
)

export(
    "others.liger.block_rms_norm_forward",
    types=typed(
        "*bf16: Y_ptr X_ptr",
        "*bf16 | None: W_ptr",
        "i32:16: Y_row_stride X_row_stride n_cols",
        "*fp32: RSTD_ptr",
        "i32: n_rows W_row_stride",
        "i32:1: RSTD_row_stride",
        "fp32: eps offset",
    ),
    constexprs={"casting_mode": [LLAMA, GEMMA], "BLOCK_SIZE": [256], "BLOCK_ROW": 16},
    grid=lambda n_rows, BLOCK_ROW: (cdiv(n_rows, BLOCK_ROW),),
)(
    rows(
        _block_rms_norm_forward_kernel,
        "n_cols",
        elementwise_affine=lambda given: given["W_ptr"] is not None,
    )
)

export(
    "others.liger.fused_add_rms_norm_forward",
    types=typed(
        f"{HALVES}: Y_ptr S_ptr X_ptr R_ptr W_ptr",
        "i32:16: Y_row_stride S_row_stride X_row_stride R_row_stride n_cols",
        "*fp32: RSTD_ptr",
        "i32:1: W_row_stride RSTD_row_stride",
        "fp32: eps offset",
    ),
    constexprs={"casting_mode": LLAMA, "BLOCK_SIZE": [4096, 8192]},
    grid=lambda X_ptr: (X_ptr.shape[0],),
    num_stages=2,
)(rows(_fused_add_rms_norm_forward_kernel, "n_cols"))

export(
    "others.liger.fused_add_rms_norm_backward",
    types=typed(
        "*bf16: dY_ptr dX_ptr X_ptr W_ptr",
        "*bf16 | None: dS_out_ptr",
        "i32:16: dY_row_stride dS_out_row_stride dX_row_stride X_row_stride dW_row_stride n_cols",
        "*fp32: RSTD_ptr",
        "*fp32 | None: dW_ptr",
        "i32: n_rows",
        "i32:1: W_row_stride RSTD_row_stride",
        "fp32: offset",
    ),
    constexprs={"rows_per_program": 64, "casting_mode": LLAMA, "BLOCK_SIZE": [4096]},
    grid=lambda n_rows, rows_per_program: (cdiv(n_rows, rows_per_program),),
    num_stages=2,
)(
    rows(
        _fused_add_rms_norm_backward_kernel,
        "n_cols",
        X_dtype=dtype_of_x,
        has_dS_out=lambda given: given["dS_out_ptr"] is not None,
        COMPUTE_DW=lambda given: given["dW_ptr"] is not None,
    )
)

export(
    "others.liger.layer_norm_forward",
    types=typed(
        f"{HALVES}: Y_ptr X_ptr W_ptr B_ptr",
        "i32:16: Y_row_stride X_row_stride n_cols",
        "*fp32: Mean_ptr RSTD_ptr",
        "i32:1: W_row_stride B_row_stride Mean_row_stride RSTD_row_stride",
        "fp32: eps",
    ),
    constexprs={"BLOCK_SIZE": [4096, 8192]},
    shapes={"W_ptr": ("n_cols",), "B_ptr": ("n_cols",)},
    grid=lambda X_ptr: (X_ptr.shape[0],),
)(rows(_layer_norm_forward_kernel, "n_cols"))

export(
    "others.liger.layer_norm_backward",
    types=typed(
        "*bf16: X_ptr W_ptr DX_ptr DY_ptr",
        "i32:16: stride_x stride_dx stride_dw stride_db stride_dy n_cols",
        "*fp32: Mean_ptr RSTD_ptr",
        "*fp32 | None: DW_ptr DB_ptr",
        "i32:1: stride_mean stride_rstd",
        "i32: n_rows",
    ),
    constexprs={"rows_per_program": 64, "BLOCK_SIZE": [4096]},
    grid=lambda n_rows, rows_per_program: (cdiv(n_rows, rows_per_program),),
)(
    rows(
        _layer_norm_backward_kernel,
        "n_cols",
        COMPUTE_DW=lambda given: given["DW_ptr"] is not None,
        COMPUTE_DB=lambda given: given["DB_ptr"] is not None,
    )
)

export(
    "others.liger.group_norm_forward",
    types=typed(
        "*bf16 | *fp32: Y_ptr X_ptr Mean_ptr RSTD_ptr W_ptr B_ptr",
        "i32:16: Y_row_stride Y_col_stride X_row_stride X_col_stride hidden_size",
        "i32: Mean_row_stride RSTD_row_stride channels_per_group",
        "i32:1: Mean_col_stride RSTD_col_stride",
        "fp32: eps",
    ),
    constexprs={"BLOCK_SIZE": [2048, 4096]},
    grid=lambda X_ptr: (X_ptr.shape[0], X_ptr.shape[1]),
)(
    derived(
        _group_norm_forward_kernel,
        BLOCK_SIZE=lambda given: min(65536, next_power_of_2(given["hidden_size"])),
    )
)

# The last size of the gradient that comes in is that of a group, of several channels.
export(
    "others.liger.group_norm_backward",
    types=typed(
        "*bf16 | *fp32: X_ptr W_ptr Mean_ptr RSTD_ptr DX_ptr DW_ptr DB_ptr UPSTREAM_ptr",
        "i32:16: X_row_stride X_col_stride",
        "i32: Mean_ptr_row_stride",
        "i32:1: Mean_ptr_col_stride",
    ),
    constexprs={"hidden_size": [256, 512], "channels_per_group": 4},
    grid=lambda X_ptr: (X_ptr.shape[0], X_ptr.shape[1]),
)(
    derived(
        _group_norm_backward_kernel,
        hidden_size=lambda given: given["UPSTREAM_ptr"].shape[-1] // given["channels_per_group"],
        BLOCK_SIZE=lambda given: min(65536, next_power_of_2(given["hidden_size"])),
        dtype=lambda given: (tl.float32 if given["X_ptr"].dtype == torch.float32 else tl.bfloat16),
    )
)

export(
    "others.liger.poly_norm_forward",
    types=typed(
        f"{HALVES}: Y_ptr X_ptr W_ptr B_ptr",
        "i32:16: Y_row_stride X_row_stride n_cols",
        "*fp32: RSTD_ptr",
        "i32: RSTD_row_stride",
        "fp32: eps",
    ),
    constexprs={"BLOCK_SIZE": [4096, 8192]},
    grid=lambda X_ptr: (X_ptr.shape[0],),
)(rows(_poly_norm_forward_kernel, "n_cols"))

export(
    "others.liger.poly_norm_backward",
    types=typed(
        "*bf16: dY_ptr dX_ptr X_ptr W_ptr",
        "i32:16: dY_row_stride dX_row_stride X_row_stride n_cols",
        "*fp32: RSTD_ptr dW_ptr dB_ptr",
        "i32: RSTD_row_stride dW_row_stride n_rows",
    ),
    constexprs={"rows_per_program": [16, 64], "BLOCK_SIZE": [4096]},
    grid=lambda n_rows, rows_per_program: (cdiv(n_rows, rows_per_program),),
)(rows(_poly_norm_backward_kernel, "n_cols"))
