"""An activation of conch on bf16: the tanh of CUDA's library is one of fp32 and fp64."""

from conch.kernels.activation.gelu_tanh_and_mul import _gelu_tanh_and_mul_kernel

from codegen.export import export

REASON = "tanh"

export(
    "refused.library_function",
    types={
        **dict.fromkeys(("out_ptr", "in_ptr"), "*bf16"),
        **dict.fromkeys(("out_stride", "in_stride", "d"), "i32:16"),
    },
    constexprs={
        "cxpr_block_size": 256,
        "cxpr_beta": 0.7978845608028654,
        "cxpr_kappa": 0.044715,
    },
    grid=lambda in_ptr, d: (in_ptr.numel() // (2 * d),),
)(_gelu_tanh_and_mul_kernel)
