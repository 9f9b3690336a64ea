"""The declaration that kernel files import: what a kernel's own signature cannot say."""

from __future__ import annotations

import inspect
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, Unpack

from codegen.model.declaration import DECLARATIONS, EXPLICIT, Declaration, GridFunction, own_int
from codegen.model.errors import CodegenError, about, calling_line, meant
from codegen.model.launch_rows import read_launches
from codegen.model.options import (
    DEFAULTS,
    OPTIONS,
    TritonOptions,
    check_options,
    is_neutral,
    refusal,
    with_given,
)
from codegen.model.sm_count import sm_count
from codegen.model.targets import TARGETS, Target
from codegen.read import needed_parts

__all__ = ["export", "kernel_of", "sm_count"]

KernelT = TypeVar("KernelT")

_DOTTED_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)


def export(
    name: str,
    *,
    grid: GridFunction | str,
    types: Mapping[str, Any] | None = None,
    constexprs: Mapping[str, object] | None = None,
    shapes: Mapping[str, Sequence[int | str]] | None = None,
    targets: Sequence[str] | None = None,
    optional_targets: bool = False,
    cases: Sequence[Mapping[str, int | None]] | None = None,
    configs: Sequence[Mapping[str, object]] | None = None,
    tuned: Mapping[object, Mapping[str, object]] | str | None = None,
    hooks: str | None = None,
    launches: Sequence[Mapping[str, object]] | str | None = None,
    **options: Unpack[TritonOptions],
) -> Callable[[KernelT], KernelT]:
    """Declare a Triton kernel as the TVM FFI function `name`; the kernel comes back unchanged.

    `grid` is the lambda one writes for Triton, of the kernel's parameters by name (or of `META`),
    or `"explicit"`: then the call passes gx, gy and gz after the arguments.
    `types` gives the type of each parameter that has no annotation: `"*fp32"`, `"i32"`; `"i32:16"`
    builds a variant that assumes divisibility by 16 too, `"i32:1"` one that assumes 1;
    `"i32 | i64"` picks the width by the value; `"*fp16 | *bf16"` is a choice that
    all parameters with the same text make together; `"*fp32 | None"` may be left out,
    `"*i64 | None with x"` is where `x` is; `None` alone, or a default of None that `types` leaves
    out, is compiled in;
    `"tensordesc<fp16[BLOCK, 64]>"` is a tensor descriptor with its block. A tuple, or a namedtuple,
    of such types is for a parameter that is one, `*args` too; `None`, numbers and
    `tl.constexpr(...)` among them are compiled in.
    `constexprs` gives the value of each constexpr that has no default; a list is a choice, which
    stays an argument of the function. A run-time parameter with a value here (None, a stride of
    1) is compiled in as well, as Triton's JIT does it for such calls, and is no argument.
    A function computes it: of parameters by their names, or of all in one mapping,
    `{"HAS_BIAS": lambda args: args["bias_ptr"] is not None}`.
    In `types`, `constexprs` and `cases` a name may be a pattern, `{"stride_*": "i32:16"}`.
    `cases` lists the hinted variants to build besides the generic one, each by what it assumes of
    ints: `[{"stride": 1, "n": 16}, {"n": 16}]`; pointers are aligned in all, unless given None.
    `shapes` says what the kernel assumes of its tensors: ints, or expressions of int parameters.
    `options` are Triton's own, by the names that its launches have for them: `num_warps`,
    `num_stages`, `num_ctas`, `maxnreg`, `enable_fp_fusion`, `debug`, `launch_pdl`,
    `launch_cooperative_grid` and those that docs/declaration.md lists.
    `targets` limits the project's targets to those that the kernel can have: `["sm_90"]`; with
    `optional_targets=True`, what cannot be compiled for one of them is left out there.
    Of an autotuned kernel, `configs` names the configurations to build, each by some of its values
    (all when left out), and `tuned` the best one for each key: a dict, or the file name of a JSON
    table or of Triton's `*.autotune.json` files. Without `tuned` the call names a configuration.
    `hooks="caller"` says that the caller does what a configuration's pre_hook does.
    `launches` lists the launches to build for, or names the JSON file beside the kernel file that
    does, as `tritonbind adopt` writes it: instead of `types`, `constexprs`, `cases` and options.
    With a grid of its own, `tuned` is what the file has of it; with `grid="explicit"`, what stands
    around the kernel is not followed, and calls pass what that gave.

    Use it as a decorator above `@triton.jit`, or call it on a kernel of an installed package:
    `export("mine.softmax", grid=..., types=...)(package.softmax_kernel)`.
    """
    where = calling_line()
    if not isinstance(name, str) or not _DOTTED_NAME.fullmatch(name):
        raise CodegenError(
            f"a function's name must be identifiers joined by dots, got {name!r}",
            where=where,
            hint='write it as in @export("package.kernel", ...)',
        )
    with about(f"`{name}`", where):
        if not callable(grid) and grid != EXPLICIT:
            raise CodegenError(
                f"grid must be a function of the kernel's parameters, got {grid!r}",
                hint='write grid=lambda n: (cdiv(n, 64),), or grid="explicit" to pass it in each '
                "call",
            )
        types, constexprs, shapes = _taken(types), _taken(constexprs), _taken(shapes)
        cases, configs, tuned, targets = map(_taken, (cases, configs, tuned, targets))
        types, shapes, constexprs = _normal(types), _normal(shapes), _with_names(constexprs)
        cases, configs = _with_names(cases), _with_names(configs)
        for what, mapping in (("types", types), ("constexprs", constexprs), ("shapes", shapes)):
            if mapping is not None and not _is_by_name(mapping):
                raise CodegenError(
                    f"{what} must be a dict by parameter, got {mapping!r}",
                    hint=f'write {what}={{"parameter": ...}}',
                )
        if not isinstance(optional_targets, bool):
            raise CodegenError(
                f"optional_targets must be True or False, got {optional_targets!r}",
                hint='list those that the kernel can have in targets=["sm_90", ...]',
            )
        if hooks not in (None, "caller"):
            raise CodegenError(
                f'hooks must be None or "caller", got {hooks!r}',
                hint='write hooks="caller" where callers do what pre_hooks do',
            )
        _check_tables(cases=cases, configs=configs, tuned=tuned)
        given = _taken(options)
        _check_given(given)
        for_targets = _targets(targets)
        listed = None
        if launches is not None:
            _check_launches_alone(
                {"types": types, "constexprs": constexprs, "cases": cases, **given},
                {"configs": configs, "tuned": tuned} if grid == EXPLICIT else {},
            )
            listed = read_launches(_taken(launches), Path(where.path).parent)

    def declare(kernel: KernelT) -> KernelT:
        DECLARATIONS.append(
            Declaration(
                name,
                kernel,
                types or {},
                constexprs or {},
                shapes or {},
                grid,
                given,
                where,
                for_targets,
                optional_targets,
                cases,
                configs,
                tuned,
                hooks,
                listed,
            )
        )
        return kernel

    return declare


def kernel_of(place: str) -> Any:
    """The kernel at `module:name`, or in a script of the project, `path/of/script.py:name`.

    For kernels whose module cannot be imported: of a script, and of a package that is not whole
    where the generator runs, only the definitions run that the kernel needs. A path is relative to
    the folder of pyproject.toml. Raises `CodegenError` that names what is missing.
    """
    where = calling_line()
    above = Path(where.path).resolve().parents
    project = next((one for one in above if (one / "pyproject.toml").is_file()), above[0])
    with about(f"`{place}`", where):
        return needed_parts.kernel_of(place, project)


def _check_launches_alone(others: Mapping[str, object], of_autotuner: Mapping[str, object]) -> None:
    """Raise `CodegenError` for what the launches say already, and for what is said of an autotuner
    that is not followed."""
    for what, other in of_autotuner.items():
        if other is not None:
            raise CodegenError(
                f"{what} is for the kernel's autotuner, and launches with an explicit grid are "
                "those of the kernel below it",
                hint=f"leave out {what}, or write the grid as a function",
            )
    for what, other in others.items():
        if other is not None:
            raise CodegenError(
                f"launches says what to build, and so does {what}",
                hint=f"leave out {what}, or the launches",
            )


def _taken(value: Any) -> Any:
    """A copy, so that what the file changes later is for what it exports later. An iterator is
    read once, and ints of other libraries become Python's own."""
    if isinstance(value, Mapping):
        return {_taken(key): _taken(entry) for key, entry in value.items()}
    if isinstance(value, (list, Iterator)):
        return [_taken(entry) for entry in value]
    if type(value) is tuple:
        return tuple(map(_taken, value))
    return own_int(value)


def _with_names(table: Any) -> Any:
    """With its keys, or those of its rows, as Python has names of parameters: a source may write
    `µ` in two ways, and Python knows one."""
    if isinstance(table, Mapping):
        return _by_normal_name((_normal(key), value) for key, value in table.items())
    return [*map(_with_names, table)] if isinstance(table, list) else table


def _by_normal_name(entries: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    """Raises `CodegenError` for a name that was written in two ways."""
    found: dict[Any, Any] = {}
    for name, value in entries:
        if name in found:
            raise CodegenError(
                f"`{name}` is named twice in a dict by parameter, in two spellings",
                hint="Python takes both for one name: leave one of them out",
            )
        found[name] = value
    return found


def _normal(value: Any) -> Any:
    """With the names in all its texts so."""
    if isinstance(value, str):
        return unicodedata.normalize("NFKC", value)
    if isinstance(value, Mapping):
        return _by_normal_name((_normal(key), _normal(entry)) for key, entry in value.items())
    if type(value) in (list, tuple):
        return type(value)(map(_normal, value))
    return value


def _is_by_name(mapping: object) -> bool:
    return isinstance(mapping, Mapping) and all(isinstance(key, str) for key in mapping)


def _targets(given: Sequence[str] | None) -> tuple[Target, ...] | None:
    if given is None:
        return None
    if isinstance(given, str) or not given or any(text not in TARGETS for text in given):
        raise CodegenError(
            f"targets must be a list of names of targets, got {given!r}",
            hint=f"choose among {', '.join(TARGETS)}",
        )
    return tuple(TARGETS[text] for text in given)


def _check_tables(**tables: object) -> None:
    """Lists of dicts, or a dict of dicts, as `tuned` may be too."""
    for what, table in tables.items():
        if table is None or (what == "tuned" and isinstance(table, str) and table):
            continue
        is_keyed = what == "tuned" and isinstance(table, Mapping)
        rows = table.values() if is_keyed and isinstance(table, Mapping) else table
        is_list = isinstance(rows, Iterable) and not isinstance(rows, (str, Mapping))
        are_named = is_list and isinstance(rows, Iterable) and all(map(_is_by_name, rows))
        if are_named and (rows or what != "configs"):
            continue
        raise CodegenError(
            f"{what} must be {_TABLES[what][0]}, got {table!r}", hint=_TABLES[what][1]
        )


_TABLES = {
    "cases": ("a list of dicts by parameter", 'write cases=[{"stride": 1, "n": 16}]'),
    "configs": (
        "a list of dicts by parameter and option",
        'write configs=[{"BLOCK": 64, "num_warps": 4}]; [{}], or nothing, asks for all',
    ),
    "tuned": (
        "a dict by key, or a file name",
        'write tuned={(1024, 64): {"BLOCK": 64}}',
    ),
}


def _check_given(given: Mapping[str, object]) -> None:
    """Raise `CodegenError` for an argument that is no option, and an option that is not followed
    or has a value that it cannot have."""
    for option, value in given.items():
        if option in OPTIONS or is_neutral(option, value):
            continue
        if refused := refusal(option):
            what, hint = refused
            raise CodegenError(f"export is given {option}={value!r}, {what}", hint=hint)
        keywords = inspect.signature(export).parameters.values()
        known = [*(each.name for each in keywords if each.kind == each.KEYWORD_ONLY), *OPTIONS]
        raise CodegenError(
            f"export has no argument `{option}`",
            hint=meant(option, known, f"it has {', '.join(known)}"),
        )
    check_options(with_given(DEFAULTS, given))
