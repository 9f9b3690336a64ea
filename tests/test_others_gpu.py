"""Wrappers of installed packages' kernels, on a GPU against torch: norms, losses, optimisers, sums.

The wrappers are generated into the folder of the declarations and are not committed; what a kernel
has to compute was read off the package that holds it and is written out here in float64.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

pytestmark = pytest.mark.gpu
torch = pytest.importorskip("torch", reason="torch is not installed")

FOLDER = Path(__file__).parent / "kernels_of_others"
WRAPPERS = FOLDER / "others_wrappers"
DEVICE = "cuda"
EPSILON = 1e-6
fp16, bf16, fp32, fp64 = torch.float16, torch.bfloat16, torch.float32, torch.float64

# Relative to the norm of the whole. A 16-bit result is rounded once or twice: by up to 2**-9 in
# bf16 and 2**-11 in fp16, each about half of that in the mean. PRODUCT is for bf16 factors that
# are multiplied and summed in bf16. CODES is the step between 256 evenly spaced codes, 2 / 255 of
# the largest of 256 normal values (about 3), over sqrt(12), and the rounding to bf16.
TOLERANCES = {fp32: 1e-5, bf16: 4e-3, fp16: 1e-3}
EXACT, PRODUCT, CODES = 0.0, 1e-2, 1.5e-2

# A case by its export name: called with the wrapper, it gives triples of what was computed, what
# was to be, and the tolerance (None: that of the result's dtype).
CASES = {}


def case(name, module):
    """Register the function below as the case of this export, in this module of wrappers."""

    def register(function):
        CASES[name] = (module, function)
        return function

    return register


def normal(*shape, dtype=fp32):
    return torch.randn(shape, device=DEVICE).to(dtype)


def integers(low, high, *shape, dtype=torch.int64):
    return torch.randint(low, high, shape, device=DEVICE, dtype=dtype)


def poisoned(*shape, dtype=fp32):
    """An output, of NaN: an element that is left out fails the comparison."""
    return torch.full(shape, float("nan"), device=DEVICE, dtype=dtype)


def by_row(rows, gy=1):
    """The arguments of an explicit grid that has a program for each row."""
    return {"gx": rows, "gy": gy, "gz": 1}


def silu(x):
    return x * torch.sigmoid(x)


def reciprocal_rms(x):
    return torch.rsqrt(x.double().square().mean(-1, keepdim=True) + EPSILON)


def mean_and_reciprocal_deviation(x):
    wide = x.double()
    return wide.mean(-1), torch.rsqrt(wide.var(-1, unbiased=False) + EPSILON)


@case("others.liger.rms_norm_forward", "liger_norms")
def rms_norm_forward(wrapper):
    for dtype in (fp16, bf16):
        x, w = normal(37, 2064, dtype=dtype), normal(2064, dtype=dtype)
        y, rstd = poisoned(37, 2064, dtype=dtype), poisoned(37)
        pointers = {"Y_ptr": y, "X_ptr": x, "W_ptr": w, "RSTD_ptr": rstd}
        strides = {"Y_row_stride": 2064, "X_row_stride": 2064}
        wrapper(n_cols=2064, eps=EPSILON, offset=1.0, **pointers, **strides, **by_row(37))
        scale = reciprocal_rms(x)
        yield y, x.double() * scale * (1 + w.double()), None
        yield rstd, scale.flatten(), None


@case("others.liger.block_rms_norm_forward", "liger_norms")
def block_rms_norm_forward(wrapper):
    x, w = normal(50, 240, dtype=bf16), normal(240, dtype=bf16)
    y, rstd = poisoned(50, 240, dtype=bf16), poisoned(50)
    strides = {"Y_row_stride": 240, "X_row_stride": 240}
    pointers = {"Y_ptr": y, "X_ptr": x, "W_ptr": w, "RSTD_ptr": rstd}
    wrapper(n_rows=50, n_cols=240, eps=EPSILON, offset=0.0, **pointers, **strides)
    scale = reciprocal_rms(x)
    yield y, x.double() * scale * w.double(), None
    yield rstd, scale.flatten(), None


@case("others.liger.fused_add_rms_norm_forward", "liger_norms")
def fused_add_rms_norm_forward(wrapper):
    x, r, w = (normal(*shape, dtype=bf16) for shape in ((9, 4096), (9, 4096), (4096,)))
    y, s, rstd = poisoned(9, 4096, dtype=bf16), poisoned(9, 4096, dtype=bf16), poisoned(9)
    strides = {f"{name}_row_stride": 4096 for name in "YSXR"}
    pointers = {"Y_ptr": y, "S_ptr": s, "X_ptr": x, "R_ptr": r, "W_ptr": w, "RSTD_ptr": rstd}
    wrapper(n_cols=4096, eps=EPSILON, offset=0.0, **pointers, **strides, **by_row(9))
    scale = reciprocal_rms(s)
    yield s, x.double() + r.double(), None
    yield y, s.double() * scale * w.double(), None
    yield rstd, scale.flatten(), None


@case("others.liger.layer_norm_forward", "liger_norms")
def layer_norm_forward(wrapper):
    x, w, b = (normal(*shape, dtype=bf16) for shape in ((21, 3008), (3008,), (3008,)))
    y, mean, rstd = poisoned(21, 3008, dtype=bf16), poisoned(21), poisoned(21)
    pointers = {"Y_ptr": y, "X_ptr": x, "W_ptr": w, "B_ptr": b, "Mean_ptr": mean, "RSTD_ptr": rstd}
    strides = {"Y_row_stride": 3008, "X_row_stride": 3008}
    wrapper(n_cols=3008, eps=EPSILON, **pointers, **strides, **by_row(21))
    m, scale = mean_and_reciprocal_deviation(x)
    yield y, (x.double() - m[:, None]) * scale[:, None] * w.double() + b.double(), None
    yield mean, m, None
    yield rstd, scale, None


@case("others.liger.group_norm_forward", "liger_norms")
def group_norm_forward(wrapper):
    batch, groups, channels, size = 3, 4, 2, 1040
    x, w, b = normal(batch, groups, channels * size), normal(8), normal(8)
    y, mean, rstd = torch.full_like(x, float("nan")), poisoned(batch, groups), poisoned(3, groups)
    strides = {f"{name}_row_stride": groups * channels * size for name in "YX"}
    strides |= {f"{name}_col_stride": channels * size for name in "YX"}
    strides |= {"Mean_row_stride": groups, "RSTD_row_stride": groups}
    pointers = {"Y_ptr": y, "X_ptr": x, "W_ptr": w, "B_ptr": b, "Mean_ptr": mean, "RSTD_ptr": rstd}
    sizes = {"hidden_size": channels * size, "channels_per_group": channels}
    wrapper(eps=EPSILON, **sizes, **pointers, **strides, **by_row(batch, gy=groups))
    m, scale = mean_and_reciprocal_deviation(x)
    unit = (x.double() - m[..., None]) * scale[..., None]
    unit = unit.view(batch, groups * channels, size)
    yield y.view_as(unit), unit * w.double()[:, None] + b.double()[:, None], None
    yield mean, m, None
    yield rstd, scale, None


@case("others.liger.softmax_single_block_forward", "liger_norms")
def softmax_single_block_forward(wrapper):
    for dtype in (fp16, bf16):
        x, y = normal(30, 2000, dtype=dtype), poisoned(30, 2000, dtype=dtype)
        strides = {"Y_row_stride": 2000, "X_row_stride": 2000}
        wrapper(Y_ptr=y, X_ptr=x, n_cols=2000, **strides, **by_row(30))
        yield y, x.double().softmax(-1), PRODUCT


@case("others.liger.softmax_single_block_backward", "liger_norms")
def softmax_single_block_backward(wrapper):
    dy, y = normal(30, 2000, dtype=bf16), normal(30, 2000).softmax(-1).to(bf16)
    dx = poisoned(30, 2000, dtype=bf16)
    strides = {"dy_stride": 2000, "y_stride": 2000, "dx_stride": 2000}
    wrapper(dy_ptr=dy, y_ptr=y, dx_ptr=dx, n_cols=2000, **strides, **by_row(30))
    dot = (dy.double() * y.double()).sum(-1, keepdim=True)
    yield dx, y.double() * (dy.double() - dot), PRODUCT


@case("others.liger.swiglu_backward", "liger_layers")
def swiglu_backward(wrapper):
    dc, a, b = (normal(13, 4096, dtype=bf16) for _ in range(3))
    wide, up = (tensor.double().requires_grad_() for tensor in (a, b))
    (silu(0.5 * wide) * up).backward(dc.double())
    wrapper(dc_ptr=dc, a_ptr=a, b_ptr=b, stride=4096, gate_multiplier=0.5, **by_row(13))
    yield a, wide.grad, None
    yield b, up.grad, None


@case("others.liger.geglu_tanh_forward", "liger_layers")
def geglu_tanh_forward(wrapper):
    a, b, c = normal(13, 4096, dtype=bf16), normal(13, 4096, dtype=bf16), poisoned(13, 4096)
    c = c.to(bf16)
    wrapper(a=a, b=b, c=c, stride=4096, **by_row(13))
    gelu = torch.nn.functional.gelu(a.double(), approximate="tanh")
    yield c, gelu * b.double(), None


@case("others.liger.embedding_backward", "liger_layers")
def embedding_backward(wrapper):
    # Small whole numbers: their sums are exact in bf16, in whatever order they are added.
    gradient, indices = integers(-2, 3, 208, 512).to(bf16), integers(0, 100, 208)
    weight = torch.zeros(100, 512, device=DEVICE, dtype=bf16)
    pointers = {"grad_output_ptr": gradient, "grad_weight_ptr": weight, "indices_ptr": indices}
    wrapper(n_elements=208, **pointers)
    zeros = torch.zeros(100, 512, device=DEVICE, dtype=fp64)
    yield weight, zeros.index_add(0, indices, gradient.double()), EXACT


@case("others.liger.tv_distance", "liger_losses")
def tv_distance(wrapper):
    p, q = normal(19, 20000).softmax(-1), normal(19, 20000).softmax(-1)
    loss, gradients = poisoned(19), poisoned(19, 20000)
    strides = {"p_stride": 20000, "q_stride": 20000, "grads_stride": 20000}
    pointers = {"p_ptr": p, "q_ptr": q, "loss_ptr": loss, "grads_ptr": gradients}
    unread = {"label_ptr": poisoned(19)}
    wrapper(n_cols=20000, scale=0.25, **pointers, **unread, **strides, **by_row(19))
    difference = p.double() - q.double()
    yield loss, 0.5 * 0.25 * difference.abs().sum(-1), None
    yield gradients, 0.5 * 0.25 * difference.sign(), EXACT


@case("others.liger.jsd", "liger_losses")
def jsd(wrapper):
    x, y = (normal(19, 8000).log_softmax(-1).to(bf16) for _ in range(2))
    loss, dx = poisoned(19, 8000), poisoned(19, 8000, dtype=bf16)
    strides = {f"{name}_stride": 8000 for name in ("X", "Y", "loss", "dX")}
    pointers = {"X_ptr": x, "Y_ptr": y, "loss_ptr": loss, "dX_ptr": dx}
    unread = {"label_ptr": poisoned(19)}
    wrapper(n_cols=8000, n_non_ignore=19, **pointers, **unread, **strides, **by_row(19))
    p, q = y.double().exp(), x.double().exp()
    log_m = ((p + q) / 2).log()
    of_x, of_y = q * (x.double() - log_m) / 2, p * (y.double() - log_m) / 2
    # The two terms nearly cancel where x is close to y: what fp32 loses there is left to the sum.
    yield loss, (of_x + of_y) / 19, 1e-4
    yield dx, of_x / 19, None


@case("others.liger.selective_log_softmax", "liger_losses")
def selective_log_softmax(wrapper):
    logits, ids = normal(2, 65, 32000, dtype=bf16), integers(0, 32000, 2, 64)
    chosen = (logits[:, :-1].double() / 0.9).log_softmax(-1).gather(-1, ids[..., None])[..., 0]
    strides = {"stride_input_ids_b": 64, "stride_mask_b": 64, "stride_mask_l": 1}
    for mask in (None, integers(0, 2, 2, 64)):
        result = poisoned(2, 64) if mask is None else torch.full((2, 64), 7.0, device=DEVICE)
        pointers = {"LOGITS": logits, "INPUT_IDS": ids, "LOG_P": result, "MASK": mask}
        wrapper(**pointers, **strides, **by_row(2, gy=64))
        yield result, chosen if mask is None else torch.where(mask != 0, chosen, 7.0), None


@case("others.conch.rms_norm", "conch")
def conch_rms_norm(wrapper):
    # The whole block: what lies beyond a row is loaded without a default and summed.
    x, w, y = normal(23, 4096, dtype=bf16), normal(4096, dtype=bf16), poisoned(23, 4096).to(bf16)
    pointers = {"output_ptr": y, "x_ptr": x, "weight_ptr": w}
    wrapper(hidden_size=4096, epsilon=EPSILON, **pointers, **by_row(23))
    yield y, x.double() * reciprocal_rms(x) * w.double(), None


@case("others.conch.silu_and_mul", "conch")
def silu_and_mul(wrapper):
    x, y = normal(23, 3008, dtype=bf16), poisoned(23, 1504, dtype=bf16)
    strides = {"output_stride": 1504, "input_stride": 3008}
    wrapper(output_ptr=y, x_ptr=x, d=1504, **strides, **by_row(23))
    gate, up = x.double().chunk(2, -1)
    yield y, silu(gate) * up, None


@case("others.conch.static_scaled_int8_quant", "conch")
def static_scaled_int8_quant(wrapper):
    # The scale is a power of two, so the quotients are exact; they are cut off, not rounded.
    x, scale = normal(23, 3008, dtype=bf16), torch.full((1,), 2.0**-6, device=DEVICE)
    y = torch.full((23, 3008), 127, device=DEVICE, dtype=torch.int8)
    pointers = {"output_ptr": y, "input_ptr": x, "scale_ptr": scale}
    wrapper(hidden_size=3008, int8_min=-128, int8_max=127, **pointers, **by_row(23))
    yield y, (x.double() * 64).clamp(-128, 127).trunc(), EXACT


@case("others.xformers.rms_norm_add", "xformers")
def rms_norm_add(wrapper):
    x, y, w = (normal(*shape, dtype=bf16) for shape in ((23, 4096), (23, 4096), (4096,)))
    expected, result = x.double() + y.double(), poisoned(23, 4096, dtype=bf16)
    wrapper(x_ptr=x, y_ptr=y, h1_ptr=result, w_ptr=w, eps=EPSILON, stride=4096, **by_row(23))
    yield x, expected, None
    yield result, expected * reciprocal_rms(expected) * w.double(), None


@case("others.xformers.index_select_cat_fwd", "xformers")
def index_select_cat_fwd(wrapper):
    source, index = normal(70, 1200, dtype=fp16), integers(0, 70, 41)
    output = poisoned(41, 1200, dtype=fp16)
    pointers = {"output_ptr": output, "source_ptr": source, "index_ptr": index}
    wrapper(num_indices=41, num_cols=1200, stride0=1200, **pointers)
    yield output, source[index].double(), EXACT


@case("others.xformers.scaled_index_add_fwd", "xformers")
def scaled_index_add_fwd(wrapper):
    x, source, scaling = (normal(*s, dtype=fp16) for s in ((9, 5, 1200), (6, 5, 1200), (1200,)))
    index = torch.randperm(9, device=DEVICE)[:6].contiguous()
    expected = x.double().index_add(0, index, source.double() * scaling.double(), alpha=0.5)
    pointers = {"input_ptr": x, "source_ptr": source, "scaling_ptr": scaling, "index_ptr": index}
    sizes = {"num_inp_indices": 9, "num_src_indices": 6, "num_rows": 5, "num_cols": 1200}
    wrapper(alpha=0.5, stride0=6000, stride1=1200, **pointers, **sizes)
    yield x, expected, None


@case("others.fla.layer_norm_fwd", "fla_modules")
def layer_norm_fwd(wrapper):
    # The weights are of eight groups, which the rows take in turn.
    x, w, y = normal(104, 128, dtype=bf16), normal(8, 128, dtype=bf16), poisoned(104, 128)
    y, mean, rstd = y.to(bf16), poisoned(104), poisoned(104)
    wrapper(x=x, y=y, w=w, mean=mean, rstd=rstd, eps=EPSILON, T=104)
    m, scale = mean_and_reciprocal_deviation(x)
    yield y, (x.double() - m[:, None]) * scale[:, None] * w.double().repeat(13, 1), None
    yield mean, m, None
    yield rstd, scale, None


@case("others.fla.logsumexp_fwd", "fla_utils")
def logsumexp_fwd(wrapper):
    x, z = normal(7, 32000, dtype=bf16), poisoned(7)
    wrapper(x=x, z=z, **by_row(7))
    yield z, x.double().logsumexp(-1), None


@case("others.fla.chunk_local_cumsum_scalar", "fla_utils")
def chunk_local_cumsum_scalar(wrapper):
    s, o = normal(2, 200, 4), poisoned(2, 200, 4)
    wrapper(s=s, o=o, scale=0.5, T=200)
    yield o, torch.cat([part.cumsum(1) for part in s.double().split(64, 1)], 1) / 2, None


def compensated(*tensors):
    """The arguments that the optimisers share; the compensation, of bytes here, starts at zero."""
    names = ("param_ptr", "grad_ptr", "exp_avg_ptr", "exp_avg_sq_ptr")
    pointers = dict(zip(names, tensors, strict=False))
    kahan = torch.zeros(5008, device=DEVICE, dtype=torch.uint8)
    return {**pointers, "kahan_ptr": kahan, "lr": 0.01, "weight_decay": 0.9375, "n_elements": 5008}


@case("others.optimi.adam", "optimi")
def adam(wrapper):
    for dtype in (fp16, bf16):
        parameter, gradient, mean = (normal(5008, dtype=dtype) for _ in range(3))
        square = normal(5008, dtype=dtype).abs() + 0.5
        new_mean = 0.75 * mean.double() + 0.25 * gradient.double()
        new_square = 0.875 * square.double() + 0.125 * gradient.double().square()
        step = 0.01 * new_mean / (new_square.sqrt() + EPSILON)
        expected = 0.9375 * parameter.double() - step
        betas = {"beta1_hat": 0.75, "beta1_comp": 0.25, "beta2_hat": 0.875, "beta2_comp": 0.125}
        wrapper(eps=EPSILON, **betas, **compensated(parameter, gradient, mean, square))
        yield parameter, expected, None
        yield mean, new_mean, None
        yield square, new_square, None


@case("others.optimi.lion", "optimi")
def lion(wrapper):
    parameter, gradient, mean = (normal(5008, dtype=bf16) for _ in range(3))
    difference = gradient.double() - mean.double()
    expected = 0.9375 * parameter.double() - 0.01 * (mean.double() + 0.125 * difference).sign()
    new_mean = mean.double() + 0.0625 * difference
    wrapper(beta1_comp=0.125, beta2_comp=0.0625, **compensated(parameter, gradient, mean))
    yield parameter, expected, None
    yield mean, new_mean, None


@case("others.torchao.scaled_int8_mm", "torchao")
def scaled_int8_mm(wrapper):
    a, b = (integers(-128, 128, *shape, dtype=torch.int8) for shape in ((130, 512), (512, 272)))
    c, rows, columns = poisoned(130, 272), normal(130), normal(272)
    pointers = {"A_ptr": a, "B_ptr": b, "C_ptr": c, "row_scale_ptr": rows, "col_scale_ptr": columns}
    strides = {"stride_am": 512, "stride_bk": 272, "stride_cm": 272}
    wrapper(M=130, N=272, K=512, **pointers, **strides)
    yield c, a.double() @ b.double() * rows.double()[:, None] * columns.double(), None


@case("others.bitsandbytes.quantize_8bit_blockwise", "bitsandbytes")
def quantize_8bit_blockwise(wrapper):
    x, code = normal(40, 256, dtype=bf16), torch.linspace(-1, 1, 256, device=DEVICE)
    largest, codes = poisoned(40, dtype=bf16), integers(0, 256, 40, 256, dtype=torch.uint8)
    pointers = {"A_ptr": x, "code_ptr": code, "absmax_ptr": largest, "out_ptr": codes}
    wrapper(n_elements=10240, **pointers)
    yield largest, x.double().abs().amax(-1), EXACT
    yield code[codes.long()] * largest[:, None], x.double(), CODES


@case("others.bitsandbytes.dequant_8bit", "bitsandbytes")
def dequant_8bit(wrapper):
    codes, code = integers(0, 256, 40, 256, dtype=torch.uint8), normal(256)
    largest, out = normal(40).abs(), poisoned(40, 256, dtype=bf16)
    wrapper(a_ptr=codes, out_ptr=out, code_ptr=code, absmax_ptr=largest, n=10240)
    yield out, code[codes.long()].double() * largest.double()[:, None], None


@pytest.mark.parametrize("name", CASES)
def test_kernel_of_a_package(name, monkeypatch):
    if not WRAPPERS.is_dir():
        pytest.skip(f"{WRAPPERS.name} is not generated")
    if not torch.cuda.is_available():
        pytest.skip("torch finds no CUDA device")
    monkeypatch.syspath_prepend(str(FOLDER))
    module, run = CASES[name]
    wrappers = importlib.import_module(f"{WRAPPERS.name}.{module}")
    torch.manual_seed(0)
    for place, (actual, expected, tolerance) in enumerate(
        run(getattr(wrappers, name.rpartition(".")[2]))
    ):
        assert actual.shape == expected.shape
        limit = TOLERANCES[actual.dtype] if tolerance is None else tolerance
        difference = torch.linalg.norm((actual.double() - expected).flatten())
        error = float(difference / torch.linalg.norm(expected.flatten()))
        assert error <= limit, f"result {place} is off by {error:.1e}"
