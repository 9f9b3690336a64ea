"""Comprehensions over tuples of known length, written out entry by entry; `all` and `any`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import libcst as cst

from codegen.expressions import c_logic
from codegen.expressions.c_value import CValue, literal
from codegen.expressions.evaluation import condition, evaluate, following, rule_for, truth
from codegen.expressions.intervals import TRUTH
from codegen.expressions.refusals import unsupported
from codegen.expressions.scope import Scope, bind
from codegen.expressions.values import Constant, Items, Value, numbers_in

Entry = tuple[cst.BaseExpression, Scope]
"""An expression, and where it stands: each turn gives the variable another value."""


@rule_for(cst.GeneratorExp, cst.ListComp)
def _comprehension(node: cst.GeneratorExp | cst.ListComp, scope: Scope) -> Value:
    iterated, entries = _turns(node, scope)
    values = Items(tuple(evaluate(*entry) for entry in entries))
    return following(numbers_in(iterated), values, node, scope)


def all_or_any(argument: cst.BaseExpression, is_all: bool, node: cst.Call, scope: Scope) -> Value:
    """`all(...)` or `any(...)`, which evaluates no more of a comprehension than decides it."""
    if isinstance(argument, cst.GeneratorExp):
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


def _turns(node: cst.GeneratorExp | cst.ListComp, scope: Scope) -> tuple[Value, list[Entry]]:
    """What is iterated, and the element of each turn."""
    loop = node.for_in
    is_plain = not (loop.ifs or loop.inner_for_in or loop.asynchronous)
    if not is_plain or not isinstance(loop.target, cst.Name):
        raise unsupported(node, scope)
    iterated, name = evaluate(loop.iter, scope), loop.target.value
    values = _values(iterated, loop.iter, scope)
    return iterated, [(node.elt, scope.assigning(name, value)) for value in values]


def _values(value: Value, node: cst.BaseExpression, scope: Scope) -> Sequence[Value]:
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
