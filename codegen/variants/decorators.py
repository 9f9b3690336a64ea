"""What stands around a kernel, `@triton.autotune` and `@triton.heuristics`, as steps of a call."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any

from codegen.expressions.derived import is_derived
from codegen.model.declaration import Declaration
from codegen.model.errors import CodegenError, closest
from codegen.model.kernel import Configuration
from codegen.model.launch_rows import Given
from codegen.model.options import OPTIONS, is_neutral, is_option, refusal
from codegen.variants.heuristics import Function, Heuristic
from codegen.variants.tuning import Tuning, listed, tuning_of

Step = Tuning | Heuristic


def steps_of(
    declaration: Declaration,
    decorators: Sequence[object],
    parameters: Sequence[str],
    of_all: Sequence[Configuration] = (),
    launches: Sequence[Given] = (),
) -> tuple[Step, ...]:
    """What the declaration's own functions and the decorators decide, in the order in which a call
    meets them: outermost first.

    A heuristic whose value the declaration gives is no step, and neither is one that gives back
    what a call passes by its name. `of_all`: as in `tuning_of`; `launches`: what the decorators
    gave in those that the declaration lists. Raises `CodegenError`.
    """
    steps: list[Step] = [
        Heuristic(name, value, is_declared=True)
        for name, value in declaration.constexprs.items()
        if is_derived(value)
    ]
    for number, decorator in enumerate(decorators):
        if _is_autotuner(decorator):
            if any(isinstance(step, Tuning) for step in steps):
                raise CodegenError(
                    "the kernel is autotuned twice",
                    hint="export the inner kernel, and give the constexprs their values",
                )
            below = names_given(decorators[number + 1 :])
            own = [one.without(below) for one in launches]
            steps.append(tuning_of(declaration, decorator, parameters, of_all, own))
        elif _is_heuristics(decorator):
            steps += _heuristics(declaration, decorator)
    _check(declaration, steps, parameters)
    return tuple(steps)


def computed_names(steps: Sequence[Step]) -> frozenset[str]:
    """The names that get their values from the steps."""
    return frozenset().union(*(s.names if isinstance(s, Tuning) else {s.name} for s in steps))


def names_given(decorators: Iterable[object]) -> frozenset[str]:
    """The constexprs and options to which decorators give values, but for what these merely pass
    on."""
    names: set[str] = set()
    each: Any
    for each in decorators:
        if _is_autotuner(each):
            names.update(name for one in each.configs for name in one.all_kwargs())
        elif _is_heuristics(each):
            names.update(name for name, of in each.values.items() if _lacking(of) != name)
    return frozenset(names)


def listed_configurations(
    declaration: Declaration, decorators: Sequence[object], parameters: Sequence[str]
) -> tuple[Configuration, ...]:
    """What the kernel's autotuner chooses among, if it has one. Raises `CodegenError`."""
    autotuners = [decorator for decorator in decorators if _is_autotuner(decorator)]
    return tuple(listed(declaration, autotuners[0], parameters)) if autotuners else ()


def _is_autotuner(decorator: object) -> bool:
    """Triton's, or another launcher that holds its configurations, such as torch.compile's."""
    configs = getattr(decorator, "configs", None)
    return isinstance(configs, list) and all(hasattr(one, "all_kwargs") for one in configs)


def _is_heuristics(decorator: object) -> bool:
    return isinstance(getattr(decorator, "values", None), dict)


def _heuristics(declaration: Declaration, decorator: Any) -> list[Heuristic]:
    steps = []
    for name, function in decorator.values.items():
        given = declaration.constexprs.get(name)
        if name not in declaration.constexprs:
            steps.append(Heuristic(name, function))
        elif isinstance(given, list):
            if not _passes_on(function, name, given):
                steps.append(Heuristic(name, function, tuple(given)))
        elif is_option(name) and not is_derived(given) and not is_neutral(name, given):
            steps.append(Heuristic(name, functools.partial(_given, given)))
    return steps


def _passes_on(function: Function, name: str, choices: Sequence[object]) -> bool:
    """Whether a heuristic gives back what a call passes, as `lambda args: bool(args["X"])` does."""
    if _lacking(function) != name:
        return False
    try:
        given = [function({name: choice}) for choice in choices]
    except Exception:  # it asks for more
        return False
    return [(type(value), value) for value in given] == [(type(one), one) for one in choices]


def _lacking(function: Function) -> object:
    """The first argument that a heuristic asks for."""
    try:
        function({})
    except KeyError as error:
        return error.args[0] if error.args else None
    except Exception:
        return None
    return None


def computed_options(declaration: Declaration, decorators: Sequence[object]) -> frozenset[str]:
    """The options that heuristics compute."""
    own = {name: value for name, value in declaration.constexprs.items() if is_derived(value)}
    computed = [own, *(getattr(w, "values", {}) for w in decorators if _is_heuristics(w))]
    return frozenset(name for values in computed for name in values if is_option(name))


def _given(value: object, _: object) -> object:
    return value


def _check(declaration: Declaration, steps: Sequence[Step], parameters: Sequence[str]) -> None:
    tuned = next((step for step in steps if isinstance(step, Tuning)), None)
    unused = [
        what
        for what, value in (("configs", declaration.configs), ("tuned", declaration.tuned))
        if value is not None and tuned is None
    ]
    if unused:
        raise CodegenError(
            f"{unused[0]} is for autotuned kernels, and this is none",
            hint="leave it out, or put @triton.autotune around the kernel",
        )
    _check_once(steps)
    for name in sorted(computed_names(steps)):
        refused = refusal(name, name in parameters)
        if refused and name not in declaration.options:
            what, hint = refused
            raise CodegenError(f"a heuristic gives {name}, {what}", hint=hint)
        if name not in parameters and name not in OPTIONS:
            match = closest(name, (*parameters, *OPTIONS))
            is_tuned = tuned is not None and name in tuned.names
            who = "its configurations give" if is_tuned else "the kernel computes"
            others = "; or name the configurations to build: configs=[{...}]" if is_tuned else ""
            raise CodegenError(
                f"{who} `{name}`, which is no parameter and no option of it",
                hint=(f"did you mean `{match}`? " if match else "")
                + f"its parameters are {', '.join(parameters)}{others}",
            )
        if name in declaration.types:
            raise CodegenError(
                f"types names `{name}`, which the kernel computes", hint="leave it out"
            )
        if tuned is not None and name in tuned.names and name in declaration.constexprs:
            raise CodegenError(
                f"constexprs names `{name}`, to which configurations give values",
                hint=f'choose among them instead: configs=[{{"{name}": ...}}]',
            )


def _check_once(steps: Sequence[Step]) -> None:
    """What configurations give, nothing above them may give: Triton refuses such launches."""
    above: set[str] = set()
    for step in steps:
        if isinstance(step, Heuristic):
            above.add(step.name)
            continue
        options = {name for one in step.configurations for name in one.given}
        for name in sorted((step.names | options) & above):
            raise CodegenError(
                f"the heuristic of `{name}` stands above the autotuner, whose configurations give "
                "it too",
                hint="put it below @triton.autotune, or leave it out of the configurations",
            )
