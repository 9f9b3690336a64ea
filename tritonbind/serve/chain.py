"""A launch through all that stands around a served kernel, as one function for its parameters.

It does what the `run` of heuristics, of an autotuner and of the kernel do one after the other, with
the arguments as variables. What it was not made for takes that way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter
from typing import Any, Protocol

from tritonbind.serve.launcher import Launcher
from tritonbind.serve.launcher_source import LauncherSource

_ABSENT = object()
"""What a parameter is that a launch does not give."""


class Step(Protocol):
    """What heuristics or an autotuner do to a launch."""

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters and options that it gives; the launch does not."""
        ...

    @property
    def reads(self) -> tuple[str, ...]:
        """Parameters and options that it reads as variables."""
        ...

    @property
    def is_told(self) -> bool:
        """Whether it reads a dict of all arguments."""
        ...

    def objects(self, number: int) -> Mapping[str, Any]:
        """What its lines name; `number` is its own in the chain."""
        ...

    def lines(self, number: int, source: ChainSource) -> list[str]:
        """Python that assigns its names."""
        ...


class HeuristicsStep:
    """Heuristics: functions of a dict of all arguments, by the names of what they give."""

    reads: tuple[str, ...] = ()
    is_told = True

    def __init__(self, functions: Mapping[str, Callable[[dict[str, Any]], Any]]) -> None:
        self.names = tuple(functions)
        self._functions = tuple(functions.values())

    def objects(self, number: int) -> Mapping[str, Any]:
        return {f"_heuristic_{number}_{at}": one for at, one in enumerate(self._functions)}

    def lines(self, number: int, source: ChainSource) -> list[str]:
        return [
            f"    {name} = _named[{name!r}] = _heuristic_{number}_{at}(_named)"
            for at, name in enumerate(self.names)
        ]


class TunerStep:
    """An autotuner: a table of its configurations, by what decides its key."""

    is_told = False

    def __init__(
        self,
        tuner: Any,
        names: tuple[str, ...],
        keys: tuple[str, ...],
        pointers: tuple[str, ...],
        chosen: Mapping[tuple[Any, ...], tuple[Any, ...]],
    ) -> None:
        """`chosen` has a configuration and its values, in the order of `names`, by the values of
        `keys` and the dtypes of `pointers`."""
        self.names, self.reads = names, (*keys, *pointers)
        self._tuner, self._chosen = tuner, chosen
        self._keys, self._pointers = keys, pointers

    def objects(self, number: int) -> Mapping[str, Any]:
        return {f"_tuner_{number}": self._tuner, f"_chosen_{number}": self._chosen}

    def lines(self, number: int, source: ChainSource) -> list[str]:
        key = [*map(source.value, self._keys), *map(source.dtype, self._pointers)]
        return [
            "    try:",
            f"        _configuration, {''.join(f'{name}, ' for name in self.names)} = (",
            f"            _chosen_{number}[({''.join(f'{part}, ' for part in key)})]",
            "        )",
            "    except (_KeyError, _TypeError, _AttributeError):",
            f"        return {source.slow}",
            f"    _tuner_{number}.best_config = _configuration",
            *(f"    _named[{name!r}] = {name}" for name in self.names if source.is_told),
        ]


class ChainSource:
    """The Python text of a launch through steps, outermost first, and the kernel."""

    def __init__(self, kernel: LauncherSource, steps: Sequence[Step]) -> None:
        self._kernel, self._steps = kernel, steps
        self._options = kernel.named_options
        self._given = {name for step in steps for name in step.names}
        """By the steps."""
        self._not_yet = set(self._given)
        """Of these, what no step has given that comes before the current one."""
        defaults = {
            name for name, one in kernel.parameters.items() if one.default is not Parameter.empty
        }
        self._optional = [n for n in kernel.names if n in defaults and n not in self._given]
        self._required = [n for n in kernel.names if n not in defaults | self._given]
        self.is_told = any(step.is_told for step in steps)
        self.slow = f"_slow(_grid, {_dict_of(kernel.names)}, {kernel.given()})"

    @property
    def fits(self) -> bool:
        """Whether all that the steps name is a variable, and each is given once."""
        known = {*self._kernel.names, *self._options}
        named = [name for step in self._steps for name in step.names]
        reads = {name for step in self._steps for name in step.reads}
        return len(named) == len(self._given) and known >= {*named, *reads}

    def text(self) -> str:
        lines = [
            f"def launch(_grid, /, {self._declared()}):",
            f"    if {' or '.join(self._unfit())}:",
            f"        return {self.slow}",
        ]
        if self.is_told:
            lines += self._told()
        for number, step in enumerate(self._steps):
            lines += step.lines(number, self)
            self._not_yet -= set(step.names)
        for name in self._optional:
            lines += [f"    if {name} is _absent:", f"        {name} = _default_{name}"]
        return "\n".join([*lines, *self._kernel.body()])

    def value(self, name: str) -> str:
        """A parameter or an option in an autotuner's key: None where it is not given."""
        if name in self._not_yet:
            return "None"
        return f"None if {name} is _absent else {name}" if name in self._optional else name

    def dtype(self, name: str) -> str:
        """That of a parameter in an autotuner's key: None where it has none."""
        if name in self._required and self._kernel.is_plain_pointer(name):
            return f"None if {name} is None else {name}.dtype"
        return f"_getattr({name}, 'dtype', None)"

    def _declared(self) -> str:
        parts = []
        is_first = True
        for name, parameter in self._kernel.parameters.items():
            if parameter.kind is Parameter.KEYWORD_ONLY and "*" not in parts:
                parts.append("*")
            is_first &= name in self._required
            parts.append(name if is_first else f"{name}=_absent")
        parts += [] if "*" in parts else ["*"]
        return ", ".join([*parts, *(f"{option}=None" for option in self._options), "**_more"])

    def _unfit(self) -> list[str]:
        """Conditions of a launch that gives what steps give, or lacks what it must give."""
        names = self._kernel.names
        given = [f"{name} is not _absent" for name in names if name in self._given]
        said = [f"{name} is not None" for name in self._options if name in self._given]
        return [*given, *said, *(f"{name} is _absent" for name in self._lacking())]

    def _lacking(self) -> list[str]:
        """Required parameters that are declared with a default, since some before them are."""
        names = self._kernel.names
        first = next(
            (at for at, name in enumerate(names) if name not in self._required), len(names)
        )
        return [name for name in names[first:] if name in self._required]

    def _told(self) -> list[str]:
        """The dict that heuristics get, as Triton makes it: of what the launch gives."""
        lines = [
            f"    _named = {{{''.join(f'{name!r}: {name}, ' for name in self._required)}"
            "'grid': _grid, 'warmup': False, **_more}",
        ]
        for name in self._optional:
            lines += [f"    if {name} is not _absent:", f"        _named[{name!r}] = {name}"]
        for name in self._options:
            if name not in self._given:
                lines += [f"    if {name} is not None:", f"        _named[{name!r}] = {name}"]
        return lines


def chained(
    steps: Sequence[Step | None], kernel: Launcher, run: Callable[..., Any]
) -> Callable[..., Any]:
    """`launch(grid, *args, **kwargs)` through these steps and the kernel.

    Args:
        steps: outermost first; None for what is not to be had as one.
        kernel: the launcher of the kernel.
        run: the slow way, as Triton's `run` of what is outermost.
    """
    fit = [step for step in steps if step is not None]
    source = ChainSource(kernel.source, fit)
    if len(fit) < len(steps) or not source.fits:
        return lambda grid, /, *args, **kwargs: run(*args, grid=grid, warmup=False, **kwargs)

    def slow(grid: Any, values: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
        named = {name: value for name, value in values.items() if value is not _ABSENT}
        said = {name: value for name, value in options.items() if value is not None}
        return run(grid=grid, warmup=False, **named, **said)

    objects: dict[str, Any] = {
        "_absent": _ABSENT,
        "_slow": slow,
        "_getattr": getattr,
        "_KeyError": KeyError,
        "_TypeError": TypeError,
        "_AttributeError": AttributeError,
    }
    for number, step in enumerate(fit):
        objects.update(step.objects(number))
    launch: Callable[..., Any] = kernel.define(source.text(), objects)["launch"]
    return launch


def _dict_of(names: Sequence[str]) -> str:
    return f"{{{''.join(f'{name!r}: {name}, ' for name in names)}}}"
