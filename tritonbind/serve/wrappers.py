"""Triton's heuristics and autotuners around a served kernel: the same values, nothing measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from tritonbind.serve.configurations import ranked
from tritonbind.serve.kernel import option_defaults
from tritonbind.serve.manifest import Tuned
from tritonbind.serve.returned import ServedLaunch


class Served(Protocol):
    """What serves a kernel, or what stands around one."""

    @property
    def run(self) -> Callable[..., Any]:
        """As Triton's `run`."""
        ...

    @property
    def tuned(self) -> Tuned:
        """Of the kernel."""
        ...

    @property
    def result(self) -> ServedLaunch:
        """What launches return."""
        ...

    def attempt(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        """`run`, but never by the JIT: gives the reason where the library has no such launch."""
        ...


class ServedHeuristics:
    """`triton.heuristics` around what is served: one dict of arguments, which grows."""

    def __init__(self, heuristics: Any, inner: Served) -> None:
        self._heuristics, self._inner = heuristics, inner
        self.tuned, self.result = inner.tuned, inner.result

    def run(self, *args: Any, **kwargs: Any) -> Any:
        self._fill(args, kwargs)
        return self._inner.run(*args, **kwargs)

    def attempt(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        filled = dict(kwargs)
        self._fill(args, filled)
        return self._inner.attempt(args, filled)

    def _fill(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        named = dict(zip(self._heuristics.arg_names, args, strict=False))
        named.update(kwargs)
        for name, heuristic in self._heuristics.values.items():
            kwargs[name] = named[name] = heuristic(named)


class ServedTuner:
    """An autotuner around what is served: it launches with what was best when it was recorded.

    The first launch with a key settles the configuration; the autotuner's own `cache`,
    `best_config` and `nargs` are kept as Triton keeps them.
    """

    def __init__(self, tuner: Any, inner: Served) -> None:
        self._tuner, self._inner = tuner, inner
        self.tuned, self.result = inner.tuned, inner.result
        self._names = frozenset(tuner.arg_names)
        self._configurations: dict[tuple[Any, ...], Any] = {}

    def run(self, *args: Any, **kwargs: Any) -> Any:
        tuner = self._tuner
        if len(tuner.configs) == 1:
            return self._launch(tuner.configs[0], args, kwargs)
        key = self._key(args, kwargs)
        configuration = self._configurations.get(key)
        if configuration is None:
            return self._first(key, args, kwargs)
        if configuration is _MEASURED:
            return type(tuner).run(tuner, *args, **kwargs)
        return self._launch(configuration, args, kwargs)

    def attempt(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        found = self._settle(self._key(args, kwargs), args, kwargs)
        return "has none of its configurations" if found is None else None

    def _key(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """As Triton's, but with dtypes as they are, and not as text."""
        tuner = self._tuner
        named = dict(zip(tuner.arg_names, args, strict=False))
        named.update(kwargs)
        key = [named[name] for name in tuner.keys if name in named]
        for name, value in named.items():
            dtype = getattr(value, "dtype", None)
            if dtype is not None and name in self._names:
                key.append(dtype)
        return tuple(key)

    def _launch(self, configuration: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        tuner = self._tuner
        tuner.nargs = dict(zip(tuner.arg_names, args, strict=False))
        tuner.best_config = configuration
        chosen = configuration.all_kwargs()
        if configuration.pre_hook is not None:
            configuration.pre_hook({**tuner.nargs, **kwargs, **chosen})
        returned = self._inner.run(*args, **kwargs, **chosen)
        tuner.nargs = None
        return returned

    def _first(self, key: tuple[Any, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Launch with the first configuration that the library has; Triton measures if none."""
        tuner = self._tuner
        configuration = self._settle(key, args, kwargs)
        if configuration is None:
            self._configurations[key] = _MEASURED
            return type(tuner).run(tuner, *args, **kwargs)
        self._configurations[key] = tuner.best_config = configuration
        return self._inner.result

    def _settle(self, key: tuple[Any, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        tuner = self._tuner
        tuner.nargs = dict(zip(tuner.arg_names, args, strict=False))
        name = tuple(entry if _is_plain(entry) else str(entry) for entry in key)
        pruned = tuner.prune_configs(kwargs)
        known = [tuner.cache[name]] if name in tuner.cache else []
        for configuration in known + ranked(pruned, self.tuned, name, option_defaults()):
            chosen = configuration.all_kwargs()
            full = {**tuner.nargs, **kwargs, **chosen}
            if len(pruned) > 1 and not known:
                tuner.pre_hook(full, reset_only=True)  # as after measuring: reset_to_zero
            if configuration.pre_hook is not None:
                configuration.pre_hook(full)
            if self._inner.attempt(args, {**kwargs, **chosen}) is None:
                tuner.nargs = None
                tuner.cache[name] = configuration
                return configuration
        return None


_MEASURED = object()
"""In the place of a configuration: the library has none for this key, so Triton measures."""


def _is_plain(entry: Any) -> bool:
    return isinstance(entry, (bool, int, float, str, type(None), tuple))
