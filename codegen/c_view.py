"""What the C templates print: every decision about the C text of a plan, made here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from codegen.model import Axis, Binary, Constexpr, Image, Kernel, Parameter, Plan, c_identifier

GRID_NAMES = ("gx", "gy", "gz")


@dataclass(frozen=True)
class CArgument:
    """One argument of the generated function."""

    name: str
    c_name: str
    index: int
    declaration: str
    """`int32_t seq_len`, as a parameter or a local variable."""
    getter: str
    """The runtime function that coerces it."""
    fields: tuple[str, ...]
    """The designated initialisers of its `tb_argument`."""
    comment: str
    sizes: tuple[str, ...] = ()
    """The C expressions of its declared shape."""
    alignment: str = "1"
    """The C expression of the bytes to which a pointer must be aligned."""


@dataclass(frozen=True)
class CImage:
    """One embedded image."""

    c_name: str
    path: str
    """Relative to the output folder."""
    fields: tuple[str, ...]
    """The designated initialisers of its `tb_image`."""


@dataclass(frozen=True)
class CVariant:
    """One row of the function's variants."""

    label: str
    c_name: str
    images: tuple[CImage, ...]
    fields: tuple[str, ...]
    """The designated initialisers of its `tb_variant`."""


@dataclass(frozen=True)
class CDigit:
    """One decision of the call: a variable that holds the choice on an axis."""

    name: str
    expression: str
    radix: int
    can_fail: bool


@dataclass(frozen=True)
class CFunction:
    """One function of a C file."""

    name: str
    symbol: str
    doc: tuple[str, ...]
    signature: str
    short_doc: str
    """The doc, no longer than C99 lets a string be."""
    arguments: tuple[CArgument, ...]
    launch_parameters: tuple[str, ...]
    """The declarations of `<symbol>_launch`, behind the stream."""
    launch_names: tuple[str, ...]
    extra_locals: tuple[tuple[str, str, int], ...]
    """(variable, its type, index of the first pointer) of each choice of dtype."""
    values: tuple[str, ...]
    """The run-time values in the kernel's order, from which variants take theirs."""
    variants: tuple[CVariant, ...]
    digits: tuple[CDigit, ...]
    aligned: str
    """The condition of the hinted variant; empty when there is none."""
    index: str
    """The variant's index, from the digits."""
    grid_parameters: tuple[str, ...]
    grid_arguments: tuple[str, ...]
    grid_axes: tuple[str, str, str]
    grid_can_fail: bool

    @property
    def argument_names(self) -> str:
        return ", ".join([*(argument.name for argument in self.arguments), "stream"])

    @property
    def commented(self) -> tuple[CArgument, ...]:
        return tuple(argument for argument in self.arguments if argument.comment)

    @property
    def shaped(self) -> tuple[CArgument, ...]:
        return tuple(argument for argument in self.arguments if argument.sizes)

    @property
    def checks(self) -> tuple[str, ...]:
        """What the SafeCall does once every argument is coerced, joined by `&&`."""
        names = ", ".join(["call.device", "stream", *self.launch_names])
        return (
            *(
                f"tb_check_shape(&call, {argument.index}, {argument.name}_shape, "
                f"{len(argument.sizes)})"
                for argument in self.shaped
            ),
            *(f"tb_get_dtype(&call, {index}, &{name})" for name, _, index in self.extra_locals),
            "tb_get_stream(&call, &stream)",
            f"{self.symbol}_on({names}) == TRITONBIND_OK",
        )

    @property
    def aligned_pointers(self) -> tuple[CArgument, ...]:
        return tuple(argument for argument in self.arguments if argument.alignment != "1")


def image_path(kernel: Kernel, binary: Binary, image: Image) -> str:
    """Where an image is kept, relative to the output folder."""
    folder = kernel.file.removesuffix(".py") + ".images"
    return (
        f"{folder}/{kernel.symbol}.{binary.variant.label}.{image.target.name}.{image.target.suffix}"
    )


def c_function(plan: Plan) -> CFunction:
    """The view of one plan."""
    kernel = plan.kernel
    arguments = tuple(_arguments(plan))
    dtype_locals = tuple(_dtype_locals(plan, arguments))
    grid = kernel.grid
    runtime = [p.name for p in kernel.parameters if isinstance(p, Parameter)]
    aligned = _aligned(kernel) if any(axis.kind == "hints" for axis in plan.axes) else ""
    digits = tuple(_digits(plan.axes, arguments))
    by_name = {argument.name: argument for argument in arguments}
    reads = GRID_NAMES if grid.axes is None else grid.reads
    return CFunction(
        name=kernel.name,
        symbol=kernel.symbol,
        doc=tuple(kernel.doc.splitlines()),
        signature=signature_text(kernel),
        short_doc=_short(kernel.doc),
        arguments=arguments,
        launch_parameters=(
            *(f"{type_} {name}" for name, type_, _ in dtype_locals),
            *(argument.declaration for argument in arguments),
        ),
        launch_names=(
            *(name for name, _, _ in dtype_locals),
            *(argument.c_name for argument in arguments),
        ),
        extra_locals=dtype_locals,
        values=tuple(by_name[name].c_name for name in runtime),
        variants=tuple(_variant(kernel, binary, runtime) for binary in plan.binaries),
        digits=digits,
        aligned=aligned,
        index=_index(digits, bool(aligned)),
        grid_parameters=tuple(f"int64_t {by_name[name].c_name}" for name in reads),
        grid_arguments=tuple(by_name[name].c_name for name in reads),
        grid_axes=grid.axes or GRID_NAMES,
        grid_can_fail=grid.can_fail,
    )


def signature_text(kernel: Kernel) -> str:
    """The function's signature as messages show it."""
    parts = []
    for parameter in kernel.arguments:
        if isinstance(parameter, Constexpr):
            choices = " | ".join(repr(choice) for choice in parameter.choices)
            parts.append(f"{parameter.name}: {choices}")
        else:
            types = [str(type_) for type_ in parameter.types] + ["None"] * parameter.nullable
            parts.append(f"{parameter.name}: {' | '.join(types)}")
    if kernel.grid.axes is None:
        parts += [f"{name}: i32" for name in GRID_NAMES]
    return f"{kernel.name}({', '.join([*parts, 'stream=None'])})"


def choices_text(constexpr: Constexpr) -> str:
    return ", ".join(repr(choice) for choice in constexpr.choices)


def c_string(text: str) -> str:
    """`text` as a C string literal, other characters than printable ASCII as UTF-8 in octal."""
    pieces = [_C_ESCAPES.get(byte) or _printable(byte) for byte in text.encode()]
    return '"' + "".join(pieces) + '"'


_C_ESCAPES = {ord('"'): '\\"', ord("\\"): "\\\\", ord("\n"): "\\n", ord("?"): "\\?"}


def _printable(byte: int) -> str:
    return chr(byte) if " " <= chr(byte) <= "~" else f"\\{byte:03o}"


def _arguments(plan: Plan) -> Iterator[CArgument]:
    kernel = plan.kernel
    index = 0
    for index, parameter in enumerate(kernel.arguments):
        if isinstance(parameter, Constexpr):
            yield _choice(parameter, index)
        elif parameter.is_pointer:
            yield _pointer(parameter, index, plan.axes)
        else:
            yield _scalar(parameter.name, parameter.types[0].dtype.c_type or "", index, parameter)
    if kernel.grid.axes is None:
        first = len(kernel.arguments)
        for offset, name in enumerate(GRID_NAMES):
            yield _scalar(name, "int32_t", first + offset, None)


_KINDS = {"int": "TB_INT", "bool": "TB_BOOL", "float": "TB_FLOAT", "str": "TB_STRING"}
_GETTERS = {"bool": "bool", "float": "float", "double": "double"}
_BIT_GETTERS = {"fp16": "float16", "bf16": "bfloat16"}


def _scalar(name: str, c_type: str, index: int, parameter: Parameter | None) -> CArgument:
    c_name = c_identifier(name)
    triton = parameter.types[0].dtype.name if parameter else "i32"
    python_type = parameter.types[0].dtype.python_type if parameter else "int"
    getter = _BIT_GETTERS.get(triton) or _GETTERS.get(c_type) or c_type.removesuffix("_t")
    note = f"its {triton} bits" if triton in _BIT_GETTERS else ""
    comment = "; ".join(filter(None, [parameter.comment if parameter else "launch grid", note]))
    return CArgument(
        name=name,
        c_name=c_name,
        index=index,
        declaration=f"{c_type} {c_name}",
        getter=f"tb_get_{getter}",
        fields=(f".name = {c_string(name)}", f".kind = {_KINDS[python_type]}"),
        comment=comment,
    )


def _pointer(parameter: Parameter, index: int, axes: tuple[Axis, ...]) -> CArgument:
    c_name = c_identifier(parameter.name)
    dtypes = [type_.dtype for type_ in parameter.types]
    rows = ", ".join(
        f"{{TRITONBIND_{dtype.name.upper()}, {c_string(dtype.label)}, "
        f"{255 if dtype.dlpack_code is None else dtype.dlpack_code}, {8 * dtype.size}}}"
        for dtype in dtypes
    )
    fields = [f".name = {c_string(parameter.name)}", ".kind = TB_POINTER"]
    if parameter.shape is not None:
        fields.append(f".shape = {c_string(parameter.shape.source)}")
    fields += [f".dtypes = (const tb_dtype[]){{{rows}}}", f".dtype_count = {len(dtypes)}"]
    alignment = str(dtypes[0].size)
    dtype_axes = [axis for axis in axes if axis.kind == "dtype"]
    for number, axis in enumerate(dtype_axes):
        if parameter.name in axis.parameters:
            fields.append(f".dtype_axis = {number}")
            if len({dtype.size for dtype in dtypes}) > 1:
                choice = f"function->arguments[{index}].dtypes[{axis.parameters[0]}_choice]"
                alignment = f"{choice}.bits / 8u"
    if parameter.nullable:
        fields.append(".nullable = true")
    const = "const " if parameter.types[0].is_const else ""
    return CArgument(
        name=parameter.name,
        c_name=c_name,
        index=index,
        declaration=f"{const}void *{c_name}",
        getter="tb_get_const_pointer" if const else "tb_get_pointer",
        fields=tuple(fields),
        comment=parameter.comment,
        sizes=parameter.shape.sizes if parameter.shape else (),
        alignment=alignment,
    )


_CHOICE_TYPES = {
    int: ("int64_t ", "int"),
    bool: ("bool ", "bool"),
    str: ("const char *", "string"),
}


def _choice(constexpr: Constexpr, index: int) -> CArgument:
    kind = type(constexpr.choices[0])
    c_type, getter = _CHOICE_TYPES[kind]
    if kind is str:
        element, field = "char *const", "string_choices"
        values = ", ".join(c_string(str(choice)) for choice in constexpr.choices)
    else:
        element, field = "int64_t", "int_choices"
        values = ", ".join(_int_literal(choice) for choice in constexpr.choices)
    c_name = c_identifier(constexpr.name)
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
            f".{field} = (const {element}[]){{{values}}}",
            f".choice_count = {len(constexpr.choices)}",
        ),
        comment=f"{constexpr.comment or 'constexpr'}: one of {choices_text(constexpr)}",
    )


def _int_literal(value: object) -> str:
    number = int(value) if isinstance(value, int) else 0
    return str(number) if abs(number) < 1 << 31 else f"INT64_C({number})"


def _dtype_locals(plan: Plan, arguments: tuple[CArgument, ...]) -> Iterator[tuple[str, str, int]]:
    index_of = {argument.name: argument.index for argument in arguments}
    for axis in plan.axes:
        if axis.kind == "dtype":
            first = axis.parameters[0]
            yield f"{c_identifier(first)}_dtype", "tritonbind_dtype", index_of[first]


def _digits(axes: tuple[Axis, ...], arguments: tuple[CArgument, ...]) -> Iterator[CDigit]:
    by_name = {argument.name: argument for argument in arguments}
    for axis in axes:
        if axis.kind == "hints":
            continue
        argument = by_name[axis.parameters[0]]
        radix = len(axis.labels)
        if axis.kind == "none":
            yield CDigit(f"no_{argument.name}", f"{argument.c_name} == NULL", radix, False)
            continue
        if axis.kind == "dtype":
            chooser, value = "tb_choose_dtype", f"{argument.c_name}_dtype"
        else:
            is_string = argument.getter == "tb_get_string_choice"
            chooser, value = ("tb_choose_string" if is_string else "tb_choose_int"), argument.c_name
        call = f"{chooser}(function, {argument.index}, {value})"
        yield CDigit(f"{argument.name}_choice", call, radix, True)


def _index(digits: tuple[CDigit, ...], hinted: bool) -> str:
    """The mixed-radix number of the digits, the hints last."""
    text = ""
    for digit in digits:
        text = (
            f"({text}) * {digit.radix} + {digit.name}"
            if " " in text
            else (f"{text} * {digit.radix} + {digit.name}" if text else digit.name)
        )
    if not hinted:
        return text or "0"
    hint = "(aligned ? 0 : 1)"
    if not text:
        return "aligned ? 0 : 1"
    return f"({text}) * 2 + {hint}" if " " in text else f"{text} * 2 + {hint}"


def _aligned(kernel: Kernel) -> str:
    conditions = []
    for parameter in kernel.parameters:
        if isinstance(parameter, Parameter) and parameter.divisible:
            name = c_identifier(parameter.name)
            is_pointer = parameter.is_pointer
            conditions.append(f"tb_divisible_by_16({name})" if is_pointer else f"{name} % 16 == 0")
    return "\n        && ".join(conditions)


def _variant(kernel: Kernel, binary: Binary, runtime: list[str]) -> CVariant:
    label = binary.variant.label
    c_name = f"{kernel.symbol}_{label.replace('-', '_')}"
    images = []
    for image in binary.images:
        target = image.target
        flags = [".is_ptx = true"] * target.is_ptx + [".is_exact = true"] * target.is_exact
        name = f"{c_name}_{target.name}"
        fields = (
            f".data = {name}",
            f".symbol = {c_string(image.symbol)}",
            f".capability = {target.capability}",
            *flags,
            f".threads = {image.threads}",
            f".shared = {image.shared}",
        )
        images.append(CImage(name, image_path(kernel, binary, image), fields))
    rows = [f".images = {c_name}_images", f".image_count = {len(images)}"]
    if binary.variant.runtime:
        indices = ", ".join(str(runtime.index(name)) for name in binary.variant.runtime)
        rows.append(f".parameters = (const uint8_t[]){{{indices}}}")
        rows.append(f".parameter_count = {len(binary.variant.runtime)}")
    return CVariant(label, c_name, tuple(images), tuple(rows))


_LONGEST_STRING = 4000


def _short(doc: str) -> str:
    encoded = doc.encode()
    if len(encoded) <= _LONGEST_STRING:
        return doc
    return encoded[:_LONGEST_STRING].decode(errors="ignore").rpartition("\n")[0] + "\n..."
