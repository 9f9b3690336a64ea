"""A kernel of cut-cross-entropy of which it is not said whether calls pass REQUIRES_GRAD."""

from cut_cross_entropy.cce_backward import _cce_backward_kernel
from triton import cdiv

from codegen.export import export

REASON = "reads what a call passes by that name"

export(
    "refused.own_name",
    types={
        **dict.fromkeys(("E", "C", "dE", "dC"), "*bf16"),
        **dict.fromkeys(("LSE", "dOut"), "*fp32"),
        **dict.fromkeys(("grad_scale", "filter_eps"), "fp32"),
        **dict.fromkeys(("VocabOrdering", "dELocks", "dCLocks"), "*i32"),
        "Targets": "*i64",
        **dict.fromkeys(("B", "D", "V", "B_BIN", "n_de_locks_0", "n_de_locks_1"), "i32"),
        **dict.fromkeys(("n_dc_locks_0", "n_dc_locks_1", "stride_eb", "stride_cv"), "i32"),
        **dict.fromkeys(("stride_ed", "stride_cd", "stride_vb"), "i32:1"),
    },
    constexprs={"SHIFT": False, "Valids": None, "softcap": None},
    grid=lambda B, V, BLOCK_B, BLOCK_V: (cdiv(B, BLOCK_B) * cdiv(V, BLOCK_V),),
)(_cce_backward_kernel)
