"""Parameters that are None in the same calls: `"*i64 | None with offsets"`."""

from __future__ import annotations

from collections.abc import Iterable

from codegen.model.errors import CodegenError, CodegenErrors
from codegen.model.parameters import Constexpr, Parameter

WITH = "None with "


def partner_of(texts: Iterable[str]) -> str:
    """The parameter that the alternatives of a type name as its partner; nothing where none do."""
    found = (text.removeprefix(WITH).strip() for text in texts if text.startswith(WITH))
    return next(found, "")


def groups(parameters: Iterable[Parameter | Constexpr]) -> dict[str, tuple[str, ...]]:
    """By each parameter that may be None: itself, or its partner, and all that go with it."""
    found: dict[str, tuple[str, ...]] = {}
    nullable = [p for p in parameters if isinstance(p, Parameter) and p.nullable]
    for parameter in sorted(nullable, key=lambda p: p.partner != ""):
        first = parameter.partner or parameter.name
        found[first] = (*found.get(first, ()), parameter.name)
    return {name: names for names in found.values() for name in names}


def check_partners(parameters: Iterable[Parameter | Constexpr]) -> None:
    """Raise `CodegenErrors` with what is wrong with them."""
    by_name = {parameter.name: parameter for parameter in parameters}
    errors = []
    for parameter in by_name.values():
        if isinstance(parameter, Parameter) and parameter.partner:
            reason, hint = _problem(parameter, by_name.get(parameter.partner))
            if reason:
                text = f"it is None with `{parameter.partner}`, {reason}"
                errors.append(
                    CodegenError(text, subject=f"parameter `{parameter.name}`", hint=hint)
                )
    if errors:
        raise CodegenErrors(errors)


def _problem(parameter: Parameter, partner: Parameter | Constexpr | None) -> tuple[str, str]:
    if not isinstance(partner, Parameter):
        return "which is no run-time parameter", "name one whose type ends in | None"
    if not partner.nullable:
        return "which is never None", f'give `{partner.name}` the type "{_types(partner)} | None"'
    if partner is parameter:
        return "which is itself", 'write "| None" alone'
    if partner.partner:
        return f"which is None with `{partner.partner}`", f"name `{partner.partner}` in both"
    return "", ""


def _types(parameter: Parameter) -> str:
    return " | ".join(str(type_) for type_ in parameter.types)
