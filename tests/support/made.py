"""Libraries of kernels that nothing was compiled for: their images are PTX texts that do nothing.

The C is what a real run writes, and the stand-in driver loads the images, so that a test can call
the functions and see which variant each call launches.
"""

from __future__ import annotations

import functools
import importlib.util
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from codegen.compile.planning import plan_of
from codegen.model.declaration import DECLARATIONS
from codegen.model.descriptors import DescriptorType
from codegen.model.generated_file import digest
from codegen.model.image import Image
from codegen.model.kernel import Kernel, Variant
from codegen.model.plan import Plan
from codegen.model.pointer_uses import PointerUses
from codegen.model.request import CompileRequest
from codegen.model.targets import Target
from codegen.read.introspect import introspect
from codegen.render.files import render

from . import launches, standin

PTX = Target(80, is_ptx=True)

HEADER = """\
import triton
import triton.language as tl
from triton import cdiv

from codegen.export import export, sm_count

"""


def read(folder: Path, source: str, name: str = "made") -> tuple[Kernel, ...]:
    """The kernels that a file with this source declares."""
    path = folder / "kernels" / f"{name}.py"
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(HEADER + source, encoding="utf-8")
    before = list(DECLARATIONS)
    try:
        return introspect(path.parent, path.name)
    finally:
        DECLARATIONS[:] = before


def declarations(folder: Path, name: str = "made") -> dict[str, Any]:
    """What the file defines, imported apart from `read`."""
    before = list(DECLARATIONS)
    module = _module_of(folder / "kernels" / f"{name}.py", f"apart_{name}")
    DECLARATIONS[:] = before
    return vars(module)


def _module_of(file: Path, name: str) -> Any:
    specification = importlib.util.spec_from_file_location(name, file)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def image(kernel: Kernel, variant: Variant, target: Target, shared: int = 0) -> Image:
    """A text of PTX that takes the variant's parameters."""
    types = [*variant.types.values()]
    assert not any(isinstance(type_, DescriptorType) for type_ in types)
    widths = [8 * type_.size for type_ in types if not isinstance(type_, DescriptorType)]
    parameters = ", ".join(f".param .b{width} p{n}" for n, width in enumerate([*widths, 64, 64]))
    text = (
        f".version 7.0\n.target sm_{target.capability}\n.address_size 64\n"
        f"// {kernel.name} {variant.label}\n"
        f".visible .entry {kernel.symbol}({parameters})\n{{ ret; }}\n"
    )
    return Image(
        target,
        text.encode(),
        symbol=kernel.symbol,
        num_warps=variant.options.num_warps,
        shared=shared,
        registers=16,
        stack=0,
        key=f"{kernel.name} {variant.label} {target.name}",
        uses=PointerUses(frozenset(variant.types), frozenset(variant.types)),
    )


def plan(kernel: Kernel, targets: Sequence[Target] = (PTX,)) -> Plan:
    """The plan of a run that could make every image."""

    def made(variant: Variant, target: Target) -> tuple[CompileRequest, Image]:
        one = image(kernel, variant, target)
        return CompileRequest("", kernel.file, kernel.name, variant, target, one.key), one

    variants = kernel.specialisation.variants
    return plan_of(kernel, [[made(variant, target) for target in targets] for variant in variants])


@dataclass(frozen=True, repr=False)
class Library:
    """A library that was built, and the variants that its images belong to."""

    folder: Path
    plans: Mapping[str, Plan]
    functions: Mapping[str, Any] = field(default_factory=dict)
    """The kernels with what stands around them."""

    def __repr__(self) -> str:
        return f"the library in {self.folder}"

    @functools.cached_property
    def module(self) -> Any:
        """The TVM FFI module."""
        import tvm_ffi

        standin.install()
        return tvm_ffi.load_module(str(self.path))

    @functools.cached_property
    def path(self) -> Path:
        """The shared library. What a process of tests compiles of the runtime, it compiles once."""
        builder = _module_of(self.folder / "_build.py", "_build")
        runtime = sorted((self.folder / "runtime").rglob("*.[ch]"))
        texts = [builder.compiler(), *(path.read_bytes() for path in runtime)]
        place = Path(os.environ["XDG_CACHE_HOME"], "objects", digest(repr(texts).encode()))
        sources = [source for source in builder.SOURCES if source.startswith("runtime/")]
        names = [source.replace("/", "-") for source in sources]
        objects = {source: place / f"{n}.o" for source, n in zip(sources, names, strict=True)}
        built: Path = builder.build(objects=objects)
        return built

    @functools.cached_property
    def _variants(self) -> dict[tuple[int, int], tuple[Variant, Target]]:
        return {
            (len(image.data), launches.image_hash(image.data)): (binary.variant, image.target)
            for plan in self.plans.values()
            for binary in plan.binaries
            for image in binary.images
        }

    def variant(self, launch: launches.Launch) -> Variant:
        return self._variants[launch.image.size, launch.image.hash][0]

    def target(self, launch: launches.Launch) -> Target:
        return self._variants[launch.image.size, launch.image.hash][1]

    def launch(self, name: str, *arguments: Any) -> launches.Launch:
        """What the function launches when it is called so."""
        standin.reset()
        self.module[name](*arguments)
        return standin.launch()

    def chosen(self, name: str, *arguments: Any) -> Variant:
        return self.variant(self.launch(name, *arguments))


def build(
    folder: Path,
    plans: Sequence[Plan],
    functions: Mapping[str, Any] | None = None,
    prefix: str = "",
) -> Library:
    """The library of some plans; their functions must differ in the last part of their names."""
    titles = {plan.kernel.file: "Made for a test." for plan in plans}
    for file in render(plans, titles, "kernels", prefix=prefix):
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
    return Library(folder, {plan.kernel.symbol: plan for plan in plans}, functions or {})


def library(folder: Path, source: str, targets: Sequence[Target] = (PTX,)) -> Library:
    """The library of a file's kernels, with the kernels themselves."""
    plans = [plan(kernel, targets) for kernel in read(folder, source)]
    return build(folder / "made", plans, declarations(folder))
