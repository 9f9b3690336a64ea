"""What the launches of a declaration say of the kernel: types, constexpr values and options."""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import triton.language as tl
from triton.runtime.jit import JITFunction

from codegen.model.declaration import Declaration, Key, Pattern, TunedRows
from codegen.model.descriptors import DescriptorType, ParameterType, parse_parameter_type
from codegen.model.dtypes import ValueType, dtype_named
from codegen.model.errors import CodegenError, about, meant, told
from codegen.model.launch_rows import (
    Argument,
    Fixed,
    Given,
    Launches,
    LaunchRow,
    NamedDtype,
    NamedFunction,
    RunTime,
    distinct,
)
from codegen.model.options import (
    DEFAULTS,
    OPTIONS,
    check_options,
    is_neutral,
    normal,
    refusal,
    with_given,
)
from codegen.read.needed_parts import kernel_of
from codegen.variants.decorators import names_given
from codegen.variants.tuned_files import frozen
from tritonbind.kernel_identity import KernelIdentity, identity_of

Column = Sequence[tuple[LaunchRow, Argument]]
"""What a parameter is in each launch."""


def as_launched(
    declaration: Declaration,
    launches: Launches,
    function: JITFunction[Any],
    decorators: Sequence[object] = (),
) -> Declaration:
    """The declaration with the types, constexprs and options that its launches have, but for what
    the decorators give; and with the configurations that an autotuner among these chose.

    Raises `CodegenError`, with the launch, for what the kernel does not have or no function can be
    made for.
    """
    for row in launches.rows:
        with about(row.place):
            _check_names(row, function.arg_names)
            for name, leaf in row.leaves().items():
                if isinstance(leaf, RunTime):
                    with about(f"parameter `{name}`"):
                        parse_parameter_type(leaf.type)
    types: dict[str, object] = {}
    constexprs: dict[str, object] = {}
    around = () if declaration.is_of_the_kernel_alone else decorators
    computed = names_given(around)
    for raw in function.params:
        if raw.name in computed:
            continue
        column = [(row, row.arguments[raw.name]) for row in launches.rows]
        with about(f"parameter `{raw.name}`"):
            found = _merged(column, raw.is_constexpr)
        (constexprs if isinstance(found, _Values) else types)[raw.name] = _as_declared(found)
    options = _options(launches, function, computed)
    tuned = declaration.tuned
    if tuned is None and declaration.configs is None and launches.tuned and around:
        tuned = _tuned(launches, around)
    return replace(declaration, types=types, constexprs=constexprs, options=options, tuned=tuned)


def given_in(
    launches: Launches, decorators: Sequence[object], function: JITFunction[Any]
) -> list[Given]:
    """What decorators gave in each launch. Raises `CodegenError` for what one passed instead."""
    default = replace(DEFAULTS, debug=bool(function.debug))
    names = sorted(names_given(decorators))
    given = []
    for row in launches.rows:
        found: dict[str, object] = {}
        for name in names:
            argument = row.arguments.get(name)
            if isinstance(argument, Fixed):
                found[name] = _real(argument.value)
            elif argument is not None:
                text = argument.type if isinstance(argument, RunTime) else "a tuple"
                raise CodegenError(
                    f"a decorator of the kernel gives it, and {row.place} passes `{text}`",
                    subject=f"parameter `{name}`",
                    hint='take launches as they reach the kernel: grid="explicit"',
                )
            elif name in OPTIONS:
                value = row.options.get(name)
                found[name] = getattr(default, name) if value is None else normal(name, value)
        given.append(Given(row.place, found))
    return given


def launched(launches: Launches, function: JITFunction[Any]) -> KernelIdentity:
    """The kernel as the program knows it that launched it. Raises `CodegenError` where it is
    another now."""
    now = identity_of(function)
    if launches.digest and launches.digest != now.digest:
        raise CodegenError(
            f"it is not the kernel that was launched: {launches.source} has the digest "
            f"{launches.digest[:12]}, and the kernel now has {now.digest[:12]}",
            hint="record the program again with this kernel; or take the digest out of the file, "
            "where the launches hold for the new kernel too",
        )
    module, _, qualname = launches.kernel.partition(":")
    return replace(now, module=module, qualname=qualname) if qualname else now


class _Values(tuple[object, ...]):
    """What a parameter is compiled with: one value, or several."""


def _as_declared(found: object) -> object:
    if not isinstance(found, _Values):
        return found
    return list(found) if len(found) > 1 else found[0]


def _merged(column: Column, is_constexpr: bool) -> object:
    """The type of a parameter as `types` would have it, a tuple of a tuple's entries; or its
    `_Values`."""
    if any(isinstance(argument, tuple) for _, argument in column):
        return _tuple(column)
    values = [(row, leaf.value) for row, leaf in column if isinstance(leaf, Fixed)]
    passed = [(row, leaf.type) for row, leaf in column if isinstance(leaf, RunTime)]
    if passed and is_constexpr:
        row, type_ = passed[0]
        raise CodegenError(
            f"it is a constexpr, and {row.place} passes it as `{type_}`",
            hint='give its value there: {"constexpr": ...}',
        )
    if not passed:
        fixed = distinct(Fixed(value) for _, value in values)
        return _Values(_real(leaf.value) for leaf in fixed)
    for row, value in values:
        if value is not None:
            first, type_ = passed[0]
            raise CodegenError(
                f"{row.place} has {value!r} compiled in, and {first.place} passes it as `{type_}`",
                hint="declare these launches apart, under two names",
            )
    return " | ".join([*_types(passed), *["None"] * bool(values)])


def _types(passed: Sequence[tuple[LaunchRow, str]]) -> list[str]:
    """The types among which calls choose. Raises `CodegenError` where no argument of a function has
    all of them: tensors of several dtypes, and ints of 32 and of 64 bits."""
    first, type_ = passed[0]
    parsed = [(row, parse_parameter_type(text)) for row, text in passed]
    for row, other in parsed:
        if not _are_alike(parsed[0][1], other):
            raise CodegenError(
                f"it is `{type_}` in {first.place} and `{other}` in {row.place}, which no argument "
                "can be both",
                hint="declare these launches apart, under two names",
            )
    blocks = [(row, list(one.block)) for row, one in parsed if isinstance(one, DescriptorType)]
    if not blocks:
        return [leaf.type for leaf in distinct(RunTime(text) for _, text in passed)]
    block = ", ".join(
        _size([(row, entries[place]) for row, entries in blocks])
        for place in range(len(blocks[0][1]))
    )
    texts = {re.sub(r"\[.*?\]", f"[{block}]", str(one), count=1) for _, one in parsed}
    return sorted(texts)


def _are_alike(one: ParameterType, other: ParameterType) -> bool:
    if isinstance(one, DescriptorType) and isinstance(other, DescriptorType):
        return replace(one, dtype=other.dtype, block=other.block) == other and (
            one.rank == other.rank
        )
    if isinstance(one, ValueType) and isinstance(other, ValueType) and one.is_pointer:
        return replace(one, dtype=other.dtype) == other
    return one == other or {one.triton, other.triton} == {"i32", "i64"}


def _size(found: Sequence[tuple[LaunchRow, object]]) -> str:
    """A size of a descriptor's block: the same in all launches, or that of a constexpr."""
    first, size = found[0]
    other = next((pair for pair in found if pair[1] != size), None)
    if other is None:
        return str(size)
    for name in first.arguments:
        if all(row.arguments[name] == Fixed(own) for row, own in found):
            return name
    raise CodegenError(
        f"a size of its block is {size} in {first.place} and {other[1]} in {other[0].place}, and "
        "no constexpr has these values",
        hint="declare these launches apart, under two names",
    )


def _tuple(column: Column) -> tuple[object, ...]:
    """The types of a tuple's entries; a `tl.constexpr` for one that is compiled in."""
    first_row, first = column[0]
    for row, argument in column:
        if _length(argument) != _length(first):
            raise CodegenError(
                f"it is {_described(first)} in {first_row.place}, and {_described(argument)} in "
                f"{row.place}",
                hint="declare these launches apart, under two names",
            )
    entries: list[object] = []
    for place in range(_length(first)):
        inner = [(row, entry[place]) for row, entry in column if isinstance(entry, tuple)]
        found = _merged(inner, is_constexpr=False)
        if isinstance(found, _Values) and len(found) > 1:
            raise CodegenError(
                f"entry {place} of the tuple has several values, {', '.join(map(repr, found))}",
                hint="declare the launches with each of them apart, under several names",
            )
        entries.append(tl.constexpr(found[0]) if isinstance(found, _Values) else found)
    return tuple(entries)


def _length(argument: Argument) -> int:
    return len(argument) if isinstance(argument, tuple) else -1


def _described(argument: Argument) -> str:
    return f"a tuple of {len(argument)}" if isinstance(argument, tuple) else "no tuple"


def _real(value: object) -> object:
    """The value as the kernel gets it. Raises `CodegenError` for what is not there."""
    if isinstance(value, tuple):
        return tuple(map(_real, value))
    if isinstance(value, NamedDtype):
        row = dtype_named(value.name)
        if row is None:
            raise CodegenError(f"`{value.name}` is no dtype of Triton's", hint="write one as bf16")
        return tl.dtype(row.label if row.is_integer else row.name.replace("i1", "int1"))
    if isinstance(value, NamedFunction):
        return _function(value)
    return value


def _function(named: NamedFunction) -> object:
    """The function; that of a script of the project without running the script."""
    script = _script(named.module)
    if script is not None:
        return kernel_of(f"{script.name}:{named.qualname}", script.parent)
    try:
        found: object = importlib.import_module(named.module)
        for part in named.qualname.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise CodegenError(
            f"its value, the function {named.module}:{named.qualname}, is not there: {told(error)}",
            hint="install what has it, or leave out the launches with it",
        ) from error
    return found


def _script(module: str) -> Path | None:
    """The file of a module that stands at the top of a project, and may be its program."""
    try:
        found = importlib.util.find_spec(module.partition(".")[0])
    except ValueError:  # of `__main__`, which has none
        return None
    if "." in module or found is None or not found.origin:
        return None
    path = Path(found.origin)
    return path if path.with_name("pyproject.toml").is_file() else None


def _check_names(row: LaunchRow, names: Sequence[str]) -> None:
    for name in row.arguments:
        if name not in names:
            raise CodegenError(
                f"the kernel has no parameter `{name}`",
                hint=meant(name, names, f"its parameters are {', '.join(names)}"),
            )
    missing = [name for name in names if name not in row.arguments]
    if missing:
        raise CodegenError(
            f"it does not say what `{missing[0]}` is",
            hint="a launch names all parameters of the kernel, those with defaults too",
        )


def _tuned(launches: Launches, decorators: Sequence[object]) -> TunedRows:
    """The configuration that most launches of a key had. Raises `CodegenError` where the keys are
    another autotuner's."""
    keys = next((list(one.keys) for one in decorators if hasattr(one, "keys")), [])
    found: dict[Key, tuple[int, Pattern]] = {}
    for table in launches.tuned:
        if table.get("key", keys) != keys:
            raise CodegenError(
                f"{launches.source} has tuned keys of {table['key']!r}, and the kernel's autotuner "
                f"has keys of {keys!r}",
                hint="record the program again with this kernel, or give the table: tuned=...",
            )
        for row in table["rows"]:
            key, count = tuple(map(frozen, row["key"])), row.get("count", 0)
            if key not in found or found[key][0] < count:
                found[key] = count, row["config"]
    rows = ((key, config) for key, (_, config) in found.items())
    return TunedRows(tuple(rows), takes_nearest=True)


def _options(
    launches: Launches, function: JITFunction[Any], computed: Collection[str]
) -> dict[str, object]:
    """The options that are the same in all launches. Those that differ are for the calls, and those
    that are `computed` for the decorators.

    An option that a constexpr is called after is one thing with it, and is left to it.
    """
    default = replace(DEFAULTS, debug=bool(function.debug))
    found = {}
    for name in dict.fromkeys(name for row in launches.rows for name in row.options):
        for row in launches.rows:
            with about(row.place):
                _check_option(name, row, function.arg_names)
        if name in OPTIONS and name not in (*function.arg_names, *computed):
            given = (row.options.get(name) for row in launches.rows)
            values = {getattr(default, name) if one is None else normal(name, one) for one in given}
            if len(values) == 1:
                found[name] = values.pop()
    return found


def _check_option(name: str, row: LaunchRow, parameters: Collection[str]) -> None:
    value = row.options.get(name)
    if value is None or is_neutral(name, value):
        return
    if name not in OPTIONS and name not in parameters:
        refused = refusal(name)
        what = f", {refused[0]}" if refused else ", which Triton's launches do not have"
        hint = refused[1] if refused else f"they have {', '.join(OPTIONS)}"
        raise CodegenError(f"it has the option {name}={value!r}{what}", hint=hint)
    if name in parameters and row.arguments[name] != Fixed(value):
        raise CodegenError(
            f"it has the option {name}={value!r}, and the parameter of that name is something else",
            hint="a launch passes one keyword argument for both: give one value for both",
        )
    check_options(with_given(DEFAULTS, {name: value}))
