"""Comprehensions over tuples of known length, written out entry by entry; `all` and `any`."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from codegen.expressions import c_logic
from codegen.expressions.c_value import CValue, literal
from codegen.expressions.evaluation import condition, evaluate, following, rule_for, truth
from codegen.expressions.intervals import TRUTH
from codegen.expressions.refusals import unsupported
from codegen.expressions.scope import Scope, bind
from codegen.expressions.values import Constant, Items, Value, numbers_in

Entry = tuple[ast.expr, Scope]
"""An expression, and where it stands: each turn gives the variable another value."""


@rule_for(ast.GeneratorExp, ast.ListComp)
def _comprehension(node: ast.GeneratorExp | ast.ListComp, scope: Scope) -> Value:
    iterated, entries = _turns(node, scope)
    values = Items(tuple(evaluate(*entry) for entry in entries))
    return following(numbers_in(iterated), values, node, scope)


def all_or_any(argument: ast.expr, is_all: bool, node: ast.Call, scope: Scope) -> Value:
    """`all(...)` or `any(...)`, which evaluates no more of a comprehension than decides it."""
    if isinstance(argument, ast.GeneratorExp):
        evaluated, entries = _turns(argument, scope)
        test = _decided(entries, is_all)
    else:
        evaluated = evaluate(argument, scope)
        tests = [truth(value, argument, scope) for value in _values(evaluated, argument, scope)]
        test = literal(int(is_all))
        for one in reversed(tests):
            test = c_logic.both(one, test) if is_all else c_logic.either(one, test)
    if not test.interval.within(TRUTH):
        test = c_logic.compare("!=", test, literal(0))
    return following(numbers_in(evaluated), replace(test, is_bool=True), node, scope)


def _turns(node: ast.GeneratorExp | ast.ListComp, scope: Scope) -> tuple[Value, list[Entry]]:
    """What is iterated, and the element of each turn."""
    match node.generators:
        case [ast.comprehension(target=ast.Name(id=name), iter=iterable, ifs=[], is_async=0)]:
            iterated = evaluate(iterable, scope)
            values = _values(iterated, iterable, scope)
            return iterated, [(node.elt, scope.assigning(name, value)) for value in values]
    raise unsupported(node, scope)


def _values(value: Value, node: ast.expr, scope: Scope) -> Sequence[Value]:
    match value:
        case Items(values=values):
            return values
        case Constant(value=tuple() | list() as constant):
            return [bind(entry) for entry in constant]
    raise unsupported(node, scope)


def _decided(entries: Sequence[Entry], is_all: bool) -> CValue:
    """Each is translated knowing that those before it did not decide."""
    if not entries:
        return literal(int(is_all))
    (node, scope), *others = entries
    first = condition(node, scope)
    if not others or (first.constant is not None and bool(first.constant) != is_all):
        return first
    facts = first.when_true if is_all else first.when_false
    rest = _decided([(node, scope.knowing(facts)) for node, scope in others], is_all)
    if first.constant is not None:
        return rest
    return c_logic.both(first, rest) if is_all else c_logic.either(first, rest)
