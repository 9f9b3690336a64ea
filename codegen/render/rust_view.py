"""What the Rust template prints: every decision about the Rust text of a plan, made here."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from codegen.model.descriptor_facts import passed_facts
from codegen.model.identifiers import GRID_NAMES, rust_identifier
from codegen.model.parameters import Constexpr, Parameter
from codegen.model.plan import Plan
from codegen.model.wording import constexpr_doc, grid_doc, parameter_doc
from codegen.render.c_arguments import dtype_constant
from codegen.render.c_lines import LINE_LENGTH
from codegen.render.prefix import external
from codegen.variants.axes.dtype import DtypeAxis

_NUMBERS = {
    "int8_t": "i8",
    "int16_t": "i16",
    "int32_t": "i32",
    "int64_t": "i64",
    "uint8_t": "u8",
    "uint16_t": "u16",
    "uint32_t": "u32",
    "uint64_t": "u64",
    "bool": "bool",
    "float": "f32",
    "double": "f64",
}
"""Rust's types for those of C."""
_BITS = {"fp16": "the bits of an fp16", "bf16": "the bits of a bf16"}
_CHOICES = {int: "i64", bool: "bool"}


@dataclass(frozen=True)
class RustArgument:
    """One argument of the generated functions."""

    name: str
    type: str
    """As callers pass it."""
    c_type: str
    """As the C function takes it."""
    passed: str
    """The expression that the C function is given."""
    doc: str
    made: str = ""
    """What makes a value that must live as long as the call; nothing for most."""


@dataclass(frozen=True)
class RustFunction:
    """One kernel's functions of a Rust module."""

    symbol: str
    external: str
    """What its symbols in the library begin with."""
    doc: tuple[str, ...]
    arguments: tuple[RustArgument, ...]
    """Those besides the stream."""

    @property
    def comment(self) -> tuple[str, ...]:
        """What its documentation says, line by line."""
        first, *more = self.doc
        described = [
            line for one in self.arguments if one.doc for line in _item(f"`{one.name}`: {one.doc}")
        ]
        lines = [first]
        if more:
            fence = "`" * (max(map(_ticks, more)) + 3)
            lines += ["", f"{fence}text", *"\n".join(more).strip("\n").splitlines(), fence]
        return (*lines, *[""] * bool(described), *described)


def _item(text: str) -> list[str]:
    width = LINE_LENGTH - len("/// ")
    return textwrap.wrap(
        f"- {text}", width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


def _ticks(line: str) -> int:
    """How many backticks it begins with, which could end what is fenced by fewer."""
    start = line.lstrip()
    return len(start) - len(start.lstrip("`"))


def rust_function(plan: Plan, prefix: str) -> RustFunction:
    """The view of one plan."""
    kernel = plan.kernel
    return RustFunction(
        symbol=kernel.symbol,
        external=external(kernel.symbol, prefix),
        doc=tuple(kernel.doc.splitlines()) or (f"Launches `{kernel.name}`.",),
        arguments=(*_dtypes(plan), *_arguments(plan), *_facts(plan)),
    )


def _dtypes(plan: Plan) -> Iterator[RustArgument]:
    types = {p.name: p.types for p in plan.kernel.parameters if isinstance(p, Parameter)}
    for axis in plan.kernel.specialisation.axes:
        if isinstance(axis, DtypeAxis):
            first = axis.parameters[0]
            names = [f"`{rust_identifier(name)}`" for name in axis.parameters]
            listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
            constants = (dtype_constant(type_.dtype) for type_ in types[first])
            choices = " or ".join(f"`Dtype::{one.partition('_')[2]}`" for one in constants)
            name = f"{rust_identifier(first)}_dtype"
            yield RustArgument(name, "Dtype", "u32", f"{name}.0", f"that of {listed}: {choices}")


def _arguments(plan: Plan) -> Iterator[RustArgument]:
    kernel = plan.kernel
    for parameter in kernel.arguments:
        if isinstance(parameter, Constexpr):
            yield _choice(parameter)
        elif parameter.is_pointer or parameter.descriptor is not None:
            yield _tensor(parameter, plan)
        else:
            yield _scalar(parameter)
    if kernel.grid.axes is None:
        for name in GRID_NAMES:
            yield RustArgument(name, "i32", "i32", name, grid_doc(name))


def _tensor(parameter: Parameter, plan: Plan) -> RustArgument:
    name = rust_identifier(parameter.name)
    doc = parameter_doc(parameter, plan.uses, none="`None`", quote="`")
    if parameter.descriptor is not None:
        c_type = "*const c::Tensor"
        return RustArgument(name, "&Tensor<'_>", c_type, f"&{name}", doc, f"{name}.as_c()?")
    if parameter.nullable:
        c_type = "*mut c_void"
        return RustArgument(name, "Option<DevicePtr>", c_type, f"c::address({name})", doc)
    return RustArgument(name, "DevicePtr", "*mut c_void", f"{name}.as_c()", doc)


def _scalar(parameter: Parameter) -> RustArgument:
    name = rust_identifier(parameter.name)
    dtype = parameter.storage.dtype
    type_ = _NUMBERS[dtype.c_type or ""]
    doc = ": ".join(filter(None, [_BITS.get(dtype.name), parameter.comment]))
    if parameter.nullable:
        passed = f"c::place({name}.as_ref())"
        return RustArgument(name, f"Option<{type_}>", f"*const {type_}", passed, doc)
    return RustArgument(name, type_, type_, name, doc)


def _choice(constexpr: Constexpr) -> RustArgument:
    name = rust_identifier(constexpr.name)
    doc = constexpr_doc(constexpr)
    kind = next(type(choice) for choice in constexpr.passed if choice is not None)
    if kind in _CHOICES:
        return RustArgument(name, _CHOICES[kind], _CHOICES[kind], name, doc)
    c_type = "*const c_char"
    if None in constexpr.passed:
        made, passed = f"c::optional_text({name})?", f"c::text_or_null(&{name})"
        return RustArgument(name, "Option<&str>", c_type, passed, doc, made)
    return RustArgument(name, "&str", c_type, f"{name}.as_ptr()", doc, f"c::text({name})?")


def _facts(plan: Plan) -> Iterator[RustArgument]:
    for fact in passed_facts(plan.kernel):
        what = fact.kind if fact.kind in ("numel", "ndim") else f"{fact.kind}[{fact.index}]"
        doc = f"{what} of `{rust_identifier(fact.tensor)}`, in elements"
        yield RustArgument(fact.c_name, "i64", "i64", fact.c_name, doc)
