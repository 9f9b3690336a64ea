"""Losses of Liger Kernel 0.8.5."""

from liger_kernel.ops.cross_entropy import liger_cross_entropy_kernel
from liger_kernel.ops.grpo_loss import (
    _grpo_loss_bwd_kernel,
    _grpo_loss_fwd_kernel,
    _selective_log_softmax_kernel,
)
from liger_kernel.ops.jsd import _jsd_kernel
from liger_kernel.ops.kl_div import _kldiv_kernel_backward, _kldiv_kernel_forward
from liger_kernel.ops.multi_token_attention import _mask_fwd_kernel
from liger_kernel.ops.tvd import _tv_distance_kernel
from triton import cdiv, next_power_of_2

from codegen.export import export

from .declaring import derived, each, typed, warps

FLOATS = "*bf16 | *fp32"
BATCH_MEAN = 3


def columns(given):
    """The block that goes along a row; for vocabularies, so the longest one."""
    return min(16384, next_power_of_2(given["n_cols"]))


def along_rows(kernel, **values):
    return derived(
        kernel,
        **values,
        BLOCK_SIZE=columns,
        num_warps=lambda given: warps(given["BLOCK_SIZE"]),
    )


# Without weights the sum of them is a count; with weights, which are left out here, a float.
export(
    "others.liger.cross_entropy",
    types=typed(
        "*bf16: X_ptr loss_ptr",
        "*bf16 | None: z_loss_ptr",
        "i32:16: X_stride n_cols",
        "*i64: Y_ptr",
        "i32: token_accuracy_stride predicted_tokens_stride n_non_ignore sum_non_ignore_weight",
        "i32: ignore_index",
        "i32:1: Y_stride loss_stride",
        "fp32: weight_sum",
        "fp32 | None: softcap",
    ),
    constexprs={
        "lse_square_scale": 0.0,
        "label_smoothing": 0.0,
        "reduction": "mean",
        "RETURN_TOKEN_ACCURACY": False,
        "RETURN_PREDICTED_TOKENS": False,
        "BLOCK_SIZE": [32768],
        "HAS_WEIGHT": False,
        "HAS_GRADIENTS": True,
        **each(None, "weight_ptr token_accuracy_ptr predicted_tokens_ptr"),
    },
    grid=lambda X_ptr: (X_ptr.shape[0],),
    num_warps=32,
)(
    derived(
        liger_cross_entropy_kernel,
        BLOCK_SIZE=lambda given: min(32768, next_power_of_2(given["n_cols"])),
        HAS_SOFTCAPPING=lambda given: given["softcap"] is not None,
        RETURN_Z_LOSS=lambda given: given["z_loss_ptr"] is not None,
    )
)

export(
    "others.liger.kldiv_forward",
    types=typed(
        f"{FLOATS}: y_ptr gt_ptr",
        "*fp32: loss_ptr",
        "i32:16: y_stride gt_stride n_cols",
        "i32:1: loss_stride",
        "fp32: eps",
    ),
    constexprs={"BLOCK_SIZE": [16384], "reduction": BATCH_MEAN, "log_target": [False, True]},
    grid=lambda y_ptr: (y_ptr.shape[0],),
)(along_rows(_kldiv_kernel_forward))

export(
    "others.liger.kldiv_backward",
    types=typed(
        f"{FLOATS}: target_ptr new_grads_ptr",
        "i32:16: target_stride new_grads_stride n_cols",
    ),
    constexprs={"BLOCK_SIZE": [16384], "log_target": [False, True]},
    grid=lambda target_ptr: (target_ptr.shape[0],),
)(along_rows(_kldiv_kernel_backward))

# Without labels the kernel is passed a tensor all the same, and does not read it.
export(
    "others.liger.jsd",
    types=typed(
        f"{FLOATS}: X_ptr Y_ptr dX_ptr",
        "i32:16: X_stride Y_stride loss_stride dX_stride n_cols",
        "*fp32: loss_ptr",
        "*i64: label_ptr",
    ),
    constexprs={"beta": 0.5, "ignore_index": -100, "HAS_LABEL": [False, True], "BLOCK_SIZE": 4096},
    grid=lambda X_ptr: (X_ptr.shape[0],),
)(_jsd_kernel)

export(
    "others.liger.tv_distance",
    types=typed(
        "*fp32: p_ptr q_ptr loss_ptr grads_ptr",
        "*i64: label_ptr",
        "i32:16: p_stride q_stride grads_stride n_cols",
        "i32:1: loss_stride",
        "fp32: scale",
    ),
    constexprs={
        "ignore_index": -100,
        "BLOCK_SIZE": [8192, 16384],
        "HAS_LABEL": [False, True],
        "reduction": BATCH_MEAN,
    },
    grid=lambda p_ptr: (p_ptr.shape[0],),
)(along_rows(_tv_distance_kernel))

export(
    "others.liger.mask_fwd",
    types=typed(
        "*fp16 | *fp32: scores_ptr out_ptr",
        "i32:16: stride_b stride_m",
        "i32:1: stride_n",
        "i32: L",
    ),
    constexprs={"mask_val": -1000000000.0, "BLOCK": [64, 128]},
    grid=lambda scores_ptr, L, BLOCK: (cdiv(L, BLOCK), cdiv(L, BLOCK), scores_ptr.shape[0]),
)(
    derived(
        _mask_fwd_kernel,
        BLOCK=lambda given: next_power_of_2(given["L"]),
        num_warps=lambda given: warps(given["BLOCK"]),
    )
)

POLICY = {
    "TEMPERATURE": 0.9,
    "EPS_LOW": 0.2,
    "EPS_HIGH": 0.2,
    "LOSS_TYPE": 0,
    "SAPO_TEMP_POS": 1.0,
    "SAPO_TEMP_NEG": 1.05,
    "DELTA": 0.0,
    "USE_BIAS_CORRECTION_KL": False,
    "L": [64],
    "N": [32000],
}


def of_shapes(kernel):
    """The logits are [batch, length + 1, vocabulary]."""
    return derived(
        kernel,
        L=lambda given: given["LOGITS"].shape[1] - 1,
        N=lambda given: given["LOGITS"].shape[2],
    )


export(
    "others.liger.grpo_loss_fwd",
    types=typed(
        "*bf16: LOGITS",
        "*fp32: REF_LOGP ADVANTAGES LOSS LSE KL IS_CLIPPED",
        "*fp32 | None: OLD_LOGP COMPLETION_MASK",
        "*i64: INPUT_IDS",
        "i32:16: VLLM_IS_RATIO_STRIDE",
    ),
    constexprs={**POLICY, "BETA": 0.04, "BLOCK_N": 2048, **each(None, "VLLM_IS_RATIO PHI_SEQ")},
    grid=lambda LOGITS, L: (LOGITS.shape[0], L),
    num_warps=1,
    num_stages=2,
)(of_shapes(_grpo_loss_fwd_kernel))

export(
    "others.liger.grpo_loss_bwd",
    types=typed(
        "*fp32: DLOSS ADVANTAGES LSE",
        "*fp32 | None: OLD_LOGP COMPLETION_MASK",
        "*bf16: DLOGITS LOGITS",
        "*i64: INPUT_IDS",
        "i32:16: VLLM_IS_RATIO_STRIDE loss_stride0",
        "i32:1: loss_stride1",
    ),
    constexprs={**POLICY, "BETA": 0.0, **each(None, "REF_LOGP VLLM_IS_RATIO PHI_SEQ")},
    grid=lambda LOGITS, L: (LOGITS.shape[0], L),
    num_warps=16,
    num_stages=1,
)(of_shapes(_grpo_loss_bwd_kernel))

# Without a mask its strides are 0.
export(
    "others.liger.selective_log_softmax",
    types=typed(
        "*bf16: LOGITS",
        "*i64: INPUT_IDS",
        "*fp32: LOG_P",
        "i32:16: stride_input_ids_b",
        "i32: stride_mask_b",
        "i32:1: stride_input_ids_l stride_mask_l",
        "*i64 | None: MASK",
    ),
    cases=[{}, {"stride_mask_l": None}],
    constexprs={"TEMPERATURE": 0.9, "L": [64], "N": [32000], "BLOCK_N": 2048},
    grid=lambda LOGITS, L: (LOGITS.shape[0], L),
    num_warps=1,
    num_stages=4,
)(of_shapes(_selective_log_softmax_kernel))
