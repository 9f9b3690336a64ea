"""Optimisers of torch-optimi 0.3.3."""

import triton.language as tl
from optimi.adam import _adam_kernel
from optimi.adan import _adan_kernel
from optimi.lion import _lion_kernel
from optimi.radam import _radam_kernel
from optimi.sgd import _sgd_kernel
from optimi.stableadamw import _stableadamw_exp_avg_kernel, _stableadamw_update_kernel
from triton import cdiv

from codegen.export import export

from .declaring import jit, typed

export(
    "others.optimi.adam",
    types=typed(
        "*fp16 | *bf16: param_ptr grad_ptr exp_avg_ptr exp_avg_sq_ptr",
        "*u8: kahan_ptr",
        "fp32: lr beta1_hat beta1_comp beta2_hat beta2_comp weight_decay eps",
        "i32:16: n_elements",
    ),
    constexprs={
        "do_weight_decay": True,
        "kahan_sum": True,
        "decouple_wd": True,
        "update_parameters": True,
        "BLOCK_SIZE": 1024,
    },
    grid=lambda n_elements, BLOCK_SIZE: (cdiv(n_elements, BLOCK_SIZE),),
)(jit(_adam_kernel))

export(
    "others.optimi.lion",
    types=typed(
        "*bf16: param_ptr grad_ptr exp_avg_ptr",
        "*u8: kahan_ptr",
        "fp32: lr beta1_comp beta2_comp weight_decay",
        "i32:16: n_elements",
    ),
    constexprs={
        "do_weight_decay": True,
        "kahan_sum": True,
        "update_parameters": True,
        "BLOCK_SIZE": 1024,
    },
    grid=lambda n_elements, BLOCK_SIZE: (cdiv(n_elements, BLOCK_SIZE),),
)(jit(_lion_kernel))

export(
    "others.optimi.sgd",
    types=typed(
        "*bf16: param_ptr grad_ptr exp_avg_ptr",
        "*u8: kahan_ptr",
        "fp32: lr momentum weight_decay",
        "i32:16: n_elements",
    ),
    constexprs={
        "dampening": False,
        "decouple_wd": True,
        "kahan_sum": True,
        "do_weight_decay": True,
        "do_momentum": True,
        "update_parameters": True,
        "BLOCK_SIZE": 1024,
    },
    grid=lambda n_elements, BLOCK_SIZE: (cdiv(n_elements, BLOCK_SIZE),),
)(jit(_sgd_kernel))

export(
    "others.optimi.radam",
    types=typed(
        "*bf16: param_ptr grad_ptr exp_avg_ptr exp_avg_sq_ptr",
        "*u8: kahan_ptr",
        "fp32: lr beta1_hat beta1_comp beta2_hat beta2_comp weight_decay eps rect",
        "i32:16: n_elements",
    ),
    constexprs={
        "do_rect": True,
        "do_weight_decay": True,
        "kahan_sum": True,
        "decouple_wd": True,
        "update_parameters": True,
        "BLOCK_SIZE": 1024,
    },
    grid=lambda n_elements, BLOCK_SIZE: (cdiv(n_elements, BLOCK_SIZE),),
)(jit(_radam_kernel))

export(
    "others.optimi.adan",
    types=typed(
        "*bf16: param_ptr grad_ptr exp_avg_ptr exp_avg_diff_ptr exp_avg_sq_ptr prev_grad_ptr",
        "*u8: kahan_ptr",
        "fp32: lr beta1_hat beta1_comp beta2 beta2_hat beta2_comp beta3_hat beta3_comp eps",
        "fp32: weight_decay",
        "i32:16: n_elements",
    ),
    constexprs={
        "do_weight_decay": True,
        "adam_wd": False,
        "kahan_sum": True,
        "update_parameters": True,
        "BLOCK_SIZE": 1024,
    },
    grid=lambda n_elements, BLOCK_SIZE: (cdiv(n_elements, BLOCK_SIZE),),
)(jit(_adan_kernel))

export(
    "others.optimi.stableadamw_exp_avg",
    types=typed(
        "*bf16: grad_ptr exp_avg_ptr exp_avg_sq_ptr",
        "*fp32: mean_square_ptr",
        "fp32: eps beta1_hat beta1_comp beta2_hat beta2_comp",
        "i32:16: n_elements",
    ),
    constexprs={"update_parameters": True, "BLOCK_SIZE": 1024, "param_dtype": tl.bfloat16},
    grid=lambda n_elements, BLOCK_SIZE: (cdiv(n_elements, BLOCK_SIZE),),
)(jit(_stableadamw_exp_avg_kernel))

export(
    "others.optimi.stableadamw_update",
    types=typed(
        "*bf16: param_ptr exp_avg_ptr exp_avg_sq_ptr",
        "*u8: kahan_ptr",
        "*fp32: mean_square_ptr",
        "fp32: lr weight_decay eps max_lr",
        "i32:16: n_elements",
    ),
    constexprs={
        "do_weight_decay": True,
        "kahan_sum": True,
        "decouple_lr": True,
        "BLOCK_SIZE": 1024,
    },
    grid=lambda n_elements, BLOCK_SIZE: (cdiv(n_elements, BLOCK_SIZE),),
)(jit(_stableadamw_update_kernel))
