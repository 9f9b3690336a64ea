"""The functions that launch a served kernel: made for its parameters, so that Python binds them.

They do what nearly every launch needs: look whether anything is unusual, and pass the arguments on.
What is unusual goes to `Careful`, with the parameters' values in order.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import Signature
from typing import Any, Protocol

from tritonbind.document import Json
from tritonbind.serve.known_misses import KnownMisses
from tritonbind.serve.launcher_source import LauncherSource
from tritonbind.serve.manifest import Function
from tritonbind.serve.options import Options
from tritonbind.serve.values import RefusedError, equal, same


class Careful(Protocol):
    """The slow way of a launch. `options` are those that the launch was given."""

    def unusual(self, grid: Any, values: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Launch something that cannot just be passed on."""
        ...

    def aside(
        self,
        passed: list[Any],
        blocks: Any,
        grid: Any,
        values: tuple[Any, ...],
        options: dict[str, Any],
    ) -> Any:
        """Pass these on where there are hooks, or arguments that are no tensors of DLPack's."""
        ...

    def missed(
        self, reason: str, grid: Any, values: tuple[Any, ...], options: dict[str, Any]
    ) -> Any:
        """Go on with what the library is known not to have."""
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
    source: LauncherSource
    """Their text."""
    define: Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
    """What another text defines, which may name all that theirs does, and what is given."""


def make(
    function: Function,
    signature: Signature,
    converted: frozenset[str],
    options: Options,
    call: Callable[..., None],
    careful: Careful,
    known: KnownMisses,
    untensors: set[type],
    result: Any,
    hooks: Hooks,
) -> Launcher:
    """The launcher of a kernel.

    Args:
        function: what the package has.
        signature: that of the kernel.
        converted: parameters whose annotation says what a number becomes.
        options: those of the kernel's launches.
        call: the package's Python function.
        careful: the slow way.
        known: misses that are known; empty at first.
        untensors: types that are passed as addresses; empty at first.
        result: what launches return.
        hooks: where hooks would be.

    Raises:
        UnfitError: the function is not one of this kernel.
    """
    source = LauncherSource(function, signature, converted, options)
    enter, leave = hooks.runtime.launch_enter_hook, hooks.runtime.launch_exit_hook
    shared: dict[str, Any] = {
        **{f"_default_{name}": p.default for name, p in signature.parameters.items()},
        **{f"_text_{number}": texts for number, texts in source.texts.items()},
        **{f"_tensor_{number}": of for number, of in source.descriptors.items()},
        "_refusals": (TypeError, ValueError, RuntimeError, RefusedError),
        "_call": call,
        "_careful": careful.unusual,
        "_refused": careful.refused,
        "_aside": careful.aside,
        "_untensors": untensors,
        "_result": result,
        "_kernel": hooks.kernel,
        "_runtime": hooks.runtime,
        "_enter": enter,
        "_leave": leave,
        "_entering": getattr(enter, "calls", ()),
        "_leaving": getattr(leave, "calls", ()),
        "_differ": options.differ,
        "_known": known.reasons,
        "_reason_of": known.reason,
        "_missed": careful.missed,
        # A parameter may be called as any of these.
        **{f"_{one.__name__}": one for one in (callable, len, tuple, int, float, bool, str)},
    }

    def define(text: str, more: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the text defines, where it sees what launchers do, and more."""
        scope = {
            **shared,
            **{f"_constant_{n}": _object(one.value) for n, one in enumerate(function.constants)},
            **more,
        }

        def is_equal(value: Any, number: int) -> bool:
            """Whether it equals this constant; the next time the very object will do."""
            if not equal(value, function.constants[number].value):
                return False
            scope[f"_constant_{number}"] = value
            return True

        scope["_equal"] = is_equal
        exec(compile(text, f"<launcher of {function.identity.name}>", "exec"), scope)
        return scope

    made = define(source.whole(), {})
    return Launcher(made["launch"], made["run"], made["bind"], source, define)


def _object(value: Json) -> Any:
    """The object that launches most often give for a value: small ints and names are the same."""
    if isinstance(value, dict) and "dtype" in value:
        types = vars(sys.modules.get("triton.language", object)).values()
        return next((one for one in types if same(one, value)), object())
    if isinstance(value, str):
        return sys.intern(value)
    return value if isinstance(value, (bool, int, float, type(None))) else object()
