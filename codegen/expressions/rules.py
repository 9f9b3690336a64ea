"""Integer expressions in libcst's syntax tree -> C values: one rule per kind of node."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType
from typing import Any, NoReturn

import libcst as cst
from libcst import matchers

from codegen.expressions import c_logic
from codegen.expressions.c_value import AlwaysFails, CValue, after, conditional, literal
from codegen.expressions.function_source import single_return
from codegen.expressions.functions import BINARY, COMPARISONS, UNARY, known_function
from codegen.expressions.scope import Binding, Meta, Scope, bind, close_to, names_in

LONGEST = 4000
"""Characters of C: an operand that is read twice, at each of many levels, grows without end."""


def translate(node: cst.BaseExpression, scope: Scope) -> CValue:
    rule = _RULES.get(type(node), _unsupported)
    try:
        value = rule(node, scope)
    except AlwaysFails as failure:
        raise scope.error(node, f"{scope.quote(node)} {failure.reason}", failure.hint) from None
    if len(value.text) > LONGEST:
        raise scope.error(node, f"{scope.quote(node)} is {len(value.text)} characters long in C")
    fact = scope.facts.get(value.text)
    return value.within(fact) if fact else value


def _integer(node: cst.Integer, scope: Scope) -> CValue:
    return literal(node.evaluated_value)


def _name(node: cst.Name, scope: Scope) -> CValue:
    bound = scope.parameters.get(node.value)
    if isinstance(bound, Meta):
        example = next(iter(bound.entries), "BLOCK")
        message = f"{scope.subject} reads all of `{node.value}`, where an integer is expected"
        raise scope.error(node, message, f'read one of its entries: {node.value}["{example}"]')
    return _usable(node, bound or bind(_object(node, scope, node)), scope)


def _attribute(node: cst.Attribute, scope: Scope) -> CValue:
    return _usable(node, bind(_object(node, scope, node)), scope)


def _usable(node: cst.BaseExpression, bound: Binding, scope: Scope) -> CValue:
    if isinstance(bound, CValue):
        return bound
    message = f"{scope.subject} reads {scope.quote(node)}, which is {bound.reason}"
    raise scope.error(node, message, _omitted_parameter(node, scope))


def _object(node: cst.BaseExpression, scope: Scope, whole: cst.BaseExpression) -> object:
    """The Python object that a dotted name, part of `whole`, stands for."""
    match node:
        case cst.Name(value=name) if name not in scope.parameters:
            try:
                return scope.resolve(name)
            except KeyError:
                message = f"{scope.subject} reads `{name}`, which is not defined"
                hint = _omitted_parameter(node, scope) or close_to(name, scope.kernel)
                raise scope.error(node, message, hint) from None
        case cst.Attribute(value=owner, attr=attribute):
            try:
                return getattr(_object(owner, scope, whole), attribute.value)
            except AttributeError as error:
                raise scope.error(node, f"{scope.quote(node)}: {error}") from None
    return _unsupported(whole, scope)


def _omitted_parameter(node: cst.BaseExpression, scope: Scope) -> str | None:
    """How to read a parameter of the kernel that was meant to be this name."""
    if not isinstance(node, cst.Name) or node.value not in scope.kernel:
        return None
    for name, bound in scope.parameters.items():
        if isinstance(bound, Meta):
            return f'to read the kernel\'s parameter write {name}["{node.value}"]'
    if node.value in scope.parameters:
        return None
    return f"to read the kernel's parameter add `{node.value}` to the function's parameters"


def _subscript(node: cst.Subscript, scope: Scope) -> CValue:
    match node:
        case cst.Subscript(
            value=cst.Name(value=name),
            slice=[cst.SubscriptElement(slice=cst.Index(value=cst.SimpleString() as string))],
        ) if isinstance(meta := scope.parameters.get(name), Meta):
            key = str(string.evaluated_value)
            if key in meta.entries:
                return _usable(node, meta.entries[key], scope)
            message = f"{scope.quote(node)} is no parameter of the kernel"
            raise scope.error(node, message, close_to(key, meta.entries))
    return _unsupported(node, scope)


def _binary(node: cst.BinaryOperation, scope: Scope) -> CValue:
    rule = BINARY.get(type(node.operator))
    if rule is None:
        return _unsupported(node, scope)
    return rule(translate(node.left, scope), translate(node.right, scope))


def _unary(node: cst.UnaryOperation, scope: Scope) -> CValue:
    match node:
        case cst.UnaryOperation(operator=cst.Minus(), expression=cst.Integer() as number):
            return literal(-number.evaluated_value)
        case cst.UnaryOperation(operator=cst.Not(), expression=cst.BooleanOperation() as logic):
            return c_logic.logical_not(_condition(logic, scope))
    return UNARY[type(node.operator)](translate(node.expression, scope))


def _conditional(node: cst.IfExp, scope: Scope) -> CValue:
    test = _condition(node.test, scope)
    if test.constant is not None:
        return translate(node.body if test.constant else node.orelse, scope)
    body = translate(node.body, scope.knowing(test.when_true))
    return conditional(test, body, translate(node.orelse, scope.knowing(test.when_false)))


def _boolean(node: cst.BooleanOperation, scope: Scope) -> CValue:
    is_and = isinstance(node.operator, cst.And)
    join = c_logic.value_and if is_and else c_logic.value_or
    return _chain(_operands(node), is_and, translate, join, scope)


def _condition(node: cst.BaseExpression, scope: Scope) -> CValue:
    """An expression of which only the truth matters."""
    if not isinstance(node, cst.BooleanOperation):
        return c_logic.truth(translate(node, scope))
    is_and = isinstance(node.operator, cst.And)
    join = c_logic.both if is_and else c_logic.either
    return _chain(_operands(node), is_and, _condition, join, scope)


def _chain(
    nodes: Sequence[cst.BaseExpression],
    is_and: bool,
    translate_one: Callable[[cst.BaseExpression, Scope], CValue],
    join: Callable[[CValue, CValue], CValue],
    scope: Scope,
) -> CValue:
    """`and` or `or`: each operand is translated knowing that those before it did not decide."""
    first = translate_one(nodes[0], scope)
    if len(nodes) == 1:
        return first
    test = c_logic.truth(first)
    if test.constant is not None and bool(test.constant) != is_and:
        return first
    scope = scope.knowing(test.when_true if is_and else test.when_false)
    rest = _chain(nodes[1:], is_and, translate_one, join, scope)
    return rest if test.constant is not None else join(first, rest)


def _operands(node: cst.BooleanOperation) -> list[cst.BaseExpression]:
    """`a or b or c`, which the tree has as `(a or b) or c`, means `a or (b or c)` too."""
    left = node.left
    if isinstance(left, cst.BooleanOperation) and type(left.operator) is type(node.operator):
        return [*_operands(left), node.right]
    return [left, node.right]


def _comparison(node: cst.Comparison, scope: Scope) -> CValue:
    if any(type(target.operator) not in COMPARISONS for target in node.comparisons):
        return _unsupported(node, scope)
    return _comparisons(node.left, node.comparisons, scope)


def _comparisons(
    left: cst.BaseExpression, targets: Sequence[cst.ComparisonTarget], scope: Scope
) -> CValue:
    """`a < b < c` is `a < b and b < c`."""
    right = targets[0].comparator
    symbol = COMPARISONS[type(targets[0].operator)]
    first = c_logic.compare(symbol, translate(left, scope), translate(right, scope))
    if len(targets) == 1 or first.constant == 0:
        return first
    rest = _comparisons(right, targets[1:], scope.knowing(first.when_true))
    return rest if first.constant else c_logic.both(first, rest)


def _call(node: cst.Call, scope: Scope) -> CValue:
    function = _object(node.func, scope, node)
    known = known_function(function)
    if known is None and isinstance(function, FunctionType):
        return _inlined(node, function, scope)
    if known is None:
        message = f"{scope.quote(node)} calls a function that is not known in C"
        raise scope.error(node, message, f"{_KNOWN}; or {scope.remedy}")
    is_plain = not any(argument.keyword or argument.star for argument in node.args)
    if not is_plain or not known.fewest <= len(node.args) <= known.most:
        raise scope.error(node, f"expected {known.use}, got {scope.quote(node)}", _PLAIN)
    return known.rule(*(translate(argument.value, scope) for argument in node.args))


def _inlined(node: cst.Call, function: FunctionType, scope: Scope) -> CValue:
    """The expression that a Python function returns, for these arguments."""
    if function.__code__ in scope.callers:
        raise scope.error(node, f"{scope.quote(node)} is recursive")
    if any(argument.star for argument in node.args):
        raise scope.error(node, f"{scope.quote(node)} unpacks its arguments", _PLAIN)
    values = [(argument.keyword, translate(argument.value, scope)) for argument in node.args]
    signature = inspect.signature(function, follow_wrapped=False)
    try:
        bound = signature.bind(
            *(value for keyword, value in values if not keyword),
            **{keyword.value: value for keyword, value in values if keyword},
        )
    except TypeError as error:
        hint = f"its parameters are {signature}"
        raise scope.error(node, f"{scope.quote(node)}: {error}", hint) from None
    bound.apply_defaults()
    source, _, body = single_return(function)
    parameters = {
        name: value if isinstance(value, CValue) else bind(value)
        for name, value in bound.arguments.items()
    }
    inner = Scope(
        source=source,
        subject=scope.subject,
        remedy=scope.remedy,
        kernel={},
        parameters=parameters,
        resolve=names_in(function),
        facts=scope.facts,
        callers=(*scope.callers, function.__code__),
    )
    result = translate(body, inner)
    # Python evaluates an argument even where the body does not come to read it.
    always_reads = not matchers.findall(body, _BRANCHES)
    for value in parameters.values():
        is_read = always_reads and isinstance(value, CValue) and value.text in result.text
        if isinstance(value, CValue) and value.can_fail and not is_read:
            result = after(value, result)
    return result


def _unsupported(node: cst.BaseExpression, scope: Scope) -> NoReturn:
    match node:
        case cst.BinaryOperation(operator=cst.Divide()):
            sides = scope.source.quote(node.left), scope.source.quote(node.right)
            message = f"{scope.quote(node)} is a float, where an integer is expected"
            hint = "write `{} // {}`, or `cdiv({}, {})` to round up".format(*sides, *sides)
            raise scope.error(node, message, hint)
    kind = _NO_INTEGERS.get(type(node))
    if kind:
        raise scope.error(node, f"expected an integer, got {kind}: {scope.quote(node)}")
    message = f"{scope.subject} has {scope.quote(node)}, which is not known in C"
    raise scope.error(node, message, f"{_KNOWN}; or {scope.remedy}")


_RULES: Mapping[type[cst.BaseExpression], Callable[[Any, Scope], CValue]] = {
    cst.Integer: _integer,
    cst.Name: _name,
    cst.Attribute: _attribute,
    cst.Subscript: _subscript,
    cst.BinaryOperation: _binary,
    cst.UnaryOperation: _unary,
    cst.BooleanOperation: _boolean,
    cst.Comparison: _comparison,
    cst.IfExp: _conditional,
    cst.Call: _call,
}

_NO_INTEGERS: Mapping[type[cst.BaseExpression], str] = {
    cst.Float: "a float",
    cst.Imaginary: "a complex number",
    cst.SimpleString: "a string",
    cst.ConcatenatedString: "a string",
    cst.FormattedString: "a string",
    cst.Tuple: "a tuple",
    cst.List: "a list",
}

_BRANCHES = matchers.IfExp() | matchers.BooleanOperation() | matchers.Comparison()
_PLAIN = "pass the arguments one by one, by position"
_KNOWN = (
    "known are + - * // % ** << >> & | ^ ~, comparisons, and, or, not, if-else, cdiv, min, max, "
    "abs, int, next_power_of_2 and functions of one return statement"
)
