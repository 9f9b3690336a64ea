"""Syntax trees to values: the way into the rules, and what each kind of value can stand for."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from codegen.expressions import c_logic
from codegen.expressions.c_real import compare_real
from codegen.expressions.c_value import AlwaysFails, CValue, after, conditional, literal, null_test
from codegen.expressions.intervals import ZERO, Interval
from codegen.expressions.refusals import kind_of, no_integer, unsupported
from codegen.expressions.scope import Scope
from codegen.expressions.values import (
    Constant,
    Items,
    Nullable,
    Quotient,
    Real,
    Tensor,
    Value,
    null_read_of,
    numbers_in,
)

LONGEST = 4000
"""Characters of C: an operand that is read twice, at each of many levels, grows without end."""

Entry = tuple[ast.expr, Scope]
"""An expression, and where it stands: each turn of a loop gives a variable another value."""

Rule = Callable[[Any, Scope], Value]
RuleT = TypeVar("RuleT", bound=Rule)
_RULES: dict[type[ast.expr], Rule] = {}


def rule_for(*kinds: type[ast.expr]) -> Callable[[RuleT], RuleT]:
    """Makes a function the rule for these kinds of node."""

    def register(rule: RuleT) -> RuleT:
        _RULES.update(dict.fromkeys(kinds, rule))
        return rule

    return register


def evaluate(node: ast.expr, scope: Scope) -> Value:
    """What an expression is: a number in C, or something to compute one from."""
    rule = _RULES.get(type(node))
    if rule is None:
        raise unsupported(node, scope)
    value = computed(node, scope, lambda: rule(node, scope))
    if isinstance(value, Nullable) and isinstance(value.value, (CValue, Real)):
        is_known = not value.nullable or not may_be_none(value, scope)
        value = value.value if is_known else value
    if isinstance(value, CValue):
        fact = scope.facts.get(value.text)
        return value.within(fact) if fact else value
    return value


def translate(node: ast.expr, scope: Scope) -> CValue:
    """An expression that must be an integer."""
    return integer(evaluate(node, scope), node, scope)


def condition(node: ast.expr, scope: Scope) -> CValue:
    """An expression whose truth alone matters."""
    if isinstance(node, ast.BoolOp):
        return conditions([(one, scope) for one in chain_of(node)], isinstance(node.op, ast.And))
    return truth(evaluate(node, scope), node, scope)


def computed(node: ast.expr | ast.stmt, scope: Scope, compute: Callable[[], Value]) -> Value:
    """What `compute` makes of a node, with the node in its errors."""
    try:
        value = compute()
    except AlwaysFails as failure:
        raise scope.error(node, f"{scope.quote(node)} {failure.reason}", failure.hint) from None
    length = max((len(number.text) for number in numbers_in(value)), default=0)
    if length > LONGEST:
        raise scope.error(node, f"{scope.quote(node)} is {length} characters long in C")
    return value


def integer(value: Value, node: ast.expr, scope: Scope) -> CValue:
    if isinstance(value, CValue):
        return value
    raise no_integer(value, node, scope)


def truth(value: Value, node: ast.expr, scope: Scope) -> CValue:
    """Whether Python takes a value for true."""
    match value:
        case Constant(value=constant):
            try:
                return literal(int(bool(constant)))
            except Exception as error:
                raise scope.error(node, f"{scope.quote(node)}: {error}") from None
        case Real():
            return compare_real("!=", value, 0)
        case Nullable(nullable=True, value=CValue() as number):
            return c_logic.both(is_none(value, "!=", scope), c_logic.truth(number))
        case Nullable(nullable=True, value=Real() as number):
            return c_logic.both(is_none(value, "!=", scope), compare_real("!=", number, 0))
        case Tensor(name=name):
            message = f"whether {scope.quote(node)} is true depends on what the tensor holds"
            raise scope.error(node, message, f"test `{name} is not None`")
    return c_logic.truth(integer(value, node, scope))


def is_none(value: Tensor | Nullable, symbol: str, scope: Scope) -> CValue:
    """Whether a parameter is (`==`) or is not (`!=`) None, as far as it is open here."""
    if not value.nullable:
        return replace(literal(int(symbol == "!=")), is_bool=True)
    test = null_test(value.c, symbol, null_read_of(value))
    fact = _null_fact(value, symbol, scope)
    return test.within(fact) if fact else test


def may_be_none(value: Tensor | Nullable, scope: Scope) -> bool:
    return value.nullable and _null_fact(value, "==", scope) != ZERO


def _null_fact(value: Tensor | Nullable, symbol: str, scope: Scope) -> Interval | None:
    """What is known of `value == NULL`, or of that of a parameter that goes with it."""
    variables = (value.c, *(value.partners if isinstance(value, Tensor) else ()))
    facts = (scope.facts.get(f"{variable} {symbol} NULL") for variable in variables)
    return next((fact for fact in facts if fact), None)


def chosen(test: CValue, x: Value, y: Value, node: ast.expr, scope: Scope) -> Value:
    """`x if test else y`; `node` is the test's."""
    if isinstance(x, CValue) and isinstance(y, CValue):
        return replace(conditional(test, x, y), is_bool=x.is_bool and y.is_bool)
    if isinstance(x, Items) and isinstance(y, Items) and len(x.values) == len(y.values):
        pairs = zip(x.values, y.values, strict=True)
        untested = replace(test, can_fail=False)
        parts = [
            chosen(untested if _is_same(*pair) else test, *pair, node, scope) for pair in pairs
        ]
        return following([test], Items(tuple(parts)), node, scope)
    if x == y and not test.can_fail:
        return x
    raise scope.error(
        node, f"{scope.quote(node)} decides between {kind_of(x)} and {kind_of(y)}, which C cannot"
    )


def following(
    first: Iterable[CValue], value: Value, node: ast.expr | ast.stmt, scope: Scope
) -> Value:
    """`value`, which fails where one of `first` does: Python evaluates those before it."""
    for number in reversed([number for number in first if number.can_fail]):
        if not any(number.text in part.certain for part in numbers_in(value)):
            value = _following(number, value, node, scope)
    return value


def arguments_of(node: ast.Call) -> list[tuple[str, ast.expr]]:
    """What a call passes, each with its name, with `*` or `**` where it is unpacked."""
    return [
        *(("*", a.value) if isinstance(a, ast.Starred) else ("", a) for a in node.args),
        *((keyword.arg or "**", keyword.value) for keyword in node.keywords),
    ]


def chain_of(node: ast.BoolOp) -> list[ast.expr]:
    """`(a or b) or c` means `a or b or c`."""
    first, *others = node.values
    if isinstance(first, ast.BoolOp) and type(first.op) is type(node.op):
        return [*chain_of(first), *others]
    return node.values


def conditions(entries: Sequence[Entry], is_and: bool) -> CValue:
    """Each is translated knowing that those before it did not decide."""
    if not entries:
        return literal(int(is_and))
    (node, scope), *others = entries
    first = condition(node, scope)
    if not others or (first.constant is not None and bool(first.constant) != is_and):
        return first
    facts = first.when_true if is_and else first.when_false
    rest = conditions([(other, inner.knowing(facts)) for other, inner in others], is_and)
    if first.constant is not None:
        return rest
    return c_logic.both(first, rest) if is_and else c_logic.either(first, rest)


def _is_same(x: Value, y: Value) -> bool:
    if isinstance(x, CValue) and isinstance(y, CValue):
        return x.text == y.text
    return x == y


def _following(number: CValue, value: Value, node: ast.expr | ast.stmt, scope: Scope) -> Value:
    match value:
        case CValue():
            return after(number, value)
        case Items(values=values):
            for index, part in enumerate(values):
                if numbers_in(part):
                    changed = _following(number, part, node, scope)
                    return Items((*values[:index], changed, *values[index + 1 :]))
        case Quotient(x=x, y=y):
            return Quotient(after(number, x), y)
    raise scope.error(node, f"{scope.quote(node)} may fail, and its result does not show it")
