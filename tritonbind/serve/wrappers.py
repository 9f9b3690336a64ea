"""Triton's heuristics and autotuners around a served kernel: the same values, nothing measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol

from tritonbind.serve.chain import HeuristicsStep, Step, TunerStep, chained
from tritonbind.serve.configurations import ranked
from tritonbind.serve.launcher import Launcher
from tritonbind.serve.manifest import Tuned
from tritonbind.serve.options import unsaid_options


class Served(Protocol):
    """What serves a kernel, or what stands around one."""

    @property
    def run(self) -> Callable[..., Any]:
        """As Triton's `run`."""
        ...

    @property
    def launch(self) -> Callable[..., Any]:
        """`run` with the grid as the first argument."""
        ...

    @property
    def tuned(self) -> Tuned:
        """Of the kernel."""
        ...

    @property
    def pointers(self) -> tuple[str, ...]:
        """The kernel's parameters that may be tensors, descriptors or tuples of them."""
        ...

    @property
    def launcher(self) -> Launcher:
        """Of the kernel."""
        ...

    @property
    def steps(self) -> Sequence[Step | None]:
        """What a launch goes through before the kernel, outermost first."""
        ...

    def lacks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        """Why the library does not have what `run` would launch; None where it does."""
        ...


class ServedHeuristics:
    """`triton.heuristics` around what is served: one dict of arguments, which grows."""

    def __init__(self, heuristics: Any, inner: Served) -> None:
        self._heuristics, self._inner = heuristics, inner
        self.tuned, self.pointers, self.launcher = inner.tuned, inner.pointers, inner.launcher
        self.steps = (HeuristicsStep(heuristics.values), *inner.steps)

    @cached_property
    def launch(self) -> Callable[..., Any]:
        """`run` with the grid as the first argument."""
        return chained(self.steps, self.launcher, self.run)

    def run(self, *args: Any, **kwargs: Any) -> Any:
        self._fill(args, kwargs)
        return self._inner.run(*args, **kwargs)

    def lacks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        filled = dict(kwargs)
        self._fill(args, filled)
        return self._inner.lacks(args, filled)

    def _fill(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        named = dict(zip(self._heuristics.arg_names, args, strict=False))
        named.update(kwargs)
        for name, heuristic in self._heuristics.values.items():
            kwargs[name] = named[name] = heuristic(named)


class ServedTuner:
    """An autotuner around what is served: it launches with what was best when it was recorded.

    The first launch with a key settles the configuration; the autotuner's own `cache` and
    `best_config` are kept as Triton keeps them. Its configurations are read once.
    """

    def __init__(self, tuner: Any, inner: Served) -> None:
        self._tuner, self._inner = tuner, inner
        self.tuned, self.pointers, self.launcher = inner.tuned, inner.pointers, inner.launcher
        self._configurations: dict[tuple[Any, ...], tuple[Any, dict[str, Any]] | None] = {}
        """A configuration and its values, by what decides Triton's key; None: Triton measures."""
        self._in_order: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        """The same for the step, with the values in the order of its names."""
        self.steps = (self._step(), *inner.steps)

    @cached_property
    def launch(self) -> Callable[..., Any]:
        """`run` with the grid as the first argument."""
        return chained(self.steps, self.launcher, self.run)

    def _step(self) -> Step | None:
        """None where configurations have hooks, or do not all give the same names; and where they
        are pruned, by functions that are told what the launch gives by position."""
        tuner = self._tuner
        first, *others = (tuple(one.all_kwargs()) for one in tuner.configs)
        has_hooks = any(one.pre_hook is not None for one in tuner.configs)
        is_pruned = tuner.early_config_prune or tuner.perf_model
        if has_hooks or is_pruned or any(one != first for one in others):
            return None
        return TunerStep(tuner, first, tuple(tuner.keys), self.pointers, self._in_order)

    def run(self, *args: Any, **kwargs: Any) -> Any:
        tuner = self._tuner
        named = dict(zip(tuner.arg_names, args, strict=False))
        named.update(kwargs)
        key = (
            *[named.get(name) for name in tuner.keys],
            *[getattr(named.get(name), "dtype", None) for name in self.pointers],
        )
        try:
            chosen = self._configurations[key]
        except KeyError:
            if kwargs.get("warmup"):
                return self._inner.run(*args, **kwargs, **tuner.configs[0].all_kwargs())
            chosen = self._configurations[key] = self._choose(args, kwargs)
            if chosen is not None:
                self._in_order[key] = (chosen[0], *chosen[1].values())
        if chosen is None:
            return type(tuner).run(tuner, *args, **kwargs)
        configuration, values = chosen
        tuner.best_config = configuration
        if configuration.pre_hook is not None:
            configuration.pre_hook({**named, **values})
        return self._inner.run(*args, **kwargs, **values)

    def lacks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        found = self._choose(args, kwargs)
        return "it has none of the configurations" if found is None else None

    def _choose(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]] | None:
        tuner = self._tuner
        configuration = tuner.configs[0]
        if len(tuner.configs) > 1:
            tuner.nargs = dict(zip(tuner.arg_names, args, strict=False))
            try:
                configuration = self._settle({**tuner.nargs, **kwargs}, args, kwargs)
            finally:
                tuner.nargs = None
        return None if configuration is None else (configuration, configuration.all_kwargs())

    def _settle(
        self, named: Mapping[str, Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """The first configuration that the library has, or None."""
        tuner = self._tuner
        key = _key_of(tuner, named)
        pruned = tuner.prune_configs(kwargs)
        known = [tuner.cache.get(key)] if key in tuner.cache else []
        for configuration in known + ranked(pruned, self.tuned, key, unsaid_options()):
            chosen = configuration.all_kwargs()
            full = {**named, **chosen}
            if configuration.pre_hook is not None:
                configuration.pre_hook(full)  # which may change what the library is asked for
            if self._inner.lacks(args, {**kwargs, **chosen}) is None:
                if len(pruned) > 1 and not known:
                    tuner.pre_hook(full, reset_only=True)  # as after measuring: reset_to_zero
                tuner.cache[key] = configuration
                return configuration
        return None


def _key_of(tuner: Any, named: Mapping[str, Any]) -> tuple[Any, ...]:
    """As Triton makes it: values of `key`, and the dtypes of all arguments that have one."""
    own = {name: value for name, value in named.items() if name in tuner.arg_names}
    dtypes = [str(value.dtype) for value in own.values() if hasattr(value, "dtype")]
    return (*[own[name] for name in tuner.keys if name in own], *dtypes)
