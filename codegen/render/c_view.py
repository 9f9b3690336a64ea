"""What the C templates print: every decision about the C text of a plan, made here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from codegen.model.computed import Reads
from codegen.model.descriptor_facts import passed_facts
from codegen.model.identifiers import GRID_NAMES
from codegen.model.image import Image
from codegen.model.kernel import Kernel
from codegen.model.parameters import Parameter
from codegen.model.plan import Binary, Home, Plan
from codegen.model.wording import signature_text
from codegen.prove.launch_layout import value_sizes
from codegen.render.c_arguments import c_arguments, dtype_constant
from codegen.render.c_decisions import decide
from codegen.render.c_images import CTables, c_tables, launch_fields, launch_of
from codegen.render.c_rows import rows_of
from codegen.render.prefix import external
from codegen.variants.axes.dtype import DtypeAxis
from codegen.variants.c_literals import c_string
from codegen.variants.c_steps import CArgument, CHeuristic, CStep, CTable

Content = tuple[object, ...]
"""What C says of a variant's images, without names: variants that agree in it have one table."""


@dataclass(frozen=True)
class CImage:
    """One embedded image."""

    c_name: str
    path: str
    """Relative to the output folder."""
    is_shared: bool
    """An earlier variant, or function, embeds it."""
    fields: tuple[str, ...]
    """The designated initialisers of its `tb_image`."""


@dataclass(frozen=True)
class CVariant:
    """A variant, with all that have the same images."""

    label: str
    c_name: str
    images: tuple[CImage, ...]


@dataclass(frozen=True)
class CDtype:
    """The dtype that some pointers choose together; plain C passes it by name."""

    c_name: str
    pointers: tuple[str, ...]
    index: int
    """Of the first of the pointers."""
    doc: str


@dataclass(frozen=True)
class CFact:
    """A size or stride of a tensor; plain C passes it behind the arguments."""

    c_name: str
    doc: str
    getter: str
    """The call that gets it from the tensor."""


@dataclass(frozen=True)
class CFunction:
    """One function of a C file."""

    name: str
    symbol: str
    external: str
    """What its symbols begin with that others can see."""
    doc: tuple[str, ...]
    signature: str
    short_doc: str
    """The doc, no longer than C99 lets a string be."""
    arguments: tuple[CArgument, ...]
    parameters: tuple[str, ...]
    """The declarations of what plain C passes, besides the stream."""
    passed: tuple[str, ...]
    """The names in `parameters`."""
    dtypes: tuple[CDtype, ...]
    facts: tuple[CFact, ...]
    stored: Mapping[str, str]
    """The variable that holds what is passed by address, by the argument's name."""
    descriptors: tuple[str, ...]
    """The variables of tensor descriptors."""
    values: tuple[str, ...]
    """Where each run-time value is, in the kernel's order; images take theirs from these. Behind
    them is what Triton's two last parameters point to."""
    sizes: tuple[int, ...]
    """The bytes of each."""
    image_tables: CTables
    variants: tuple[CVariant, ...]
    """Those that have a table of images, which others may share."""
    variant_rows: tuple[tuple[str, ...], ...]
    """The designated initialisers of each `tb_variant` that a call can come to."""
    tables: tuple[CTable, ...]
    heuristics: tuple[CHeuristic, ...]
    decisions: tuple[CStep, ...]
    """What leads to the variant."""
    variant: str
    """Its number."""
    grid_parameters: tuple[str, ...]
    grid_arguments: tuple[str, ...]
    grid_axes: tuple[str, str, str]
    grid_can_fail: bool

    @property
    def argument_names(self) -> str:
        return ", ".join([*(argument.name for argument in self.arguments), "stream"])

    @property
    def steps(self) -> tuple[str, ...]:
        """What the SafeCall does, each when those before have succeeded."""
        shapes = (
            f"tb_check_shape(call, {argument.index}, "
            f"(const int64_t[]){{{', '.join(map(self._of_passed, argument.sizes))}}}, "
            f"{len(argument.sizes)})"
            for argument in self.arguments
            if argument.sizes
        )
        return (
            *["tb_fill_in(call, filled)"] * self.fills_in,
            *(self._coercion(argument) for argument in self.arguments),
            *shapes,
            *(
                f"tb_get_dtype(call, {dtype.index}, &passed.{dtype.c_name})"
                for dtype in self.dtypes
            ),
            *(fact.getter for fact in self.facts),
            "tb_get_destination(call, &passed.destination)",
            f"{self.symbol}_on(&passed) == TRITONBIND_OK",
        )

    def _of_passed(self, expression: str) -> str:
        """An expression over the arguments, as it reads them from what is passed on."""
        return re.sub(
            r"\b[A-Za-z_]\w*",
            lambda name: f"passed.{name[0]}" if name[0] in self.passed else name[0],
            expression,
        )

    def _coercion(self, argument: CArgument) -> str:
        name, index = argument.c_name, argument.index
        if not argument.stored_type:
            return f"{argument.getter}(call, {index}, &passed.{name})"
        stored = self.stored[name]
        if argument.rank:
            return f"(passed.{name} = {argument.getter}(call, {index}, &{stored})) != NULL"
        return (
            f"((passed.{name} = tb_unless_none(call, {index}, &{stored})) == NULL "
            f"|| {argument.getter}(call, {index}, &{stored}))"
        )

    @property
    def locals(self) -> tuple[str, ...]:
        """The declarations of the SafeCall's variables, besides what is passed on."""
        types = {argument.c_name: argument.stored_type for argument in self.arguments}
        return (
            *[f"tvm_ffi_any filled[{len(self.arguments) + 2}]"] * self.fills_in,
            *(f"{types[name]} {stored}" for name, stored in self.stored.items()),
        )

    @property
    def fills_in(self) -> bool:
        """Some argument may be left out."""
        return any(argument.may_be_left_out for argument in self.arguments)

    @property
    def launched(self) -> tuple[str, ...]:
        """What a launch initialises its `<symbol>_passed` with."""
        return ("{.device = TB_CURRENT_DEVICE, .stream = stream}", *self.passed)

    @property
    def prepared(self) -> tuple[str, ...]:
        return ("{.device = TB_CURRENT_DEVICE, .prepared = prepared}", *self.passed)

    @property
    def launch_parameters(self) -> tuple[str, ...]:
        return ("void *stream", *self.parameters)

    @property
    def prepare_parameters(self) -> tuple[str, ...]:
        return ("tritonbind_prepared **prepared", *self.parameters)

    @property
    def comment(self) -> tuple[str, ...]:
        """What the header says of `<symbol>_launch`."""
        described: tuple[CDtype | CArgument | CFact, ...]
        described = (*self.dtypes, *self.arguments, *self.facts)
        lines = [f"{each.c_name}: {each.doc}" for each in described if each.doc]
        return (*self.doc, *[""] * bool(lines), *lines)


def c_function(plan: Plan, prefix: str, images: dict[Content, str]) -> CFunction:
    """The view of one plan.

    `images` names the tables of images that the functions before it in its file have; those that
    this one has besides are put there.
    """
    kernel = plan.kernel
    arguments = tuple(c_arguments(plan))
    names = {argument.c_name for argument in arguments}
    dtypes = tuple(_dtypes(plan, arguments, names))
    grid = kernel.grid
    runtime = [p for p in kernel.parameters if isinstance(p, Parameter)]
    dtype_names = {name: f"passed->{dtype.c_name}" for dtype in dtypes for name in dtype.pointers}
    descriptors = {a.name: _unused(f"{a.c_name}_descriptor", names) for a in arguments if a.rank}
    contents = [_content(plan, binary) for binary in plan.binaries]
    places: dict[Content, int] = {}
    first_alike = [places.setdefault(content, i) for i, content in enumerate(contents)]
    own = [number for content, number in places.items() if content not in images]
    tables = c_tables(plan, [plan.binaries[number] for number in own])
    variants = [_variant(plan, plan.binaries[number], tables) for number in own]
    labels = [binary.variant.label for binary in plan.binaries]
    for number in own:
        images[contents[number]] = f"{_variant_name(kernel, labels[number])}_images"
    rows = rows_of(kernel.specialisation, first_alike)
    decisions = decide(plan, arguments, dtype_names, descriptors, names, rows)
    by_name = {argument.name: argument for argument in arguments}
    reads = Reads(GRID_NAMES) if grid.axes is None else grid.reads
    grid_parameters, grid_arguments = decisions.function_parameters(reads)
    return CFunction(
        name=kernel.name,
        symbol=kernel.symbol,
        external=external(kernel.symbol, prefix),
        doc=tuple(kernel.doc.splitlines()) or (f"Launch `{kernel.name}`.",),
        signature=signature_text(kernel),
        short_doc=_short(kernel.doc),
        arguments=arguments,
        parameters=(
            *(f"tritonbind_dtype {dtype.c_name}" for dtype in dtypes),
            *(argument.declaration for argument in arguments),
            *(f"int64_t {fact.c_name}" for fact in passed_facts(kernel)),
        ),
        passed=(
            *(dtype.c_name for dtype in dtypes),
            *(argument.c_name for argument in arguments),
            *(fact.c_name for fact in passed_facts(kernel)),
        ),
        dtypes=dtypes,
        facts=tuple(_facts(kernel, by_name)),
        stored={a.c_name: _unused(f"{a.c_name}_value", names) for a in arguments if a.stored_type},
        descriptors=tuple(descriptors.values()),
        values=(*(_place(by_name[p.name], descriptors) for p in runtime), "TB_NO_SCRATCH"),
        sizes=value_sizes(runtime),
        image_tables=tables,
        variants=tuple(_with_alike(variants, own, first_alike, labels)),
        variant_rows=tuple(
            (f".images = {images[contents[n]]}", f".image_count = {len(plan.binaries[n].images)}")
            for n in rows.variants
        ),
        tables=tuple(decisions.tables),
        heuristics=tuple(decisions.heuristics),
        decisions=tuple(decisions.steps),
        variant=decisions.variant,
        grid_parameters=tuple(grid_parameters),
        grid_arguments=tuple(grid_arguments),
        grid_axes=grid.axes or GRID_NAMES,
        grid_can_fail=grid.can_fail,
    )


def _dtypes(plan: Plan, arguments: tuple[CArgument, ...], names: set[str]) -> Iterator[CDtype]:
    by_name = {argument.name: argument for argument in arguments}
    types = {p.name: p.types for p in plan.kernel.parameters if isinstance(p, Parameter)}
    for axis in plan.kernel.specialisation.axes:
        if isinstance(axis, DtypeAxis):
            first = axis.parameters[0]
            choices = " or ".join(dtype_constant(type_.dtype) for type_ in types[first])
            pointers = [by_name[name].c_name for name in axis.parameters]
            listed = " and ".join(filter(None, [", ".join(pointers[:-1]), pointers[-1]]))
            name = _unused(f"{by_name[first].c_name}_dtype", names)
            doc = f"the type of {listed}: {choices}"
            yield CDtype(name, axis.parameters, by_name[first].index, doc)


def _facts(kernel: Kernel, arguments: Mapping[str, CArgument]) -> Iterator[CFact]:
    for fact in passed_facts(kernel):
        argument = arguments[fact.tensor]
        place = f"{argument.index}, TB_{fact.kind.upper()}, {fact.index}, {fact.rank}"
        what = fact.kind if fact.kind in ("numel", "ndim") else f"{fact.kind}[{fact.index}]"
        getter = f"tb_get_fact(call, {place}, &passed.{fact.c_name})"
        yield CFact(fact.c_name, f"{what} of {argument.c_name}, in elements", getter)


def _place(argument: CArgument, descriptors: Mapping[str, str]) -> str:
    if argument.rank:
        return f"TB_DESCRIPTOR_VALUES({argument.rank}, {descriptors[argument.name]})"
    return f"(void *){argument.place}" if argument.stored_type else f"&{argument.place}"


def _unused(name: str, names: set[str]) -> str:
    """`name`, or one like it that is not yet among `names`, where it is put."""
    while name in names:
        name += "_"
    names.add(name)
    return name


def _with_alike(
    variants: Sequence[CVariant], own: Sequence[int], first: Sequence[int], labels: Sequence[str]
) -> Iterator[CVariant]:
    """The first of all that have the same images, with the names of the others."""
    for variant, number in zip(variants, own, strict=True):
        same = [label for label, other in zip(labels, first, strict=True) if other == number]
        yield replace(variant, label=", ".join(same))


def _content(plan: Plan, binary: Binary) -> Content:
    return tuple(
        (
            image.target,
            image.data,
            image.symbol,
            image.threads,
            image.shared,
            *_extras(image),
            launch_of(plan, binary.variant, image),
        )
        for image in binary.images
    )


def _variant(plan: Plan, binary: Binary, tables: CTables) -> CVariant:
    kernel = plan.kernel
    label = binary.variant.label
    c_name = _variant_name(kernel, label)
    images = []
    for image in binary.images:
        target = image.target
        flags = [".is_ptx = true"] * target.is_ptx + [".is_exact = true"] * target.is_exact
        home = plan.homes[label, target]
        name = f"{home.symbol}__{_in_c(home.label)}_{target.name}"
        fields = (
            f".data = {name}",
            f".symbol = {c_string(image.symbol)}",
            f".capability = {target.capability}",
            *flags,
            f".threads = {image.threads}",
            *[f".shared = {image.shared}"] * bool(image.shared),
            *_extras(image),
            *launch_fields(plan, binary.variant, image, tables),
        )
        is_shared = home != Home(kernel.symbol, label)
        images.append(CImage(name, plan.path(binary.variant, image), is_shared, fields))
    return CVariant(label, c_name, tuple(images))


def _variant_name(kernel: Kernel, label: str) -> str:
    return f"{kernel.symbol}__{_in_c(label)}"


def _in_c(label: str) -> str:
    return label.replace("-", "_")


def _extras(image: Image) -> Iterator[str]:
    """The initialiser for what only some kernels need of a launch."""
    # A launch that overlapped with the one before it could be given the scratch memory that the
    # other still uses, as memory that is free by the order of the stream.
    overlaps = image.launch_pdl and not image.scratch
    if image.num_ctas > 1 or image.scratch or overlaps or image.cooperative:
        fields = (
            f".num_ctas = {image.num_ctas}",
            *[f".scratch = {image.scratch}"] * bool(image.scratch),
            *[".launch_pdl = true"] * overlaps,
            *[".cooperative = true"] * image.cooperative,
        )
        yield f".extras = &(const tb_extras){{{', '.join(fields)}}}"


_LONGEST_STRING = 4000


def _short(doc: str) -> str:
    encoded = doc.encode()
    if len(encoded) <= _LONGEST_STRING:
        return doc
    return encoded[:_LONGEST_STRING].decode(errors="ignore").rpartition("\n")[0] + "\n..."
