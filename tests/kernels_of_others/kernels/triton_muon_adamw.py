"""Optimisers of triton-muon-adamw 1.0.0."""

from triton import cdiv
from triton_muon_adamw.adamw.triton_adam import adamw_step
from triton_muon_adamw.muon.triton_muon import ns_kernel_1, ns_kernel_2

from codegen.export import export

from .declaring import typed

export(
    "others.muon.adamw_step",
    types=typed("*fp32: p_ptr g_ptr m_ptr v_ptr"),
    constexprs={"BLOCK_SIZE": 1024},
    grid=lambda p_ptr, N, BLOCK_SIZE: (p_ptr.shape[0], cdiv(N, BLOCK_SIZE)),
)(adamw_step)

export(
    "others.muon.ns_1",
    types=typed(
        "*bf16: a_ptr out_ptr", "i32:16: M K stride_am stride_cm", "i32:1: stride_ak stride_cn"
    ),
    constexprs={"BLOCK_M": 64, "BLOCK_K": 32, "GROUP_M": 8},
    grid=lambda M, BLOCK_M: (cdiv(M, BLOCK_M) ** 2,),
)(ns_kernel_1)

export(
    "others.muon.ns_2",
    types=typed(
        "*bf16: a_ptr out_ptr", "i32:16: M stride_am stride_cm", "i32:1: stride_ak stride_cn"
    ),
    constexprs={"b_coeff": -4.775, "c_coeff": 2.0315, "BLOCK_M": 64, "BLOCK_K": 32, "GROUP_M": 8},
    grid=lambda M, BLOCK_M: (cdiv(M, BLOCK_M) ** 2,),
)(ns_kernel_2)
