"""The Python text of a launcher: what a launch is asked before it is passed on, and how it is."""

from __future__ import annotations

from functools import partial
from inspect import Parameter, Signature

from tritonbind.serve.manifest import Function
from tritonbind.serve.options import Options
from tritonbind.serve.values import (
    BOOLS,
    FLOATS,
    Texts,
    as_descriptor,
    is_passed_as_text,
    is_sized_by_parameters,
)


class UnfitError(Exception):
    """Why a kernel cannot be served by a function, whatever it is launched with."""


class LauncherSource:
    """The source of a launcher."""

    def __init__(
        self,
        function: Function,
        signature: Signature,
        converted: frozenset[str],
        options: Options,
    ) -> None:
        self.function, self.options, self.converted = function, options, converted
        self.parameters = signature.parameters
        self.names = tuple(signature.parameters)
        arguments = list(enumerate(function.arguments))
        self.texts = {
            number: Texts(one)
            for number, one in arguments
            if one.kind == "constexpr" and is_passed_as_text(one.values)
        }
        self.descriptors = {
            number: partial(as_descriptor, one)
            for number, one in arguments
            if one.kind == "descriptor"
        }
        self.named_options = tuple(one for one in options.named if one not in self.names)
        self._check()

    def is_plain_pointer(self, name: str) -> bool:
        """Whether a parameter is a tensor or None, and no descriptor or tuple."""
        return any(
            one.kind == "pointer" and str(one.place) == name for one in self.function.arguments
        )

    def _check(self) -> None:
        described = {place.parameter for place in self.function.places}
        missing = [name for name in self.names if name not in described]
        unknown = sorted(described - set(self.names))
        if missing or unknown:
            listed = ", ".join(f"`{name}`" for name in missing or unknown)
            reason = f"it has no {listed}" if missing else f"the kernel has no {listed}"
            raise UnfitError(reason)
        for name, parameter in self.parameters.items():
            if parameter.kind is Parameter.VAR_POSITIONAL:
                raise UnfitError(f"the kernel takes any number of arguments as `*{name}`")
            if name in _OWN_NAMES or name.startswith(_OWN_PREFIXES):
                raise UnfitError(f"the kernel has a parameter `{name}`, a name that is used here")
        for argument in self.function.arguments:
            if argument.kind not in _KINDS:
                raise UnfitError(f"`{argument.name}` of its function is a {argument.kind}")

    def whole(self) -> str:
        body = self.body()
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
                f"    return grid, {self._values()}, {self.given()}",
            ]
        )

    def _declared(self, *first: str) -> str:
        """The parameters: the kernel's own, then by name what is first, options, and others."""
        parts = []
        for name, parameter in self.parameters.items():
            if parameter.kind is Parameter.KEYWORD_ONLY and "*" not in parts:
                parts.append("*")
            default = "" if parameter.default is Parameter.empty else f"=_default_{name}"
            parts.append(name + default)
        parts += [] if "*" in parts else ["*"]
        return ", ".join(
            [*parts, *first, *(f"{option}=None" for option in self.named_options), "**_more"]
        )

    def body(self) -> list[str]:
        """From the parameters' values, options and `_grid` to the launch."""
        values, given, passed = self._values(), self.given(), ", ".join(self._passed())
        named = ", ".join(f"{name!r}: {name}" for name in self.names)
        return [
            "    if _known:",
            f"        _reason = _reason_of({values}, {given})",
            "        if _reason is not None:",
            f"            return _missed(_reason, _grid, {values}, {given})",
            f"    if {' or '.join(self._unusual())}:",
            f"        return _careful(_grid, {values}, {given})",
            "    _blocks = _grid",
            "    if _callable(_blocks):",
            f"        _blocks = _blocks({{{named}}})",
            "    _size = _len(_blocks)",
            "    try:",
            f"        if _untensors or {' or '.join(_HOOKS)}:",
            f"            _arguments = [{passed}]",
            "        else:",
            f"            _call({passed})",
            "            return _result",
            "    except _refusals as _error:",
            "        _refusal = _error",  # outside of `except`, errors of others get no context
            "    else:",
            f"        return _aside(_arguments, _blocks, _grid, {values}, {given})",
            f"    return _refused(_refusal, _grid, {values}, {given})",
        ]

    def _values(self) -> str:
        return f"({''.join(f'{name}, ' for name in self.names)})"

    def given(self) -> str:
        """A dict of the options that a launch gives."""
        pairs = "".join(f"{name!r}: {name}, " for name in self.named_options)
        return f"{{{pairs}**_more}}"

    def _unusual(self) -> list[str]:
        """Conditions of a launch that cannot just be passed on."""
        return [
            "(_more and _differ(_more))",
            *self._other_tuples(),
            *self._other_kinds(),
            *self._other_constants(),
            *self._other_options(),
        ]

    def _other_tuples(self) -> list[str]:
        """Tuples of another shape than the kernel was built with."""
        return [
            f"{outer}.__class__ is not _tuple or _len({outer}) != {size}"
            for outer, size in self.function.tuples.items()
        ]

    def _other_kinds(self) -> list[str]:
        """Values that the library would take for what they are not to Triton."""
        found = []
        for argument in self.function.arguments:
            value, types = argument.place, set(argument.types)
            is_converted = argument.name in self.converted
            if argument.kind == "pointer":
                found.append(f"{value}.__class__ is _int")
            elif argument.kind == "scalar" and not is_converted and types & FLOATS:
                found.append(f"({value}.__class__ is not _float and {value} is not None)")
            elif argument.kind == "scalar" and not is_converted and types & BOOLS:
                found.append(f"({value}.__class__ is not _bool and {value} is not None)")
            elif argument.kind == "descriptor" and any(map(is_sized_by_parameters, types)):
                found.append("True")
        return found

    def _other_constants(self) -> list[str]:
        found = []
        for number, constant in enumerate(self.function.constants):
            came, value = constant.place, constant.value
            test = f"{came} is not _constant_{number}"
            other = f"not _equal({came}, {number})"
            if value is None:
                found.append(test)
            elif isinstance(value, (int, float, str)) and not isinstance(value, bool):
                kind = type(value).__name__
                differs = f"({came}.__class__ is not _{kind} or {came} != {value!r})"
                found.append(f"({test} and {differs} and {other})")
            else:
                found.append(f"({test} and {other})")
        return found

    def _other_options(self) -> list[str]:
        found = []
        for name in self.options.named:
            if name in self.options.built:
                built = self.options.built[name]
                test = f"{name} != {built!r}"
                is_unsaid = built == self.options.unsaid[name]
                found.append(f"({name} is not None and {test})" if is_unsaid else test)
        return found

    def _passed(self) -> list[str]:
        axes = iter(
            ("_blocks[0]", "_blocks[1] if _size > 1 else 1", "_blocks[2] if _size > 2 else 1")
        )
        passed = []
        for number, argument in enumerate(self.function.arguments):
            name = argument.name
            if number in self.texts:
                passed.append(f"_text_{number}[{argument.place}.__class__, {argument.place}]")
            elif number in self.descriptors:
                passed.append(f"_tensor_{number}({argument.place}, {{}})")
            elif argument.kind == "grid":
                passed.append(next(axes))
            elif argument.kind == "option":
                unsaid = self.options.unsaid.get(name)
                passed.append(f"{unsaid!r} if {name} is None else {name}")
            else:
                passed.append(str(argument.place))
        return passed


_HOOKS = (
    "_kernel.pre_run_hooks",
    "_entering",
    "_leaving",
    "_runtime.launch_enter_hook is not _enter",
    "_runtime.launch_exit_hook is not _leave",
)
"""Whether there are hooks to be called."""

_KINDS = {"pointer", "scalar", "descriptor", "constexpr", "option", "grid"}

_OWN_NAMES = {
    *("_grid", "_more", "_blocks", "_size", "_error", "_refusal", "_refusals", "_reason"),
    *("_untensors", "_arguments", "_aside"),
    *("_call", "_careful", "_refused", "_missed", "_result", "_kernel", "_runtime"),
    *("_equal", "_differ", "_known", "_reason_of", "_enter", "_leave", "_entering", "_leaving"),
    *("_named", "_absent", "_slow", "_configuration"),
    *("_getattr", "_KeyError", "_TypeError", "_AttributeError"),
    *("_callable", "_len", "_tuple", "_int", "_float", "_bool", "_str"),
}
_OWN_PREFIXES = (
    *("_default_", "_constant_", "_text_", "_tensor_"),
    *("_heuristic_", "_tuner_", "_chosen_"),
)
