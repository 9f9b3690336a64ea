"""Attention of SageAttention with a grid for the longest sequence, which a tensor holds."""

from sageattention.quant_per_block_varlen import quant_per_block_int8_kernel
from triton import cdiv

from codegen.export import export

REASON = "the grid"

export(
    "refused.grid_of_values",
    types={
        "Input": "*fp16",
        "Output": "*i8",
        "Scale": "*fp32",
        "cu_seqlens_input": "*i32",
        "cu_seqlens_scale": "*i64",
        **dict.fromkeys(("stride_ih", "stride_in", "stride_oh", "stride_on"), "i32:16"),
        "sm_scale": "fp32",
    },
    constexprs={"H": 16, "C": 128, "BLK": 128},
    grid=lambda cu_seqlens_input, BLK, H: (
        cdiv(cu_seqlens_input.diff().max().item(), BLK),
        H,
        cu_seqlens_input.shape[0] - 1,
    ),
)(quant_per_block_int8_kernel)
