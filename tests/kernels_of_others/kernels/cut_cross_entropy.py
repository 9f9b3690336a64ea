"""Cross entropy without logits, of cut-cross-entropy 25.1.1."""

from cut_cross_entropy.cce_backward import _cce_backward_kernel
from cut_cross_entropy.cce_lse_forward import _cce_lse_forward_kernel
from cut_cross_entropy.indexed_dot import _indexed_neg_dot_forward_kernel
from triton import cdiv

from codegen.export import export

from .declaring import each, typed

# Which rows count is said by Valids, or all do. Rows of E and C are usually contiguous.
export(
    "others.cut_cross_entropy.cce_lse_forward",
    types=typed(
        "*bf16: E C",
        "*fp32: LSE",
        "*u32: Locks",
        "*i64 | None: Valids",
        "i32: B B_BIN num_locks",
        "i32:16: V D stride_eb stride_cv",
        "i32:1: stride_ed stride_cd stride_lse_b stride_vb",
    ),
    constexprs=each(None, "LA softcap"),
    grid=lambda META: (cdiv(META["B"], META["BLOCK_B"]) * cdiv(META["V"], META["BLOCK_V"]),),
)(_cce_lse_forward_kernel)

export(
    "others.cut_cross_entropy.indexed_neg_dot_forward",
    types=typed(
        "*bf16: E C",
        "*i64: Inds",
        "*i64 | None: Valids",
        "*fp32: Out",
        "i32: B B_BIN",
        "i32:16: D stride_eb stride_cv",
        "i32:1: stride_ed stride_cd stride_ib stride_vb",
    ),
    constexprs={"SHIFT": False},
    grid=lambda B, D, BLOCK_B, BLOCK_D: (cdiv(B, BLOCK_B) * cdiv(D, BLOCK_D),),
)(_indexed_neg_dot_forward_kernel)

# Hidden sizes are multiples of 64, for which each call is checked. What REQUIRES_GRAD is must be
# said: its heuristic gives back what the call passes.
export(
    "others.cut_cross_entropy.cce_backward",
    types=typed(
        "*bf16: E C dE dC",
        "*fp32: LSE dOut",
        "fp32: grad_scale",
        "fp32 | None: filter_eps",
        "*i32: VocabOrdering dELocks dCLocks",
        "*i64: Targets",
        "i32: B n_de_locks_0 n_de_locks_1 n_dc_locks_0 n_dc_locks_1 B_BIN",
        "i32:16: D V stride_eb stride_cv",
        "i32:1: stride_ed stride_cd stride_vb",
    ),
    constexprs={
        "EVEN_D": [True],
        "MM_BACK_EVEN_D": [True],
        "SHIFT": False,
        "REQUIRES_GRAD": True,
        **each(None, "Valids softcap"),
    },
    grid=lambda B, BLOCK_B, BLOCK_V, C: (cdiv(B, BLOCK_B) * cdiv(C.size(0), BLOCK_V),),
)(_cce_backward_kernel)
