"""One step of each optimiser of torch-optimi, and of Adam of bitsandbytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from .cases import EPSILON, Call, bf16, case, each, fp16, normal, zeros
from .declared import declared

# From 8192 elements on the packages take blocks of 1024.
SIZE = 8208
BETAS = {"beta1_hat": 0.75, "beta1_comp": 0.25, "beta2_hat": 0.875, "beta2_comp": 0.125}
FLAGS = each(True, "do_weight_decay kahan_sum decouple_wd update_parameters")
# What rounding left behind is itself mostly rounding.
KAHAN = {"kahan_ptr": 0.05}


def arguments(export: str, *tensors: torch.Tensor) -> dict[str, Any]:
    """What the optimisers share; what the compensation has is taken up by the first step."""
    names = ("param_ptr", "grad_ptr", "exp_avg_ptr", "exp_avg_sq_ptr")
    pointers: dict[str, Any] = dict(zip(names, tensors, strict=False))
    pointers["kahan_ptr"] = zeros(SIZE, dtype=declared(export, "kahan_ptr", tensors[0].dtype))
    scalars = {"lr": 0.01, "weight_decay": 0.9375, "n_elements": SIZE, "BLOCK_SIZE": 1024}
    return {**pointers, **scalars}


def moments(dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    parameter, gradient, mean = (normal(SIZE, dtype=dtype) for _ in range(3))
    return parameter, gradient, mean, normal(SIZE, dtype=dtype).abs() + 0.5


def expected(
    parameter: torch.Tensor, step: torch.Tensor, **others: torch.Tensor
) -> dict[str, torch.Tensor]:
    return {"param_ptr": 0.9375 * parameter.double() - 0.01 * step, **others}


@case("others.optimi.adam", "optimi.adam:_adam_kernel")
def adam() -> Iterable[Call]:
    for dtype in (fp16, bf16):
        parameter, gradient, mean, square = moments(dtype)
        new_mean = 0.75 * mean.double() + 0.25 * gradient.double()
        new_square = 0.875 * square.double() + 0.125 * gradient.double().square()
        step = new_mean / (new_square.sqrt() + EPSILON)
        yield Call(
            {
                **arguments("others.optimi.adam", parameter, gradient, mean, square),
                **{**BETAS, **FLAGS, "eps": EPSILON},
            },
            grid=(9,),
            expected=expected(parameter, step, exp_avg_ptr=new_mean, exp_avg_sq_ptr=new_square),
            apart=KAHAN,
        )


@case("others.optimi.radam", "optimi.radam:_radam_kernel")
def radam() -> Iterable[Call]:
    parameter, gradient, mean, square = moments(bf16)
    new_mean = 0.75 * mean.double() + 0.25 * gradient.double()
    new_square = 0.875 * square.double() + 0.125 * gradient.double().square()
    step = 0.5 * new_mean / (new_square.sqrt() + EPSILON)
    yield Call(
        {
            **arguments("others.optimi.radam", parameter, gradient, mean, square),
            **{**BETAS, **FLAGS, "eps": EPSILON, "rect": 0.5, "do_rect": True},
        },
        grid=(9,),
        expected=expected(parameter, step, exp_avg_ptr=new_mean, exp_avg_sq_ptr=new_square),
        apart=KAHAN,
    )


@case("others.optimi.lion", "optimi.lion:_lion_kernel")
def lion() -> Iterable[Call]:
    parameter, gradient, mean, _ = moments(bf16)
    difference = gradient.double() - mean.double()
    step = (mean.double() + 0.125 * difference).sign()
    yield Call(
        {
            **arguments("others.optimi.lion", parameter, gradient, mean),
            **{"beta1_comp": 0.125, "beta2_comp": 0.0625},
            **each(True, "do_weight_decay kahan_sum update_parameters"),
        },
        grid=(9,),
        expected=expected(parameter, step, exp_avg_ptr=mean.double() + 0.0625 * difference),
        apart=KAHAN,
    )


@case("others.optimi.sgd", "optimi.sgd:_sgd_kernel")
def sgd() -> Iterable[Call]:
    parameter, gradient, mean, _ = moments(bf16)
    new_mean = 0.75 * mean.double() + gradient.double()
    yield Call(
        {
            **arguments("others.optimi.sgd", parameter, gradient, mean),
            **{**FLAGS, "momentum": 0.75, "dampening": False, "do_momentum": True},
        },
        grid=(9,),
        expected=expected(parameter, new_mean, exp_avg_ptr=new_mean),
        apart=KAHAN,
    )


@case("others.optimi.adan", "optimi.adan:_adan_kernel")
def adan() -> Iterable[Call]:
    parameter, gradient, mean, square = moments(bf16)
    difference, previous = normal(SIZE, dtype=bf16), normal(SIZE, dtype=bf16)
    change = previous.double() + gradient.double()
    new_mean = 0.75 * mean.double() + 0.25 * gradient.double()
    new_difference = 0.875 * difference.double() + 0.125 * change
    new_square = 0.5 * square.double() + 0.5 * (0.8125 * change + gradient.double()).square()
    step = (new_mean + 0.8125 * new_difference) / (new_square.sqrt() + EPSILON)
    yield Call(
        {
            **arguments("others.optimi.adan", parameter, gradient, mean, square),
            **{**BETAS, "beta2": 0.8125, "beta3_hat": 0.5, "beta3_comp": 0.5, "eps": EPSILON},
            **{"exp_avg_diff_ptr": difference, "prev_grad_ptr": previous},
            **each(True, "do_weight_decay kahan_sum update_parameters"),
            "adam_wd": False,
        },
        grid=(9,),
        expected={
            "param_ptr": (parameter.double() - 0.01 * step) / 0.9375,
            "exp_avg_ptr": new_mean,
            "exp_avg_diff_ptr": new_difference,
            "exp_avg_sq_ptr": new_square,
            "prev_grad_ptr": -gradient.double(),
        },
        apart=KAHAN,
    )


@case("others.optimi.stableadamw_exp_avg", "optimi.stableadamw:_stableadamw_exp_avg_kernel")
def stableadamw_exp_avg() -> Iterable[Call]:
    import triton.language as tl

    _, gradient, mean, square = moments(bf16)
    new_square = 0.875 * square.double() + 0.125 * gradient.double().square()
    yield Call(
        {
            **{"grad_ptr": gradient, "exp_avg_ptr": mean, "exp_avg_sq_ptr": square},
            **{"mean_square_ptr": zeros(1), "n_elements": SIZE, "BLOCK_SIZE": 1024},
            **{**BETAS, "eps": EPSILON, "update_parameters": True, "param_dtype": tl.bfloat16},
        },
        grid=(9,),
        expected={
            "exp_avg_ptr": 0.75 * mean.double() + 0.25 * gradient.double(),
            "exp_avg_sq_ptr": new_square,
            "mean_square_ptr": (gradient.double().square() / new_square).mean().reshape(1),
        },
    )


@case("others.optimi.stableadamw_update", "optimi.stableadamw:_stableadamw_update_kernel")
def stableadamw_update() -> Iterable[Call]:
    parameter, _, mean, square = moments(bf16)
    mean_square = zeros(1) + 4.0
    rate = 0.01 / 2
    decayed = parameter.double() * (1 - rate / 0.25 * 0.9375)
    step = rate * mean.double() / (square.double().sqrt() + EPSILON)
    shared = arguments("others.optimi.stableadamw_update", parameter, parameter, mean, square)
    del shared["grad_ptr"]
    yield Call(
        {
            **shared,
            **{"mean_square_ptr": mean_square, "eps": EPSILON, "max_lr": 0.25},
            **each(True, "do_weight_decay kahan_sum decouple_lr"),
        },
        grid=(9,),
        expected={"param_ptr": decayed - step},
        apart=KAHAN,
    )


@case(
    "others.bitsandbytes.optimizer_update_2state_32bit",
    "bitsandbytes.backends.triton.kernels_optim:_optimizer_update_2state_32bit_triton_kernel",
)
def bitsandbytes_adam() -> Iterable[Call]:
    # The second step of AdamW; what follows from it is computed by the package's host code.
    p, g = normal(SIZE, dtype=bf16), normal(SIZE, dtype=bf16)
    first, second = normal(SIZE), normal(SIZE).abs() + 0.5
    step, beta1, beta2, eps, rate, decay = 1, 0.9, 0.999, 1e-8, 0.01, 0.01
    new_first = beta1 * first.double() + (1 - beta1) * g.double()
    new_second = beta2 * second.double() + (1 - beta2) * g.double().square()
    correction = (1 - beta2**step) ** 0.5
    size = -rate * correction / (1 - beta1**step)
    update = size * new_first / (new_second.sqrt() + eps * correction)
    yield Call(
        {
            **{"g_ptr": g, "p_ptr": p, "state1_ptr": first, "state2_ptr": second},
            **{"unorm_ptr": None, "max_unorm": 0.0, "param_norm": 0.0},
            **{"beta1": beta1, "beta2": beta2, "beta3": 0.0, "alpha": 0.0, "eps": eps},
            **{"weight_decay": decay, "step": step, "beta1_step": beta1**step},
            **{"beta2_step": beta2**step, "lr": rate, "gnorm_scale": 1.0, "skip_zeros": False},
            **{"n_elements": SIZE, "OPTIMIZER_ID": 3, "BLOCK_SIZE": 256, "N_PER_TH": 1},
        },
        grid=(-(-SIZE // 256),),
        options={"num_warps": 2},
        expected={
            "p_ptr": p.double() * (1 - rate * decay) + update,
            "state1_ptr": new_first,
            "state2_ptr": new_second,
        },
        apart=dict.fromkeys(("state1_ptr", "state2_ptr"), 1e-6),
    )
