"""Configurations: those that Triton's autotuner would choose among, and the best for each key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from codegen.expressions.derived import is_derived
from codegen.model.constexpr_values import held, is_plain, real
from codegen.model.declaration import Declaration, Key, own_int
from codegen.model.errors import CodegenError, told
from codegen.model.kernel import Configuration
from codegen.model.launch_rows import Given
from codegen.model.options import (
    DEFAULTS,
    OPTIONS,
    REFUSED,
    Options,
    check_options,
    is_neutral,
    normal,
    refusal,
    with_given,
)
from codegen.model.sm_count import SmCount
from codegen.variants.heuristics import NotKnown, Unknown
from codegen.variants.tuned_files import table_of


@dataclass(frozen=True)
class Tuning:
    """The configurations to build, and how a call comes to one."""

    configurations: tuple[Configuration, ...]
    """The first is the default."""
    key: tuple[str, ...] = ()
    """The parameters that Triton's autotuner tells calls apart by."""
    tuned: tuple[tuple[Key, int], ...] = ()
    """The configuration for each key: the key's values, then a dtype for each tensor, if told."""
    argument: str | None = None
    """The argument by which a call names a configuration; None where the key decides."""
    lacking: tuple[int, ...] = ()
    """The numbers of those that the kernel's list has for another SM, and not for this one."""
    launched: tuple[int | None, ...] = ()
    """The number of the configuration that each listed launch had; None where it is not built."""
    takes_nearest: bool = False
    """Whether a call gets what is best for the nearest key where its own is not there."""

    @property
    def names(self) -> frozenset[str]:
        """The parameters that configurations give values to."""
        return frozenset(name for one in self.configurations for name, _ in one.constexprs)


def tuning_of(
    declaration: Declaration,
    autotuner: Any,
    parameters: Sequence[str],
    of_all: Sequence[Configuration] = (),
    launches: Sequence[Given] = (),
) -> Tuning:
    """What the declaration makes of an `Autotuner`. Raises `CodegenError`.

    `of_all` are the configurations of all SMs, where the kernel's list is another for some;
    `launches` are what decorators gave in those that the declaration lists, without what others
    below the autotuner gave.
    """
    own = listed(declaration, autotuner, parameters)
    every = tuple(of_all or own)
    table = table_of(declaration)
    rows = table.rows
    chosen = _chosen(declaration.configs, every)
    tuned = [(key, _best(f"{list(key)!r}", best, (*chosen, *every))) for key, best in rows]
    launched = [_launched(one, every) for one in launches]
    if table.default is not None:
        chosen = (_best("other keys", table.default, (*chosen, *every)),)
    elif declaration.tuned is not None and (declaration.configs is None or not rows):
        chosen = (max(every, key=launched.count),) if launched else chosen[:1]
    chosen = tuple(dict.fromkeys((*chosen, *(one for _, one in tuned))))
    for one in chosen:
        if one in own:
            _check(declaration, one, own[one], parameters)
    lacking = tuple(number for number, one in enumerate(chosen) if one not in own)
    argument = None
    if not rows and len(chosen) > 1:
        argument = "config_" if "config" in parameters else "config"
    return Tuning(
        chosen,
        tuple(getattr(autotuner, "keys", ())),
        tuple((key, chosen.index(one)) for key, one in tuned),
        argument,
        lacking if len(lacking) < len(chosen) else (),  # then the declaration asks for them
        tuple(chosen.index(one) if one in chosen else None for one in launched),
        table.takes_nearest,
    )


def _launched(given: Given, listed: Sequence[Configuration]) -> Configuration:
    """The configuration that a launch had. Raises `CodegenError` where the autotuner has none such.

    Of several that gave it the same, it is the one that says most.
    """
    values = given.values

    def had(one: Configuration) -> bool:
        own = {**{name: getattr(one.options, name) for name in one.given}, **dict(one.constexprs)}
        return all(values[name] == real(value) for name, value in own.items() if name in values)

    found = [one for one in listed if had(one)]
    if not found:
        names = dict.fromkeys(n for one in listed for n in (*dict(one.constexprs), *one.given))
        told = ", ".join(f"{name}={values[name]!r}" for name in names if name in values)
        raise CodegenError(
            f"{given.place} had the configuration ({told}), which the kernel's autotuner does not "
            "list here",
            hint=f"its configurations are {_shown(listed)}; to take launches as they reach the "
            'kernel, write grid="explicit"',
        )
    return max(found, key=lambda one: len(one.constexprs))


def _best(of: str, pattern: Mapping[str, object], every: Sequence[Configuration]) -> Configuration:
    """The first configuration that a pattern of `tuned` fits."""
    found = next((one for one in every if _matches(one, pattern)), None)
    if found is None:
        raise CodegenError(
            f"tuned gives {of} the configuration {dict(pattern)!r}, which the kernel does not have",
            hint=f"its configurations are {_shown(tuple(dict.fromkeys(every)))}",
        )
    return found


def listed(
    declaration: Declaration, autotuner: Any, parameters: Sequence[str]
) -> dict[Configuration, Any]:
    """The kernel's own list, in its order, as `prune_configs_by` leaves it, with Triton's own.

    Raises `CodegenError`.
    """
    configurations = list(autotuner.configs)
    prune = getattr(autotuner, "early_config_prune", None)
    if prune is not None and len(configurations) > 1 and declaration.configs is None:
        configurations = _pruned(declaration, autotuner)
    found: dict[Configuration, Any] = {}
    for one in configurations:
        # Of an option that stands among the constexprs, too, Triton takes Config's own argument.
        kwargs = one.all_kwargs()
        given = {name: own_int(value) for name, value in kwargs.items() if name in OPTIONS}
        options = with_given(with_given(DEFAULTS, declaration.options), given)
        named = [name for name in one.kwargs if name in parameters and name not in OPTIONS]
        try:
            values = [(name, _held(autotuner, one, name)) for name in named]
        except CodegenError:
            if _may_be_named(declaration, one, options, is_first=one is configurations[0]):
                raise
            continue  # What nothing asks for need not be understood.
        # What is no parameter is refused, if it is not neutral, where the configuration is built.
        values += [
            (name, value if is_plain(value) else repr(value))
            for name, value in kwargs.items()
            if name not in (*parameters, *OPTIONS) and not is_neutral(name, value)
        ]
        # A parameter of an option's name gets its value too: Triton passes it by keyword.
        values += [(name, value) for name, value in given.items() if name in parameters]
        found.setdefault(Configuration(tuple(values), options, tuple(given)), one)
    return found


def _may_be_named(
    declaration: Declaration, original: Any, options: Options, is_first: bool
) -> bool:
    """Whether a configuration with a value that is not understood may be among those to build."""
    if declaration.configs is None and (declaration.tuned is None or is_first):
        return True
    # The number of SMs, which is no number here, is called by none.
    values = {n: v for n, v in original.kwargs.items() if not isinstance(v, SmCount)}
    one = Configuration(tuple(values.items()), options)
    patterns = [*(declaration.configs or ()), *table_of(declaration).patterns]
    return any(_matches(one, pattern) for pattern in patterns)


def _check(
    declaration: Declaration, one: Configuration, original: Any, parameters: Sequence[str]
) -> None:
    """Raise `CodegenError` for a configuration that cannot be built as it is."""
    if original.pre_hook is not None and declaration.hooks != "caller":
        raise CodegenError(
            f"its configuration ({one}) has a pre_hook, which Triton runs before each launch and "
            "which cannot be compiled",
            hint='do in the caller what it does, and say so: hooks="caller"',
        )
    for name, value in original.all_kwargs().items():
        refused = refusal(name, name in parameters)
        if refused and not is_neutral(name, value) and name not in declaration.options:
            what, hint = refused
            raise CodegenError(
                f"its configuration ({one}) gives {name}, {what}",
                hint=f"{hint}; or name the configurations to build: configs=[{{...}}]",
            )
    check_options(one.options)


def _held(autotuner: Any, config: Any, name: str) -> object:
    places = (n for n, one in enumerate(autotuner.configs) if one is config)
    try:
        return held(config.kwargs[name], name, f"config {next(places, None)}")
    except CodegenError as error:
        raise error.but(
            reason=f"of `{name}` in a configuration, {error.reason}",
            hint=f"name others to build: configs=[{{...}}]; or {error.hint}",
        ) from error


def _pruned(declaration: Declaration, autotuner: Any) -> list[Any]:
    """What `early_config_prune` leaves, where it needs no more than what the declaration says."""
    # What may be None is neither None nor not: a function that looks for it fails.
    named: dict[str, Any] = {
        name: None if type_ is None else Unknown()
        for name, type_ in declaration.types.items()
        if name in autotuner.arg_names and "None" not in str(type_ or "")
    }
    for name, value in declaration.constexprs.items():
        choices = value if isinstance(value, list) else [value]
        is_known = len(choices) == 1 and not is_derived(value)
        named[name] = choices[0] if is_known else Unknown()
    fails = False
    try:
        # A call has each argument in one of the two, by position or by keyword.
        left = list(autotuner.early_config_prune(autotuner.configs, named, **named))
        if left:
            return left
        reason, fails = "leaves no configuration", True
    except NotKnown:
        reason = "asks for what only a call knows"
    except Exception as error:
        asked = error.args[0] if isinstance(error, KeyError) and error.args else None
        is_of_a_call = asked in autotuner.arg_names and asked not in named
        is_nullable = is_of_a_call and asked in declaration.types
        reason = f"fails: {told(error)}"
        reason = f"asks for `{asked}`, which may be None" if is_nullable else reason
        fails = not is_of_a_call
    if declaration.tuned is not None and not fails:  # the table has what is best of all
        return list(autotuner.configs)
    raise CodegenError(
        f"its early_config_prune {reason}",
        hint="name the configurations to build: configs=[{...}]; configs=[{}] names them all"
        + ("; or give the best ones by key: tuned={...}" if declaration.tuned is None else ""),
    )


def _chosen(
    patterns: Sequence[Mapping[str, object]] | None, listed: tuple[Configuration, ...]
) -> tuple[Configuration, ...]:
    """Those that `configs` asks for, in its order; all where it says nothing."""
    if patterns is None:
        return listed
    chosen: dict[Configuration, None] = {}
    for pattern in patterns:
        found = [one for one in listed if _matches(one, pattern)]
        if not found:
            raise CodegenError(
                f"configs asks for {dict(pattern)!r}, which the kernel does not have",
                hint=f"its configurations are {_shown(listed)}",
            )
        chosen.update(dict.fromkeys(found))
    return tuple(chosen)


def _matches(one: Configuration, pattern: Mapping[str, object]) -> bool:
    """Whether a configuration has all that the pattern names."""
    values: dict[str, object] = {name: getattr(one.options, name) for name in OPTIONS}
    values.update(one.constexprs)
    for name, value in pattern.items():
        if name in OPTIONS and name not in dict(one.constexprs):
            value = normal(name, value)
        if name in REFUSED and name not in values:
            if not is_neutral(name, value):
                return False
        elif name not in values or real(values[name]) != value:
            return False
    return True


def _shown(listed: Sequence[Configuration]) -> str:
    texts = [f"({one})" for one in listed[:_MOST_SHOWN]]
    more = len(listed) - len(texts)
    return ", ".join(texts) + (f" and {more} more" if more else "")


_MOST_SHOWN = 6
