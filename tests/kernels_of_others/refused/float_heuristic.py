"""Attention of conch with a soft cap where a float that each call passes is more than 0."""

import triton
from conch.third_party.vllm.unified_attention import kernel_unified_attention_2d

from codegen.export import export

REASON = "which is of type fp32"

export(
    "refused.float_heuristic",
    types={
        **dict.fromkeys(("output_ptr", "query_ptr", "key_cache_ptr", "value_cache_ptr"), "*bf16"),
        **dict.fromkeys(("block_tables_ptr", "seq_lens_ptr", "query_start_len_ptr"), "*i32"),
        **dict.fromkeys(("scale", "softcap"), "fp32"),
    },
    constexprs={
        "num_query_heads": 32,
        "num_queries_per_kv": 4,
        "BLOCK_SIZE": 32,
        "HEAD_SIZE": 128,
        "HEAD_SIZE_PADDED": 128,
        "USE_ALIBI_SLOPES": False,
        "SLIDING_WINDOW": 0,
        "stride_k_cache_3": 1,
        "stride_v_cache_3": 1,
        "BLOCK_Q": 4,
        **dict.fromkeys(("alibi_slopes_ptr", "k_scale", "v_scale")),
    },
    grid=lambda query_ptr, key_cache_ptr, num_seqs, BLOCK_Q: (
        query_ptr.shape[0] // BLOCK_Q + num_seqs,
        key_cache_ptr.shape[2],
    ),
)(
    triton.heuristics({"USE_SOFTCAP": lambda given: given["softcap"] > 0})(
        kernel_unified_attention_2d
    )
)
