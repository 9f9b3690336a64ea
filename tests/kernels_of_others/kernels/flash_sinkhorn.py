"""Optimal transport of flash-sinkhorn 0.4.1."""

from flash_sinkhorn.kernels.apply_flash import _apply_plan_axis1_vec_flashstyle_kernel
from flash_sinkhorn.kernels.sinkhorn_flashstyle_sqeuclid import (
    _flashsinkhorn_lse_raw_kernel_autotune,
)
from triton import cdiv

from codegen.export import export

from .declaring import typed

export(
    "others.sinkhorn.lse_raw",
    types=typed(
        "*fp32: x_ptr y_ptr bias_ptr out_ptr",
        "i32: n m stride_x0 stride_x1 stride_y0 stride_y1 stride_bias stride_out",
        "i32: CACHE_KEY_N CACHE_KEY_M",
        "fp32: coord_scale eps damping",
    ),
    constexprs={"D": 64, "ALLOW_TF32": True, "DTYPE_ID": 0, "USE_EXP2": True},
    configs=[{"BLOCK_M": 64, "BLOCK_N": 64}],
    grid=lambda n, BLOCK_M: (cdiv(n, BLOCK_M),),
)(_flashsinkhorn_lse_raw_kernel_autotune)

export(
    "others.sinkhorn.apply_plan_vector",
    types=typed(
        "*fp32: x_ptr y_ptr f_hat_ptr g_hat_ptr log_a_ptr log_b_ptr vec_ptr out_ptr",
        "i32: N M stride_x0 stride_x1 stride_y0 stride_y1",
    ),
    constexprs={
        **{"eps": 0.1, "coord_scale": 2.0, "USE_EXP2": True, "ALLOW_TF32": False},
        **{"BLOCK_M": 64, "BLOCK_N": 64, "BLOCK_K": 32},
    },
    grid=lambda N, BLOCK_M: (cdiv(N, BLOCK_M),),
)(_apply_plan_axis1_vec_flashstyle_kernel)
