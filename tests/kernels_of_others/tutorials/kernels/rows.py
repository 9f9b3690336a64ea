"""Softmax, dropout and layer norm of Triton's tutorials."""

from triton import cdiv

from codegen.export import export

from .source import tutorial

softmax = tutorial("02-fused-softmax")
dropout = tutorial("04-low-memory-dropout")
layer_norm = tutorial("05-layer-norm")

HALVES = "*fp16 | *bf16"

# How many programs share the rows is for the caller: the tutorial asks the compiled kernel for it.
export(
    "tutorials.fused_softmax",
    types={
        **dict.fromkeys(("output_ptr", "input_ptr"), "*fp32 | *fp16"),
        **dict.fromkeys(("input_row_stride", "output_row_stride", "n_cols"), "i32:16"),
        "n_rows": "i32",
    },
    constexprs={"BLOCK_SIZE": [512, 1024, 2048], "num_stages": 4},
    shapes={"input_ptr": ("n_rows", "n_cols"), "output_ptr": ("n_rows", "n_cols")},
    grid="explicit",
    num_warps=8,
)(softmax.softmax_kernel)

export(
    "tutorials.dropout",
    types={
        **dict.fromkeys(("x_ptr", "output_ptr"), "*fp32 | *fp16"),
        **{"x_keep_ptr": "*i32", "n_elements": "i32:16", "p": "fp32"},
    },
    constexprs={"BLOCK_SIZE": 1024},
    shapes=dict.fromkeys(("x_ptr", "x_keep_ptr", "output_ptr"), ("n_elements",)),
    grid=lambda n_elements, BLOCK_SIZE: (cdiv(n_elements, BLOCK_SIZE),),
)(dropout._dropout)

export(
    "tutorials.seeded_dropout",
    types={
        **dict.fromkeys(("x_ptr", "output_ptr"), "*fp32 | *fp16"),
        **{"n_elements": "i32:16", "p": "fp32", "seed": "i32 | i64"},
    },
    constexprs={"BLOCK_SIZE": 1024},
    shapes=dict.fromkeys(("x_ptr", "output_ptr"), ("n_elements",)),
    grid=lambda n_elements, BLOCK_SIZE: (cdiv(n_elements, BLOCK_SIZE),),
)(dropout._seeded_dropout)

export(
    "tutorials.layer_norm_fwd",
    types={
        **dict.fromkeys(("X", "Y", "W", "B"), HALVES),
        **dict.fromkeys(("Mean", "Rstd"), "*fp32"),
        **{"stride": "i32:16", "N": "i32:16", "eps": "fp32"},
    },
    constexprs={"BLOCK_SIZE": [2048, 8192]},
    shapes={"W": ("N",), "B": ("N",)},
    grid=lambda X: (X.shape[0],),
    num_warps=8,
)(layer_norm._layer_norm_fwd_fused)

export(
    "tutorials.layer_norm_bwd_dx",
    types={
        **dict.fromkeys(("DX", "DY", "DW", "DB", "X", "W"), HALVES),
        **dict.fromkeys(("Mean", "Rstd"), "*fp32"),
        **{"Lock": "*i32", "stride": "i32:16", "N": "i32:16"},
    },
    constexprs={"GROUP_SIZE_M": [128, 256], "BLOCK_SIZE_N": [1024, 2048]},
    shapes={
        **{"W": ("N",), "DW": ("GROUP_SIZE_M", "N"), "DB": ("GROUP_SIZE_M", "N")},
        "Lock": ("2 * GROUP_SIZE_M",),
    },
    grid=lambda X: (X.shape[0],),
    num_warps=8,
)(layer_norm._layer_norm_bwd_dx_fused)

export(
    "tutorials.layer_norm_bwd_dwdb",
    types={
        **dict.fromkeys(("DW", "DB", "FINAL_DW", "FINAL_DB"), HALVES),
        **{"M": "i32", "N": "i32:16"},
    },
    constexprs={"BLOCK_SIZE_M": 32, "BLOCK_SIZE_N": 128},
    shapes={"FINAL_DW": ("N",), "FINAL_DB": ("N",), "DW": ("M", "N"), "DB": ("M", "N")},
    grid=lambda N, BLOCK_SIZE_N: (cdiv(N, BLOCK_SIZE_N),),
)(layer_norm._layer_norm_bwd_dwdb)
