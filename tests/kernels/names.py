"""Kernels whose parameters are called like what generated code, C and Python use."""

import numpy as np
import triton
import triton.language as tl

from codegen.export import export

TYPES = {
    **{"num_warps": "*i64", "num_stages": "i32", "maxnreg": "i64", "stream": "i32"},
    **{"launch_pdl": "i32", "device": "i8", "self": "i16", "result": "i32", "function": "i64"},
    **{"class_": "i32", "int": "i32", "float": "fp32", "double": "fp64", "register": "i32"},
    **{"values": "i32", "variant": "i32", "grid": "i32", "sm_count": "u8", "count": "i32"},
    **{"arguments": "i32", "call": "i32", "filled": "i32", "good": "i32", "index": "i32"},
    **{"status": "i32", "failed": "i32", "Pointer": "i32", "Stream": "i32", "Literal": "i32"},
    **{"NULL": "i32", "errno": "i32", "true": "i32", "bool": "i1", "int64_t": "i64"},
    **{"uint8_t": "u8", "size_t": "i64", "tritonbind_dtype": "i32", "tb_grid": "i32", "_x": "i32"},
    **{"crowded": "i32", "hints": "i32:16", "print": "i32", "object": "i32"},
    **{"stdout": "i32", "main": "i32", "signed": "i32", "INT64_C": "i32", "TB_INT": "i32"},
    **{"aligned": "i32", "none": "i32 | None", "no_none": "i32", "type": "i32 | i64"},
    **{"type_width": "i32", "tvm_ffi_any": "i32", "crowded_off": "i32", "gx": "i32", "args": "i32"},
    **{"target": "i32", "sizes": "i32", "prepared": "i32", "prepares": "i32", "launcher": "i32"},
    **{"tritonbind_prepared": "i32"},
}


@export("tests.names.crowded", types=TYPES, grid=lambda grid, stream: (grid, stream))
@triton.jit
def crowded(
    num_warps,
    num_stages,
    maxnreg,
    stream,
    launch_pdl,
    device,
    self,
    result,
    function,
    class_,
    int,
    float,
    double,
    register,
    values,
    variant,
    grid,
    sm_count,
    count,
    arguments,
    call,
    filled,
    good,
    index,
    status,
    failed,
    Pointer,
    Stream,
    Literal,
    NULL,
    errno,
    true,
    bool,
    int64_t,
    uint8_t,
    size_t,
    tritonbind_dtype,
    tb_grid,
    _x,
    crowded,
    hints,
    print,
    object,
    stdout,
    main,
    signed,
    INT64_C,
    TB_INT,
    aligned,
    none,
    no_none,
    type,
    type_width,
    tvm_ffi_any,
    crowded_off,
    gx,
    args,
    target,
    sizes,
    prepared,
    prepares,
    launcher,
    tritonbind_prepared,
):
    tl.store(num_warps, num_stages)


@export(
    "tests.names.annotated",
    grid=lambda count: (count,),
    types={"ignored": "i32", "x": "*i8", "optional": "u64"},
)
@triton.jit
def annotated(
    count: int,
    flag: "bool",
    wide: tl.int64,
    text: "tl.uint16",
    narrow: tl.int8,
    number: float,
    half: "tl.float16",
    brain: tl.bfloat16,
    pointer: "*fp32",  # noqa: F722
    constant: "const *i32",  # noqa: F821
    other: tl.pointer_type(tl.float64),
    ignored: "int or None",
    x: np.ndarray,
    optional: "Optional[int]" = 7,  # noqa: F821
):
    tl.store(pointer, number)
