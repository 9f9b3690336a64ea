"""Triton's heuristics and autotuners around a served kernel: the same values, nothing measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from tritonbind.serve.configurations import ranked
from tritonbind.serve.manifest import Tuned
from tritonbind.serve.options import unsaid_options


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

    def lacks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        """Why the library does not have what `run` would launch; None where it does."""
        ...


class ServedHeuristics:
    """`triton.heuristics` around what is served: one dict of arguments, which grows."""

    def __init__(self, heuristics: Any, inner: Served) -> None:
        self._heuristics, self._inner = heuristics, inner
        self.tuned = inner.tuned

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


_WITHOUT_DTYPE = {int, float, bool, str, type(None)}
_Key = tuple[tuple[Any, ...], tuple[Any, ...]]
"""Values of an autotuner's `key`, and the dtypes of all arguments that have one."""


class ServedTuner:
    """An autotuner around what is served: it launches with what was best when it was recorded.

    The first launch with a key settles the configuration; the autotuner's own `cache`,
    `best_config` and `nargs` are kept as Triton keeps them.
    """

    def __init__(self, tuner: Any, inner: Served) -> None:
        self._tuner, self._inner = tuner, inner
        self.tuned = inner.tuned
        self._names = frozenset(tuner.arg_names)
        self._configurations: dict[_Key, Any] = {}
        """What is launched for a key; None where Triton must measure."""

    def run(self, *args: Any, **kwargs: Any) -> Any:
        tuner = self._tuner
        tuner.nargs = nargs = dict(zip(tuner.arg_names, args, strict=False))
        configuration = tuner.configs[0]
        if len(tuner.configs) > 1 and not kwargs.get("warmup"):
            key = self._key({**nargs, **kwargs})
            try:
                configuration = self._configurations[key]
            except KeyError:
                configuration = self._configurations[key] = self._settle(key, args, kwargs)
            if configuration is None:
                return type(tuner).run(tuner, *args, **kwargs)
        tuner.best_config = configuration
        chosen = configuration.all_kwargs()
        if configuration.pre_hook is not None:
            configuration.pre_hook({**nargs, **kwargs, **chosen})
        returned = self._inner.run(*args, **kwargs, **chosen)
        tuner.nargs = None
        return returned

    def lacks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        tuner = self._tuner
        tuner.nargs = dict(zip(tuner.arg_names, args, strict=False))
        found = self._settle(self._key({**tuner.nargs, **kwargs}), args, kwargs)
        return "it has none of the configurations" if found is None else None

    def _key(self, named: Mapping[str, Any]) -> _Key:
        own = self._names
        dtypes = [
            dtype
            for name, value in named.items()
            if value.__class__ not in _WITHOUT_DTYPE
            and (dtype := getattr(value, "dtype", None)) is not None
            and name in own
        ]
        return tuple([named[name] for name in self._tuner.keys if name in named]), tuple(dtypes)

    def _settle(self, key: _Key, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The first configuration that the library has, or None."""
        tuner = self._tuner
        name = (*key[0], *map(str, key[1]))  # as Triton's
        pruned = tuner.prune_configs(kwargs)
        known = [tuner.cache.get(name)] if name in tuner.cache else []
        for configuration in known + ranked(pruned, self.tuned, name, unsaid_options()):
            chosen = configuration.all_kwargs()
            full = {**tuner.nargs, **kwargs, **chosen}
            if configuration.pre_hook is not None:
                configuration.pre_hook(full)  # which may change what the library is asked for
            if self._inner.lacks(args, {**kwargs, **chosen}) is None:
                if len(pruned) > 1 and not known:
                    tuner.pre_hook(full, reset_only=True)  # as after measuring: reset_to_zero
                tuner.cache[name] = configuration
                return configuration
        return None
