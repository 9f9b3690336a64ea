"""A variant through Triton's compiler: its image, and what Triton says of that, as plain data."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable
from typing import Any

import triton
from triton._utils import get_primitive_bitwidth
from triton.backends.compiler import GPUTarget
from triton.backends.driver import expand_signature
from triton.compiler import ASTSource
from triton.compiler.errors import CompilationError
from triton.experimental.gluon._runtime import GluonASTSource
from triton.runtime.errors import PTXASError

from codegen.compile.failures import compilation_error, failure_below
from codegen.model.constexpr_values import restored
from codegen.model.descriptors import DescriptorType
from codegen.model.errors import CannotBuild, SourceLocation, about
from codegen.model.image import Compiled, TensorMap
from codegen.model.kernel import Variant
from codegen.model.options import Options
from codegen.model.request import CompileRequest, triton_options
from codegen.model.targets import Target
from codegen.model.triton_version import current
from codegen.prove.const_pointers import check_const_pointers
from codegen.prove.memory_effects import pointer_uses
from codegen.prove.triton_ir import Module, read_module
from codegen.read.tuples import nested_signature, paths_of

# What cuMemAllocAsync, which launches take scratch memory from, aligns to at least.
SCRATCH_ALIGNMENT = 256
_REFUSED: tuple[tuple[Callable[[Any], bool], str], ...] = (
    (
        lambda made: made.global_scratch_align > SCRATCH_ALIGNMENT,
        f"needs scratch memory aligned to more than {SCRATCH_ALIGNMENT} bytes",
    ),
    (lambda made: made.profile_scratch_size > 0, "needs scratch memory for a profile"),
    (lambda made: bool(made.instrumentation_mode), "is instrumented"),
    (lambda made: (made.tmem_size or 0) > 512, "needs more than 512 columns of tensor memory"),
)


def compiled(
    request: CompileRequest, function: Any, value_of: Callable[[str, int | str], Any]
) -> Compiled:
    """The image that a request asks for, of the JIT function, and what Triton says of it.

    `value_of` gives a constexpr's value, by its name, that no other process can be handed. Raises
    `CannotBuild`.
    """
    variant, target = request.variant, request.target
    signature = nested_signature(variant, function.arg_names)
    paths = paths_of(variant, function.arg_names)
    hints = {paths[name]: [["tt.divisibility", 16]] for name in variant.divisible}
    constexprs = {paths[n]: restored(value, value_of) for n, value in variant.constexprs.items()}
    kind = GluonASTSource if function.is_gluon() else ASTSource
    source = kind(function, signature, constexprs, hints)
    where = SourceLocation(function.file_name, function.starting_line_number)
    compile_ = functools.partial(_with_triton, source, variant.options, target)
    with about(str(request), where):
        try:
            kernel = compile_()
        except CompilationError as error:
            raise compilation_error(variant, error, where) from error
        except Exception as error:
            raise CannotBuild(failure_below(error)) from error
        made = kernel.metadata
        for is_refused, what in _REFUSED:
            if is_refused(made):
                raise CannotBuild(
                    f"the kernel {what}, which generated functions do not support yet"
                )
        sizes = _parameter_sizes(variant, made.tensordesc_meta)
        uses = pointer_uses(_ir_of(kernel), [name for name, _ in sizes])
        check_const_pointers(variant, function, uses, lambda: _with_lines(compile_))
    return Compiled(
        kernel.asm["ptx"].encode() if target.is_ptx else kernel.asm["cubin"],
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


def _with_triton(source: ASTSource, asked: Options, target: Target) -> Any:
    """What Triton makes of it. PTX is raised to the version that the kernel's instructions need,
    where nobody gave one."""
    options = triton_options(asked, target)
    while True:
        try:
            return triton.compile(source, GPUTarget("cuda", target.capability, 32), options)
        except PTXASError as error:
            needed = re.findall(r"requires PTX ISA \.version (\d+)\.(\d) or later", str(error))
            version = max((int(major + minor) for major, minor in needed), default=0)
            is_given = asked.ptx_version is not None
            if is_given or not target.is_ptx or version <= int(str(options["ptx_version"])):
                raise
            options = {**options, "ptx_version": version}


def _ir_of(kernel: Any) -> Module:
    """The kernel as its frontend left it; Gluon's starts a stage later."""
    return read_module(kernel.asm["ttir" if "ttir" in kernel.asm else "ttgir"])


def _with_lines(compile_: Callable[[], Any]) -> Module:
    with triton.knobs.compilation.scope():
        triton.knobs.compilation.disable_line_info = False
        return _ir_of(compile_())


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
