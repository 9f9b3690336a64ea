"""An optimiser of bitsandbytes with a choice of two floats that are compiled in."""

from bitsandbytes.backends.triton.kernels_optim import (
    _optimizer_update_2state_8bit_blockwise_triton_kernel,
)
from triton import cdiv

from codegen.export import export

REASON = "a call can choose among"

export(
    "refused.float_choice",
    types={
        **dict.fromkeys(("p_ptr", "g_ptr"), "*bf16"),
        **dict.fromkeys(("state1_ptr", "state2_ptr"), "*u8"),
        **dict.fromkeys(("beta3", "alpha", "beta1_step", "beta2_step", "lr"), "fp32"),
        **dict.fromkeys(("qmap1_ptr", "qmap2_ptr", "absmax1_ptr", "absmax2_ptr"), "*fp32"),
        **dict.fromkeys(("step", "n_elements"), "i32"),
    },
    constexprs={
        "beta1": 0.9,
        "beta2": 0.999,
        "eps": 1e-08,
        "weight_decay": [0.0, 0.01],
        "gnorm_scale": 1.0,
        "BLOCK_SIZE_N": 256,
        "N_PER_TH": 1,
        "OPTIMIZER_ID": 3,
    },
    grid=lambda n_elements, BLOCK_SIZE_N: (cdiv(n_elements, BLOCK_SIZE_N),),
)(_optimizer_update_2state_8bit_blockwise_triton_kernel)
