"""Sizes of a descriptor's block that the kernel's constexprs decide: checked, then evaluated."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from codegen.model.errors import CodegenError
from codegen.model.rounding import cdiv, next_power_of_2

_NODES = (
    *(ast.Name, ast.Load, ast.Constant, ast.Call, ast.IfExp, ast.Compare, ast.BoolOp),
    *(ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod, ast.And, ast.Or),
    *(ast.UnaryOp, ast.USub, ast.Not, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE),
)
_FUNCTIONS: dict[str, Callable[..., int]] = {
    function.__name__: function for function in (min, max, cdiv, next_power_of_2)
}
_HINT = "use the kernel's constexprs, + - * // %, comparisons, `x if c else y`, min, max and cdiv"


@dataclass(frozen=True)
class BlockExpression:
    """An expression over constexprs, such as `BLOCK_N // 2`."""

    source: str

    @classmethod
    def of(cls, tree: ast.expr) -> BlockExpression:
        """The expression of a syntax tree. Raises `CodegenError` for what it may not use."""
        source = ast.unparse(tree)
        for node in ast.walk(tree):
            if not isinstance(node, _NODES) or (isinstance(node, ast.Call) and not _is_known(node)):
                raise CodegenError(f"the size `{source}` cannot be evaluated", hint=_HINT)
        return cls(source)

    def __str__(self) -> str:
        return self.source

    def evaluated(self, constexprs: Mapping[str, object]) -> int:
        """The size, for these values. Raises `CodegenError` where there is none."""
        tree = ast.parse(self.source, mode="eval")
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        for name in sorted(names - constexprs.keys() - _FUNCTIONS.keys()):
            listed = ", ".join(constexprs) or "none"
            raise CodegenError(
                f"the size `{self.source}` reads `{name}`, which is no constexpr of the kernel",
                hint=f"the constexprs are {listed}",
            )
        try:
            code = compile(tree, "<block>", "eval")
            size = eval(code, {"__builtins__": {}, **_FUNCTIONS, **constexprs})
        except (ArithmeticError, TypeError, ValueError) as error:
            raise CodegenError(f"the size `{self.source}` has no value: {error}") from error
        if type(size) is not int:
            raise CodegenError(
                f"the size `{self.source}` must be an int, and is {size!r}", hint=_HINT
            )
        return size


def _is_known(node: ast.Call) -> bool:
    is_named = isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS
    return is_named and not node.keywords
