"""Fused attention of Triton's tutorials: with pointers and with descriptors, and backward."""

from triton import cdiv

from codegen.export import export

from .source import tutorial

attention = tutorial("06-fused-attention")

NEWER = ["sm_90", "sm_100"]
BLOCKS = [
    {"BLOCK_M": 128, "BLOCK_N": 64, "num_stages": 3, "num_warps": 4},
    {"BLOCK_M": 64, "BLOCK_N": 32, "num_stages": 2, "num_warps": 4},
]
FORWARD = {
    **{"HEAD_DIM": [64, 128], "STAGE": [1, 3], "FP8_OUTPUT": False},
    **{"warp_specialize": False, "IS_HOPPER": False},
}

# The kernel makes its descriptors of pointers itself.
export(
    "tutorials.attention_fwd",
    types={
        **{"sm_scale": "fp32", "M": "*fp32", "Z": "i32", "H": "i32", "N_CTX": "i32:16"},
        **dict.fromkeys(("desc_q", "desc_k", "desc_v", "desc_o"), "*fp16"),
    },
    constexprs=FORWARD,
    configs=BLOCKS,
    hooks="caller",
    shapes=dict.fromkeys(("desc_q", "desc_k", "desc_v", "desc_o"), ("Z", "H", "N_CTX", "HEAD_DIM")),
    grid=lambda META: (cdiv(META["N_CTX"], META["BLOCK_M"]), META["Z"] * META["H"], 1),
)(attention._attn_fwd)

# Here the caller makes them, of the tensors as matrices of Z * H * N_CTX rows.
export(
    "tutorials.attention_fwd_tma",
    types={
        **{"sm_scale": "fp32", "M": "*fp32", "Z": "i32", "H": "i32", "N_CTX": "i32:16"},
        **dict.fromkeys(("desc_q", "desc_o"), "tensordesc<fp16[BLOCK_M, HEAD_DIM]>"),
        **dict.fromkeys(("desc_k", "desc_v"), "tensordesc<fp16[BLOCK_N, HEAD_DIM]>"),
    },
    constexprs=FORWARD,
    configs=BLOCKS,
    hooks="caller",
    shapes={"M": ("Z", "H", "N_CTX")},
    grid=lambda META: (cdiv(META["N_CTX"], META["BLOCK_M"]), META["Z"] * META["H"], 1),
)(attention._attn_fwd)

export(
    "tutorials.attention_bwd_preprocess",
    types={
        **dict.fromkeys(("O", "DO"), "*fp16"),
        **{"Delta": "*fp32", "Z": "i32", "H": "i32", "N_CTX": "i32:16"},
    },
    constexprs={"BLOCK_M": 128, "HEAD_DIM": [64, 128]},
    shapes={"O": ("Z", "H", "N_CTX", "HEAD_DIM"), "Delta": ("Z", "H", "N_CTX")},
    grid=lambda N_CTX, BLOCK_M, Z, H: (N_CTX // BLOCK_M, Z * H),
)(attention._attn_bwd_preprocess)

export(
    "tutorials.attention_bwd",
    types={
        **dict.fromkeys(("Q", "K", "V", "DO", "DQ", "DK", "DV"), "*fp16"),
        **dict.fromkeys(("M", "D"), "*fp32"),
        **{"sm_scale": "fp32", "stride_d": "i32:1", "H": "i32", "N_CTX": "i32:16"},
        **dict.fromkeys(("stride_z", "stride_h", "stride_tok"), "i32:16"),
    },
    constexprs={
        **{"BLOCK_M1": 32, "BLOCK_N1": 128, "BLOCK_M2": 128, "BLOCK_N2": 32},
        **{"BLK_SLICE_FACTOR": 2, "HEAD_DIM": [64, 128]},
    },
    grid=lambda N_CTX, BLOCK_N1, Q, H: (N_CTX // BLOCK_N1, 1, Q.shape[0] * H),
    num_stages=5,
)(attention._attn_bwd)
