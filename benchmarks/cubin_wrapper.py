"""Typed C++ functions that launch the same cubins by tvm-ffi's own cubin_launcher.h.

They do what its guide says: module and kernel are loaded once; each call takes the current stream
of the first tensor's device from the environment, packs the addresses of its arguments, launches.
"""

from __future__ import annotations

import functools
import importlib.util
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.cases import BUILT, CASES, PACKAGE, Case


def image_file(case: Case) -> Path:
    return BUILT / PACKAGE / str(case.image["file"])


def function(case: Case) -> Any:
    """The TVM FFI function for the case."""
    return _module()[case.symbol]


def source(case: Case) -> str:
    """The C++ of one function."""
    tensors = [f"t{i}" for i in range(case.tensors)]
    ints, floats = [f"n{i}" for i in range(case.ints)], [f"f{i}" for i in range(case.floats)]
    constexprs = [f"int64_t /* c{i} */" for i in range(case.constexprs)]
    parameters = [f"tvm::ffi::TensorView {name}" for name in tensors]
    parameters += [f"int32_t {name}" for name in ints] + [f"float {name}" for name in floats]
    data = "".join(f"    void *p{i} = {name}.data_ptr();\n" for i, name in enumerate(tensors))
    packed = [f"&p{i}" for i in range(case.tensors)] + [f"&{name}" for name in [*ints, *floats]]
    return f"""
static void {case.symbol}({", ".join([*parameters, *constexprs])})
{{
    static tvm::ffi::CubinModule module(read("{image_file(case)}"));
    static tvm::ffi::CubinKernel kernel = module["{case.image["symbol"]}"];
    void *scratch = nullptr;
{data}    void *arguments[] = {{{", ".join([*packed, "&scratch", "&scratch"])}}};
    DLDevice device = t0.device();
    auto stream = static_cast<tvm::ffi::cuda_api::StreamHandle>(
        TVMFFIEnvGetStream(device.device_type, device.device_id));
    TVM_FFI_CHECK_CUBIN_LAUNCHER_CUDA_ERROR(
        kernel.Launch(arguments, tvm::ffi::dim3({case.programs}),
                      tvm::ffi::dim3({32 * case.image["num_warps"]}), stream));
}}
TVM_FFI_DLL_EXPORT_TYPED_FUNC({case.symbol}, {case.symbol})
"""


HEAD = """\
#include <tvm/ffi/tvm_ffi.h>
#include <tvm/ffi/extra/c_env_api.h>
#include <tvm/ffi/extra/cuda/cubin_launcher.h>

#include <fstream>
#include <iterator>
#include <string>

static tvm::ffi::Bytes read(const char *path)
{
    std::ifstream file(path, std::ios::binary);
    return tvm::ffi::Bytes(std::string(std::istreambuf_iterator<char>(file), {}));
}
"""


def build(target: Path) -> None:
    """Compile all functions with g++, for the driver's API: no CUDA library is linked."""
    file = target.with_suffix(".cc")
    file.write_text(HEAD + "".join(source(case) for case in CASES if case.tensors))
    subprocess.run(command(file, target), check=True)


def command(source: Path, target: Path) -> list[str]:
    """What compiles C++ functions to a library."""
    import tvm_ffi.libinfo

    include = [*tvm_ffi.libinfo.include_paths(), _cuda_headers()]
    flags = ["-std=c++17", "-O2", "-fPIC", "-shared", "-DTVM_FFI_CUBIN_LAUNCHER_USE_DRIVER_API=1"]
    flags += [f"-I{path}" for path in include]
    return ["g++", *flags, str(source), "-o", str(target)]


def _cuda_headers() -> Path:
    """The folder of cuda.h and cuda_runtime.h: Triton brings them where there is no toolkit."""
    triton = importlib.util.find_spec("triton")
    folders = [Path("/usr/local/cuda/include")]
    if triton is not None and triton.origin is not None:
        folders.append(Path(triton.origin).parent / "backends/nvidia/include")
    for folder in folders:
        if (folder / "cuda.h").exists() and (folder / "cuda_runtime.h").exists():
            return folder
    raise FileNotFoundError("cuda.h and cuda_runtime.h")


@functools.cache
def _module() -> Any:
    import ctypes

    import tvm_ffi

    target = Path(tempfile.mkdtemp()) / "cubin_wrapper.so"
    build(target)
    ctypes.CDLL("libcuda.so.1", mode=ctypes.RTLD_GLOBAL)  # its calls are bound to it lazily
    return tvm_ffi.load_module(str(target))
