"""A function's statements to the value it returns: each variable is replaced by its value."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from codegen.expressions.evaluation import (
    chosen,
    computed,
    condition,
    evaluate,
    following,
    translate,
)
from codegen.expressions.function_source import FunctionNode, body_of
from codegen.expressions.functions import BINARY
from codegen.expressions.scope import Scope, entries_of
from codegen.expressions.tensors import unpacked
from codegen.expressions.values import Sizes, Value
from codegen.model.errors import CodegenError

MOST_WAYS = 200
"""Each `if` that does not end the function doubles the ways through what follows it."""

MOST_ROUNDS = 64
"""Of a loop, which is written out."""

Finish = Callable[[Value, ast.expr, Scope], Value]
"""What to make of each returned value, before they are joined."""


def result_of(function: FunctionNode, scope: Scope, finish: Finish) -> Value:
    """What a function returns, evaluated as Python does, whatever is read of it."""
    if isinstance(function, ast.AsyncFunctionDef):
        message = f"`{function.name}` is async, which is not known in C"
        raise scope.error(function, message)
    return _Function(function, finish).after(body_of(function), scope)


@dataclass(frozen=True)
class _Round:
    """Where a round of a loop begins: behind the round before."""

    loop: ast.While | ast.For
    items: tuple[Value, ...] = ()
    """Of a `for`, those to come."""
    number: int = 0

    def next(self) -> _Round:
        return replace(self, items=self.items[1:], number=self.number + 1)


Statement = ast.stmt | _Round


@dataclass(frozen=True)
class _Function:
    node: FunctionNode
    finish: Finish
    ways: Iterator[int] = field(default_factory=itertools.count)

    def after(self, statements: Sequence[Statement], scope: Scope) -> Value:
        """What is returned when these statements are run."""
        for index, statement in enumerate(statements):
            match statement:
                case ast.While():
                    return self.after([_Round(statement), *statements[index + 1 :]], scope)
                case ast.For(iter=iterated):
                    items = entries_of(evaluate(iterated, scope))
                    if items is None:
                        raise _refused(statement, scope)
                    first = _Round(statement, tuple(items))
                    return self.after([first, *statements[index + 1 :]], scope)
                case _Round():
                    return self._round(statement, statements[index + 1 :], scope)
                case ast.Break() | ast.Continue():
                    rest = statements[index + 1 :]
                    left = list(itertools.dropwhile(lambda s: not isinstance(s, _Round), rest))
                    return self.after(left[isinstance(statement, ast.Break) :], scope)
                case ast.Return(value=ast.expr() as value):
                    return self._returned(value, scope)
                case ast.If():
                    rest = statements[index + 1 :]
                    ways = [*statement.body, *rest], [*statement.orelse, *rest]
                    after = [lambda inner, way=way: self.after(way, inner) for way in ways]
                    return self._decided(statement.test, after[0], after[1], scope)
                case ast.Assign() | ast.AnnAssign(value=ast.expr()) | ast.AugAssign():
                    scope = _assigned(statement, scope)
                case ast.Pass() | ast.AnnAssign():
                    pass
                case ast.Expr(value=ast.Constant(value=str() | bytes())):
                    pass
                case _:
                    raise _refused(statement, scope)
        assert not isinstance(self.node, ast.Lambda)
        message = f"`{self.node.name}` ends without returning a value on some way through it"
        last = statements[-1] if statements else self.node
        raise scope.error(last.loop if isinstance(last, _Round) else last, message, _ADD_RETURN)

    def _round(self, begun: _Round, rest: Sequence[Statement], scope: Scope) -> Value:
        """One more round of a loop, or what follows it."""
        loop = begun.loop
        if begun.number > MOST_ROUNDS:
            message = f"{scope.subject} has a loop that may have more than {MOST_ROUNDS} rounds"
            raise scope.error(loop, message)
        again: list[Statement] = [*loop.body, begun.next(), *rest]
        ended = [*loop.orelse, *rest]
        if isinstance(loop, ast.While):
            when_true = partial(self.after, again)
            return self._decided(loop.test, when_true, partial(self.after, ended), scope)
        if not begun.items:
            return self.after(ended, scope)
        return self.after(again, _to_target(loop.target, begun.items[0], loop, scope))

    def _returned(self, node: ast.expr, scope: Scope) -> Value:
        if isinstance(node, ast.IfExp):
            branches = node.body, node.orelse
            after = [lambda inner, way=way: self._returned(way, inner) for way in branches]
            return self._decided(node.test, after[0], after[1], scope)
        if next(self.ways) >= MOST_WAYS:
            message = f"{scope.subject} has more than {MOST_WAYS} ways through its ifs"
            raise scope.error(node, message)
        value = self.finish(evaluate(node, scope), node, scope)
        return following(scope.evaluated, value, node, scope)

    def _decided(
        self,
        node: ast.expr,
        when_true: Callable[[Scope], Value],
        when_false: Callable[[Scope], Value],
        scope: Scope,
    ) -> Value:
        test = condition(node, scope)
        if test.constant is not None:
            return when_true(scope) if test.constant else when_false(scope)
        left = tuple(number for number in scope.evaluated if number.text not in test.certain)
        scope = replace(scope, evaluated=left)
        x = when_true(scope.knowing(test.when_true))
        y = when_false(scope.knowing(test.when_false))
        return computed(node, scope, lambda: chosen(test, x, y, node, scope))


def _assigned(node: ast.Assign | ast.AnnAssign | ast.AugAssign, scope: Scope) -> Scope:
    if isinstance(node, ast.AugAssign):
        rule = BINARY.get(type(node.op))
        if rule is None or not isinstance(node.target, ast.Name):
            raise _refused(node, scope)
        sides = translate(node.target, scope), translate(node.value, scope)
        value = computed(node, scope, lambda: replace(rule(*sides), is_bool=False))
        return _to_target(node.target, value, node, scope.having(value))
    assert node.value is not None
    value = evaluate(node.value, scope)
    scope = scope.having(value)
    targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets
    for target in targets:
        scope = _to_target(target, value, node, scope)
    return scope


def _to_target(target: ast.expr, value: Value, node: ast.stmt, scope: Scope) -> Scope:
    match target:
        case ast.Name(id=name):
            return scope.assigning(name, value)
        case ast.Tuple(elts=elements) | ast.List(elts=elements) if not any(
            isinstance(element, ast.Starred) for element in elements
        ):
            parts = (
                unpacked(value, len(elements)) if isinstance(value, Sizes) else entries_of(value)
            )
            if parts is None or len(parts) != len(elements):
                message = f"{scope.quote(node)} does not unpack a tuple of {len(elements)}"
                raise scope.error(node, message)
            for element, part in zip(elements, parts, strict=True):
                scope = _to_target(element, part, node, scope)
            return scope
    raise _refused(node, scope)


def _refused(node: ast.stmt, scope: Scope) -> CodegenError:
    first_line = scope.source.quote(node)
    if isinstance(node, ast.Match) or hasattr(node, "body"):
        first_line = first_line.partition(":")[0]
    if isinstance(node, ast.Assert):
        message = f"`{first_line}` would not be checked in C"
        return scope.error(node, message, "leave it out: the call's own checks come before")
    message = f"{scope.subject} has the statement `{first_line}`, which is not known in C"
    return scope.error(
        node, message, f"known are assignments, if, while, for and return; or {scope.remedy}"
    )


_ADD_RETURN = "end every branch with a return"
