"""A kernel of the program that is served, and the careful way of its launches."""

from __future__ import annotations

import contextlib
import functools
import itertools
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from tritonbind.arguments import value_of
from tritonbind.serve import values as of
from tritonbind.serve.addresses import Addresses
from tritonbind.serve.chain import Step
from tritonbind.serve.known_misses import KnownMisses
from tritonbind.serve.launcher import Hooks, make
from tritonbind.serve.manifest import Argument, Function
from tritonbind.serve.misses import CHANGE, RECORD, Misses, remedy_of
from tritonbind.serve.options import Options
from tritonbind.serve.returned import ServedLaunch
from tritonbind.serve.values import RefusedError


class ServedKernel:
    """A `JITFunction` whose launches go to a function of a package.

    Attributes:
        run: in the place of `JITFunction.run`.
        launch: `run` with the grid as the first argument.
        launcher: these, and how others of the same kernel are made.
        result: what its launches return.
        steps: there are none before the kernel.
        other: the same kernel by another function, which is asked for what this one does not have.
    """

    steps: tuple[Step, ...] = ()

    def __init__(
        self,
        kernel: Any,
        function: Function,
        runtime: Any,
        misses: Misses,
        other: ServedKernel | None = None,
    ) -> None:
        """Raises UnfitError where the function is not of this kernel, ImportError and what else
        the package raises where it cannot be loaded.

        Args:
            kernel: the `JITFunction`.
            function: of a package, with this kernel's digest.
            runtime: `triton.knobs.runtime`.
            misses: where launches are noted that the library does not have.
            other: as the attribute.
        """
        self.function, self.tuned = function, function.tuned
        of_tensors = [one for one in function.arguments if one.kind in ("pointer", "descriptor")]
        self.pointers = tuple(dict.fromkeys(one.place.parameter for one in of_tensors))
        self.result = ServedLaunch(function)
        self._kernel, self._misses = kernel, misses
        self.other = other
        self._before: list[ServedKernel] = []
        if other is not None:
            other._before = [self, *other._before]
        self._runtime = runtime
        self._call = function.load()
        self._prepare = function.package.module().prepare
        self._names = tuple(kernel.signature.parameters)
        self._converted = frozenset(one.name for one in kernel.params if one.annotation_type)
        self._options = Options.of(function, bool(kernel.debug or runtime.debug))
        self._known = KnownMisses([one.is_constexpr for one in kernel.params])
        self._addresses = Addresses(function.arguments)
        self._equals = of.equals(function.arguments)
        self._by_position = _by_position(kernel.params)
        self.launcher = make(
            function,
            kernel.signature,
            self._converted,
            self._options,
            self._call,
            self,
            self._known,
            self._addresses.types,
            self.result,
            Hooks(kernel, runtime),
        )
        self.launch, self.run = self.launcher.launch, self.launcher.run

    def lacks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        """Why the library does not have what `run` would launch; None where it does."""
        grid, values, options = self.launcher.bind(*args, **kwargs)
        try:
            passed, stream = self._passed(values, options, self._blocks(grid, values))
            self._as_built(
                passed, lambda some: self._refusing(self._prepare, self._call, *some, stream)
            )
        except RefusedError as refusal:
            return str(refusal) if self.other is None else self.other.lacks(args, kwargs)
        return None

    def unusual(self, grid: Any, values: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """A launch that is more than passing arguments on."""
        return self._tried(grid, values, options)

    def aside(
        self,
        passed: list[Any],
        blocks: Any,
        grid: Any,
        values: tuple[Any, ...],
        options: dict[str, Any],
    ) -> Any:
        """A launch with hooks, or with arguments that are no tensors, which can be passed on else.

        Where it cannot, it goes the way of what is unusual.
        """
        is_refused = False
        try:
            needs_stream = bool(self._addresses.types) and self._put_addresses(passed)
            stream = self._stream() if needs_stream else None
            self._launch(passed, stream, blocks, values, options)
        except RefusedError:
            is_refused = True
        return self.unusual(grid, values, options) if is_refused else self.result

    def _put_addresses(self, passed: list[Any]) -> bool:
        try:
            return self._addresses.put(passed)
        except Exception as error:
            raise _unreadable(error) from error

    def refused(
        self, error: Exception, grid: Any, values: tuple[Any, ...], options: dict[str, Any]
    ) -> Any:
        """After the library has refused a launch: in another form, or by the JIT.

        Raises the error where it is one of CUDA's.
        """
        if not _is_refusal(error):
            raise error
        return self._tried(grid, values, options)

    def _tried(self, grid: Any, values: tuple[Any, ...], options: dict[str, Any]) -> Any:
        refusal = self._attempt(grid, values, options)
        if refusal is None:
            return self.result
        return self.missed(str(refusal), grid, values, options, refusal.remedy)

    def _attempt(
        self, grid: Any, values: tuple[Any, ...], options: dict[str, Any]
    ) -> RefusedError | None:
        """Launch through the library. Gives the refusal where it does not have this launch."""
        blocks = self._blocks(grid, values)
        try:
            passed, stream = self._passed(values, options, blocks)
            self._as_built(passed, lambda some: self._launch(some, stream, blocks, values, options))
        except RefusedError as refusal:
            if refusal.is_of_kind:
                self._known.add(values, options, str(refusal))
            return refusal
        return None

    def _as_built(self, passed: list[Any], launch: Callable[[list[Any]], Any]) -> None:
        """Launch with these arguments, or where they were not built together, with equal ones.

        Raises RefusedError, as `launch` does, where there are none.
        """
        forms = itertools.product(
            *(
                (one, *self._equals[at].get(one, ())) if at in self._equals else (one,)
                for at, one in enumerate(passed)
            )
        )
        try:
            launch(list(next(forms)))
        except RefusedError:
            for form in forms:
                with contextlib.suppress(RefusedError):
                    launch(list(form))
                    return
            raise

    def _blocks(self, grid: Any, values: tuple[Any, ...]) -> Any:
        return grid(dict(zip(self._names, values, strict=True))) if callable(grid) else grid

    def missed(
        self,
        reason: str,
        grid: Any,
        values: tuple[Any, ...],
        options: dict[str, Any],
        remedy: str = RECORD,
    ) -> Any:
        """Have another function launch what this one does not have, or the JIT."""
        given = {name: value for name, value in options.items() if value is not None}
        args, kwargs = self._as_launched(values)
        if self.other is not None:
            return self.other.run(*args, grid=grid, warmup=False, **kwargs, **given)
        known = ((one.function.name, one._known.reason(values, options)) for one in self._before)
        others = (f"; nor by {name}: {why}" for name, why in known if why is not None)
        self._misses.add(self.function, reason + "".join(others), remedy)
        run = type(self._kernel).run  # that of the kernel itself is the launcher's
        return run(self._kernel, *args, grid=grid, warmup=False, **kwargs, **given)

    def _as_launched(self, values: tuple[Any, ...]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Parameters as launches mostly give them: from the first constexpr on by name."""
        place = self._by_position
        named = zip(self._names[place:], values[place:], strict=True)
        return values[:place], dict(named)

    def _launch(
        self,
        passed: list[Any],
        stream: int | None,
        blocks: Any,
        values: tuple[Any, ...],
        options: dict[str, Any],
    ) -> None:
        """Raises RefusedError where the library does not have it; hooks have not run then."""
        hooks = list(self._kernel.pre_run_hooks)
        enter, leave = _hook(self._runtime.launch_enter_hook), _hook(self._runtime.launch_exit_hook)
        if not hooks and enter is None and leave is None:
            self._refusing(self._call, *passed, stream)
            return
        prepared = self._refusing(self._prepare, self._call, *passed, stream)
        given = {name: value for name, value in options.items() if value is not None}
        if hooks:
            args, kwargs = self._as_launched(values)
            for hook in hooks:
                hook(*args, **kwargs, **given)
        if enter is None and leave is None:
            prepared()
            return
        metadata = self._metadata(blocks, stream, values, given)
        if enter is not None:
            enter(metadata)
        prepared()
        if leave is not None:
            leave(metadata)

    def _refusing(self, call: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return call(*arguments)
        except (TypeError, ValueError, RuntimeError) as error:
            if not _is_refusal(error):
                raise
            text = str(error).partition("\n")[0].removeprefix(self.function.name).lstrip(": ")
            is_of_kind = isinstance(error, TypeError) or text.startswith(_NO_SUCH_LAUNCH)
            raise RefusedError(text, is_of_kind, remedy_of(error, text)) from error

    def _metadata(
        self, blocks: Any, stream: int | None, values: tuple[Any, ...], options: dict[str, Any]
    ) -> Any:
        """What Triton gives launch hooks, made by its own class; there is no CompiledKernel."""
        place = self._stream() if stream is None else stream
        name = self.function.identity.qualname.rpartition(".")[2]
        data = _lazy_dict()({"name": name, "function": None, "stream": place})
        if self._kernel.launch_metadata is not None:
            named = dict(zip(self._names, values, strict=True))
            settled = {**self._options.unsaid, **self._options.built, **options, "name": name}
            data.add(self._kernel.launch_metadata, (blocks, SimpleNamespace(**settled), named))
        return data

    def _passed(
        self, values: tuple[Any, ...], options: dict[str, Any], blocks: Any
    ) -> tuple[list[Any], int | None]:
        """The arguments of the package's function, and the stream where it could not tell that.

        Raises RefusedError where they are not what the library was built for, or fail when they
        are looked at.
        """
        try:
            return self._translated(values, options, [*blocks, 1, 1][:3])
        except RefusedError:
            raise
        except Exception as error:
            raise _unreadable(error) from error

    def _translated(
        self, values: tuple[Any, ...], options: dict[str, Any], axes: list[Any]
    ) -> tuple[list[Any], int | None]:
        named = dict(zip(self._names, values, strict=True))
        given = {**named, **{name: one for name, one in options.items() if one is not None}}
        of.check_tuples(self.function.tuples, named)
        for constant in self.function.constants:
            came = constant.place.of(named)
            if not of.equal(came, constant.value):
                built, found = of.shown(constant.value), of.shown(value_of(came))
                found += " of another source" if found == built else ""
                raise RefusedError(f"`{constant.place}` must be {built}, got {found}")
        self._check_options(given, options)
        grid = iter(_blocks_of(axes))
        passed, has_address, has_tensor = [], False, False
        for argument in self.function.arguments:
            if argument.kind == "grid":
                passed.append(next(grid))
                continue
            if argument.kind == "option":
                value = given.get(argument.name, self._options.unsaid.get(argument.name))
                passed.append(of.as_constexpr(argument, value))
                continue
            value, is_address = self._one(argument, of.plain(argument.place.of(named)), named)
            has_address |= is_address
            has_tensor |= argument.kind == "pointer" and value is not None and not is_address
            passed.append(value)
        return passed, self._stream() if has_address and not has_tensor else None

    def _one(self, argument: Argument, value: Any, named: Mapping[str, Any]) -> tuple[Any, bool]:
        if argument.kind == "pointer":
            passed, is_address = of.as_pointer(argument, value)
            if is_address:
                self._addresses.types.add(value.__class__)
            return passed, is_address
        if argument.kind == "scalar":
            return of.as_scalar(argument, value, argument.name in self._converted), False
        if argument.kind == "constexpr":
            return of.as_constexpr(argument, value), False
        return of.as_descriptor(argument, value, named), False

    def _check_options(self, given: dict[str, Any], options: dict[str, Any]) -> None:
        """Options by name, or where a parameter of the kernel has an option's name."""
        names = {*options, *self._options.named}
        said = {name: given.get(name, self._options.unsaid.get(name)) for name in sorted(names)}
        name = self._options.differ(said)
        if name is not None:
            built = of.shown(self._options.built.get(name))
            raise RefusedError(f"`{name}` must be {built}, got {said[name]!r}")

    def _stream(self) -> int:
        """Triton's current stream."""
        active = _driver().active
        stream: int = active.get_current_stream(active.get_current_device())
        return stream


_NO_SUCH_LAUNCH = "no such launch was built"
"""So begins what the library says of a combination that was not among the launches."""


@functools.cache
def _lazy_dict() -> Any:
    from triton.compiler.compiler import LazyDict

    return LazyDict


@functools.cache
def _driver() -> Any:
    from triton.runtime import driver

    return driver


def _blocks_of(axes: Sequence[Any]) -> list[int]:
    """A grid as ints. Where one is negative Triton launches nothing, as for 0, which is given."""
    found = [operator.index(axis) for axis in axes]
    return found if math.prod(found) > 0 else [max(0, axis) for axis in found]


def _by_position(parameters: Sequence[Any]) -> int:
    """How many of a kernel's parameters launches mostly give by position."""
    for count, one in enumerate(parameters):
        if one.is_constexpr or one._param.kind is one._param.KEYWORD_ONLY:
            return count
    return len(parameters)


def _unreadable(error: Exception) -> RefusedError:
    reason = f"an argument cannot be read: {type(error).__name__}: {error}"
    return RefusedError(reason, is_of_kind=False, remedy=CHANGE)


def _hook(hook: Any) -> Callable[[Any], None] | None:
    """A hook that does something. Triton 3.5 and later have chains of hooks, most often empty."""
    if hook is None or getattr(hook, "calls", True) == []:
        return None
    found: Callable[[Any], None] = hook
    return found


def _is_refusal(error: Exception) -> bool:
    """Whether the library does not have the launch, rather than that CUDA failed."""
    return not isinstance(error, RuntimeError) or "no image" in str(error)
