"""One rule for each kind of expression in libcst's syntax tree."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import libcst as cst

from codegen.expressions import c_logic
from codegen.expressions.c_value import CValue, conditional, literal
from codegen.expressions.evaluation import (
    chain_of,
    chosen,
    condition,
    evaluate,
    following,
    integer,
    rule_for,
    translate,
    truth,
)
from codegen.expressions.functions import BINARY, BITWISE, UNARY
from codegen.expressions.intervals import NONZERO
from codegen.expressions.refusals import free_name, omitted_parameter, unsupported
from codegen.expressions.scope import Scope, bind, close_to
from codegen.expressions.tensors import attribute_of, entry_of
from codegen.expressions.values import (
    SM_COUNT,
    Constant,
    DeviceProperties,
    Items,
    Meta,
    Nullable,
    Quotient,
    Sizes,
    Tensor,
    Unusable,
    Value,
    numbers_in,
)


@rule_for(cst.Integer)
def _integer(node: cst.Integer, scope: Scope) -> Value:
    return literal(node.evaluated_value)


@rule_for(cst.Float, cst.Imaginary, cst.SimpleString, cst.ConcatenatedString)
def _constant(node: cst.Float | cst.Imaginary | cst.SimpleString, scope: Scope) -> Value:
    return Constant(node.evaluated_value)


@rule_for(cst.Name)
def _name(node: cst.Name, scope: Scope) -> Value:
    if node.value in scope.names:
        return scope.names[node.value]
    if scope.is_local(node.value):
        message = f"{scope.subject} reads {scope.quote(node)}, which is not yet assigned"
        raise scope.error(node, message, "assign it in every branch that leads here")
    try:
        return bind(scope.resolve(node.value))
    except KeyError:
        if not scope.callers:
            raise free_name(node, scope) from None
        message = f"{scope.subject} reads {scope.quote(node)}, which is not defined"
        hint = omitted_parameter(node, scope) or close_to(node.value, scope.kernel)
        raise scope.error(node, message, hint) from None


@rule_for(cst.Attribute)
def _attribute(node: cst.Attribute, scope: Scope) -> Value:
    name = node.attr.value
    match _owner(node.value, scope):
        case Constant(value=value):
            return bind(_member(value, node, scope))
        case Tensor() as tensor:
            return attribute_of(tensor, name, node, scope)
        case DeviceProperties() if name == "multi_processor_count":
            return SM_COUNT
        case CValue(constant=int()) as value if name == "value":  # of a tl.constexpr
            return value
        case Items(values=values, fields=fields) as owner if name in fields:
            return following(numbers_in(owner), values[fields.index(name)], node, scope)
        case Items(fields=(_, *_) as fields):
            message = f"{scope.quote(node)} is no entry of the namedtuple"
            raise scope.error(node, message, f"its entries are {', '.join(fields)}")
        case Unusable() as value:
            return integer(value, node.value, scope)
    raise unsupported(node, scope)


def _owner(node: cst.BaseExpression, scope: Scope) -> Value:
    """What has an attribute: a Python object as it is, also where it stands for an integer."""
    match node:
        case cst.Name(value=name) if name not in scope.names and not scope.is_local(name):
            with contextlib.suppress(KeyError):
                return Constant(scope.resolve(name))
        case cst.Attribute(value=inner) if isinstance(owner := _owner(inner, scope), Constant):
            return Constant(_member(owner.value, node, scope))
    return evaluate(node, scope)


def _member(owner: object, node: cst.Attribute, scope: Scope) -> object:
    try:
        return getattr(owner, node.attr.value)
    except Exception as error:
        raise scope.error(node, f"{scope.quote(node)}: {error}") from None


@rule_for(cst.Subscript)
def _subscript(node: cst.Subscript, scope: Scope) -> Value:
    match node.slice:
        case [cst.SubscriptElement(slice=cst.Index(value=index_node, star=None))]:
            pass
        case _:
            raise unsupported(node, scope)
    owner, index = evaluate(node.value, scope), evaluate(index_node, scope)
    key = index.constant if isinstance(index, CValue) else getattr(index, "value", None)
    match owner:
        case Meta(entries=entries) if isinstance(key, str):
            if key in entries:
                return entries[key]
            message = f"{scope.quote(node)} is no parameter of the kernel"
            raise scope.error(node, message, close_to(key, entries))
        case Sizes() if isinstance(key, int):
            return entry_of(owner, key)
        case Items(values=values) if isinstance(key, int) and -len(values) <= key < len(values):
            return following(numbers_in(owner), values[key], node, scope)
        case Constant(value=value) if key is not None:
            try:
                return bind(value[key])  # type: ignore[index]
            except Exception:
                message = f"{scope.quote(node)} is no entry of {scope.quote(node.value)}"
                raise scope.error(node, message) from None
        case DeviceProperties() if key == "multiprocessor_count":
            return SM_COUNT
        case Sizes() | Items():
            message = f"{scope.quote(node)}: an index must be a constant int in range"
            raise scope.error(node, message)
        case Unusable() as value:
            return integer(value, node.value, scope)
    raise unsupported(node, scope)


@rule_for(cst.Tuple, cst.List)
def _items(node: cst.Tuple | cst.List, scope: Scope) -> Value:
    values: list[Value] = []
    for element in node.elements:
        value = evaluate(element.value, scope)
        if not isinstance(element, cst.StarredElement):
            values.append(value)
        elif isinstance(value, Items):
            values.extend(value.values)
        else:
            text = scope.source.quote(element.value)
            raise scope.error(element.value, f"`*{text}` unpacks what is no tuple")
    return Items(tuple(values))


@rule_for(cst.BinaryOperation)
def _binary(node: cst.BinaryOperation, scope: Scope) -> Value:
    is_division = isinstance(node.operator, cst.Divide)
    rule = BINARY.get(type(node.operator))
    if rule is None and not is_division:
        raise unsupported(node, scope)
    x, y = translate(node.left, scope), translate(node.right, scope)
    if rule is None:
        return Quotient(x, y)
    is_bool = x.is_bool and y.is_bool and isinstance(node.operator, BITWISE)
    return replace(rule(x, y), is_bool=is_bool)


@rule_for(cst.UnaryOperation)
def _unary(node: cst.UnaryOperation, scope: Scope) -> Value:
    match node:
        case cst.UnaryOperation(operator=cst.Minus(), expression=cst.Integer() as number):
            return literal(-number.evaluated_value)
        case cst.UnaryOperation(operator=cst.Minus(), expression=cst.Float() as number):
            return Constant(-number.evaluated_value)
        case cst.UnaryOperation(operator=cst.Not()):
            return replace(c_logic.logical_not(_to_negate(node.expression, scope)), is_bool=True)
    return replace(UNARY[type(node.operator)](translate(node.expression, scope)), is_bool=False)


def _to_negate(node: cst.BaseExpression, scope: Scope) -> CValue:
    """The number itself, where that reads better than its truth."""
    if isinstance(node, cst.BooleanOperation):
        return condition(node, scope)
    value = evaluate(node, scope)
    return value if isinstance(value, CValue) else truth(value, node, scope)


@rule_for(cst.IfExp)
def _conditional(node: cst.IfExp, scope: Scope) -> Value:
    test = condition(node.test, scope)
    if test.constant is not None:
        return evaluate(node.body if test.constant else node.orelse, scope)
    body = evaluate(node.body, scope.knowing(test.when_true))
    orelse = evaluate(node.orelse, scope.knowing(test.when_false))
    if not isinstance(body, Items) and isinstance(orelse, CValue):
        body = integer(body, node.body, scope)
    if not isinstance(orelse, Items) and isinstance(body, CValue):
        orelse = integer(orelse, node.orelse, scope)
    return chosen(test, body, orelse, node.test, scope)


@rule_for(cst.BooleanOperation)
def _boolean(node: cst.BooleanOperation, scope: Scope) -> Value:
    return _one_of(chain_of(node), isinstance(node.operator, cst.And), scope)


def _one_of(nodes: list[cst.BaseExpression], is_and: bool, scope: Scope) -> Value:
    """`and` or `or`, which is one of its operands."""
    first = evaluate(nodes[0], scope)
    if len(nodes) == 1:
        return first
    test = truth(first, nodes[0], scope)
    if test.constant is not None and bool(test.constant) != is_and:
        return first
    facts = test.when_true if is_and else test.when_false
    rest = _one_of(nodes[1:], is_and, scope.knowing(facts))
    if test.constant is not None:
        return rest
    y = integer(rest, nodes[-1], scope)
    match first:
        case Nullable(value=CValue() as value) if not is_and:
            return replace(conditional(test, value.within(NONZERO), y), is_bool=False)
    x = integer(first, nodes[0], scope)
    join = c_logic.value_and if is_and else c_logic.value_or
    return replace(join(x, y), is_bool=x.is_bool and y.is_bool)
