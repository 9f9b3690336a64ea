"""Triton's compile errors as sentences, each at the innermost place in the kernel's own source."""

from __future__ import annotations

import ast
import gc
import os
import re
import textwrap
from pathlib import Path
from typing import Any

import triton
from triton.compiler.errors import CompilationError, CompileTimeAssertionFailure
from triton.runtime.errors import PTXASError
from triton.runtime.jit import JITCallable

from codegen.model.errors import CannotBuild, SourceLocation, told
from codegen.model.kernel import Variant
from codegen.model.surroundings import excerpt
from codegen.model.triton_version import lacking
from codegen.read.unreadable import line_of, place_of

_EXPLAINED = (
    (
        r"Cannot access global variable (\w+) from within @jit'ed",
        "`{0}` is a global variable, and a kernel can read those that hold a tl.constexpr",
        "write {0} = tl.constexpr(...); an annotation does not make it one",
    ),
    (
        r"Cannot store to a constant pointer",
        "it stores to a pointer that is declared const",
        "declare the pointer without const, or do not store to it",
    ),
    (  # a KeyError of Triton's: the types of the arguments
        r"^\(triton\.language\.(\w+)(?:, triton\.language\.\w+)*,?\)$",
        "this function of CUDA's library has no form for {0}",
        "convert what it is called with, as in x.to(tl.float32)",
    ),
    (
        r"\bbool is not defined",
        "Triton's compiler has no `bool`",
        'annotate with tl.int1, or with "bool" in quotes',
    ),
)
_OF_NONE = (
    "{} None there; what is never None has a type without it in types, what is None in the same "
    'calls as another one like "*i64 | None with offsets", and what follows from that is said by '
    "@triton.heuristics around the kernel"
)
_OF_SEVERAL = (
    "; where no call has all of them None, export the kernel once for each way, with what is None "
    "there in constexprs"
)


def compilation_error(
    variant: Variant, error: CompilationError, where: SourceLocation
) -> CannotBuild:
    """The innermost error, with the innermost place that is not in Triton itself."""
    line = ""
    while True:
        function, node = _function_of(error.src), error.node
        if function is not None and hasattr(node, "lineno") and not _is_tritons(function):
            where, line = place_of(function, node), line_of(error.src, node)
        if not isinstance(error.__cause__, CompilationError):
            break
        error = error.__cause__
    text, hint = _explained_by_place(error) or _explained(error)
    nones = [f"`{name}`" for name, value in variant.constexprs.items() if value is None]
    if hint is None and nones and "NoneType" in text:
        hint = _OF_NONE.format(f"{', '.join(nones)} {'is' if len(nones) == 1 else 'are'}")
        hint += _OF_SEVERAL if len(nones) > 1 else ""
    if line and not line.startswith("def "):
        text += f", in `{textwrap.shorten(line, 80, placeholder=' ...')}`"
    return CannotBuild(text, where=where, hint=hint)


def failure_below(error: Exception) -> str:
    """An exception from behind the frontend, with what the tools below printed of it."""
    if isinstance(error, PTXASError):
        output = str(error).partition("`ptxas` stderr:")[2].partition("Repro command:")[0]
        return "ptxas refuses the kernel" + excerpt(re.sub(r"\S+\.ptx, ", "", output))
    output = os.pread(1, os.fstat(1).st_size, 0).decode(errors="replace")
    if "Cannot bitcast pointer between different address spaces" in output:
        return "it casts a pointer that is declared const to one that is not: leave out the const"
    return told(error) + excerpt(output)


def _explained_by_place(error: CompilationError) -> tuple[str, str] | None:
    """What the part of the source says that Triton stumbled over."""
    node: Any = error.node
    text = str(error.error_message or "")
    if not error.src or not hasattr(node, "lineno"):
        return None
    annotated = _annotated(error.src, node)
    if annotated and not re.search(r"\bbool is not defined", text):
        name, _, annotation = annotated.partition(": ")
        return (
            f"Triton's compiler reads annotations, and cannot read that of `{annotated}`",
            f'leave it out, or put it in quotes: {name}: "{annotation}"',
        )
    match = re.search(r"'(int|float|bool)' object has no attribute '(\w+)'", text)
    read = [
        n for n in ast.walk(node) if isinstance(n, ast.Attribute) and match and n.attr == match[2]
    ]
    name = next((n.value.id for n in read if isinstance(n.value, ast.Name)), "")
    if not match or not name:
        return None
    instead = f"write tl.cast({name}, ...), which takes constants too, or " * (match[2] == "to")
    return (
        f"`{name}` is compiled in there, as a call of Triton's JIT does it, and "
        f"{'an' if match[1] == 'int' else 'a'} {match[1]} has no `.{match[2]}`",
        f"{instead}give `{name}` a type that does not compile it in: without :1, and no value in "
        "constexprs",
    )


def _annotated(source: str, node: Any) -> str:
    """The parameter or variable, with its annotation, that a part of a function is within."""
    for part in ast.walk(ast.parse(source)):
        if isinstance(part, (ast.arg, ast.AnnAssign)) and part.annotation is not None:
            parts = (n for n in ast.walk(part.annotation) if isinstance(n, ast.expr))
            places = {(n.lineno, n.col_offset) for n in parts}
            if (node.lineno, node.col_offset) in places:
                name = part.arg if isinstance(part, ast.arg) else ast.unparse(part.target)
                return f"{name}: {ast.unparse(part.annotation)}"
    return ""


def _explained(error: CompilationError) -> tuple[str, str | None]:
    """Triton's message, and a hint."""
    text = str(error.error_message or "").strip().removesuffix(".")
    if explained := lacking(text):
        return explained
    for pattern, sentence, hint in _EXPLAINED:
        if match := re.search(pattern, text):
            return sentence.format(*match.groups()), hint.format(*match.groups())
    if isinstance(error, CompileTimeAssertionFailure):
        return f"static_assert fails: {text}" if text else "static_assert fails", None
    # Of an exception in its own code Triton passes on the repr: NameError('n is not defined').
    text = re.sub(r"^(\w+)\((['\"]?)(.*)\2\)$", _said, text, flags=re.DOTALL)
    return text or type(error.__cause__ or error).__name__, None


def _said(match: re.Match[str]) -> str:
    return f"{match[1]}: {match[3]}".rstrip(": ") if match[2] or not match[3] else match[0]


def _function_of(source: str | None) -> JITCallable | None:
    """Triton's errors carry their function's source, and not the function."""
    functions = (o for o in gc.get_objects() if issubclass(type(o), JITCallable))
    return next((function for function in functions if function.src == source), None)


def _is_tritons(function: JITCallable) -> bool:
    return Path(triton.__file__).parent in Path(function.file_name).parents
