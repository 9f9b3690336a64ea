"""Comprehensions over tuples of known length, written out entry by entry; `all` and `any`."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from codegen.expressions import c_logic
from codegen.expressions.c_value import literal
from codegen.expressions.evaluation import Entry, conditions, evaluate, following, rule_for, truth
from codegen.expressions.refusals import unsupported
from codegen.expressions.scope import Scope, entries_of
from codegen.expressions.values import Items, Value, numbers_in


@rule_for(ast.GeneratorExp, ast.ListComp)
def _comprehension(node: ast.GeneratorExp | ast.ListComp, scope: Scope) -> Value:
    iterated, entries = _turns(node, scope)
    values = Items(tuple(evaluate(*entry) for entry in entries))
    return following(numbers_in(iterated), values, node, scope)


def all_or_any(argument: ast.expr, is_all: bool, node: ast.Call, scope: Scope) -> Value:
    """`all(...)` or `any(...)`, which evaluates no more of a comprehension than decides it."""
    if isinstance(argument, ast.GeneratorExp):
        evaluated, entries = _turns(argument, scope)
        test = conditions(entries, is_all)
    else:
        evaluated = evaluate(argument, scope)
        tests = [truth(value, argument, scope) for value in _values(evaluated, argument, scope)]
        test = literal(int(is_all))
        for one in reversed(tests):
            test = c_logic.both(one, test) if is_all else c_logic.either(one, test)
    return following(numbers_in(evaluated), c_logic.as_bool(test), node, scope)


def _turns(node: ast.GeneratorExp | ast.ListComp, scope: Scope) -> tuple[Value, list[Entry]]:
    """What is iterated, and the element of each turn."""
    match node.generators:
        case [ast.comprehension(target=ast.Name(id=name), iter=iterable, ifs=[], is_async=0)]:
            iterated = evaluate(iterable, scope)
            values = _values(iterated, iterable, scope)
            return iterated, [(node.elt, scope.assigning(name, value)) for value in values]
    raise unsupported(node, scope)


def _values(value: Value, node: ast.expr, scope: Scope) -> Sequence[Value]:
    values = entries_of(value)
    if values is None:
        raise unsupported(node, scope)
    return values
