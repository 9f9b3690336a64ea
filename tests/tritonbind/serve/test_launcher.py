"""A launcher has the kernel's own parameters, whatever these are called."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tritonbind.kernel_identity import KernelIdentity
from tritonbind.serve.known_misses import KnownMisses
from tritonbind.serve.launcher import Hooks, Launcher, make
from tritonbind.serve.launcher_source import UnfitError
from tritonbind.serve.manifest import Argument, Constant, Function, Place, Tuned
from tritonbind.serve.options import Options
from tritonbind.serve.packages import Package


class Careful:
    """Says which way a launch went."""

    def unusual(self, *given: Any) -> Any:
        return "unusual", *given

    missed = refused = aside = unusual


def launcher(kernel: Any, calls: list[Any], *constants: Constant) -> Launcher:
    known = {one.place.parameter for one in constants}
    names = [name for name in inspect.signature(kernel).parameters if name not in known]
    arguments = [Argument(name, "pointer", Place(name), ("*fp32",)) for name in names]
    function = Function(
        package=Package("p", Path("p"), True),
        name="p.k",
        module="k",
        attribute="k",
        identity=KernelIdentity("m", "k", "0"),
        arguments=(*arguments, Argument("gx", "grid", Place("gx"))),
        constants=constants,
        options={},
        tuned=Tuned(()),
    )
    return make(
        function,
        inspect.signature(kernel),
        frozenset(),
        Options.of(function, False),
        lambda *given: calls.append(given),
        Careful(),
        KnownMisses([False] * (len(names) + len(constants))),
        set(),
        "launched",
        Hooks(
            SimpleNamespace(pre_run_hooks=[]),
            SimpleNamespace(launch_enter_hook=None, launch_exit_hook=None),
        ),
    )


def test_parameters_may_be_called_as_builtins() -> None:
    def kernel(len: Any, callable: Any, int: Any, tuple: Any, str: Any = "plain") -> None: ...

    calls: list[Any] = []
    made = launcher(kernel, calls, Constant(Place("str"), "plain"))
    assert made.launch((3,), "a", callable="b", tuple="d", int="c") == "launched"
    assert made.launch(lambda given: [given["len"]], 7.0, "b", "c", "d", str="pl" + "ain")
    assert calls == [("a", "b", "c", "d", 3), (7.0, "b", "c", "d", 7.0)]


def test_parameters_of_a_kernel_by_name_alone() -> None:
    def kernel(x: Any, *, y: Any = 5.0) -> None: ...

    calls: list[Any] = []
    made = launcher(kernel, calls)
    assert made.run("a", grid=(1,), warmup=False) == "launched"
    assert made.run("a", y="b", grid=(2,), warmup=False, num_warps=4) == "launched"
    assert calls == [("a", 5.0, 1), ("a", "b", 2)]
    with pytest.raises(TypeError, match="positional"):
        made.launch((1,), "a", "b")


def test_an_int_for_a_pointer_is_unusual() -> None:
    def kernel(x: Any) -> None: ...

    made = launcher(kernel, [])
    options = {"num_ctas": None, "num_stages": None, "num_warps": None}
    assert made.launch((1,), 8) == ("unusual", (1,), (8,), options)
    assert made.launch((1,), "a", num_warps=8)[0] == "unusual"
    assert made.launch((1,), "a", odd=8)[3] == {**options, "odd": 8}


def test_names_that_are_used_here_are_refused() -> None:
    def first(_blocks: Any) -> None: ...

    def second(_default_x: Any) -> None: ...

    def third(*several: Any) -> None: ...

    for kernel, reason in (
        (first, "the kernel has a parameter `_blocks`, a name that is used here"),
        (second, "the kernel has a parameter `_default_x`, a name that is used here"),
        (third, r"the kernel takes any number of arguments as `\*several`"),
    ):
        with pytest.raises(UnfitError, match=reason):
            launcher(kernel, [])
