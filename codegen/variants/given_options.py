"""Triton's options, joined from the declaration, the kernel's decorators and its constexprs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from triton.runtime.jit import JITFunction

from codegen.model.declaration import Declaration
from codegen.model.errors import CodegenError
from codegen.model.options import (
    DEFAULTS,
    Options,
    check_options,
    is_neutral,
    refusal,
    with_given,
)
from codegen.model.parameters import Constexpr, Parameter
from codegen.model.triton_version import missing_option
from codegen.variants.heuristics import Heuristic
from codegen.variants.tuning import Tuning


def options_of(
    declared: Mapping[str, object],
    constexprs: Collection[str],
    parameters: Sequence[Parameter | Constexpr],
) -> Options:
    """As declared; and what a constexpr is that has an option's name and is given a value, for
    which Triton's launches take one keyword argument."""
    given: dict[str, object] = {}
    for parameter in parameters:
        is_given = parameter.name in constexprs
        if is_given and isinstance(parameter, Constexpr) and len(parameter.choices) == 1:
            given[parameter.name] = parameter.choices[0]
    options = with_given(DEFAULTS, {**given, **declared})
    check_options(options)
    return options


def with_debug(declaration: Declaration, function: JITFunction[Any]) -> Mapping[str, object]:
    """The declaration's options with the decorator's `debug`, which each launch of the JIT has
    where nothing else gives one; so a constexpr of that name never has its default."""
    own = {} if "debug" in declaration.constexprs else {"debug": bool(function.debug)}
    return {**own, **declaration.options}


def check_names(declaration: Declaration, params: Sequence[Any]) -> None:
    """What is called as an option that is not followed, or not by this Triton. `params` are
    Triton's `KernelParam`s."""
    for name in declaration.options:
        if lacked := missing_option(name):
            message, hint = lacked
            raise CodegenError(message, hint=hint)
    for name in (raw.name for raw in params):
        given = declaration.constexprs.get(name)
        values = given if isinstance(given, list) else [given]
        refused = refusal(name, is_parameter=True)
        if name in declaration.options or not refused or all(is_neutral(name, v) for v in values):
            continue
        what, _ = refused
        raise CodegenError(
            f"constexprs gives {name}, which is a parameter, and {what}",
            hint="where the launches that you know pass it by its place, and not by its name, it "
            f"is a parameter alone: say so with {name}=None",
        )
    typed = (raw for raw in params if raw.name in declaration.types or raw.annotation_type)
    run_time = {raw.name for raw in typed if not raw.is_constexpr} - declaration.constexprs.keys()
    for name in ("instrumentation_mode", "fpsan_homomorphic_casts"):
        if name in run_time:
            raise CodegenError(
                "Triton's launches set the option of that name, whatever a call passes",
                subject=f"parameter `{name}`",
                hint="rename it",
            )
    if "debug" in run_time and "debug" not in declaration.options:
        raise CodegenError(
            "Triton's launches take it for their option too, so that what a call passes would "
            "decide what is compiled",
            subject="parameter `debug`",
            hint='give its values: constexprs={"debug": [False, True]}; or the option apart from '
            "it: debug=False",
        )


def check_given_once(said: Mapping[str, object], steps: Sequence[Tuning | Heuristic]) -> None:
    """Options of the declaration that the kernel's own decorators give too."""
    for step in steps:
        if isinstance(step, Heuristic):
            given, by = {step.name}, "which a heuristic of the kernel computes"
            hint = 'give its value instead: constexprs={{"{}": ...}}'
        else:
            given = {name for one in step.configurations for name in one.given}
            by = "to which configurations give values"
            hint = 'choose among them instead: configs=[{{"{}": ...}}]'
        for name in sorted(given & said.keys()):
            raise CodegenError(f"export gives {name}, {by}", hint=hint.format(name))
