"""Normalisations and softmax of Liger Kernel."""

from __future__ import annotations

from collections.abc import Iterable

import torch
import triton.language as tl

from .cases import EPSILON, PRODUCT, SMS, Call, Off, bf16, case, each, fp16, normal, poisoned
from .formulas import mean_and_reciprocal_deviation, reciprocal_rms

WARPS = {"num_warps": 8}


@case("others.liger.rms_norm_forward", "liger_kernel.ops.rms_norm:_rms_norm_forward_kernel")
def rms_norm_forward() -> Iterable[Call]:
    for dtype in (fp16, bf16):
        x, w = normal(37, 2064, dtype=dtype), normal(2064, dtype=dtype)
        y, rstd = poisoned(37, 2064, dtype=dtype), poisoned(37)
        scale = reciprocal_rms(x)
        yield Call(
            {
                **{"Y_ptr": y, "X_ptr": x, "W_ptr": w, "RSTD_ptr": rstd},
                **each(2064, "Y_row_stride X_row_stride n_cols"),
                **each(1, "W_row_stride RSTD_row_stride"),
                **{"eps": EPSILON, "offset": 1.0, "casting_mode": 0},
                **{"elementwise_affine": True, "BLOCK_SIZE": 4096},
            },
            grid=(37,),
            options=WARPS,
            expected={"Y_ptr": x.double() * scale * (1 + w.double()), "RSTD_ptr": scale.flatten()},
        )


@case("others.liger.rms_norm_backward", "liger_kernel.ops.rms_norm:_rms_norm_backward_kernel")
def rms_norm_backward() -> Iterable[Call]:
    # One program for each SM, as in the package: some have two rows, some none.
    rows, columns, programs = SMS + 9, 2064, SMS
    share = -(-rows // programs)
    x, w, dy = (normal(*s, dtype=bf16) for s in ((rows, columns), (columns,), (rows, columns)))
    yield Call(
        {
            **{
                "dY_ptr": dy,
                "X_ptr": x,
                "W_ptr": w,
                "RSTD_ptr": reciprocal_rms(x).flatten().float(),
            },
            **{
                "dX_ptr": poisoned(rows, columns, dtype=bf16),
                "dW_ptr": poisoned(programs, columns),
            },
            **each(columns, "dY_row_stride dX_row_stride X_row_stride dW_row_stride n_cols"),
            **each(1, "W_row_stride RSTD_row_stride"),
            **{"X_dtype": tl.bfloat16, "n_rows": rows, "rows_per_program": share, "offset": 0.0},
            **{"casting_mode": 0, "elementwise_affine": True, "BLOCK_SIZE": 4096},
            "COMPUTE_DW": True,
        },
        grid=(programs,),
        options=WARPS,
    )


@case(
    "others.liger.block_rms_norm_forward",
    "liger_kernel.ops.rms_norm:_block_rms_norm_forward_kernel",
)
def block_rms_norm_forward() -> Iterable[Call]:
    x, w = normal(50, 240, dtype=bf16), normal(240, dtype=bf16)
    y, rstd = poisoned(50, 240, dtype=bf16), poisoned(50)
    scale = reciprocal_rms(x)
    yield Call(
        {
            **{"Y_ptr": y, "X_ptr": x, "W_ptr": w, "RSTD_ptr": rstd},
            **each(240, "Y_row_stride X_row_stride n_cols"),
            **each(1, "W_row_stride RSTD_row_stride"),
            **{"n_rows": 50, "eps": EPSILON, "offset": 0.0, "casting_mode": 0},
            **{"elementwise_affine": True, "BLOCK_SIZE": 256, "BLOCK_ROW": 16},
        },
        grid=(4,),
        expected={"Y_ptr": x.double() * scale * w.double(), "RSTD_ptr": scale.flatten()},
    )


@case(
    "others.liger.fused_add_rms_norm_forward",
    "liger_kernel.ops.fused_add_rms_norm:_fused_add_rms_norm_forward_kernel",
)
def fused_add_rms_norm_forward() -> Iterable[Call]:
    x, r, w = (normal(*shape, dtype=bf16) for shape in ((9, 4096), (9, 4096), (4096,)))
    y, s, rstd = poisoned(9, 4096, dtype=bf16), poisoned(9, 4096, dtype=bf16), poisoned(9)
    total = x.double() + r.double()
    rounded = total.to(bf16).double()
    scale = reciprocal_rms(rounded)
    yield Call(
        {
            **{"Y_ptr": y, "S_ptr": s, "X_ptr": x, "R_ptr": r, "W_ptr": w, "RSTD_ptr": rstd},
            **each(4096, "Y_row_stride S_row_stride X_row_stride R_row_stride n_cols"),
            **each(1, "W_row_stride RSTD_row_stride"),
            **{"eps": EPSILON, "offset": 0.0, "casting_mode": 0, "BLOCK_SIZE": 4096},
        },
        grid=(9,),
        options=WARPS,
        expected={
            "S_ptr": total,
            "Y_ptr": rounded * scale * w.double(),
            "RSTD_ptr": scale.flatten(),
        },
    )


@case("others.liger.layer_norm_forward", "liger_kernel.ops.layer_norm:_layer_norm_forward_kernel")
def layer_norm_forward() -> Iterable[Call]:
    x, w, b = (normal(*shape, dtype=bf16) for shape in ((21, 3008), (3008,), (3008,)))
    y, mean, rstd = poisoned(21, 3008, dtype=bf16), poisoned(21), poisoned(21)
    m, scale = mean_and_reciprocal_deviation(x)
    yield Call(
        {
            **{"Y_ptr": y, "X_ptr": x, "W_ptr": w, "B_ptr": b, "Mean_ptr": mean, "RSTD_ptr": rstd},
            **each(3008, "Y_row_stride X_row_stride n_cols"),
            **each(1, "W_row_stride B_row_stride Mean_row_stride RSTD_row_stride"),
            **{"eps": EPSILON, "BLOCK_SIZE": 4096},
        },
        grid=(21,),
        options=WARPS,
        expected={
            "Y_ptr": (x.double() - m[:, None]) * scale[:, None] * w.double() + b.double(),
            "Mean_ptr": m,
            "RSTD_ptr": scale,
        },
        # A mean of 3008 numbers is small beside what cancels in it.
        apart={"Mean_ptr": 1e-5},
    )


@case("others.liger.layer_norm_backward", "liger_kernel.ops.layer_norm:_layer_norm_backward_kernel")
def layer_norm_backward() -> Iterable[Call]:
    rows, columns, share = 150, 3008, 64
    programs = -(-rows // share)
    x, w, dy = (normal(*s, dtype=bf16) for s in ((rows, columns), (columns,), (rows, columns)))
    mean, scale = mean_and_reciprocal_deviation(x)
    yield Call(
        {
            **{"X_ptr": x, "W_ptr": w, "DY_ptr": dy},
            **{"Mean_ptr": mean.float(), "RSTD_ptr": scale.float()},
            **{"DX_ptr": poisoned(rows, columns, dtype=bf16)},
            **{"DW_ptr": poisoned(programs, columns), "DB_ptr": poisoned(programs, columns)},
            **each(columns, "stride_x stride_dx stride_dw stride_db stride_dy n_cols"),
            **each(1, "stride_mean stride_rstd"),
            **{"n_rows": rows, "rows_per_program": share, "BLOCK_SIZE": 4096},
            **each(True, "COMPUTE_DW COMPUTE_DB"),
        },
        grid=(programs,),
        options=WARPS,
    )


@case("others.liger.group_norm_forward", "liger_kernel.ops.group_norm:_group_norm_forward_kernel")
def group_norm_forward() -> Iterable[Call]:
    batch, groups, channels, size = 3, 4, 2, 1040
    x, w, b = normal(batch, groups, channels * size), normal(8), normal(8)
    y, mean, rstd = torch.full_like(x, float("nan")), poisoned(batch, groups), poisoned(3, groups)
    m, scale = mean_and_reciprocal_deviation(x)
    unit = (x.double() - m[..., None]) * scale[..., None]
    unit = unit.view(batch, groups * channels, size)
    yield Call(
        {
            **{"Y_ptr": y, "X_ptr": x, "W_ptr": w, "B_ptr": b, "Mean_ptr": mean, "RSTD_ptr": rstd},
            **each(groups * channels * size, "Y_row_stride X_row_stride"),
            **each(channels * size, "Y_col_stride X_col_stride hidden_size"),
            **each(groups, "Mean_row_stride RSTD_row_stride"),
            **each(1, "Mean_col_stride RSTD_col_stride"),
            **{"channels_per_group": channels, "eps": EPSILON, "BLOCK_SIZE": 4096},
        },
        grid=(batch, groups),
        expected={
            "Y_ptr": (unit * w.double()[:, None] + b.double()[:, None]).view(x.shape),
            "Mean_ptr": m,
            "RSTD_ptr": scale,
        },
        apart={"Mean_ptr": 1e-5},
    )


@case(
    "others.liger.softmax_single_block_forward",
    "liger_kernel.ops.softmax:_softmax_single_block_forward_kernel",
)
def softmax_single_block_forward() -> Iterable[Call]:
    for dtype in (fp16, bf16):
        x, y = normal(30, 2512, dtype=dtype), poisoned(30, 2512, dtype=dtype)
        yield Call(
            {
                **{"Y_ptr": y, "X_ptr": x, "BLOCK_SIZE": 4096},
                **each(2512, "Y_row_stride X_row_stride n_cols"),
            },
            grid=(30,),
            options=WARPS,
            expected={"Y_ptr": Off(x.double().softmax(-1), PRODUCT)},
            apart={"Y_ptr": PRODUCT},
        )


@case(
    "others.liger.softmax_single_block_backward",
    "liger_kernel.ops.softmax:_softmax_single_block_backward_kernel",
)
def softmax_single_block_backward() -> Iterable[Call]:
    dy, y = normal(30, 2512, dtype=bf16), normal(30, 2512).softmax(-1).to(bf16)
    dx = poisoned(30, 2512, dtype=bf16)
    dot = (dy.double() * y.double()).sum(-1, keepdim=True)
    yield Call(
        {
            **{"dy_ptr": dy, "y_ptr": y, "dx_ptr": dx, "BLOCK_SIZE": 4096},
            **each(2512, "dy_stride y_stride dx_stride n_cols"),
        },
        grid=(30,),
        options=WARPS,
        expected={"dx_ptr": Off(y.double() * (dy.double() - dot), PRODUCT)},
        apart={"dx_ptr": PRODUCT},
    )
