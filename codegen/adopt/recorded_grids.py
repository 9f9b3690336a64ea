"""A recorded grid function as a declaration writes it, and whether it gives the recorded grids."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from triton import cdiv, next_power_of_2

from codegen.model.errors import CodegenError, told

Row = Mapping[str, Any]
"""A launch of a recording: arguments, options, and what is for people."""
GridOfAll = Callable[[Mapping[str, object]], object]
"""As Triton calls a grid: with all arguments in one mapping."""
_OF_TRITON: dict[str, Callable[[int, int], int] | Callable[[int], int]] = {
    "cdiv": cdiv,
    "next_power_of_2": next_power_of_2,
}
_OF_PYTHON = frozenset(["abs", "bool", "int", "len", "max", "min", "sum"])


def written(sources: Sequence[str], parameters: Sequence[str]) -> str:
    """The grid as a lambda of the kernel's parameters: `lambda n, BLOCK: (cdiv(n, BLOCK),)`.

    `sources` are the functions that the program took it from. What these read of the program must
    be called as the parameter is whose value it has. Raises `CodegenError` with the reason why
    there is no such lambda.
    """
    if not sources:
        raise CodegenError("the program gives it as a tuple, and not by a function")
    found = dict.fromkeys(_lambda(source, parameters) for source in sources)
    if len(found) > 1:
        raise CodegenError(f"the program computes it in {len(found)} ways: {'; '.join(found)}")
    return next(iter(found))


def defined_name(source: str) -> str:
    """What a recorded function is called in its module; nothing of a lambda."""
    try:
        function = _function(source)
    except CodegenError:
        return ""
    return "" if isinstance(function, ast.Lambda) else function.name


def imports_of(grid: str) -> list[str]:
    """The functions of Triton's that the lambda calls."""
    names = {node.id for node in ast.walk(ast.parse(grid)) if isinstance(node, ast.Name)}
    return sorted(names & _OF_TRITON.keys())


def names_of(grid: str) -> list[str]:
    """The parameters that the lambda takes."""
    (statement,) = ast.parse(grid).body
    assert isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Lambda)
    return [argument.arg for argument in statement.value.args.args]


def function_of(grid: str, file: str) -> Callable[..., object]:
    """The function, with the names that a kernel file has for it; `file` is its source's name."""
    made: Callable[..., object] = eval(compile(grid, file, "eval"), {**_OF_TRITON})
    return made


def by_name(grid: Callable[..., object], names: Sequence[str]) -> GridOfAll:
    """A function of these parameters as one of all arguments in one mapping."""
    return lambda given: grid(**{name: given[name] for name in names})


def check_examples(grid: GridOfAll, rows: Sequence[Row]) -> None:
    """Raise `CodegenError` unless the grid is that of each recorded example.

    The function is one that the generator has translated: nothing else of Python is in it.
    """
    examples = [(row, example) for row in rows for example in row.get("examples", ())]
    if not examples:
        raise CodegenError("no example of it was recorded")
    for row, example in examples:
        given = _Arguments(row, example)
        try:
            made = grid(given)
        except CodegenError:
            raise
        except Exception as error:
            raise CodegenError(f"it fails for a recorded launch: {told(error)}") from error
        axes = made if isinstance(made, (tuple, list)) else (made,)
        if [*axes, 1, 1][:3] != list(example["grid"]) or len(axes) > 3:
            numbers = [f"{n}={v}" for n, v in given.read.items() if isinstance(v, int)]
            raise CodegenError(
                f"it would be {tuple(axes)} where a recorded launch has {tuple(example['grid'])}"
                + (f", with {', '.join(numbers)}" if numbers else "")
            )


class _Arguments(Mapping[str, object]):
    """Those of an example, by the kernel's parameters."""

    def __init__(self, row: Row, example: Mapping[str, Any]) -> None:
        self.read: dict[str, object] = {}
        """Those that were asked for."""
        self._row, self._example = row, example

    def __getitem__(self, name: str) -> object:
        """Raises `CodegenError` for what is not recorded."""
        return self.read.setdefault(name, _value(name, self._row, self._example))

    def __iter__(self) -> Iterator[str]:
        return iter(self._row["arguments"])

    def __len__(self) -> int:
        return len(self._row["arguments"])


@dataclass(frozen=True)
class _Tensor:
    """What is recorded of one."""

    shape: tuple[int, ...]

    def size(self, dimension: int | None = None) -> object:
        return self.shape if dimension is None else self.shape[dimension]

    def dim(self) -> int:
        return len(self.shape)

    def numel(self) -> int:
        return prod(self.shape)

    def __len__(self) -> int:
        return self.shape[0]


def _value(name: str, row: Row, example: Mapping[str, Any]) -> object:
    """What a parameter was in an example. Raises `CodegenError` where that is not recorded."""
    argument = row["arguments"].get(name)
    if argument is None:
        return None
    if isinstance(argument, Mapping):
        return argument.get("constexpr")
    if name in example["values"]:
        found: object = example["values"][name]
        return found
    if name in example["shapes"]:
        return _Tensor(tuple(example["shapes"][name]))
    if str(argument).endswith(":1"):
        return 1
    raise CodegenError(f"what `{name}` was is not recorded")


def _lambda(source: str, parameters: Sequence[str]) -> str:
    function = _function(source)
    arguments = function.args
    named = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
    if len(named) > 1 or arguments.vararg or arguments.kwonlyargs or arguments.kwarg:
        raise CodegenError(f"its function takes more than the kernel's arguments: {_line(source)}")
    body = function.body if isinstance(function, ast.Lambda) else _returned(function)
    if body is None:
        raise CodegenError(f"its function does more than return it: {_line(source)}")
    given = _Renamed(named[0] if named else "", frozenset(parameters)).visit(body)
    used = {node.id for node in ast.walk(given) if isinstance(node, ast.Name)}
    bound = {n.id for n in ast.walk(given) if isinstance(n, ast.Name) and _is_bound(n)}
    others = used - bound - _OF_PYTHON - _OF_TRITON.keys() - {*parameters}
    if unknown := sorted(others - {*named}):
        raise CodegenError(f"it reads `{unknown[0]}`, which is no parameter of the kernel")
    if others:
        raise CodegenError(f"it reads more of `{named[0]}` than parameters by name")
    names = [name for name in parameters if name in used]
    head = f"lambda {', '.join(names)}" if names else "lambda"
    return f"{head}: {ast.unparse(ast.fix_missing_locations(given))}"


def _returned(function: ast.FunctionDef) -> ast.expr | None:
    """What a function returns that does nothing else."""
    statements = [one for one in function.body if not _is_docstring(one)]
    only = statements[0] if len(statements) == 1 else None
    return only.value if isinstance(only, ast.Return) else None


def _function(source: str) -> ast.Lambda | ast.FunctionDef:
    try:
        (statement,) = ast.parse(source.strip()).body
    except (SyntaxError, ValueError):
        raise CodegenError(f"its function cannot be read: {_line(source)}") from None
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Lambda):
        return statement.value
    if isinstance(statement, ast.FunctionDef) and not statement.decorator_list:
        return statement
    raise CodegenError(f"its function cannot be read: {_line(source)}")


class _Renamed(ast.NodeTransformer):
    """Reads of a mapping of all arguments as reads of the parameters: `META["BLOCK"]` as `BLOCK`;
    and Triton's functions by their own names."""

    def __init__(self, mapping: str, parameters: frozenset[str]) -> None:
        self._mapping, self._parameters = mapping, parameters

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        return self._read(node.value, node.slice) or self._visited(node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        of = node.func
        if isinstance(of, ast.Attribute) and of.attr == "get" and len(node.args) == 1:
            return self._read(of.value, node.args[0]) or self._visited(node)
        return self._visited(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        is_module = isinstance(node.value, ast.Name) and node.value.id in ("triton", "tl")
        if is_module and node.attr in _OF_TRITON:
            return ast.Name(node.attr, ast.Load())
        return self._visited(node)

    def _read(self, mapping: ast.expr, key: ast.expr) -> ast.Name | None:
        if not (isinstance(mapping, ast.Name) and mapping.id == self._mapping):
            return None
        if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
            return None
        if key.value not in self._parameters:
            raise CodegenError(f"it reads {key.value!r}, which is no parameter of the kernel")
        return ast.Name(key.value, ast.Load())

    def _visited(self, node: ast.expr) -> ast.expr:
        made: ast.expr = self.generic_visit(node)  # type: ignore[assignment]
        return made


def _is_bound(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _line(source: str) -> str:
    """The first lines of a text as one, for a sentence."""
    text = " ".join(source.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."


_LONGEST = 80
