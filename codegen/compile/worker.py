"""The child process that compiles: a request through Triton, and its failures as sentences."""

from __future__ import annotations

import functools
import importlib
import itertools
import os
import pickle
import queue
import re
import resource
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import triton
import triton.compiler.compiler
from triton._utils import get_primitive_bitwidth
from triton.backends.compiler import GPUTarget
from triton.backends.driver import expand_signature
from triton.compiler import ASTSource
from triton.compiler.errors import CompilationError
from triton.experimental.gluon._runtime import GluonASTSource
from triton.runtime.errors import PTXASError

from codegen.compile.failures import compilation_error
from codegen.model.constexpr_values import COMPUTED, restored
from codegen.model.declaration import Declaration
from codegen.model.descriptors import DescriptorType
from codegen.model.errors import CannotBuild, CodegenError, SourceLocation, told
from codegen.model.image import Compiled, TensorMap
from codegen.model.kernel import MadeOf, Variant
from codegen.model.request import CompileRequest, triton_options
from codegen.model.surroundings import excerpt
from codegen.model.targets import Target
from codegen.model.triton_version import current
from codegen.prove.const_pointers import check_const_pointers
from codegen.prove.memory_effects import pointer_uses
from codegen.prove.triton_ir import Module, read_module
from codegen.read.constexprs import given_value
from codegen.read.differing import OtherImport
from codegen.read.loading import load, unwrapped
from codegen.read.made_of import made_of
from codegen.read.offline.triton_driver import offline
from codegen.read.reading import ReadRequest
from codegen.read.tuples import nested_signature, paths_of

# What cuMemAllocAsync, which launches take scratch memory from, aligns to at least.
SCRATCH_ALIGNMENT = 256
_DIRECTORY = os.environ.get("TMPDIR", "")
"""This process's own, before a kernel file can say otherwise. Where it is full or gone, `tempfile`
would name another folder, which is everybody's."""
_REFUSED: tuple[tuple[Callable[[Any], bool], str], ...] = (
    (
        lambda made: made.global_scratch_align > SCRATCH_ALIGNMENT,
        f"needs scratch memory aligned to more than {SCRATCH_ALIGNMENT} bytes",
    ),
    (lambda made: made.profile_scratch_size > 0, "needs scratch memory for a profile"),
    (lambda made: bool(made.instrumentation_mode), "is instrumented"),
    (lambda made: (made.tmem_size or 0) > 512, "needs more than 512 columns of tensor memory"),
)


def serve(channel: int) -> None:
    """Answer requests to read or to compile until the parent closes its end, or is gone.

    Each answer of a compilation says too whether anything has asked for the device until then. If
    so, modules may hold what they heard, and the process is good for that one capability.
    """
    os.set_inheritable(channel, False)
    # Triton's own takes half a second of hashing libtriton, and has one key for 1 and "1".
    triton.compiler.compiler.get_cache_key = lambda *given, **named: os.urandom(16).hex()
    connection = Connection(channel)
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(connection, requests), daemon=True).start()
    asked, own = False, os.getpid()
    sys.argv[:] = ["codegen"]
    while True:
        request = pickle.loads(requests.get())
        os.ftruncate(1, 0)
        os.lseek(1, 0, os.SEEK_SET)
        answer: object
        if isinstance(request, ReadRequest):
            answer = _reader().serve(request, channel)
        else:
            with offline(request.target.capability) as device:
                result = _answer(request)
            asked = asked or device.asked
            answer = result, asked, _most_memory()
        if os.getpid() != own:
            os._exit(0)  # a process that a kernel file has made, and that came back here
        try:
            connection.send(answer)
        except OSError:
            _leave()


def _reader() -> Any:
    """The module that reads kernel files, which processes that only compile do without."""
    return importlib.import_module("codegen.read.worker")


def _most_memory() -> int:
    """Bytes that this process has had at once; of Linux's account, which is in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def _receive(connection: Connection, requests: queue.SimpleQueue[bytes]) -> None:
    """Queue what arrives. A thread of its own, so that the parent's death is seen at once."""
    try:
        while True:
            requests.put(connection.recv_bytes())
    except (EOFError, OSError):
        _leave()


def _leave() -> None:
    """End with ptxas, and have the worker's directory removed once nothing can write there."""
    group = os.getpgrp()
    if os.fork() == 0:
        os.setsid()
        os.killpg(group, signal.SIGKILL)
        for _ in range(20):  # a call that was under way may still make the directory again
            shutil.rmtree(_DIRECTORY, ignore_errors=True)
            time.sleep(0.05)
        os._exit(0)
    time.sleep(60)  # until the signal comes


def _answer(request: CompileRequest) -> Compiled | CodegenError:
    try:
        declarations = {d.name: d for d in load(Path(request.root), request.file)}
        _check_unchanged(request, declarations.get(request.kernel))
        return _compile(request, declarations[request.kernel])
    except CodegenError as error:
        return error


_made_of: dict[int, MadeOf] = {}
"""By the identity of declarations, which stay: nothing is imported twice."""


def _check_unchanged(request: CompileRequest, declaration: Declaration | None) -> None:
    """An image that is kept under the key of another source would be wrong for ever."""
    if not request.made_of:
        return
    found = None
    if declaration is not None:
        found = _made_of.get(id(declaration)) or made_of(declaration)
        _made_of[id(declaration)] = found
        if found.key == request.made_of:
            return
    raise OtherImport(f"`{request.kernel}` in {request.file}", found)


def _compile(request: CompileRequest, declaration: Declaration) -> Compiled:
    variant, target = request.variant, request.target
    function, _ = unwrapped(declaration)
    signature = nested_signature(variant, function.arg_names)
    paths = paths_of(variant, function.arg_names)
    hints = {paths[name]: [["tt.divisibility", 16]] for name in variant.divisible}
    values = functools.partial(_value, request, declaration)
    constexprs = {paths[n]: restored(value, values) for n, value in variant.constexprs.items()}
    kind = GluonASTSource if function.is_gluon() else ASTSource
    source = kind(function, signature, constexprs, hints)
    where = SourceLocation(function.file_name, function.starting_line_number)
    options = triton_options(variant.options, target)
    version_is_given = variant.options.ptx_version is not None
    try:
        kernel = _compiled(source, target, options, version_is_given)
    except CompilationError as error:
        raise compilation_error(request, error, where) from error
    except Exception as error:
        raise CannotBuild(_failure(error), subject=str(request), where=where) from error
    for is_refused, what in _REFUSED:
        if is_refused(kernel.metadata):
            raise CannotBuild(
                f"the kernel {what}, which generated functions do not support yet",
                subject=str(request),
                where=where,
            )
    image = kernel.asm["ptx"].encode() if target.is_ptx else kernel.asm["cubin"]
    made = kernel.metadata
    sizes = _parameter_sizes(variant, made.tensordesc_meta)
    uses = pointer_uses(_ir_of(kernel), [name for name, _ in sizes])
    check_const_pointers(
        request, function, uses, lambda: _with_lines(source, target, options, version_is_given)
    )
    return Compiled(
        image,
        kernel.asm["cubin"],
        tuple(size for _, size in (*sizes, *current().hidden_parameters)),
        symbol=made.name,
        num_warps=made.num_warps,
        shared=made.shared,
        num_ctas=made.num_ctas,
        scratch=made.global_scratch_size,
        launch_pdl=made.launch_pdl,
        tensor_maps=tuple(map(_tensor_map, made.tensordesc_meta)),
        uses=uses,
    )


def _compiled(
    source: ASTSource, target: Target, options: dict[str, object], version_is_given: bool
) -> Any:
    """What Triton makes of it. PTX is raised to the version that the kernel's instructions need,
    where nobody gave one."""
    while True:
        try:
            return triton.compile(source, GPUTarget("cuda", target.capability, 32), options)
        except PTXASError as error:
            needed = re.findall(r"requires PTX ISA \.version (\d+)\.(\d) or later", str(error))
            version = max((int(major + minor) for major, minor in needed), default=0)
            if version_is_given or not target.is_ptx or version <= int(str(options["ptx_version"])):
                raise
            options = {**options, "ptx_version": version}


def _value(request: CompileRequest, declaration: Declaration, name: str, which: int | str) -> Any:
    """A value of a constexpr that no other process can be handed."""
    if not str(which).startswith(COMPUTED):
        return given_value(declaration, name, which)
    from codegen.read.introspect import computed_value  # with all that reads kernels

    return computed_value(Path(request.root), request.file, request.kernel, name, str(which))


def _ir_of(kernel: Any) -> Module:
    """The kernel as its frontend left it; Gluon's starts a stage later."""
    return read_module(kernel.asm["ttir" if "ttir" in kernel.asm else "ttgir"])


def _with_lines(
    source: ASTSource, target: Target, options: dict[str, object], version_is_given: bool
) -> Module:
    with triton.knobs.compilation.scope():
        triton.knobs.compilation.disable_line_info = False
        return _ir_of(_compiled(source, target, options, version_is_given))


def _parameter_sizes(variant: Variant, descriptors: Any) -> list[tuple[str, int]]:
    """The kernel's parameters in IR with their bytes: a tensor descriptor is the first of several.
    Triton describes each descriptor, where the machine has maps of them."""
    sizes: list[tuple[str, int]] = []
    described = iter(descriptors or ())
    for name, type_ in variant.types.items():
        own = [*itertools.islice(described, 1)] if isinstance(type_, DescriptorType) else []
        kinds = expand_signature([type_.triton], own or None, "nvTmaDesc")
        names = [name, *(f"{name}.{index}" for index in range(1, len(kinds)))]
        sizes += zip(names, map(_size_of, kinds), strict=True)
    return sizes


def _size_of(kind: str) -> int:
    if kind == "nvTmaDesc":
        return 128
    return 8 if kind[0] == "*" else max(get_primitive_bitwidth(kind) // 8, 1)


# Triton counts some element types otherwise than the driver does.
_DRIVER_TYPES = {8: 10, 9: 8, 10: 9}


def _tensor_map(described: Any) -> TensorMap:
    element_type = described["elem_type"]
    return TensorMap(
        swizzle=described["swizzle"],
        element_size=described["elem_size"],
        element_type=_DRIVER_TYPES.get(element_type, element_type),
        box=tuple(described["block_size"]),
        fp4_padded=described["fp4_padded"],
    )


def _failure(error: Exception) -> str:
    """An exception from behind the frontend, with what the tools below printed of it."""
    if isinstance(error, PTXASError):
        output = str(error).partition("`ptxas` stderr:")[2].partition("Repro command:")[0]
        return "ptxas refuses the kernel" + excerpt(re.sub(r"\S+\.ptx, ", "", output))
    output = os.pread(1, os.fstat(1).st_size, 0).decode(errors="replace")
    if "Cannot bitcast pointer between different address spaces" in output:
        return "it casts a pointer that is declared const to one that is not: leave out the const"
    return told(error) + excerpt(output)
