"""The arguments of a generated C function: how each is declared, coerced, described and chosen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from codegen.model.descriptors import DescriptorType
from codegen.model.dtypes import DType
from codegen.model.identifiers import GRID_NAMES, c_identifier
from codegen.model.kernel import Axis, Kernel
from codegen.model.parameters import Constexpr, Parameter
from codegen.model.plan import Plan
from codegen.model.pointer_uses import PointerUses
from codegen.model.wording import (
    choices_text,
    constexpr_doc,
    grid_doc,
    parameter_doc,
    use_text,
)
from codegen.variants.axes.dtype import DtypeAxis
from codegen.variants.c_literals import c_string, int_literal
from codegen.variants.c_steps import CArgument
from codegen.variants.hash_tables import initializer, slots, words


def c_arguments(plan: Plan) -> Iterator[CArgument]:
    """What a call passes, in order, without the stream."""
    kernel = plan.kernel
    for index, parameter in enumerate(kernel.arguments):
        if isinstance(parameter, Constexpr):
            yield _choice(parameter, index)
        elif parameter.is_pointer:
            yield _pointer(parameter, index, kernel.specialisation.axes, plan.uses)
        elif parameter.descriptor is not None:
            yield _descriptor(parameter, parameter.descriptor, index, plan)
        else:
            c_type, use = parameter.storage.dtype.c_type or "", use_text(parameter, plan.uses)
            scalar = _scalar(parameter.name, c_type, index, parameter, use)
            yield _with_origin(scalar, parameter, kernel)
    if kernel.grid.axes is None:
        first = len(kernel.arguments)
        for offset, name in enumerate(GRID_NAMES):
            yield _scalar(name, "int32_t", first + offset, None)


_KINDS = {"int": "TB_INT", "bool": "TB_BOOL", "float": "TB_FLOAT", "str": "TB_STRING"}
_GETTERS = {"bool": "bool", "float": "float", "double": "double"}
_BIT_GETTERS = {"fp16": "float16", "bf16": "bfloat16"}
_BIT_NOTES = {"fp16": "an fp16", "bf16": "a bf16"}


def _scalar(
    name: str, c_type: str, index: int, parameter: Parameter | None, use: str = ""
) -> CArgument:
    c_name = c_identifier(name)
    triton = parameter.storage.dtype.name if parameter else "i32"
    python_type = parameter.storage.dtype.python_type if parameter else "int"
    getter = _BIT_GETTERS.get(triton) or _GETTERS.get(c_type) or c_type.removesuffix("_t")
    note = f"the bits of {_BIT_NOTES[triton]}" if triton in _BIT_GETTERS else ""
    comment = parameter.comment if parameter else grid_doc(name)
    nullable = parameter is not None and parameter.nullable
    fields = [f".name = {c_string(name)}", f".kind = {_KINDS[python_type]}"]
    return CArgument(
        name=name,
        c_name=c_name,
        index=index,
        declaration=f"const {c_type} *{c_name}" if nullable else f"{c_type} {c_name}",
        getter=f"tb_get_{getter}",
        fields=(*fields, ".nullable = true") if nullable else tuple(fields),
        doc=": ".join(filter(None, ["NULL for None" * nullable, note, use, comment])),
        stored_type=c_type if nullable else "",
    )


def _pointer(
    parameter: Parameter, index: int, axes: tuple[Axis, ...], uses: PointerUses
) -> CArgument:
    c_name = c_identifier(parameter.name)
    fields = [f".name = {c_string(parameter.name)}", ".kind = TB_POINTER"]
    if parameter.shape is not None:
        fields.append(f".shape = {c_string(parameter.shape.source)}")
    fields += _dtype_fields(parameter, axes)
    if parameter.nullable:
        fields.append(".nullable = true")
    const = "" if parameter.name in uses.writes else "const "
    return CArgument(
        name=parameter.name,
        c_name=c_name,
        index=index,
        declaration=f"{const}void *{c_name}",
        getter="tb_get_const_pointer" if const else "tb_get_pointer",
        fields=tuple(fields),
        doc=parameter_doc(parameter, uses, "NULL"),
        sizes=parameter.shape.sizes if parameter.shape else (),
        element_sizes=tuple(type_.dtype.size for type_ in parameter.types),
        choices=tuple(dtype_constant(type_.dtype) for type_ in parameter.types),
    )


def _with_origin(argument: CArgument, parameter: Parameter, kernel: Kernel) -> CArgument:
    """An int that a tensor's shape tells."""
    origin = parameter.origin
    if origin is None:
        return argument
    index = [each.name for each in kernel.arguments].index(origin.tensor)
    numbers = f"{index}, {origin.dimension}, {origin.rank}"
    field = f".origin = &(const tb_origin){{{numbers}}}"
    return replace(argument, fields=(*argument.fields, field), may_be_left_out=True)


def _descriptor(parameter: Parameter, type_: DescriptorType, index: int, plan: Plan) -> CArgument:
    c_name = c_identifier(parameter.name)
    return CArgument(
        name=parameter.name,
        c_name=c_name,
        index=index,
        declaration=f"const tritonbind_tensor *{c_name}",
        getter="tb_get_tensor",
        fields=(
            f".name = {c_string(parameter.name)}",
            ".kind = TB_TENSOR",
            *_dtype_fields(parameter, plan.kernel.specialisation.axes),
            f".rank = {type_.rank}",
            *[".padding_is_nan = true"] * (type_.padding == "nan"),
            *[".round_to_tf32 = true"] * type_.tf32,
        ),
        doc=parameter_doc(parameter, plan.uses, "NULL"),
        element_sizes=tuple(each.dtype.size for each in parameter.types),
        choices=tuple(dtype_constant(each.dtype) for each in parameter.types),
        stored_type="tritonbind_tensor",
        rank=type_.rank,
    )


def _dtype_fields(parameter: Parameter, axes: tuple[Axis, ...]) -> Iterator[str]:
    """What a tensor's elements may be, and the choice of it that it takes part in."""
    dtypes = [dtype_constant(type_.dtype) for type_ in parameter.types]
    yield f".dtypes = (const tritonbind_dtype[]){{{', '.join(dtypes)}}}"
    yield f".dtype_count = {len(dtypes)}"
    dtype_axes = [axis for axis in axes if isinstance(axis, DtypeAxis)]
    for number, axis in enumerate(dtype_axes):
        if parameter.name in axis.parameters:
            yield f".dtype_axis = {number}"


_CHOICE_TYPES = {
    int: ("int64_t ", "int"),
    bool: ("bool ", "bool"),
    str: ("const char *", "string"),
}


def _choice(constexpr: Constexpr, index: int) -> CArgument:
    kind = next(type(choice) for choice in constexpr.passed if choice is not None)
    keys: list[tuple[int, ...]]
    c_type, getter = _CHOICE_TYPES[kind]
    if kind is str:
        element, field = "char *const", "string_choices"
        keys = [() if choice is None else words(str(choice)) for choice in constexpr.passed]
        values = [
            "NULL" if choice is None else c_string(str(choice)) for choice in constexpr.passed
        ]
    else:
        element, field = "int64_t", "int_choices"
        keys = [(choice,) for choice in constexpr.passed if isinstance(choice, int)]
        values = [int_literal(choice) for choice in constexpr.passed]
    c_name = c_identifier(constexpr.name)
    table = slots(keys)
    return CArgument(
        name=constexpr.name,
        c_name=c_name,
        index=index,
        declaration=f"{c_type}{c_name}",
        getter=f"tb_get_{getter}_choice",
        fields=(
            f".name = {c_string(constexpr.name)}",
            f".kind = {_KINDS[kind.__name__]}",
            f".choices = {c_string(choices_text(constexpr))}",
            f".{field} = (const {element}[]){{{', '.join(values)}}}",
            f".choice_count = {len(constexpr.passed)}",
            *[f".slots = {initializer(table)}"] * bool(table),
            *[".nullable = true"] * (None in constexpr.passed),
        ),
        doc="NULL for None: " * (None in constexpr.passed) + constexpr_doc(constexpr),
        choices=() if kind is str else tuple(values),
    )


def dtype_constant(dtype: DType) -> str:
    """The enumerator of `tritonbind_dtype`."""
    return f"TRITONBIND_{dtype.name.upper()}"
