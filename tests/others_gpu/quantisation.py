"""Quantisation of bitsandbytes, conch-triton-kernels, torchao and SageAttention."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import torch
import triton.language as tl

from .cases import (
    DEVICE,
    EXACT,
    Call,
    Off,
    bf16,
    case,
    each,
    fp16,
    integers,
    normal,
    poisoned,
    zeros,
)

EIGHT_BITS = "bitsandbytes.backends.triton.kernels_8bit_quant"
FOUR_BITS = "bitsandbytes.backends.triton.kernels_4bit"
TENSORWISE = "torchao.prototype.float8nocompile.kernels.fp8_dynamic_tensorwise"
# A quotient that falls on the bound between two codes, or is rounded to it, may get either.
TIES = 1e-2


@case("others.bitsandbytes.quantize_8bit_blockwise", f"{EIGHT_BITS}:quantize_8bit_blockwise_kernel")
def quantize_8bit_blockwise() -> Iterable[Call]:
    x, code = normal(40, 256, dtype=bf16), torch.linspace(-1, 1, 256, device=DEVICE)
    largest, codes = poisoned(40, dtype=bf16), poisoned(40, 256, dtype=torch.uint8)
    # The step between 256 even codes, 2 / 255 of the largest of 256 normal values (about 3), over
    # sqrt(12), and the rounding to bf16.
    step = 1.5e-2
    yield Call(
        {
            **{"A_ptr": x, "code_ptr": code, "absmax_ptr": largest, "out_ptr": codes},
            **{"n_elements": 10240, "BLOCK_SIZE": 256, "CODE_SIZE": 256, "SPLIT_NUM_BLOCKS": 1},
        },
        grid=(40,),
        expected={
            "absmax_ptr": Off(x.double().abs().amax(-1), EXACT),
            "out_ptr": Off(x.double(), step, lambda: code[codes.long()] * largest[:, None]),
        },
        apart={"absmax_ptr": EXACT, "out_ptr": TIES},
    )


@case("others.bitsandbytes.dequant_8bit", f"{EIGHT_BITS}:dequant_8bit_kernel")
def dequant_8bit() -> Iterable[Call]:
    codes, code = integers(0, 256, 40, 256, dtype=torch.uint8), normal(256)
    largest, out = normal(40).abs(), poisoned(40, 256, dtype=bf16)
    yield Call(
        {
            **{"a_ptr": codes, "out_ptr": out, "code_ptr": code, "absmax_ptr": largest},
            **{"n": 10240, **each(256, "QUANT_BLOCK SPLIT_SIZE")},
        },
        grid=(40,),
        expected={"out_ptr": code[codes.long()].double() * largest.double()[:, None]},
        apart={"out_ptr": EXACT},
    )


def quantize_4bit(kind: str) -> Iterable[Call]:
    x = normal(80, 64, dtype=bf16)
    yield Call(
        {
            **{"A_ptr": x, "absmax_ptr": poisoned(80, dtype=bf16)},
            **{"out_ptr": poisoned(80, 32, dtype=torch.uint8), "n_elements": 80 * 64},
            **{"absmax_elements": 80, "BLOCK_SIZE": 64, "SPLIT_NUM_BLOCKS": 4},
        },
        grid=(10,),
        expected={"absmax_ptr": Off(x.double().abs().amax(-1), EXACT)},
        apart={"absmax_ptr": EXACT, "out_ptr": TIES},
    )


def dequant_4bit(kind: str) -> Iterable[Call]:
    codes = integers(0, 256, 80, 32, dtype=torch.uint8)
    yield Call(
        {
            **{"a_ptr": codes, "c_ptr": poisoned(80, 64, dtype=bf16)},
            **{"absmax_ptr": normal(80).abs(), "num_paired_elements": 80 * 32},
            **{"num_output_elements": 80 * 64, "QUANT_BLOCK": 64, "SPLIT_SIZE": 256},
        },
        grid=(10,),
        apart={"c_ptr": EXACT},
    )


for kind in ("nf4", "fp4"):
    case(
        f"others.bitsandbytes.quantize_{kind}_blockwise",
        f"{FOUR_BITS}:quantize_{kind}_blockwise_kernel",
    )(partial(quantize_4bit, kind))
    case(f"others.bitsandbytes.dequant_{kind}", f"{FOUR_BITS}:dequant_{kind}_kernel")(
        partial(dequant_4bit, kind)
    )


@case(
    "others.conch.static_scaled_int8_quant",
    "conch.kernels.quantization.int8:_static_scaled_int8_quant_kernel",
)
def static_scaled_int8_quant() -> Iterable[Call]:
    # The scale is a power of two, so the quotients are exact; they are cut off, not rounded.
    x, scale = normal(23, 3008, dtype=bf16), torch.full((1,), 2.0**-6, device=DEVICE)
    y = poisoned(23, 3008, dtype=torch.int8)
    yield Call(
        {
            **{"output_ptr": y, "input_ptr": x, "scale_ptr": scale, "hidden_size": 3008},
            **{"int8_min": -128, "int8_max": 127},
            **{"cxpr_hidden_size_padded": 4096, "cxpr_block_size": 1024},
        },
        grid=(23,),
        expected={"output_ptr": Off((x.double() * 64).clamp(-128, 127).trunc(), EXACT)},
    )


@case(
    "others.conch.static_scaled_fp8_quant",
    "conch.kernels.quantization.fp8:_static_scaled_fp8_quant_kernel",
)
def static_scaled_fp8_quant() -> Iterable[Call]:
    x, scale = normal(23, 3008, dtype=bf16), torch.full((1,), 2.0**-3, device=DEVICE)
    y = poisoned(23, 3008).to(torch.float8_e4m3fn)
    yield Call(
        {
            **{"output_ptr": y, "input_ptr": x, "scale_ptr": scale, "hidden_size": 3008},
            **{"cxpr_hidden_size_padded": 4096, "cxpr_block_size": 1024, "cxpr_is_rocm": False},
        },
        grid=(23,),
        expected={"output_ptr": Off((x.float() * 8).to(torch.float8_e4m3fn).double(), EXACT)},
        apart={"output_ptr": EXACT},
    )


@case("others.torchao.amax_atomic", f"{TENSORWISE}:_amax_atomic")
def amax_atomic() -> Iterable[Call]:
    x = normal(10000, dtype=bf16)
    yield Call(
        {
            **{"input_ptr": x, "amax_ptr": zeros(1), "num_elements": 10000},
            **{"input_dtype": tl.bfloat16, "EPS": 1e-12},
        },
        grid=lambda META: (-(-10000 // META["BLOCK_SIZE"]),),
        expected={"amax_ptr": Off(x.double().abs().amax().reshape(1), EXACT)},
        apart={"amax_ptr": EXACT},
    )


@case("others.torchao.scale_atomic", f"{TENSORWISE}:_scale_atomic")
def scale_atomic() -> Iterable[Call]:
    amax = normal(1).abs()
    yield Call(
        {"amax_ptr": amax, "scale_out_ptr": poisoned(1), "fp8_dtype_max": 448.0, "EPS": 1e-12},
        grid=(1,),
        expected={"scale_out_ptr": 448.0 / amax.double()},
    )


@case("others.torchao.to_fp8_row_major", f"{TENSORWISE}:_to_fp8_row_major")
def to_fp8_row_major() -> Iterable[Call]:
    x, scale = normal(10000, dtype=bf16), torch.full((1,), 64.0, device=DEVICE)
    y = poisoned(10000).to(torch.float8_e4m3fn)
    yield Call(
        {
            **{"input_ptr": x, "out_ptr": y, "scale_ptr": scale, "num_elements": 10000},
            **{"fp8_dtype_min": -448.0, "fp8_dtype_max": 448.0, "EPS": 1e-12},
            **{"input_dtype": tl.bfloat16, "output_dtype": tl.float8e4nv},
        },
        grid=lambda META: (-(-10000 // META["BLOCK_SIZE"]),),
        expected={"out_ptr": Off((x.float() * 64).to(torch.float8_e4m3fn).double(), EXACT)},
        apart={"out_ptr": EXACT},
    )


@case(
    "others.sageattention.quant_per_block_int8",
    "sageattention.quant_per_block:quant_per_block_int8_kernel",
)
def quant_per_block_int8() -> Iterable[Call]:
    batch, heads, length, size, block = 2, 4, 336, 128, 128
    x = normal(batch, heads, length, size, dtype=fp16)
    blocks = -(-length // block)
    yield Call(
        {
            **{"Input": x, "Output": poisoned(*x.shape, dtype=torch.int8)},
            **{"Scale": poisoned(batch, heads, blocks), "L": length, "sm_scale": 0.125},
            **each(heads * length * size, "stride_iz stride_oz"),
            **each(length * size, "stride_ih stride_oh"),
            **each(size, "stride_in stride_on C"),
            **{"stride_sz": heads * blocks, "stride_sh": blocks, "BLK": block},
        },
        grid=(blocks, heads, batch),
        apart={"Output": TIES},
    )
