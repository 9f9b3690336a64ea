"""Blockwise quantisation and optimisers of bitsandbytes 0.50.2."""

from bitsandbytes.backends.triton.kernels_4bit import (
    dequant_fp4_kernel,
    dequant_nf4_kernel,
    quantize_fp4_blockwise_kernel,
    quantize_nf4_blockwise_kernel,
)
from bitsandbytes.backends.triton.kernels_8bit_quant import (
    dequant_8bit_kernel,
    quantize_8bit_blockwise_kernel,
)
from bitsandbytes.backends.triton.kernels_optim import (
    _optimizer_update_1state_8bit_blockwise_triton_kernel,
    _optimizer_update_1state_32bit_triton_kernel,
    _optimizer_update_2state_8bit_blockwise_triton_kernel,
    _optimizer_update_2state_32bit_triton_kernel,
)
from triton import cdiv

from codegen.export import export

from .declaring import each, jit, typed

export(
    "others.bitsandbytes.quantize_8bit_blockwise",
    types=typed(
        "*bf16: A_ptr absmax_ptr",
        "*fp32: code_ptr",
        "*u8: out_ptr",
        "i32:16: n_elements",
    ),
    constexprs={"BLOCK_SIZE": 256, "CODE_SIZE": 256, "SPLIT_NUM_BLOCKS": 1},
    grid=lambda n_elements, BLOCK_SIZE, SPLIT_NUM_BLOCKS: (
        cdiv(cdiv(n_elements, BLOCK_SIZE), SPLIT_NUM_BLOCKS),
    ),
)(jit(quantize_8bit_blockwise_kernel))

export(
    "others.bitsandbytes.dequant_8bit",
    types=typed(
        "*u8: a_ptr",
        "*bf16: out_ptr",
        "*fp32: code_ptr absmax_ptr",
        "i32:16: n",
    ),
    constexprs={"QUANT_BLOCK": 256, "SPLIT_SIZE": 256},
    grid=lambda n, SPLIT_SIZE: (cdiv(n, SPLIT_SIZE),),
)(jit(dequant_8bit_kernel))

export(
    "others.bitsandbytes.quantize_nf4_blockwise",
    types=typed(
        "*bf16: A_ptr absmax_ptr",
        "*u8: out_ptr",
        "i32:16: n_elements absmax_elements",
    ),
    constexprs={"BLOCK_SIZE": 64, "SPLIT_NUM_BLOCKS": 4},
    grid=lambda n_elements, BLOCK_SIZE, SPLIT_NUM_BLOCKS: (
        cdiv(cdiv(n_elements, 2 * BLOCK_SIZE), SPLIT_NUM_BLOCKS),
    ),
)(jit(quantize_nf4_blockwise_kernel))

export(
    "others.bitsandbytes.dequant_nf4",
    types=typed(
        "*u8: a_ptr",
        "*bf16: c_ptr",
        "*fp32: absmax_ptr",
        "i32:16: num_paired_elements num_output_elements",
    ),
    constexprs={"QUANT_BLOCK": 64, "SPLIT_SIZE": 256},
    grid=lambda num_paired_elements, SPLIT_SIZE: (cdiv(num_paired_elements, SPLIT_SIZE),),
)(jit(dequant_nf4_kernel))

export(
    "others.bitsandbytes.quantize_fp4_blockwise",
    types=typed(
        "*bf16: A_ptr absmax_ptr",
        "*u8: out_ptr",
        "i32:16: n_elements absmax_elements",
    ),
    constexprs={"BLOCK_SIZE": 64, "SPLIT_NUM_BLOCKS": 4},
    grid=lambda n_elements, BLOCK_SIZE, SPLIT_NUM_BLOCKS: (
        cdiv(cdiv(n_elements, 2 * BLOCK_SIZE), SPLIT_NUM_BLOCKS),
    ),
)(jit(quantize_fp4_blockwise_kernel))

export(
    "others.bitsandbytes.dequant_fp4",
    types=typed(
        "*u8: a_ptr",
        "*bf16: c_ptr",
        "*fp32: absmax_ptr",
        "i32:16: num_paired_elements num_output_elements",
    ),
    constexprs={"QUANT_BLOCK": 64, "SPLIT_SIZE": 256},
    grid=lambda num_paired_elements, SPLIT_SIZE: (cdiv(num_paired_elements, SPLIT_SIZE),),
)(jit(dequant_fp4_kernel))

export(
    "others.bitsandbytes.optimizer_update_2state_32bit",
    types=typed(
        "*bf16: g_ptr p_ptr",
        "*fp32: state1_ptr state2_ptr",
        "fp32: param_norm beta3 alpha beta1_step beta2_step lr",
        "i1: skip_zeros",
        "i32:16: n_elements",
    ),
    constexprs={
        "max_unorm": 0.0,
        "beta1": 0.9,
        "beta2": 0.999,
        "eps": 1e-08,
        "weight_decay": 0.01,
        "gnorm_scale": 1.0,
        "OPTIMIZER_ID": 3,
        "BLOCK_SIZE": 256,
        "N_PER_TH": 1,
        **each(None, "unorm_ptr"),
        **each(1, "step"),
    },
    grid=lambda n_elements, BLOCK_SIZE, N_PER_TH: (cdiv(n_elements, BLOCK_SIZE * N_PER_TH),),
    num_warps=2,
)(jit(_optimizer_update_2state_32bit_triton_kernel))

export(
    "others.bitsandbytes.optimizer_update_2state_8bit_blockwise",
    types=typed(
        "*bf16: p_ptr g_ptr",
        "*u8: state1_ptr state2_ptr",
        "fp32: beta3 alpha beta1_step beta2_step lr",
        "*fp32: qmap1_ptr qmap2_ptr absmax1_ptr absmax2_ptr",
        "i32:16: n_elements",
    ),
    constexprs={
        "beta1": 0.9,
        "beta2": 0.999,
        "eps": 1e-08,
        "weight_decay": 0.01,
        "gnorm_scale": 1.0,
        "BLOCK_SIZE_N": 256,
        "N_PER_TH": 1,
        "OPTIMIZER_ID": 3,
        **each(1, "step"),
    },
    grid=lambda n_elements, BLOCK_SIZE_N, N_PER_TH: (cdiv(n_elements, BLOCK_SIZE_N * N_PER_TH),),
    num_warps=2,
)(jit(_optimizer_update_2state_8bit_blockwise_triton_kernel))

export(
    "others.bitsandbytes.optimizer_update_1state_32bit",
    types=typed(
        "*bf16: g_ptr p_ptr",
        "*fp32: state1_ptr",
        "fp32: param_norm beta3 alpha beta1_step beta2_step lr",
        "i1: skip_zeros",
        "i32:16: n_elements",
    ),
    constexprs={
        "max_unorm": 0.0,
        "beta1": 0.9,
        "beta2": 0.999,
        "eps": 1e-08,
        "weight_decay": 0.01,
        "gnorm_scale": 1.0,
        "OPTIMIZER_ID": 4,
        "BLOCK_SIZE": 256,
        "N_PER_TH": 1,
        **each(None, "state2_ptr unorm_ptr"),
        **each(1, "step"),
    },
    grid=lambda n_elements, BLOCK_SIZE, N_PER_TH: (cdiv(n_elements, BLOCK_SIZE * N_PER_TH),),
    num_warps=2,
)(jit(_optimizer_update_1state_32bit_triton_kernel))

export(
    "others.bitsandbytes.optimizer_update_1state_8bit_blockwise",
    types=typed(
        "*bf16: p_ptr g_ptr",
        "*u8: state1_ptr",
        "fp32: beta3 alpha beta1_step beta2_step lr weight_decay gnorm_scale",
        "*fp32: qmap1_ptr absmax1_ptr",
        "i32:16: n_elements",
    ),
    constexprs={
        "beta1": 0.9,
        "beta2": 0.999,
        "eps": 1e-08,
        "BLOCK_SIZE_N": 256,
        "N_PER_TH": 1,
        "OPTIMIZER_ID": 4,
        **each(None, "state2_ptr qmap2_ptr absmax2_ptr"),
        **each(1, "step"),
    },
    grid=lambda n_elements, BLOCK_SIZE_N, N_PER_TH: (cdiv(n_elements, BLOCK_SIZE_N * N_PER_TH),),
    num_warps=2,
)(jit(_optimizer_update_1state_8bit_blockwise_triton_kernel))
