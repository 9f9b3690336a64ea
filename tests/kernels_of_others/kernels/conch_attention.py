"""Attention over paged caches of conch-triton-kernels 1.3."""

from conch.kernels.attention.varlen_attention import _varlen_attention_compute_splits_kernel
from conch.third_party.vllm.unified_attention import kernel_unified_attention_2d
from triton import next_power_of_2

from codegen.export import export

from .declaring import derived, each, typed


def is_split(given):
    """Whether the keys are split among programs, whose sums then need a place of their own."""
    return given["lse_scratchpad_ptr"] is not None


# The grid's first axis is of the longest query, which no argument tells.
export(
    "others.conch.varlen_attention_compute_splits",
    types=typed(
        "*bf16: output_scratchpad_ptr query_ptr key_cache_ptr value_cache_ptr",
        "*bf16 | None: lse_scratchpad_ptr",
        "*i32: block_table_ptr seq_lens_ptr cu_seqlens_q_ptr",
        "i32:16: head_size",
        "i64:16: output_scratchpad_batch_stride output_scratchpad_head_stride query_batch_stride",
        "i64:16: query_head_stride kv_page_stride kv_cache_block_stride kv_head_stride",
    ),
    constexprs={
        "cxpr_cache_block_size": 32,
        "cxpr_head_size_padded": 128,
        "cxpr_is_softcap": False,
        "cxpr_apply_fp8_scaling": False,
        "cxpr_is_causal": [True, False],
        "cxpr_use_conditional_mask": False,
        **each(None, "q_scale_ptr k_scale_ptr v_scale_ptr"),
    },
    grid="explicit",
)(
    derived(
        _varlen_attention_compute_splits_kernel,
        cxpr_split_kv=is_split,
        cxpr_query_group_size_padded=lambda given: 16 if is_split(given) else 4,
        cxpr_query_chunk_size=lambda given: 1 if is_split(given) else 8,
    )
)

# Four query heads share one of keys and values.
export(
    "others.conch.kernel_unified_attention_2d",
    types=typed(
        "*bf16: output_ptr query_ptr key_cache_ptr value_cache_ptr",
        "*i32: block_tables_ptr seq_lens_ptr query_start_len_ptr",
        "*fp32 | None: alibi_slopes_ptr",
        "fp32: scale softcap",
        "i64:16: query_stride_0 query_stride_1 output_stride_0 output_stride_1 stride_k_cache_0",
        "i64:16: stride_k_cache_1 stride_k_cache_2 stride_v_cache_0 stride_v_cache_1",
        "i64:16: stride_v_cache_2",
    ),
    constexprs={
        "num_query_heads": 32,
        "num_queries_per_kv": 4,
        "BLOCK_SIZE": 32,
        "HEAD_SIZE": [64, 128],
        "SLIDING_WINDOW": 0,
        "BLOCK_Q": 4,
        **each(None, "k_scale v_scale"),
        **each(1, "stride_k_cache_3 stride_v_cache_3"),
    },
    grid=lambda query_ptr, key_cache_ptr, num_seqs, BLOCK_Q: (
        query_ptr.shape[0] // BLOCK_Q + num_seqs,
        key_cache_ptr.shape[2],
    ),
)(
    derived(
        kernel_unified_attention_2d,
        HEAD_SIZE=lambda given: given["query_ptr"].shape[2],
        HEAD_SIZE_PADDED=lambda given: next_power_of_2(given["HEAD_SIZE"]),
        USE_SOFTCAP=lambda given: given["softcap"] > 0,
        USE_ALIBI_SLOPES=lambda given: given["alibi_slopes_ptr"] is not None,
    )
)
