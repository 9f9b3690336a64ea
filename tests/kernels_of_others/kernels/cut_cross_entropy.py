"""Cross entropy without logits, of cut-cross-entropy 25.1.1."""

from cut_cross_entropy.cce_backward import _cce_backward_kernel
from cut_cross_entropy.cce_lse_forward import _cce_lse_forward_kernel
from cut_cross_entropy.indexed_dot import _indexed_neg_dot_forward_kernel
from triton import cdiv

from codegen.export import export

from .declaring import each, jit, typed

export(
    "others.cut_cross_entropy.cce_lse_forward",
    types=typed(
        "*bf16: E C",
        "*fp32: LSE LA",
        "*u32: Locks",
        "i32: B B_BIN",
        "i32:16: V D stride_eb stride_cv",
    ),
    constexprs={
        "HAS_VALIDS": False,
        "BLOCK_B": 256,
        "BLOCK_V": 128,
        "BLOCK_D": 32,
        "GROUP_B": 8,
        "EVEN_D": True,
        "HAS_SOFTCAP": False,
        "HAS_LA": True,
        "DOT_PRECISION": "ieee",
        **each(None, "Valids softcap"),
        **each(1, "stride_ed stride_cd stride_lse_b stride_vb num_locks"),
    },
    grid=lambda META: (cdiv(META["B"], META["BLOCK_B"]) * cdiv(META["V"], META["BLOCK_V"]),),
    num_warps=8,
)(jit(_cce_lse_forward_kernel))

export(
    "others.cut_cross_entropy.indexed_neg_dot_forward",
    types=typed(
        "*bf16: E C",
        "*i64: Inds",
        "*fp32: Out",
        "i32: B B_BIN",
        "i32:16: D stride_eb stride_cv",
    ),
    constexprs={
        "BLOCK_B": 128,
        "BLOCK_D": 256,
        "GROUP_B": 8,
        "HAS_VALIDS": False,
        "EVEN_D": True,
        "SHIFT": False,
        **each(None, "Valids"),
        **each(1, "stride_ed stride_cd stride_ib stride_vb"),
    },
    grid=lambda META: (cdiv(META["B"], META["BLOCK_B"]) * cdiv(META["D"], META["BLOCK_D"]),),
    num_warps=16,
    num_stages=4,
)(jit(_indexed_neg_dot_forward_kernel))

export(
    "others.cut_cross_entropy.cce_backward",
    types=typed(
        "*bf16: E C dE dC",
        "*fp32: LSE dOut",
        "fp32: grad_scale filter_eps",
        "*i32: VocabOrdering dELocks dCLocks",
        "*i64: Targets",
        "i32: B n_de_locks_0 n_de_locks_1 n_dc_locks_0 n_dc_locks_1 B_BIN",
        "i32:16: D V stride_eb stride_cv",
    ),
    constexprs={
        "BLOCK_B": 128,
        "BLOCK_V": 128,
        "BLOCK_D": 32,
        "MM_BACK_BLOCK_D": 64,
        "GROUP_B": 8,
        "EVEN_D": True,
        "MM_BACK_EVEN_D": True,
        "ITEM_DO": True,
        "HAS_VALIDS": False,
        "HAS_VOCAB_ORDERING": True,
        "FILTER_GRAD": True,
        "HAS_TARGETS": True,
        "HAS_SOFTCAP": False,
        "SHIFT": False,
        "REQUIRES_GRAD": True,
        **each(None, "Valids softcap"),
        **each(1, "stride_ed stride_cd stride_vb"),
    },
    grid=lambda META: (cdiv(META["B"], META["BLOCK_B"]) * cdiv(META["V"], META["BLOCK_V"]),),
    num_stages=4,
)(jit(_cce_backward_kernel))
