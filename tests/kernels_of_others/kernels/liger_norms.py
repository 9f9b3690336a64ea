"""Normalisations of Liger Kernel 0.8.5."""

import triton.language as tl
from liger_kernel.ops.attn_res import _attn_res_bwd_kernel, _attn_res_fwd_kernel
from liger_kernel.ops.dyt import _dyt_bwd_kernel, _dyt_fwd_kernel
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
from liger_kernel.ops.softmax import (
    _softmax_single_block_backward_kernel,
    _softmax_single_block_forward_kernel,
)
from liger_kernel.ops.sparsemax import _sparsemax_backward_kernel, _sparsemax_forward_kernel
from triton import cdiv

from codegen.export import export

from .declaring import each, jit, typed

export(
    "others.liger.rms_norm_forward",
    types=typed(
        "*fp16 | *bf16: Y_ptr X_ptr W_ptr",
        "i32:16: Y_row_stride X_row_stride n_cols",
        "*fp32: RSTD_ptr",
        "fp32: eps offset",
    ),
    constexprs={
        "casting_mode": 0,
        "elementwise_affine": True,
        "BLOCK_SIZE": 4096,
        **each(1, "W_row_stride RSTD_row_stride"),
    },
    grid="explicit",
    num_warps=8,
)(jit(_rms_norm_forward_kernel))

export(
    "others.liger.rms_norm_backward",
    types=typed(
        "*bf16: dY_ptr dX_ptr X_ptr W_ptr",
        "i32:16: dY_row_stride dX_row_stride X_row_stride dW_row_stride n_cols",
        "*fp32: RSTD_ptr dW_ptr",
        "i32: n_rows rows_per_program",
        "fp32: offset",
    ),
    constexprs={
        "X_dtype": tl.bfloat16,
        "casting_mode": 0,
        "elementwise_affine": True,
        "BLOCK_SIZE": 4096,
        **each(1, "W_row_stride RSTD_row_stride"),
    },
    grid="explicit",
    num_warps=8,
)(jit(_rms_norm_backward_kernel))

export(
    "others.liger.block_rms_norm_forward",
    types=typed(
        "*bf16: Y_ptr X_ptr W_ptr",
        "i32:16: Y_row_stride X_row_stride n_cols",
        "*fp32: RSTD_ptr",
        "i32: n_rows",
        "fp32: eps offset",
    ),
    constexprs={
        "casting_mode": 0,
        "elementwise_affine": True,
        "BLOCK_SIZE": 256,
        "BLOCK_ROW": 16,
        **each(1, "W_row_stride RSTD_row_stride"),
    },
    grid=lambda n_rows, BLOCK_ROW: (cdiv(n_rows, BLOCK_ROW),),
)(jit(_block_rms_norm_forward_kernel))

export(
    "others.liger.layer_norm_forward",
    types=typed(
        "*bf16: Y_ptr X_ptr W_ptr B_ptr",
        "i32:16: Y_row_stride X_row_stride n_cols",
        "*fp32: Mean_ptr RSTD_ptr",
        "fp32: eps",
    ),
    constexprs={
        "BLOCK_SIZE": 4096,
        **each(1, "W_row_stride B_row_stride Mean_row_stride RSTD_row_stride"),
    },
    grid="explicit",
    num_warps=8,
)(jit(_layer_norm_forward_kernel))

export(
    "others.liger.layer_norm_backward",
    types=typed(
        "*bf16: X_ptr W_ptr DX_ptr DY_ptr",
        "i32:16: stride_x stride_dx stride_dw stride_db stride_dy n_cols",
        "*fp32: Mean_ptr RSTD_ptr DW_ptr DB_ptr",
        "i32: n_rows",
    ),
    constexprs={"rows_per_program": 64, "BLOCK_SIZE": 4096, **each(1, "stride_mean stride_rstd")},
    grid="explicit",
    num_warps=8,
)(jit(_layer_norm_backward_kernel))

export(
    "others.liger.group_norm_forward",
    types=typed(
        "*fp32: Y_ptr X_ptr Mean_ptr RSTD_ptr W_ptr B_ptr",
        "i32:16: Y_row_stride Y_col_stride X_row_stride X_col_stride hidden_size",
        "i32: Mean_row_stride RSTD_row_stride channels_per_group",
        "fp32: eps",
    ),
    constexprs={"BLOCK_SIZE": 2048, **each(1, "Mean_col_stride RSTD_col_stride")},
    grid="explicit",
)(jit(_group_norm_forward_kernel))

export(
    "others.liger.group_norm_backward",
    types=typed(
        "*fp32: X_ptr W_ptr Mean_ptr RSTD_ptr DX_ptr DW_ptr DB_ptr UPSTREAM_ptr",
        "i32:16: X_row_stride X_col_stride",
        "i32: Mean_ptr_row_stride",
    ),
    constexprs={
        "hidden_size": 512,
        "channels_per_group": 4,
        "BLOCK_SIZE": 512,
        "dtype": tl.float32,
        **each(1, "Mean_ptr_col_stride"),
    },
    grid="explicit",
)(jit(_group_norm_backward_kernel))

export(
    "others.liger.softmax_single_block_forward",
    types=typed(
        "*fp16 | *bf16: Y_ptr X_ptr",
        "i32:16: Y_row_stride X_row_stride n_cols",
    ),
    constexprs={"BLOCK_SIZE": 4096},
    grid="explicit",
    num_warps=8,
)(jit(_softmax_single_block_forward_kernel))

export(
    "others.liger.softmax_single_block_backward",
    types=typed(
        "*bf16: dy_ptr y_ptr dx_ptr",
        "i32:16: dy_stride y_stride dx_stride n_cols",
    ),
    constexprs={"BLOCK_SIZE": 4096},
    grid="explicit",
    num_warps=8,
)(jit(_softmax_single_block_backward_kernel))

export(
    "others.liger.sparsemax_forward",
    types=typed(
        "*fp32: x_ptr sorted_x_ptr o_ptr",
        "i32:16: x_stride_row sorted_x_stride_row o_stride_row n_cols",
    ),
    constexprs={"BLOCK_SIZE": 1024, "num_warps": 4},
    grid="explicit",
)(jit(_sparsemax_forward_kernel))

export(
    "others.liger.sparsemax_backward",
    types=typed(
        "*fp32: o_ptr go_ptr gi_ptr",
        "i32:16: stride n_cols",
    ),
    constexprs={"BLOCK_SIZE": 1024, "num_warps": 4},
    grid="explicit",
)(jit(_sparsemax_backward_kernel))

export(
    "others.liger.dyt_fwd",
    types=typed(
        "*bf16: X Y Alpha Gamma Beta",
    ),
    constexprs={"HAVE_BETA": True, "N": 4096, "BLOCK_N": 1024},
    grid="explicit",
    num_stages=1,
)(jit(_dyt_fwd_kernel))

export(
    "others.liger.dyt_bwd",
    types=typed(
        "*bf16: DY DX X Alpha Gamma",
        "*fp32: DA DG DB",
        "i32: M",
    ),
    constexprs={"HAVE_BETA": True, "N": 4096, "BLOCK_N": 1024},
    grid="explicit",
    num_stages=1,
)(jit(_dyt_bwd_kernel))

export(
    "others.liger.poly_norm_forward",
    types=typed(
        "*bf16: Y_ptr X_ptr W_ptr B_ptr",
        "i32:16: Y_row_stride X_row_stride n_cols",
        "*fp32: RSTD_ptr",
        "i32: RSTD_row_stride",
        "fp32: eps",
    ),
    constexprs={"BLOCK_SIZE": 4096},
    grid="explicit",
    num_warps=8,
)(jit(_poly_norm_forward_kernel))

export(
    "others.liger.poly_norm_backward",
    types=typed(
        "*bf16: dY_ptr dX_ptr X_ptr W_ptr",
        "i32:16: dY_row_stride dX_row_stride X_row_stride n_cols",
        "*fp32: RSTD_ptr dW_ptr dB_ptr",
        "i32: RSTD_row_stride dW_row_stride n_rows",
    ),
    constexprs={"rows_per_program": 64, "BLOCK_SIZE": 4096},
    grid="explicit",
    num_warps=8,
)(jit(_poly_norm_backward_kernel))

export(
    "others.liger.fused_add_rms_norm_forward",
    types=typed(
        "*bf16: Y_ptr S_ptr X_ptr R_ptr W_ptr",
        "i32:16: Y_row_stride S_row_stride X_row_stride R_row_stride n_cols",
        "*fp32: RSTD_ptr",
        "fp32: eps offset",
    ),
    constexprs={"casting_mode": 0, "BLOCK_SIZE": 4096, **each(1, "W_row_stride RSTD_row_stride")},
    grid="explicit",
    num_warps=8,
    num_stages=2,
)(jit(_fused_add_rms_norm_forward_kernel))

export(
    "others.liger.fused_add_rms_norm_backward",
    types=typed(
        "*bf16: dY_ptr dS_out_ptr dX_ptr X_ptr W_ptr",
        "i32:16: dY_row_stride dS_out_row_stride dX_row_stride X_row_stride dW_row_stride n_cols",
        "*fp32: RSTD_ptr dW_ptr",
        "i32: n_rows",
        "fp32: offset",
    ),
    constexprs={
        "X_dtype": tl.bfloat16,
        "rows_per_program": 64,
        "casting_mode": 0,
        "BLOCK_SIZE": 4096,
        "has_dS_out": True,
        **each(1, "W_row_stride RSTD_row_stride"),
    },
    grid="explicit",
    num_warps=8,
    num_stages=2,
)(jit(_fused_add_rms_norm_backward_kernel))

export(
    "others.liger.attn_res_fwd",
    types=typed(
        "*bf16: V_ptr W_query_ptr W_norm_ptr Out_ptr",
        "*fp32: Alpha_ptr RSTD_ptr",
        "i32: n_blocks n_tokens",
        "i32:16: D",
    ),
    constexprs={"eps": 1e-06, "BLOCK_D": 512, "MAX_BLOCKS": 4},
    grid=lambda n_tokens: (n_tokens,),
)(jit(_attn_res_fwd_kernel))

export(
    "others.liger.attn_res_bwd",
    types=typed(
        "*bf16: dOut_ptr V_ptr W_query_ptr W_norm_ptr dV_ptr",
        "*fp32: Alpha_ptr RSTD_ptr dW_query_ptr dW_norm_ptr",
        "i32: n_blocks n_tokens",
        "i32:16: D",
        "fp32: eps",
    ),
    constexprs={"BLOCK_D": 512, "MAX_BLOCKS": 4},
    grid=lambda n_tokens: (n_tokens,),
)(jit(_attn_res_bwd_kernel))
