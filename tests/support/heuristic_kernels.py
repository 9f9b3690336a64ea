"""Kernel files with heuristics."""

SOURCE = """

@export("tests.reads_earlier", types={"x": "*fp32", "bias": "*fp32 | None", "n": "i32"},
        constexprs={"BLOCK": [32, 64, 128]}, grid=lambda: (1,))
@triton.heuristics({
    "BLOCK": lambda args: min(128, max(32, triton.next_power_of_2(args["n"]))),
    "EVEN": lambda args: args["n"] % args["BLOCK"] == 0,
    "HAS_BIAS": lambda args: args["bias"] is not None,
    "num_warps": lambda args: 2 if args["HAS_BIAS"] else 8,
    "MODE": lambda args: "plain" if args["bias"] is None else "biased",
})
@triton.jit
def reads_earlier(x, bias, n, BLOCK: tl.constexpr, EVEN: tl.constexpr, HAS_BIAS: tl.constexpr,
                  MODE: tl.constexpr):
    pass

@export("tests.warps", types={"x": "*fp32", "n": "i64", "m": "i32 | None"},
        constexprs={"num_warps": [2, 4, 8], "SPLIT": [1, 2, 3]}, grid=lambda: (1,))
@triton.heuristics({
    "num_warps": lambda args: 8 if args["n"] > 4096 else 4 if args["n"] > 64 else 2
})
@triton.heuristics({
    "SPLIT": lambda args: args["m"] if args["m"] is not None else args["num_warps"] // 4 + 1
})
@triton.jit
def warps(x, n, m, SPLIT: tl.constexpr):
    pass

@export("tests.fails", types={"x": "*fp32", "a": "i64", "b": "i64"}, grid=lambda: (1,))
@triton.heuristics({"BIG": lambda args: args["a"] * args["b"] // (args["b"] - 3) > 10})
@triton.jit
def fails(x, a, b, BIG: tl.constexpr):
    pass

@export("tests.chosen", types={"x": "*fp32"}, constexprs={"K": [16, 100, 64], "MODE": ["a", "b"]},
        grid=lambda: (1,))
@triton.heuristics({
    "BLOCK": lambda args: triton.next_power_of_2(args["K"]),
    "WIDE": lambda args: args["BLOCK"] > 64 and args["MODE"] == "a",
})
@triton.jit
def chosen(x, K: tl.constexpr, MODE: tl.constexpr, BLOCK: tl.constexpr, WIDE: tl.constexpr):
    pass

# What choices tell is computed without C, and C has it all the same for what reads it.
@export("tests.derived", types={"x": "*fp32", "y": "*fp32 | None", "n": "i32"},
        constexprs={"K": [16, 100, 64]}, grid=lambda n, TILE: (cdiv(n, TILE),))
@triton.heuristics({
    "TILE": lambda args: 1024 // args["K"] if args["y"] is None else args["K"],
    "num_warps": lambda args: 8 if args["TILE"] > 60 else 4,
    "ONE": lambda args: args["TILE"] * args["num_warps"] >= args["n"],
    "HALF": lambda args: args["n"] % 2 == 0 and args["ONE"],
})
@triton.jit
def derived(x, y, n, K: tl.constexpr, TILE: tl.constexpr, ONE: tl.constexpr, HALF: tl.constexpr):
    pass

def tile_of(args):
    tile, most = 1, min(args["n"], 64)
    while tile <= most:
        waves = args["m"] * cdiv(args["n"], tile) / 132
        if (waves > 1) and (tile * 2 <= most):
            tile *= 2
        else:
            break
    return tile

def factors_of(args):
    found = 0
    for place, factor in enumerated:
        if args["n"] % factor:
            continue
        found += 1 << place
    else:
        found += 8 if args["n"].bit_length() > 5 else 0
    for _ in range(2):
        found = found * 2 % 16
    return found

enumerated = ((0, 2), (1, 3), (2, 5))

@export("tests.loops", types={"x": "*fp32", "n": "i32", "m": "i32"}, grid=lambda: (1,),
        constexprs={"TILE": [1, 2, 4, 8, 16, 32, 64], "FACTORS": [0, 4, 8, 12]})
@triton.heuristics({"TILE": tile_of, "FACTORS": factors_of})
@triton.jit
def loops(x, n, m, TILE: tl.constexpr, FACTORS: tl.constexpr):
    pass

@export("tests.shapes", types={"x": "*fp32", "y": "*fp32 | None"}, grid=lambda: (1,))
@triton.heuristics({"MATRIX": lambda args: args["x"].ndim == 2,
                    "LONG": lambda args: args["y"] is not None and args["y"].shape[0] > 100})
@triton.jit
def shapes(x, y, MATRIX: tl.constexpr, LONG: tl.constexpr):
    pass

@export("tests.checked", types={"x": "*fp32", "n": "i32"}, grid=lambda: (1,),
        constexprs={"BLOCK": [64], "EVEN": [True], "num_warps": [2]})
@triton.heuristics({
    "BLOCK": lambda args: triton.next_power_of_2(args["n"]),
    "EVEN": lambda args: args["n"] % 16 == 0,
    "num_warps": lambda args: 2,
})
@triton.jit
def checked(x, n, BLOCK: tl.constexpr, EVEN: tl.constexpr):
    pass

# An option of the compiler, and a parameter of the kernel: one keyword argument is both.
@export("tests.named", types={"x": "*fp32", "n": "i32"}, constexprs={"num_warps": [4, 8]},
        grid=lambda num_warps: (num_warps,))
@triton.heuristics({"num_warps": lambda args: 8 if args["n"] > 64 else 4})
@triton.jit
def named(x, n, num_warps: tl.constexpr):
    pass

@export("tests.floats", types={"x": "*fp32", "alpha": "fp32", "beta": "fp64 | None", "n": "i32"},
        grid=lambda: (1,))
@triton.heuristics({
    "SMOOTH": lambda args: args["alpha"] > 0.0,
    "CAPPED": lambda args: args["beta"] is not None and args["beta"] != float("inf"),
    "FEW": lambda args: args["n"] < 1.5,
})
@triton.jit
def floats(x, alpha, beta, n, SMOOTH: tl.constexpr, CAPPED: tl.constexpr, FEW: tl.constexpr):
    pass
"""

DTYPES = """
import torch

@export("tests.dtypes", types={"x": "*fp16 | *fp32 | *bf16", "y": "*fp16 | *i8"}, grid=lambda: (1,))
@triton.heuristics({
    "IS_HALF": lambda args: args["x"].dtype == torch.float16,
    "BYTES": lambda args: args["x"].element_size() * args["y"].element_size(),
    "SAME": lambda args: args["x"].dtype == args["y"].dtype,
    "num_stages": lambda args: 2 if args["SAME"] else 4,
})
@triton.jit
def dtypes(x, y, IS_HALF: tl.constexpr, BYTES: tl.constexpr, SAME: tl.constexpr):
    pass
"""
ONE_DTYPE = """
import torch

def is_wide(args):
    most = "short" if args["x"].dtype == torch.float16 else "long"
    return args["n"] > (128 if most == "long" else 64) // args["x"].element_size()

@export("tests.one_dtype", types={"x": "*fp16", "n": "i32"},
        grid=lambda x, n: (n // x.itemsize if x.dtype == torch.float16 else 7,))
@triton.heuristics({"WIDE": is_wide})
@triton.jit
def one_dtype(x, n, WIDE: tl.constexpr):
    pass
"""
