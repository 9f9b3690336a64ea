"""Optimisers of torch-optimi 0.3.3."""

import torch
import triton.language as tl
from optimi.adam import _adam_kernel
from optimi.adan import _adan_kernel
from optimi.lion import _lion_kernel
from optimi.radam import _radam_kernel
from optimi.sgd import _sgd_kernel
from optimi.stableadamw import _stableadamw_exp_avg_kernel, _stableadamw_update_kernel
from triton import cdiv

from codegen.export import export

from .declaring import derived, typed

HALVES = "*fp16 | *bf16"


def blocks(n_elements, BLOCK_SIZE):
    return (cdiv(n_elements, BLOCK_SIZE),)


def compensated(kernel, **values):
    """With Kahan's sums where there is a tensor for them, which is of the parameters' type."""
    return derived(kernel, **values, kahan_sum=lambda given: given["kahan_ptr"] is not None)


def block(given):
    """A size by the number of elements, as in the package."""
    if given["n_elements"] < 2048:
        return 128
    if given["n_elements"] < 4096:
        return 256
    return 512 if given["n_elements"] < 8192 else 1024


export(
    "others.optimi.adam",
    types=typed(
        f"{HALVES}: param_ptr grad_ptr exp_avg_ptr exp_avg_sq_ptr",
        f"{HALVES} | None: kahan_ptr",
        "fp32: lr beta1_hat beta1_comp beta2_hat beta2_comp weight_decay eps",
        "i32:16: n_elements",
    ),
    constexprs={
        "do_weight_decay": True,
        "decouple_wd": True,
        "update_parameters": True,
        "BLOCK_SIZE": 1024,
    },
    shapes={"param_ptr": ("n_elements",), "kahan_ptr": ("n_elements",)},
    grid=blocks,
)(compensated(_adam_kernel))

export(
    "others.optimi.lion",
    types=typed(
        f"{HALVES}: param_ptr grad_ptr exp_avg_ptr",
        f"{HALVES} | None: kahan_ptr",
        "fp32: lr beta1_comp beta2_comp weight_decay",
        "i32:16: n_elements",
    ),
    constexprs={"do_weight_decay": True, "update_parameters": True, "BLOCK_SIZE": 1024},
    shapes={"param_ptr": ("n_elements",), "kahan_ptr": ("n_elements",)},
    grid=blocks,
)(compensated(_lion_kernel))

export(
    "others.optimi.sgd",
    types=typed(
        "*bf16: param_ptr grad_ptr exp_avg_ptr kahan_ptr",
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
        "BLOCK_SIZE": [128, 256, 512, 1024],
    },
    shapes={"param_ptr": ("n_elements",), "kahan_ptr": ("n_elements",)},
    grid=blocks,
)(derived(_sgd_kernel, BLOCK_SIZE=block))

export(
    "others.optimi.radam",
    types=typed(
        "*bf16: param_ptr grad_ptr exp_avg_ptr exp_avg_sq_ptr",
        "*bf16 | None: kahan_ptr",
        "fp32: lr beta1_hat beta1_comp beta2_hat beta2_comp weight_decay eps rect",
        "i32:16: n_elements",
    ),
    constexprs={
        "do_rect": [False, True],
        "do_weight_decay": True,
        "decouple_wd": True,
        "update_parameters": True,
        "BLOCK_SIZE": 1024,
    },
    shapes={"param_ptr": ("n_elements",), "kahan_ptr": ("n_elements",)},
    grid=blocks,
)(compensated(_radam_kernel))

export(
    "others.optimi.adan",
    types=typed(
        f"{HALVES}: param_ptr grad_ptr exp_avg_ptr exp_avg_diff_ptr exp_avg_sq_ptr prev_grad_ptr",
        f"{HALVES} | None: kahan_ptr",
        "fp32: lr beta1_hat beta1_comp beta2 beta2_hat beta2_comp beta3_hat beta3_comp eps",
        "fp32: weight_decay",
        "i32:16: n_elements",
    ),
    constexprs={
        "do_weight_decay": True,
        "adam_wd": False,
        "update_parameters": True,
        "BLOCK_SIZE": 1024,
    },
    shapes={"param_ptr": ("n_elements",), "kahan_ptr": ("n_elements",)},
    grid=blocks,
)(compensated(_adan_kernel))

export(
    "others.optimi.stableadamw_exp_avg",
    types=typed(
        f"{HALVES}: grad_ptr exp_avg_ptr exp_avg_sq_ptr",
        "*fp32: mean_square_ptr",
        "fp32: eps beta1_hat beta1_comp beta2_hat beta2_comp",
        "i32:16: n_elements",
    ),
    constexprs={"update_parameters": True, "BLOCK_SIZE": 1024},
    shapes={"grad_ptr": ("n_elements",)},
    grid=blocks,
)(
    derived(
        _stableadamw_exp_avg_kernel,
        param_dtype=lambda given: (
            tl.float16 if given["grad_ptr"].dtype == torch.float16 else tl.bfloat16
        ),
    )
)

export(
    "others.optimi.stableadamw_update",
    types=typed(
        f"{HALVES}: param_ptr exp_avg_ptr exp_avg_sq_ptr",
        f"{HALVES} | None: kahan_ptr",
        "*fp32: mean_square_ptr",
        "fp32: lr weight_decay eps max_lr",
        "i32:16: n_elements",
    ),
    constexprs={"do_weight_decay": True, "decouple_lr": True, "BLOCK_SIZE": 1024},
    shapes={"param_ptr": ("n_elements",), "kahan_ptr": ("n_elements",)},
    grid=blocks,
)(compensated(_stableadamw_update_kernel))
