"""Inference kernels of conch-triton-kernels 1.3."""

import triton.language as tl
from conch.kernels.activation.gelu_tanh_and_mul import _gelu_tanh_and_mul_kernel
from conch.kernels.activation.silu_and_mul import _silu_and_mul_kernel
from conch.kernels.attention.varlen_attention import _varlen_attention_compute_splits_kernel
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
from conch.third_party.vllm.unified_attention import kernel_unified_attention_2d
from triton import cdiv

from codegen.export import export

from .declaring import each, jit, typed

export(
    "others.conch.silu_and_mul",
    types=typed(
        "*bf16: output_ptr x_ptr",
        "i32:16: output_stride input_stride d",
    ),
    constexprs={"cxpr_block_size": 1024},
    grid="explicit",
)(jit(_silu_and_mul_kernel))

export(
    "others.conch.gelu_tanh_and_mul",
    types=typed(
        "*fp32: out_ptr in_ptr",
        "i32:16: out_stride in_stride d",
    ),
    constexprs={"cxpr_block_size": 256, "cxpr_beta": 0.7978845608028654, "cxpr_kappa": 0.044715},
    grid="explicit",
)(jit(_gelu_tanh_and_mul_kernel))

export(
    "others.conch.rms_norm",
    types=typed(
        "*bf16: output_ptr x_ptr weight_ptr",
        "i32:16: hidden_size",
    ),
    constexprs={"cxpr_block_size": 4096, "cxpr_use_residual": False, **each(None, "residual_ptr")},
    grid="explicit",
)(jit(_rms_norm_kernel))

export(
    "others.conch.gemma_rms_norm_inplace",
    types=typed(
        "*bf16: x_ptr weights_ptr",
        "i32:16: hidden_size",
    ),
    constexprs={"cxpr_block_size": 4096},
    grid="explicit",
)(jit(_gemma_rms_norm_inplace_kernel))

export(
    "others.conch.static_scaled_int8_quant",
    types=typed(
        "*i8: output_ptr",
        "*bf16: input_ptr",
        "*fp32: scale_ptr",
        "i32:16: hidden_size",
    ),
    constexprs={"cxpr_hidden_size_padded": 4096, "cxpr_block_size": 1024},
    grid="explicit",
)(jit(_static_scaled_int8_quant_kernel))

export(
    "others.conch.conch_rotary_embedding",
    types=typed(
        "*i64: positions_ptr",
        "*bf16: query_ptr key_ptr cos_sin_cache_ptr",
        "i32:16: rot_dim query_stride key_stride num_heads head_size",
    ),
    constexprs={"cxpr_block_size": 128},
    grid="explicit",
)(jit(_rotary_embedding_kernel))

export(
    "others.conch.create_iou_mask",
    types=typed(
        "*fp32: boxes_ptr",
        "*i1: iou_mask_ptr",
    ),
    constexprs={"cxpr_block_size": 16},
    grid=lambda num_boxes: (num_boxes,),
)(jit(_create_iou_mask_kernel))

export(
    "others.conch.nms_suppression",
    types=typed(
        "*i1: iou_mask_ptr keep_mask_ptr",
    ),
    constexprs={"cxpr_block_size": 128},
    grid=lambda: (1,),
)(jit(_nms_suppression_kernel))

export(
    "others.conch.reshape_and_cache",
    types=typed(
        "*bf16: key_ptr value_ptr key_cache_ptr value_cache_ptr",
        "*i64: slot_mapping_ptr",
        "i32:16: head_size cache_block_size",
        "i64:16: kv_token_stride kv_head_stride kv_cache_page_stride kv_cache_block_stride",
        "i64:16: kv_cache_head_stride",
    ),
    constexprs={
        "cxpr_head_size_padded": 128,
        "cxpr_apply_fp8_scaling": False,
        **each(None, "k_scale_ptr v_scale_ptr"),
    },
    grid="explicit",
)(jit(_reshape_and_cache_kernel))

export(
    "others.conch.dequantize_blockwise",
    types=typed(
        "*u8: x_ptr",
        "*fp32: absmax_ptr",
        "*bf16: out_ptr",
        "i32:16: output_size",
    ),
    constexprs={
        "cxpr_blocksize": 64,
        "cxpr_input_blocksize": 32,
        "cxpr_quantized_dtype": 1,
        **each(None, "code_ptr"),
    },
    grid=lambda output_size, cxpr_blocksize: (cdiv(output_size, cxpr_blocksize),),
)(jit(_dequantize_blockwise_kernel))

export(
    "others.conch.quantize_blockwise",
    types=typed(
        "*bf16: x_ptr",
        "*fp32: absmax_ptr",
        "*u8: out_ptr",
        "i32:16: input_size",
    ),
    constexprs={
        "cxpr_blocksize": 64,
        "cxpr_output_blocksize": 32,
        "cxpr_quantized_dtype": 1,
        **each(None, "code_ptr"),
    },
    grid=lambda input_size, cxpr_blocksize: (cdiv(input_size, cxpr_blocksize),),
)(jit(_quantize_blockwise_kernel))

export(
    "others.conch.copy_blocks",
    types=typed(
        "*u64: key_cache_ptrs value_cache_ptrs",
        "*i64: block_mapping_ptr",
        "i32:16: kv_cache_block_stride",
    ),
    constexprs={"kv_cache_dtype": tl.bfloat16, "cxpr_chunk_size": 1024},
    grid="explicit",
)(jit(_copy_blocks_kernel))

export(
    "others.conch.bev_pool",
    types=typed(
        "*fp32: output_ptr image_feats_ptr",
        "*i32: geom_feats_ptr interval_starts_ptr interval_lengths_ptr",
        "i32:16: num_channels image_feats_stride output_batch_stride output_z_stride",
        "i32:16: output_x_stride output_y_stride",
    ),
    constexprs={"cxpr_num_channels_padded": 128, "cxpr_block_size": 64},
    grid=lambda num_intervals, cxpr_block_size: (cdiv(num_intervals, cxpr_block_size),),
)(jit(_bev_pool_kernel))

export(
    "others.conch.varlen_attention_compute_splits",
    types=typed(
        "*bf16: output_scratchpad_ptr query_ptr key_cache_ptr value_cache_ptr",
        "*i32: block_table_ptr seq_lens_ptr cu_seqlens_q_ptr",
        "i32:16: head_size",
        "i64:16: output_scratchpad_batch_stride output_scratchpad_head_stride query_batch_stride",
        "i64:16: query_head_stride kv_page_stride kv_cache_block_stride kv_head_stride",
    ),
    constexprs={
        "cxpr_query_group_size_padded": 4,
        "cxpr_query_chunk_size": 8,
        "cxpr_cache_block_size": 32,
        "cxpr_head_size_padded": 128,
        "cxpr_is_softcap": False,
        "cxpr_apply_fp8_scaling": False,
        "cxpr_is_causal": True,
        "cxpr_split_kv": False,
        "cxpr_use_conditional_mask": True,
        **each(None, "lse_scratchpad_ptr q_scale_ptr k_scale_ptr v_scale_ptr"),
    },
    grid="explicit",
)(jit(_varlen_attention_compute_splits_kernel))

export(
    "others.conch.kernel_unified_attention_2d",
    types=typed(
        "*bf16: output_ptr query_ptr key_cache_ptr value_cache_ptr",
        "*i32: block_tables_ptr seq_lens_ptr query_start_len_ptr",
        "fp32: scale softcap",
        "*fp32: k_scale v_scale",
        "i64:16: query_stride_0 query_stride_1 output_stride_0 output_stride_1 stride_k_cache_0",
        "i64:16: stride_k_cache_1 stride_k_cache_2 stride_v_cache_0 stride_v_cache_1",
        "i64:16: stride_v_cache_2",
    ),
    constexprs={
        "num_query_heads": 32,
        "num_queries_per_kv": 4,
        "BLOCK_SIZE": 32,
        "HEAD_SIZE": 128,
        "HEAD_SIZE_PADDED": 128,
        "USE_ALIBI_SLOPES": False,
        "USE_SOFTCAP": False,
        "SLIDING_WINDOW": 0,
        "stride_k_cache_3": 1,
        "stride_v_cache_3": 1,
        "BLOCK_Q": 4,
        **each(None, "alibi_slopes_ptr"),
    },
    grid="explicit",
)(jit(kernel_unified_attention_2d))
