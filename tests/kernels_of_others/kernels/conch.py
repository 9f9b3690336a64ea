"""Inference kernels of conch-triton-kernels 1.3."""

import triton.language as tl
from conch.kernels.activation.gelu_tanh_and_mul import _gelu_tanh_and_mul_kernel
from conch.kernels.activation.silu_and_mul import _silu_and_mul_kernel
from conch.kernels.embedding.rotary_embedding import _rotary_embedding_kernel
from conch.kernels.normalization.gemma_rms_norm import _gemma_rms_norm_inplace_kernel
from conch.kernels.normalization.rms_norm import _rms_norm_kernel
from conch.kernels.quantization.bitsandbytes.dequantize_blockwise import (
    _dequantize_blockwise_kernel,
)
from conch.kernels.quantization.bitsandbytes.quantize_blockwise import _quantize_blockwise_kernel
from conch.kernels.quantization.int8 import _static_scaled_int8_quant_kernel
from conch.kernels.vision.bev_pool import _bev_pool_kernel
from conch.kernels.vision.nms import _create_iou_mask_kernel, _nms_suppression_kernel
from conch.kernels.vllm.copy_blocks import _copy_blocks_kernel
from conch.kernels.vllm.reshape_and_cache import _reshape_and_cache_kernel
from triton import cdiv, next_power_of_2

from codegen.export import export

from .declaring import derived, each, typed

HALVES = "*fp16 | *bf16"

export(
    "others.conch.silu_and_mul",
    types=typed(f"{HALVES}: output_ptr x_ptr", "i32:16: output_stride input_stride d"),
    constexprs={"cxpr_block_size": 1024},
    grid=lambda x_ptr: (x_ptr.numel() // x_ptr.size(-1),),
)(_silu_and_mul_kernel)

# Its tanh is one of fp32 and fp64.
export(
    "others.conch.gelu_tanh_and_mul",
    types=typed("*fp32: out_ptr in_ptr", "i32:16: out_stride in_stride d"),
    constexprs={
        "cxpr_block_size": [128, 256],
        "cxpr_beta": 0.7978845608028654,
        "cxpr_kappa": 0.044715,
    },
    grid=lambda in_ptr, d: (in_ptr.numel() // (2 * d),),
)(
    derived(
        _gelu_tanh_and_mul_kernel,
        cxpr_block_size=lambda given: min(256, next_power_of_2(given["d"])),
    )
)

# With a residual, it is added to x, and x gets the result.
export(
    "others.conch.rms_norm",
    types=typed(
        "*bf16: output_ptr x_ptr weight_ptr", "*bf16 | None: residual_ptr", "i32:16: hidden_size"
    ),
    constexprs={"cxpr_block_size": [2048, 4096]},
    shapes={"weight_ptr": ("hidden_size",)},
    grid=lambda x_ptr, hidden_size: (x_ptr.numel() // hidden_size,),
)(
    derived(
        _rms_norm_kernel,
        cxpr_block_size=lambda given: next_power_of_2(given["hidden_size"]),
        cxpr_use_residual=lambda given: given["residual_ptr"] is not None,
    )
)

export(
    "others.conch.gemma_rms_norm_inplace",
    types=typed(f"{HALVES}: x_ptr weights_ptr", "i32:16: hidden_size"),
    constexprs={"cxpr_block_size": [2048, 4096]},
    shapes={"weights_ptr": ("hidden_size",)},
    grid=lambda x_ptr: (x_ptr.shape[0],),
)(
    derived(
        _gemma_rms_norm_inplace_kernel,
        cxpr_block_size=lambda given: next_power_of_2(given["hidden_size"]),
    )
)

export(
    "others.conch.static_scaled_int8_quant",
    types=typed(
        "*i8: output_ptr", f"{HALVES}: input_ptr", "*fp32: scale_ptr", "i32:16: hidden_size"
    ),
    constexprs={"cxpr_hidden_size_padded": [4096, 8192]},
    grid=lambda output_ptr: (output_ptr.shape[0],),
)(
    derived(
        _static_scaled_int8_quant_kernel,
        cxpr_hidden_size_padded=lambda given: next_power_of_2(given["hidden_size"]),
        cxpr_block_size=lambda given: min(given["cxpr_hidden_size_padded"], 1024),
    )
)

export(
    "others.conch.conch_rotary_embedding",
    types=typed(
        "*i64: positions_ptr",
        f"{HALVES}: query_ptr key_ptr cos_sin_cache_ptr",
        "i32:16: rot_dim query_stride key_stride num_heads head_size",
    ),
    constexprs={"cxpr_block_size": [64, 128]},
    grid=lambda query_ptr: (query_ptr.numel() // query_ptr.shape[-1],),
)(
    derived(
        _rotary_embedding_kernel,
        cxpr_block_size=lambda given: next_power_of_2(given["head_size"]),
    )
)

export(
    "others.conch.create_iou_mask",
    types=typed("*fp32: boxes_ptr", "*i1: iou_mask_ptr"),
    tuned={
        (256,): {"cxpr_block_size": 16},
        (1024,): {"cxpr_block_size": 64},
        (4096,): {"cxpr_block_size": 256},
    },
    shapes={"boxes_ptr": ("num_boxes", 4)},
    grid=lambda num_boxes: (num_boxes,),
)(_create_iou_mask_kernel)

export(
    "others.conch.nms_suppression",
    types=typed("*i1: iou_mask_ptr keep_mask_ptr"),
    configs=[{"cxpr_block_size": 256}, {"cxpr_block_size": 1024}],
    shapes={"keep_mask_ptr": ("num_boxes",)},
    grid=lambda: (1,),
)(_nms_suppression_kernel)

export(
    "others.conch.reshape_and_cache",
    types=typed(
        f"{HALVES}: key_ptr value_ptr key_cache_ptr value_cache_ptr",
        "*i64: slot_mapping_ptr",
        "i32:16: head_size cache_block_size",
        "i64:16: kv_token_stride kv_head_stride kv_cache_page_stride kv_cache_block_stride",
        "i64:16: kv_cache_head_stride",
    ),
    constexprs={
        "cxpr_head_size_padded": [64, 128],
        "cxpr_apply_fp8_scaling": False,
        **each(None, "k_scale_ptr v_scale_ptr"),
    },
    grid=lambda slot_mapping_ptr, key_ptr: (slot_mapping_ptr.size(0), key_ptr.shape[1]),
)(
    derived(
        _reshape_and_cache_kernel,
        cxpr_head_size_padded=lambda given: next_power_of_2(given["head_size"]),
    )
)

GENERAL, NF4 = 0, 1


def quantised_type(given):
    """With a table of codes they are bytes, else pairs of NF4."""
    return NF4 if given["code_ptr"] is None else GENERAL


export(
    "others.conch.dequantize_blockwise",
    types=typed(
        "*u8: x_ptr",
        "*fp32: absmax_ptr",
        f"{HALVES}: out_ptr",
        "*fp32 | None: code_ptr",
        "i32:16: output_size",
    ),
    constexprs={"cxpr_blocksize": 64},
    shapes={"out_ptr": ("output_size",), "absmax_ptr": ("cdiv(output_size, cxpr_blocksize)",)},
    grid=lambda output_size, cxpr_blocksize: (cdiv(output_size, cxpr_blocksize),),
)(
    derived(
        _dequantize_blockwise_kernel,
        cxpr_quantized_dtype=quantised_type,
        cxpr_input_blocksize=lambda given: 32 if given["code_ptr"] is None else 64,
    )
)

export(
    "others.conch.quantize_blockwise",
    types=typed(
        f"{HALVES}: x_ptr",
        "*fp32: absmax_ptr",
        "*u8: out_ptr",
        "*fp32 | None: code_ptr",
        "i32:16: input_size",
    ),
    constexprs={"cxpr_blocksize": 64},
    shapes={"x_ptr": ("input_size",), "absmax_ptr": ("cdiv(input_size, cxpr_blocksize)",)},
    grid=lambda input_size, cxpr_blocksize: (cdiv(input_size, cxpr_blocksize),),
)(
    derived(
        _quantize_blockwise_kernel,
        cxpr_quantized_dtype=quantised_type,
        cxpr_output_blocksize=lambda given: 32 if given["code_ptr"] is None else 64,
    )
)

export(
    "others.conch.copy_blocks",
    types=typed(
        "*u64: key_cache_ptrs value_cache_ptrs",
        "*i64: block_mapping_ptr",
        "i32:16: kv_cache_block_stride page_size",
    ),
    constexprs={"kv_cache_dtype": [tl.float16, tl.bfloat16], "cxpr_chunk_size": 1024},
    grid=lambda key_cache_ptrs, block_mapping_ptr: (
        key_cache_ptrs.numel(),
        block_mapping_ptr.size(0),
    ),
)(_copy_blocks_kernel)

export(
    "others.conch.bev_pool",
    types=typed(
        "*fp32: output_ptr image_feats_ptr",
        "*i32: geom_feats_ptr interval_starts_ptr interval_lengths_ptr",
        "i32:16: num_channels image_feats_stride output_batch_stride output_z_stride",
        "i32:16: output_x_stride output_y_stride",
    ),
    constexprs={"cxpr_num_channels_padded": [64, 128], "cxpr_block_size": 64},
    shapes={"interval_lengths_ptr": ("num_intervals",), "interval_starts_ptr": ("num_intervals",)},
    grid=lambda num_intervals, cxpr_block_size: (cdiv(num_intervals, cxpr_block_size),),
)(
    derived(
        _bev_pool_kernel,
        cxpr_num_channels_padded=lambda given: next_power_of_2(given["num_channels"]),
    )
)
