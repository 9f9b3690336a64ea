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

from codegen.export import export

from .declaring import each, jit, typed

export(
    "others.liger.cross_entropy",
    types=typed(
        "*bf16: X_ptr loss_ptr",
        "i32:16: X_stride n_cols",
        "*i64: Y_ptr",
        "i32: token_accuracy_stride predicted_tokens_stride n_non_ignore sum_non_ignore_weight",
        "i32: ignore_index",
        "fp32: weight_sum",
    ),
    constexprs={
        "lse_square_scale": 0.0,
        "label_smoothing": 0.0,
        "reduction": "mean",
        "RETURN_Z_LOSS": False,
        "RETURN_TOKEN_ACCURACY": False,
        "RETURN_PREDICTED_TOKENS": False,
        "BLOCK_SIZE": 32768,
        "HAS_WEIGHT": False,
        "HAS_SOFTCAPPING": False,
        "HAS_GRADIENTS": True,
        **each(None, "weight_ptr z_loss_ptr token_accuracy_ptr predicted_tokens_ptr softcap"),
        **each(1, "Y_stride loss_stride"),
    },
    grid="explicit",
    num_warps=32,
)(jit(liger_cross_entropy_kernel))

export(
    "others.liger.kldiv_forward",
    types=typed(
        "*fp32: y_ptr gt_ptr loss_ptr",
        "i32:16: y_stride gt_stride n_cols",
        "fp32: eps",
    ),
    constexprs={"BLOCK_SIZE": 16384, "reduction": 3, **each(1, "loss_stride")},
    grid="explicit",
    num_warps=16,
)(jit(_kldiv_kernel_forward))

export(
    "others.liger.kldiv_backward",
    types=typed(
        "*fp32: target_ptr new_grads_ptr",
        "i32:16: target_stride new_grads_stride n_cols",
    ),
    constexprs={"BLOCK_SIZE": 16384},
    grid="explicit",
    num_warps=16,
)(jit(_kldiv_kernel_backward))

export(
    "others.liger.jsd",
    types=typed(
        "*bf16: X_ptr Y_ptr dX_ptr",
        "i32:16: X_stride Y_stride loss_stride dX_stride n_cols",
        "*fp32: loss_ptr label_ptr",
    ),
    constexprs={"beta": 0.5, "ignore_index": -100, "BLOCK_SIZE": 4096, "HAS_LABEL": False},
    grid="explicit",
)(jit(_jsd_kernel))

export(
    "others.liger.tv_distance",
    types=typed(
        "*fp32: p_ptr q_ptr loss_ptr grads_ptr label_ptr",
        "i32:16: p_stride q_stride grads_stride n_cols",
        "fp32: scale",
    ),
    constexprs={
        "ignore_index": -100,
        "BLOCK_SIZE": 16384,
        "HAS_LABEL": False,
        "reduction": 3,
        **each(1, "loss_stride"),
    },
    grid="explicit",
    num_warps=16,
)(jit(_tv_distance_kernel))

export(
    "others.liger.mask_fwd",
    types=typed(
        "*fp32: scores_ptr out_ptr",
        "i32:16: stride_b stride_m",
        "i32: L",
    ),
    constexprs={"mask_val": -1000000000.0, "BLOCK": 64, "num_warps": 4, **each(1, "stride_n")},
    grid="explicit",
)(jit(_mask_fwd_kernel))

export(
    "others.liger.grpo_loss_fwd",
    types=typed(
        "*bf16: LOGITS",
        "*fp32: OLD_LOGP REF_LOGP COMPLETION_MASK ADVANTAGES LOSS LSE KL IS_CLIPPED",
        "*i64: INPUT_IDS",
        "i32:16: VLLM_IS_RATIO_STRIDE",
    ),
    constexprs={
        "TEMPERATURE": 0.9,
        "BETA": 0.04,
        "EPS_LOW": 0.2,
        "EPS_HIGH": 0.2,
        "LOSS_TYPE": 0,
        "SAPO_TEMP_POS": 1.0,
        "SAPO_TEMP_NEG": 1.05,
        "DELTA": 0.0,
        "USE_BIAS_CORRECTION_KL": False,
        "L": 64,
        "N": 32000,
        "BLOCK_N": 2048,
        **each(None, "VLLM_IS_RATIO PHI_SEQ"),
    },
    grid="explicit",
    num_warps=1,
    num_stages=2,
)(jit(_grpo_loss_fwd_kernel))

export(
    "others.liger.grpo_loss_bwd",
    types=typed(
        "*fp32: DLOSS ADVANTAGES LSE",
        "*bf16: DLOGITS LOGITS",
        "*i64: INPUT_IDS",
        "i32:16: VLLM_IS_RATIO_STRIDE loss_stride0",
    ),
    constexprs={
        "TEMPERATURE": 0.9,
        "BETA": 0.0,
        "EPS_LOW": 0.2,
        "EPS_HIGH": 0.2,
        "LOSS_TYPE": 0,
        "SAPO_TEMP_POS": 1.0,
        "SAPO_TEMP_NEG": 1.05,
        "DELTA": 0.0,
        "USE_BIAS_CORRECTION_KL": False,
        "L": 64,
        "N": 32000,
        **each(None, "OLD_LOGP REF_LOGP COMPLETION_MASK VLLM_IS_RATIO PHI_SEQ"),
        **each(1, "loss_stride1"),
    },
    grid="explicit",
    num_warps=16,
    num_stages=1,
)(jit(_grpo_loss_bwd_kernel))

export(
    "others.liger.selective_log_softmax",
    types=typed(
        "*bf16: LOGITS",
        "*i64: INPUT_IDS",
        "*fp32: LOG_P",
        "i32:16: stride_input_ids_b",
        "i32: stride_mask_b stride_mask_l",
        "*i64 | None: MASK",
    ),
    constexprs={
        "TEMPERATURE": 0.9,
        "L": 64,
        "N": 32000,
        "BLOCK_N": 2048,
        **each(1, "stride_input_ids_l"),
    },
    grid="explicit",
    num_warps=1,
    num_stages=4,
)(jit(_selective_log_softmax_kernel))
