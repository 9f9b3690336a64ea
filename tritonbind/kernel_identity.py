"""Which kernel it is: its module, its qualified name, and a digest of what it means.

The digest is the same with any Triton, any Python and on any machine, and wherever in its file the
kernel stands. This module imports nothing of Triton's, and calls nothing of a kernel's.
"""

from __future__ import annotations

import ast
import dataclasses
import enum
import functools
import hashlib
import inspect
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

_MAIN = ("__main__", "__mp_main__")
"""The module that Python runs, and what `multiprocessing` calls it in workers that it spawns."""


@dataclass(frozen=True)
class KernelIdentity:
    """A kernel is the same where all three are equal."""

    module: str
    """The module that defines it. That of a script that is run is the name that imports it."""
    qualname: str
    digest: str
    """64 hex digits; see `digest_of`."""

    @property
    def name(self) -> str:
        """As recordings have it: `package.module:kernel`."""
        return f"{self.module}:{self.qualname}"


def identity_of(kernel: Any) -> KernelIdentity:
    """Of a `JITFunction`, without what stands around it."""
    function = kernel.fn
    return KernelIdentity(module_of(function), function.__qualname__, digest_of(kernel))


def module_of(definition: Any) -> str:
    """The module of a function or class, by the name that would import it."""
    name: str = definition.__module__
    module = sys.modules.get(name)
    if name not in _MAIN or module is None:
        return name
    spec = getattr(module, "__spec__", None)  # of `python -m package.module`
    if spec is not None and spec.name not in _MAIN:
        return str(spec.name)
    path = str(getattr(module, "__file__", None) or "")
    stem = path.replace("\\", "/").rpartition("/")[2].removesuffix(".py")
    return stem if stem.isidentifier() else "__main__"


def digest_of(kernel: Any) -> str:
    """Digest of what a kernel means: its source, those of all that it may call, what they read.

    Of each function it takes the name, the text from `def` on, and the values of the globals and
    of the closure that this reads: constexprs, numbers, strings, types, and collections of these;
    of other objects nothing. Of what is Triton's own it takes the name.
    """
    functions = [kernel]
    parts = []
    for function in functions:  # which grows on the way
        read = [[name, _spelt(value, functions)] for name, value in _read(function)]
        values = [pair for pair in read if pair[1] is not None]
        name = function.fn.__qualname__.rpartition(".")[2]
        parts.append([name, _text(function.src), values])
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def is_jit_function(value: object) -> bool:
    """Whether Triton compiles it: a kernel, or a function that kernels call."""
    own = getattr(value, "__dict__", {})
    return isinstance(own.get("fn"), FunctionType) and ("_src" in own or "src" in own)


def _text(source: str) -> str:
    """Without spaces at the ends of lines and of the text, in which Python's own tools differ."""
    return "\n".join(line.rstrip() for line in source.rstrip().splitlines())


def _spelt(value: object, functions: list[Any]) -> object:
    """A value as nested lists of text that show types. A function is its place in `functions`.

    None for an object that adds nothing.
    """
    value = _without_constexpr(value)
    if is_jit_function(value) and not _is_tritons(value):
        index = next((i for i, known in enumerate(functions) if known is value), len(functions))
        functions += [value] * (index == len(functions))
        return ["function", index]
    if isinstance(value, enum.Enum):
        return [type(value).__name__, value.name, _spelt(value.value, functions)]
    for kind, spell in _PLAIN.items():
        if isinstance(value, kind):
            return [kind.__name__, spell(value)]
    if isinstance(value, Mapping):
        items = ([_spelt(k, functions), _spelt(held, functions)] for k, held in value.items())
        return ["dict", *sorted(items, key=json.dumps)]
    if isinstance(value, (set, frozenset)):
        return ["set", *sorted((_spelt(item, functions) for item in value), key=json.dumps)]
    if isinstance(value, (tuple, list)):
        return ["list", *(_spelt(item, functions) for item in value)]
    if isinstance(value, type) and getattr(value, "__triton_aggregate__", False):
        methods = [item for item in sorted(vars(value).items()) if is_jit_function(item[1])]
        return [value.__name__, *([name, _spelt(held, functions)] for name, held in methods)]
    return _spelt_of_tritons(value, functions) if _is_tritons(value) else None


def _spelt_of_tritons(value: object, functions: list[Any]) -> object:
    """A type, a layout, or a function or class of Triton's by a name that the program gave it."""
    if isinstance(value, ModuleType):
        return None
    if type(value).__name__ in ("dtype", "pointer_type"):
        return ["dtype", str(value)]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [getattr(value, field.name) for field in dataclasses.fields(value)]
        return [type(value).__name__, *(_spelt(field, functions) for field in fields)]
    return ["triton", getattr(value, "__name__", type(value).__name__)]


_PLAIN: dict[type, Callable[[Any], str]] = {
    bool: repr,
    int: lambda value: repr(int(value)),
    float: float.hex,
    str: lambda value: repr(str(value)),
    bytes: lambda value: repr(bytes(value)),
    type(None): repr,
}


def _read(function: Any) -> Iterator[tuple[str, object]]:
    """What a function's code reads from outside, by dotted name, in the order of the names."""
    scope = dict(function.fn.__globals__)
    cells = zip(function.fn.__code__.co_freevars, function.fn.__closure__ or (), strict=False)
    for name, cell in cells:
        try:
            scope[name] = cell.cell_contents
        except ValueError:  # not yet assigned
            scope.pop(name, None)
    for name in _free_names(function.src):
        first, *parts = name.split(".")
        if first not in scope:
            continue
        value = scope[first]
        for part in parts:
            if _is_tritons(value) and not is_jit_function(value):
                break  # its version stands for all of it
            value = _held(value, part)
        else:
            yield name, value


def _held(value: object, part: str) -> object:
    """An attribute, without running code for it."""
    try:
        held = inspect.getattr_static(value, part)
    except AttributeError:
        return None
    return held.__func__ if isinstance(held, staticmethod) else held


@functools.lru_cache(maxsize=4096)
def _free_names(source: str) -> tuple[str, ...]:
    """Names that a function reads and does not bind, and dotted names on such."""
    definition = ast.parse(source).body[0]
    arguments = {node.arg for node in ast.walk(definition) if isinstance(node, ast.arg)}
    names = [node for node in ast.walk(definition) if isinstance(node, ast.Name)]
    bound = arguments | {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    found = {node.id for node in names if node.id not in bound}
    for node in ast.walk(definition):
        dotted = _dotted(node) if isinstance(node, ast.Attribute) else ""
        if dotted and dotted.partition(".")[0] not in bound:
            found.add(dotted)
    return tuple(sorted(found))


def _dotted(node: ast.expr) -> str:
    """`a.b.c` of attributes on a name; nothing of other expressions."""
    if isinstance(node, ast.Name):
        return node.id
    inner = _dotted(node.value) if isinstance(node, ast.Attribute) else ""
    return f"{inner}.{node.attr}" if isinstance(node, ast.Attribute) and inner else ""


def _without_constexpr(value: Any) -> object:
    while type(value).__name__ == "constexpr" and _is_tritons(type(value)):
        value = value.value
    return value


def _is_tritons(value: object) -> bool:
    """Whether it is Triton's: a module, class or function, or an object of such a class."""
    if isinstance(value, ModuleType):
        name = value.__name__
    elif isinstance(value, type) or is_jit_function(value) or isinstance(value, FunctionType):
        name = getattr(value, "__module__", "")
    else:
        name = type(value).__module__
    return str(name).partition(".")[0] == "triton"
