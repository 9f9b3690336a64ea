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

from .declaring import each, typed

HALVES = "*fp16 | *bf16"
MOMENTUM, ADAM, LION, ADEMAMIX = 0, 3, 4, 5

export(
    "others.bitsandbytes.quantize_8bit_blockwise",
    types=typed(
        f"{HALVES}: A_ptr absmax_ptr", "*fp32: code_ptr", "*u8: out_ptr", "i32:16: n_elements"
    ),
    constexprs={"BLOCK_SIZE": [256, 4096], "CODE_SIZE": 256, "SPLIT_NUM_BLOCKS": 1},
    shapes={
        "A_ptr": ("n_elements",),
        "absmax_ptr": ("cdiv(n_elements, BLOCK_SIZE)",),
        "out_ptr": ("n_elements",),
        "code_ptr": ("CODE_SIZE",),
    },
    grid=lambda n_elements, BLOCK_SIZE, SPLIT_NUM_BLOCKS: (
        cdiv(cdiv(n_elements, BLOCK_SIZE), SPLIT_NUM_BLOCKS),
    ),
)(quantize_8bit_blockwise_kernel)

export(
    "others.bitsandbytes.dequant_8bit",
    types=typed(
        "*u8: a_ptr", "*fp16 | *bf16 | *fp32: out_ptr", "*fp32: code_ptr absmax_ptr", "i32:16: n"
    ),
    constexprs={"QUANT_BLOCK": 256, "SPLIT_SIZE": 256},
    shapes={"a_ptr": ("n",), "out_ptr": ("n",), "absmax_ptr": ("cdiv(n, QUANT_BLOCK)",)},
    grid=lambda n, SPLIT_SIZE: (cdiv(n, SPLIT_SIZE),),
)(dequant_8bit_kernel)

for name, kernel in (
    ("nf4", quantize_nf4_blockwise_kernel),
    ("fp4", quantize_fp4_blockwise_kernel),
):
    export(
        f"others.bitsandbytes.quantize_{name}_blockwise",
        types=typed(
            f"{HALVES}: A_ptr absmax_ptr", "*u8: out_ptr", "i32:16: n_elements absmax_elements"
        ),
        constexprs={"BLOCK_SIZE": [64, 128], "SPLIT_NUM_BLOCKS": 4},
        shapes={
            "A_ptr": ("n_elements",),
            "absmax_ptr": ("absmax_elements",),
            "out_ptr": ("cdiv(n_elements, 2)",),
        },
        grid=lambda n_elements, BLOCK_SIZE, SPLIT_NUM_BLOCKS: (
            cdiv(cdiv(n_elements, 2 * BLOCK_SIZE), SPLIT_NUM_BLOCKS),
        ),
    )(kernel)

for name, kernel in (("nf4", dequant_nf4_kernel), ("fp4", dequant_fp4_kernel)):
    export(
        f"others.bitsandbytes.dequant_{name}",
        types=typed(
            "*u8: a_ptr",
            f"{HALVES}: c_ptr",
            "*fp32: absmax_ptr",
            "i32:16: num_paired_elements num_output_elements",
        ),
        constexprs={"QUANT_BLOCK": 64, "SPLIT_SIZE": 256},
        shapes={"a_ptr": ("num_paired_elements",), "c_ptr": ("num_output_elements",)},
        grid=lambda num_paired_elements, SPLIT_SIZE: (cdiv(num_paired_elements, SPLIT_SIZE),),
    )(kernel)

FACTORS = {
    "beta1": 0.9,
    "beta2": 0.999,
    "eps": 1e-08,
}

export(
    "others.bitsandbytes.optimizer_update_2state_32bit",
    types=typed(
        f"{HALVES}: g_ptr p_ptr",
        "*fp32: state1_ptr state2_ptr",
        "fp32: param_norm beta3 alpha beta1_step beta2_step lr",
        "i32: step",
        "i1: skip_zeros",
        "i32:16: n_elements",
    ),
    constexprs={
        **FACTORS,
        "max_unorm": 0.0,
        "unorm_ptr": None,
        "weight_decay": 0.01,
        "gnorm_scale": 1.0,
        "OPTIMIZER_ID": [ADAM, ADEMAMIX],
        "BLOCK_SIZE": 256,
        "N_PER_TH": 1,
    },
    shapes={"g_ptr": ("n_elements",), "p_ptr": ("n_elements",), "state2_ptr": ("n_elements",)},
    grid=lambda n_elements, BLOCK_SIZE, N_PER_TH: (cdiv(n_elements, BLOCK_SIZE * N_PER_TH),),
    num_warps=2,
)(_optimizer_update_2state_32bit_triton_kernel)

export(
    "others.bitsandbytes.optimizer_update_2state_8bit_blockwise",
    types=typed(
        f"{HALVES}: p_ptr g_ptr",
        "*u8: state1_ptr state2_ptr",
        "fp32: beta3 alpha beta1_step beta2_step lr",
        "*fp32: qmap1_ptr qmap2_ptr absmax1_ptr absmax2_ptr",
        "i32: step",
        "i32:16: n_elements",
    ),
    constexprs={
        **FACTORS,
        "weight_decay": 0.01,
        "gnorm_scale": 1.0,
        "BLOCK_SIZE_N": 256,
        "N_PER_TH": 1,
        "OPTIMIZER_ID": [ADAM, ADEMAMIX],
    },
    shapes={"p_ptr": ("n_elements",), "g_ptr": ("n_elements",), "state2_ptr": ("n_elements",)},
    grid=lambda n_elements, BLOCK_SIZE_N, N_PER_TH: (cdiv(n_elements, BLOCK_SIZE_N * N_PER_TH),),
    num_warps=2,
)(_optimizer_update_2state_8bit_blockwise_triton_kernel)

# Momentum begins with the gradient in its first step: that is a variant, as in Triton's JIT.
export(
    "others.bitsandbytes.optimizer_update_1state_32bit",
    types=typed(
        "*bf16: g_ptr p_ptr",
        "*fp32: state1_ptr",
        "fp32: param_norm beta3 alpha beta1_step beta2_step lr",
        "i32:1: step",
        "i1: skip_zeros",
        "i32:16: n_elements",
    ),
    cases=[{}, {"step": None}],
    constexprs={
        **FACTORS,
        "max_unorm": 0.0,
        "weight_decay": 0.01,
        "gnorm_scale": 1.0,
        "OPTIMIZER_ID": [MOMENTUM, LION],
        "BLOCK_SIZE": 256,
        "N_PER_TH": 1,
        **each(None, "state2_ptr unorm_ptr"),
    },
    shapes={"g_ptr": ("n_elements",), "p_ptr": ("n_elements",), "state1_ptr": ("n_elements",)},
    grid=lambda n_elements, BLOCK_SIZE, N_PER_TH: (cdiv(n_elements, BLOCK_SIZE * N_PER_TH),),
    num_warps=2,
)(_optimizer_update_1state_32bit_triton_kernel)

export(
    "others.bitsandbytes.optimizer_update_1state_8bit_blockwise",
    types=typed(
        "*bf16: p_ptr g_ptr",
        "*u8: state1_ptr",
        "fp32: beta3 alpha beta1_step beta2_step lr weight_decay gnorm_scale",
        "*fp32: qmap1_ptr absmax1_ptr",
        "i32:1: step",
        "i32:16: n_elements",
    ),
    cases=[{}, {"step": None}],
    constexprs={
        **FACTORS,
        "BLOCK_SIZE_N": 256,
        "N_PER_TH": 1,
        "OPTIMIZER_ID": [MOMENTUM, LION],
        **each(None, "state2_ptr qmap2_ptr absmax2_ptr"),
    },
    shapes={"p_ptr": ("n_elements",), "g_ptr": ("n_elements",), "state1_ptr": ("n_elements",)},
    grid=lambda n_elements, BLOCK_SIZE_N, N_PER_TH: (cdiv(n_elements, BLOCK_SIZE_N * N_PER_TH),),
    num_warps=2,
)(_optimizer_update_1state_8bit_blockwise_triton_kernel)
