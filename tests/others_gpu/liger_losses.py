"""Activations, embeddings and losses of Liger Kernel."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from .cases import (
    DEVICE,
    EXACT,
    Call,
    Off,
    bf16,
    case,
    each,
    fp64,
    integers,
    normal,
    poisoned,
    zeros,
)
from .formulas import silu

ROWS = {"num_warps": 8}


@case("others.liger.swiglu_forward", "liger_kernel.ops.swiglu:_swiglu_forward_kernel")
def swiglu_forward() -> Iterable[Call]:
    a, b = normal(13, 4096, dtype=bf16), normal(13, 4096, dtype=bf16)
    yield Call(
        {
            **{"a_ptr": a, "b_ptr": b, "c_ptr": poisoned(13, 4096, dtype=bf16)},
            **{"gate_multiplier": 0.5, **each(4096, "stride n_cols BLOCK_SIZE")},
        },
        grid=(13,),
        options=ROWS,
        expected={"c_ptr": silu(0.5 * a.double()) * b.double()},
    )


@case("others.liger.swiglu_backward", "liger_kernel.ops.swiglu:_swiglu_backward_kernel")
def swiglu_backward() -> Iterable[Call]:
    dc, a, b = (normal(13, 4096, dtype=bf16) for _ in range(3))
    wide, up = (tensor.double().requires_grad_() for tensor in (a, b))
    (silu(0.5 * wide) * up).backward(dc.double())
    assert wide.grad is not None and up.grad is not None
    yield Call(
        {
            **{"dc_ptr": dc, "a_ptr": a, "b_ptr": b},
            **{"gate_multiplier": 0.5, **each(4096, "stride n_cols BLOCK_SIZE")},
        },
        grid=(13,),
        options=ROWS,
        expected={"a_ptr": wide.grad, "b_ptr": up.grad},
    )


@case("others.liger.geglu_tanh_forward", "liger_kernel.ops.geglu:_geglu_tanh_forward_kernel")
def geglu_tanh_forward() -> Iterable[Call]:
    a, b = normal(13, 4096, dtype=bf16), normal(13, 4096, dtype=bf16)
    gelu = torch.nn.functional.gelu(a.double(), approximate="tanh")
    yield Call(
        {
            **{"a": a, "b": b, "c": poisoned(13, 4096, dtype=bf16)},
            **each(4096, "stride n_cols BLOCK_SIZE"),
        },
        grid=(13,),
        options=ROWS,
        expected={"c": gelu * b.double()},
    )


@case(
    "others.liger.embedding_backward",
    "liger_kernel.ops.experimental.embedding:embedding_backward_kernel",
)
def embedding_backward() -> Iterable[Call]:
    # Small whole numbers: their sums are exact in bf16, in whatever order they are added.
    gradient, indices = integers(-2, 3, 208, 512).to(bf16), integers(0, 100, 208)
    weight = zeros(100, 512, dtype=bf16)
    total = torch.zeros(100, 512, device=DEVICE, dtype=fp64)
    yield Call(
        {
            **{"grad_output_ptr": gradient, "grad_weight_ptr": weight, "indices_ptr": indices},
            **{"n_elements": 208, "embedding_dim": 512, **each(128, "BLOCK_SIZE_M BLOCK_SIZE_N")},
        },
        grid=lambda META: (-(-208 // META["BLOCK_SIZE_M"]), -(-512 // META["BLOCK_SIZE_N"])),
        expected={"grad_weight_ptr": Off(total.index_add(0, indices, gradient.double()), EXACT)},
        apart={"grad_weight_ptr": EXACT},
    )


@case("others.liger.cross_entropy", "liger_kernel.ops.cross_entropy:liger_cross_entropy_kernel")
def cross_entropy() -> Iterable[Call]:
    rows, columns = 7, 32000
    x, y = normal(rows, columns, dtype=bf16), integers(0, columns, rows)
    wide = x.double().requires_grad_()
    loss = torch.nn.functional.cross_entropy(wide, y, reduction="none") / rows
    loss.sum().backward()
    assert wide.grad is not None
    yield Call(
        {
            **{"X_ptr": x, "Y_ptr": y, "loss_ptr": poisoned(rows, dtype=bf16)},
            **each(columns, "X_stride n_cols"),
            **each(1, "Y_stride loss_stride"),
            **each(0, "token_accuracy_stride predicted_tokens_stride"),
            **each(None, "weight_ptr z_loss_ptr token_accuracy_ptr predicted_tokens_ptr softcap"),
            **each(rows, "n_non_ignore sum_non_ignore_weight"),
            **{"weight_sum": 0.0, "ignore_index": -100, "reduction": "mean", "BLOCK_SIZE": 32768},
            **each(0.0, "lse_square_scale label_smoothing"),
            **each(False, "RETURN_Z_LOSS RETURN_TOKEN_ACCURACY RETURN_PREDICTED_TOKENS"),
            **each(False, "HAS_WEIGHT HAS_SOFTCAPPING"),
            "HAS_GRADIENTS": True,
        },
        grid=(rows,),
        options={"num_warps": 32},
        expected={"loss_ptr": loss.detach(), "X_ptr": wide.grad},
    )


@case("others.liger.kldiv_forward", "liger_kernel.ops.kl_div:_kldiv_kernel_forward")
def kldiv_forward() -> Iterable[Call]:
    rows, columns = 11, 20000
    y, truth = normal(rows, columns).log_softmax(-1), normal(rows, columns).softmax(-1)
    wide = truth.double()
    yield Call(
        {
            **{"y_ptr": y, "gt_ptr": truth, "loss_ptr": poisoned(rows)},
            **each(columns, "y_stride gt_stride n_cols"),
            **{"loss_stride": 1, "eps": 1e-10, "BLOCK_SIZE": 16384, "reduction": 3},
            "log_target": False,
        },
        grid=(rows,),
        options={"num_warps": 16},
        expected={"loss_ptr": (wide * (wide.log() - y.double())).sum(-1)},
        apart={"loss_ptr": 1e-5},
    )


@case("others.liger.tv_distance", "liger_kernel.ops.tvd:_tv_distance_kernel")
def tv_distance() -> Iterable[Call]:
    p, q = normal(19, 20000).softmax(-1), normal(19, 20000).softmax(-1)
    difference = p.double() - q.double()
    yield Call(
        {
            **{"p_ptr": p, "q_ptr": q, "loss_ptr": poisoned(19), "grads_ptr": poisoned(19, 20000)},
            **each(20000, "p_stride q_stride grads_stride n_cols"),
            **{"label_ptr": integers(0, 99, 19), "ignore_index": -100, "HAS_LABEL": False},
            **{"loss_stride": 1, "scale": 0.25, "BLOCK_SIZE": 16384, "reduction": 3},
        },
        grid=(19,),
        options={"num_warps": 16},
        expected={
            "loss_ptr": 0.5 * 0.25 * difference.abs().sum(-1),
            "grads_ptr": Off(0.5 * 0.25 * difference.sign(), EXACT),
        },
        apart={"grads_ptr": EXACT},
    )


@case("others.liger.jsd", "liger_kernel.ops.jsd:_jsd_kernel")
def jsd() -> Iterable[Call]:
    x, y = (normal(19, 8000).log_softmax(-1).to(bf16) for _ in range(2))
    p, q = y.double().exp(), x.double().exp()
    log_m = ((p + q) / 2).log()
    of_x, of_y = q * (x.double() - log_m) / 2, p * (y.double() - log_m) / 2
    yield Call(
        {
            **{"X_ptr": x, "Y_ptr": y},
            **{"loss_ptr": poisoned(19, 8000), "dX_ptr": poisoned(19, 8000, dtype=bf16)},
            **each(8000, "X_stride Y_stride loss_stride dX_stride n_cols"),
            **{"label_ptr": integers(0, 99, 19), "ignore_index": -100, "HAS_LABEL": False},
            **{"beta": 0.5, "n_non_ignore": 19, "BLOCK_SIZE": 4096},
        },
        grid=(19,),
        # The two terms nearly cancel where x is close to y: what fp32 loses there is the sum's.
        expected={"loss_ptr": Off((of_x + of_y) / 19, 1e-4), "dX_ptr": of_x / 19},
        apart={"loss_ptr": 1e-4},
    )


@case(
    "others.liger.selective_log_softmax", "liger_kernel.ops.grpo_loss:_selective_log_softmax_kernel"
)
def selective_log_softmax() -> Iterable[Call]:
    logits, ids = normal(2, 65, 32000, dtype=bf16), integers(0, 32000, 2, 64)
    chosen = (logits[:, :-1].double() / 0.9).log_softmax(-1).gather(-1, ids[..., None])[..., 0]
    for mask in (None, integers(0, 2, 2, 64)):
        result = poisoned(2, 64) if mask is None else torch.full((2, 64), 7.0, device=DEVICE)
        yield Call(
            {
                **{"LOGITS": logits, "INPUT_IDS": ids, "LOG_P": result, "MASK": mask},
                **{"stride_input_ids_b": 64, "stride_mask_b": 64},
                **each(1, "stride_mask_l stride_input_ids_l"),
                **{"TEMPERATURE": 0.9, "L": 64, "N": 32000, "BLOCK_N": 2048},
            },
            grid=(2, 64),
            options={"num_warps": 1, "num_stages": 4},
            expected={"LOG_P": chosen if mask is None else torch.where(mask != 0, chosen, 7.0)},
        )
