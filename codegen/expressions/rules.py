"""One rule for each kind of expression in Python's syntax tree."""

from __future__ import annotations

import ast
import contextlib
from dataclasses import replace

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


@rule_for(ast.Constant)
def _constant(node: ast.Constant, scope: Scope) -> Value:
    if node.value is Ellipsis:
        raise unsupported(node, scope)
    return literal(node.value) if type(node.value) is int else bind(node.value)


@rule_for(ast.Name)
def _name(node: ast.Name, scope: Scope) -> Value:
    if node.id in scope.names:
        return scope.names[node.id]
    if scope.is_local(node.id):
        message = f"{scope.subject} reads {scope.quote(node)}, which is not yet assigned"
        raise scope.error(node, message, "assign it in every branch that leads here")
    try:
        return bind(scope.resolve(node.id))
    except KeyError:
        if not scope.callers:
            raise free_name(node, scope) from None
        message = f"{scope.subject} reads {scope.quote(node)}, which is not defined"
        hint = omitted_parameter(node, scope) or close_to(node.id, scope.kernel)
        raise scope.error(node, message, hint) from None


@rule_for(ast.Attribute)
def _attribute(node: ast.Attribute, scope: Scope) -> Value:
    name = node.attr
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


def _owner(node: ast.expr, scope: Scope) -> Value:
    """What has an attribute: a Python object as it is, also where it stands for an integer."""
    match node:
        case ast.Name(id=name) if name not in scope.names and not scope.is_local(name):
            with contextlib.suppress(KeyError):
                return Constant(scope.resolve(name))
        case ast.Attribute(value=inner) if isinstance(owner := _owner(inner, scope), Constant):
            return Constant(_member(owner.value, node, scope))
    return evaluate(node, scope)


def _member(owner: object, node: ast.Attribute, scope: Scope) -> object:
    try:
        return getattr(owner, node.attr)
    except Exception as error:
        raise scope.error(node, f"{scope.quote(node)}: {error}") from None


@rule_for(ast.Subscript)
def _subscript(node: ast.Subscript, scope: Scope) -> Value:
    if isinstance(node.slice, (ast.Slice, ast.Tuple)):
        raise unsupported(node, scope)
    owner, index = evaluate(node.value, scope), evaluate(node.slice, scope)
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


@rule_for(ast.Tuple, ast.List)
def _items(node: ast.Tuple | ast.List, scope: Scope) -> Value:
    values: list[Value] = []
    for element in node.elts:
        if not isinstance(element, ast.Starred):
            values.append(evaluate(element, scope))
        elif isinstance(value := evaluate(element.value, scope), Items):
            values.extend(value.values)
        else:
            text = scope.source.quote(element.value)
            raise scope.error(element.value, f"`*{text}` unpacks what is no tuple")
    return Items(tuple(values))


@rule_for(ast.BinOp)
def _binary(node: ast.BinOp, scope: Scope) -> Value:
    is_division = isinstance(node.op, ast.Div)
    rule = BINARY.get(type(node.op))
    if rule is None and not is_division:
        raise unsupported(node, scope)
    x, y = translate(node.left, scope), translate(node.right, scope)
    if rule is None:
        return Quotient(x, y)
    is_bool = x.is_bool and y.is_bool and isinstance(node.op, BITWISE)
    return replace(rule(x, y), is_bool=is_bool)


@rule_for(ast.UnaryOp)
def _unary(node: ast.UnaryOp, scope: Scope) -> Value:
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=float() as number)):
            return Constant(-number)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as number)):
            return literal(-number)
        case ast.UnaryOp(op=ast.Not()):
            return replace(c_logic.logical_not(_to_negate(node.operand, scope)), is_bool=True)
    return replace(UNARY[type(node.op)](translate(node.operand, scope)), is_bool=False)


def _to_negate(node: ast.expr, scope: Scope) -> CValue:
    """The number itself, where that reads better than its truth."""
    if isinstance(node, ast.BoolOp):
        return condition(node, scope)
    value = evaluate(node, scope)
    return value if isinstance(value, CValue) else truth(value, node, scope)


@rule_for(ast.IfExp)
def _conditional(node: ast.IfExp, scope: Scope) -> Value:
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


@rule_for(ast.BoolOp)
def _boolean(node: ast.BoolOp, scope: Scope) -> Value:
    return _one_of(chain_of(node), isinstance(node.op, ast.And), scope)


def _one_of(nodes: list[ast.expr], is_and: bool, scope: Scope) -> Value:
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
