"""A Triton kernel with one parameter of every scalar type, compiled for the stand-in's tests.

It stores only if told to, so that it can also be launched where there is a real driver.
"""

import os
from pathlib import Path
from unittest import mock

import triton
import triton.language as tl
from triton.backends.compiler import GPUTarget
from triton.backends.driver import expand_signature
from triton.compiler import ASTSource

NAME = "every_type"
INTEGERS = ["i1", "i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64"]
TYPES = ["*fp64", *INTEGERS, "fp16", "bf16", "fp32", "fp64"]
SIZES = [8, 1, 1, 1, 2, 2, 4, 4, 8, 8, 2, 2, 4, 8, 8, 8]  # the last two are Triton's scratch
NVIDIA = Path(triton.__file__).parent / "backends" / "nvidia"


@triton.jit
def every_type(pointer, store, i8, u8, i16, u16, i32, u32, i64, u64, fp16, bf16, fp32, fp64):
    total = fp64 + i8 + u8 + i16 + u16 + i32 + u32 + i64 + u64 + fp16 + bf16 + fp32
    tl.store(pointer, total, mask=store)


def compile_images(folder: Path, capabilities: tuple[int, ...]) -> dict[str, Path]:
    """Write sm_<capability>.cubin and .ptx for each; the PTX of sm_80 is of version 7.0."""
    environment = {"TRITON_CACHE_DIR": str(folder / "cache"), "TRITON_DISABLE_LINE_INFO": "1"}
    signature = dict(zip(every_type.arg_names, TYPES, strict=True))
    images = {}
    with mock.patch.dict(os.environ, environment):
        for capability in capabilities:
            source = ASTSource(fn=every_type, signature=signature, constexprs={})
            options = {
                "enable_fp_fusion": True,
                **({"ptx_version": 70} if capability == 80 else {}),
            }
            target = GPUTarget("cuda", capability, 32)
            assembly = triton.compile(source, target=target, options=options).asm
            for kind, content in (("cubin", assembly["cubin"]), ("ptx", assembly["ptx"].encode())):
                path = folder / f"sm_{capability}.{kind}"
                path.write_bytes(content)
                images[path.name] = path
    return images


def signature_sizes() -> list[int]:
    """The parameter sizes by Triton's own account of its signature, and the scratch pointers'."""
    expanded = expand_signature(TYPES, None, "nvTmaDesc")
    widths = [8 if one.startswith("*") else -(-int(one.lstrip("iufpb")) // 8) for one in expanded]
    return [*widths, 8, 8]
