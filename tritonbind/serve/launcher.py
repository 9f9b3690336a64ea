"""The functions that launch a served kernel: made for its parameters, so that Python binds them.

They do what nearly every launch needs: look whether anything is unusual, and pass the arguments on.
What is unusual goes to `Careful`, with the parameters' values in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import Parameter, Signature
from typing import Any, Protocol

from tritonbind.serve.manifest import Argument, Function, Json
from tritonbind.serve.values import BOOLS, FLOATS, same


class Careful(Protocol):
    """The slow way of a launch. `options` are those that the launch was given."""

    def unusual(self, grid: Any, values: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Launch something that cannot just be passed on."""
        ...

    def refused(
        self, error: Exception, grid: Any, values: tuple[Any, ...], options: dict[str, Any]
    ) -> Any:
        """Go on after the library has refused a launch."""
        ...


@dataclass(frozen=True)
class Hooks:
    """Where a program's hooks would be: while there are none, these are empty or unchanged."""

    kernel: Any
    """The JITFunction, with `pre_run_hooks`."""
    runtime: Any
    """`triton.knobs.runtime`, with `launch_enter_hook` and `launch_exit_hook`."""


@dataclass(frozen=True)
class Launcher:
    """Ways to launch a served kernel; all return what `Careful` and the kernel return."""

    launch: Callable[..., Any]
    """`launch(grid, *args, **kwargs)`."""
    run: Callable[..., Any]
    """`run(*args, grid=, warmup=, **kwargs)`, as `JITFunction.run`."""
    bind: Callable[..., tuple[Any, tuple[Any, ...], dict[str, Any]]]
    """The arguments of `run` as (grid, values, options)."""


class UnfitError(Exception):
    """Why a kernel cannot be served by a function, whatever it is launched with."""


def make(
    function: Function,
    signature: Signature,
    converted: frozenset[str],
    defaults: Mapping[str, Json],
    unsaid: Mapping[str, Json],
    call: Callable[..., None],
    careful: Careful,
    result: Any,
    hooks: Hooks,
) -> Launcher:
    """The launcher of a kernel.

    Args:
        function: what the package has.
        signature: that of the kernel.
        converted: parameters whose annotation says what a number becomes.
        defaults: Triton's options, as they are where nothing else is said.
        unsaid: what they are in a launch of this kernel that does not give them.
        call: the package's Python function.
        careful: the slow way.
        result: what launches return.
        hooks: where hooks would be.

    Raises:
        UnfitError: the function is not one of this kernel.
    """
    text = _Text(function, signature, converted, defaults, unsaid)
    enter, leave = hooks.runtime.launch_enter_hook, hooks.runtime.launch_exit_hook
    scope = {
        **{f"default_{name}": p.default for name, p in signature.parameters.items()},
        **{f"constant_{name}": _object(value) for name, value in function.constants.items()},
        "_call": call,
        "_careful": careful.unusual,
        "_refused": careful.refused,
        "_result": result,
        "_kernel": hooks.kernel,
        "_runtime": hooks.runtime,
        "_enter": enter,
        "_leave": leave,
        "_entering": getattr(enter, "calls", ()),
        "_leaving": getattr(leave, "calls", ()),
        "_same": same,
    }
    exec(compile(text.source(), f"<launcher of {function.identity.name}>", "exec"), scope)
    return Launcher(scope["launch"], scope["run"], scope["bind"])


def _object(value: Json) -> Any:
    """The object that a launch most often gives for a value: small ints and names are the same."""
    return value if isinstance(value, (bool, int, float, str, type(None))) else object()


class _Text:
    """The source of a launcher."""

    def __init__(
        self,
        function: Function,
        signature: Signature,
        converted: frozenset[str],
        defaults: Mapping[str, Json],
        unsaid: Mapping[str, Json],
    ) -> None:
        self.function = function
        self.parameters = signature.parameters
        self.names = tuple(signature.parameters)
        self.converted = converted
        known = {*STANDARD, *function.options, *function.chosen_options}
        self.options = tuple(sorted(known - set(self.names)))
        self.defaults, self.unsaid = defaults, unsaid
        self._check()

    def _check(self) -> None:
        described = {*self.function.of_kernel, *self.function.constants}
        missing = [name for name in self.names if name not in described]
        unknown = sorted(described - set(self.names))
        if missing or unknown:
            listed = ", ".join(f"`{name}`" for name in missing or unknown)
            reason = f"it has no {listed}" if missing else f"the kernel has no {listed}"
            raise UnfitError(reason)
        for name, parameter in self.parameters.items():
            if parameter.kind is Parameter.VAR_POSITIONAL:
                raise UnfitError(f"the kernel takes any number of arguments as `*{name}`")
            if name.startswith("_") and name in _OWN_NAMES:
                raise UnfitError(f"the kernel has a parameter `{name}`, a name that is used here")

    def source(self) -> str:
        body = self._body()
        return "\n".join(
            [
                f"def launch(_grid, /, {self._declared()}):",
                *body,
                f"def run({self._declared('grid', 'warmup')}):",
                "    if warmup:",
                "        return _result",
                "    _grid = grid",
                *body,
                f"def bind({self._declared('grid', 'warmup=False')}):",
                f"    return grid, {self._values()}, {self._given()}",
            ]
        )

    def _declared(self, *first: str) -> str:
        parts = []
        has_star = False
        for name, parameter in self.parameters.items():
            if parameter.kind is Parameter.KEYWORD_ONLY and not has_star:
                parts.append("*")
                has_star = True
            default = "" if parameter.default is Parameter.empty else f"=default_{name}"
            parts.append(name + default)
        parts += [] if has_star else ["*"]
        parts += [*first, *(f"{option}=None" for option in self.options), "**_more"]
        return ", ".join(parts).replace("*, **_more", "**_more")

    def _body(self) -> list[str]:
        unusual = " or ".join(self._unusual())
        values, given = self._values(), self._given()
        named = ", ".join(f"{name!r}: {name}" for name in self.names)
        return [
            f"    if {unusual}:",
            f"        return _careful(_grid, {values}, {given})",
            "    _blocks = _grid",
            "    if callable(_blocks):",
            f"        _blocks = _blocks({{{named}}})",
            "    _size = len(_blocks)",
            "    try:",
            f"        _call({', '.join(self._passed())})",
            "    except (TypeError, ValueError, RuntimeError) as _error:",
            "        _refusal = _error",  # outside of `except`, errors of others get no context
            "    else:",
            "        return _result",
            f"    return _refused(_refusal, _grid, {values}, {given})",
        ]

    def _values(self) -> str:
        return f"({''.join(f'{name}, ' for name in self.names)})"

    def _given(self) -> str:
        pairs = "".join(f"{name!r}: {name}, " for name in self.options)
        return f"{{{pairs}**_more}}"

    def _unusual(self) -> list[str]:
        """Conditions of a launch that cannot just be passed on."""
        conditions = ["_more", "_kernel.pre_run_hooks", "_entering", "_leaving"]
        conditions += ["_runtime.launch_enter_hook is not _enter"]
        conditions += ["_runtime.launch_exit_hook is not _leave"]
        for argument in self.function.arguments:
            conditions += _unlike(argument, argument.name in self.converted)
        for name in self.function.constants:
            constant = f"constant_{name}"
            value = self.function.constants[name]
            test = f"{name} is not {constant}"
            is_single = value is None or isinstance(value, bool)
            conditions.append(
                test if is_single else f"({test} and not _same({name}, {_literal(value)}))"
            )
        for name in (*STANDARD, *self.function.options):
            if name not in self.function.chosen_options:
                conditions.append(self._differs(name))
        return list(dict.fromkeys(conditions))

    def _differs(self, option: str) -> str:
        wanted = self.function.wanted(option, self.defaults)
        test = f"{option} != {_literal(wanted)}"
        unsaid = self.unsaid.get(option, wanted)
        return f"({option} is not None and {test})" if unsaid == wanted else test

    def _passed(self) -> list[str]:
        axes = iter(
            ("_blocks[0]", "_blocks[1] if _size > 1 else 1", "_blocks[2] if _size > 2 else 1")
        )
        passed = []
        for argument in self.function.arguments:
            name = argument.name
            if argument.kind == "grid":
                passed.append(next(axes))
            elif argument.kind == "option":
                default = _literal(self.unsaid.get(name))
                passed.append(f"{default} if {name} is None else {name}")
            else:
                passed.append(name)
        return passed


def _unlike(argument: Argument, is_converted: bool) -> list[str]:
    """Conditions under which the library takes a value for what it is not to Triton."""
    name, types = argument.name, set(argument.types)
    if argument.kind == "pointer":
        return [f"{name}.__class__ is int"]
    if argument.kind == "scalar" and not is_converted and types & FLOATS:
        return [f"{name}.__class__ is not float"]
    if argument.kind == "scalar" and not is_converted and types & BOOLS:
        return [f"{name}.__class__ is not bool"]
    if argument.kind == "constexpr" and any(isinstance(one, dict) for one in argument.values):
        return ["True"]
    return []


def _literal(value: Json) -> str:
    """A value of JSON in Python's source."""
    return repr(value)


STANDARD = ("num_warps", "num_stages", "num_ctas", "debug")
"""Options that nearly every launch may give."""

_OWN_NAMES = {"_grid", "_more", "_blocks", "_size", "_error", "_refusal"} | {
    *("_call", "_careful", "_refused", "_result", "_kernel", "_runtime", "_same"),
    *("_enter", "_leave", "_entering", "_leaving"),
}
