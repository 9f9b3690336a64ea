"""Kernels and plans made by hand, with tiny images, for tests that compile nothing."""

from __future__ import annotations

from typing import TypeVar

from codegen.model.computed import Grid
from codegen.model.descriptors import MAP_TYPES, parse_parameter_type
from codegen.model.errors import SourceLocation
from codegen.model.image import Image, TensorMap
from codegen.model.kernel import Axis, Kernel, KernelSource, Variant
from codegen.model.options import Options
from codegen.model.parameters import Constexpr, Default, Parameter, Shape
from codegen.model.plan import Binary, Plan
from codegen.model.pointer_uses import PointerUses
from codegen.model.targets import Target
from codegen.prove.launch_layout import descriptor_types
from codegen.variants.specialise import specialise
from tritonbind.kernel_identity import KernelIdentity

TARGETS = (Target(80), Target(90), Target(80, is_ptx=True))
NO_DEFAULT = object()


def value(
    name: str,
    types: str,
    *,
    hint: int | None = 0,
    shape: Shape | None = None,
    default: object = NO_DEFAULT,
    comment: str = "",
) -> Parameter:
    """A run-time parameter; `types` as a declaration writes them. Pointers are hinted."""
    texts = [text.strip() for text in types.split("|")]
    parsed = tuple(parse_parameter_type(text) for text in texts if text != "None")
    return Parameter(
        name,
        parsed,
        nullable="None" in texts,
        hint=(16 if parsed[0].is_pointer else None) if hint == 0 else hint,
        shape=shape,
        default=None if default is NO_DEFAULT else Default(default),
        comment=comment,
    )


def choice(
    name: str, *choices: object, default: object = NO_DEFAULT, comment: str = ""
) -> Constexpr:
    """A constexpr with these values."""
    return Constexpr(name, choices, None if default is NO_DEFAULT else Default(default), comment)


def kernel(
    *parameters: Parameter | Constexpr,
    name: str = "tests.kernel",
    file: str = "kernel.py",
    doc: str = "",
    grid: Grid | None = None,
) -> Kernel:
    source = KernelSource(
        name=name,
        file=file,
        qualname=name.rpartition(".")[2],
        location=SourceLocation(f"/kernels/{file}", 1),
        doc=doc,
        parameters=parameters,
        options=Options(),
        source_key="source",
        identity=KernelIdentity("kernels.kernel", name.rpartition(".")[2], "0" * 64),
    )
    return Kernel.of(source, parameters, grid or Grid(("1", "1", "1")), specialise(source))


A = TypeVar("A", bound=Axis)


def axis_of(kernel: Kernel, kind: type[A]) -> A:
    """The one axis of this kind."""
    (axis,) = (axis for axis in kernel.specialisation.axes if isinstance(axis, kind))
    return axis


def plan(
    of: Kernel, targets: tuple[Target, ...] = TARGETS, uses: PointerUses | None = None
) -> Plan:
    """A plan of the kernel whose images are short texts, each with other bytes.

    Unless `uses` says otherwise, they read at every pointer and write where it is not const.
    """
    pointers = [p for p in of.parameters if isinstance(p, Parameter) and p.is_tensor]
    read = frozenset(pointer.name for pointer in pointers)
    written = frozenset(p.name for p in pointers if "const" not in str(p.types[0]))
    binaries = []
    for variant in of.specialisation.variants:
        images = tuple(
            Image(
                target,
                f"{of.name} {variant.label} {target.name}\n".encode(),
                symbol=of.qualname,
                num_warps=4,
                shared=0 if target.is_ptx else 1024,
                registers=16,
                stack=0,
                key=f"{of.name} {variant.label} {target.name}",
                tensor_maps=_maps(variant) if target.capability >= 90 else (),
                uses=uses or PointerUses(read, written),
            )
            for target in targets
        )
        binaries.append(Binary(variant, images))
    return Plan(of, tuple(binaries))


def _maps(variant: Variant) -> tuple[TensorMap, ...]:
    return tuple(
        TensorMap(
            swizzle=0,
            element_size=type_.dtype.size,
            element_type=MAP_TYPES[type_.dtype.name],
            box=tuple(size for size in type_.bound({}).block if isinstance(size, int)),
        )
        for type_ in descriptor_types(variant).values()
    )
