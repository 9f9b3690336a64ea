"""Triton's options, wherever they are given, against what Triton's own launches make of them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from triton.backends.compiler import GPUTarget
from triton.backends.nvidia.compiler import CUDABackend
from triton.runtime.jit import JITFunction

from codegen.model.declaration import DECLARATIONS, Declaration
from codegen.model.errors import CodegenError
from codegen.model.kernel import Variant
from codegen.model.options import OPTIONS
from codegen.model.request import triton_options
from codegen.model.targets import Target
from codegen.model.triton_version import current
from tests.support import made
from tests.support.followed_options import FOLLOWED
from tests.support.jit_calls import Array, launched

pytestmark = [pytest.mark.triton, pytest.mark.filterwarnings("ignore:TRITON_DEFAULT_FP_FUSION")]

# Of these, a launch passes the constexpr by its place; and torch has launches of its own.
NOT_BY_KEYWORD = ("apart", "not followed", "torch")


def declaration_of(folder: Path) -> Declaration:
    """The declaration of the file that was read, with the kernel as Triton has it."""
    before = len(DECLARATIONS)
    path = folder / "kernels" / "made.py"
    exec(compile(path.read_text(), str(path), "exec"), {"__name__": "apart"})
    return DECLARATIONS.pop(before)


def launch(declaration: Declaration) -> dict[str, Any]:
    """The keyword arguments of a launch by keyword, as `JITFunction.run` begins with them."""
    given = {**declaration.constexprs, **declaration.options}
    kwargs = launched(declaration.kernel, {"x": Array()}, **given)
    function: Any = declaration.kernel
    while not isinstance(function, JITFunction):
        function = function.fn
    kwargs["debug"] = kwargs.get("debug", function.debug) or False
    return kwargs


def agree(variant: Variant, kwargs: Mapping[str, Any]) -> None:
    theirs = CUDABackend(GPUTarget("cuda", 90, 32)).parse_options(dict(kwargs))
    ours = triton_options(variant.options, Target(90))
    for name in filter(current().has_option, OPTIONS):
        expected = getattr(theirs, name)
        if name == "sanitize_overflow":  # which does nothing without `debug`
            expected = bool(theirs.debug and theirs.sanitize_overflow)
        assert ours[name] == expected, name
    for name, value in variant.constexprs.items():
        assert value == kwargs.get(name, value), name


@pytest.mark.parametrize("case", [c for c in FOLLOWED if not any(n in c for n in NOT_BY_KEYWORD)])
def test_each_way_of_giving_one(tmp_path: Path, case: str) -> None:
    (kernel,) = made.read(tmp_path, FOLLOWED[case][0])
    kwargs = launch(declaration_of(tmp_path))
    for variant in kernel.specialisation.variants:
        agree(variant, kwargs)


VALUES = {  # for the declaration, the heuristic above, the configuration, the heuristic below
    "debug": (True, False, True, False),
    "enable_fp_fusion": (False, True, False, True),
    "num_stages": (2, 3, 4, 5),
}
PLACES = ("export", "above", "config", "below")
GIVEN = [
    places for count in range(len(PLACES) + 1) for places in itertools.combinations(PLACES, count)
]


def source(name: str, places: tuple[str, ...], is_debug: bool) -> str:
    of = dict(zip(PLACES, VALUES[name], strict=True))
    lines = [
        '@export("tests.k", types={"x": "*fp32"}, grid=lambda: (1,)'
        + (f", {name}={of['export']})" if "export" in places else ")")
    ]
    for place in ("above", "config", "below"):
        if place == "config":
            kwargs = {"BLOCK": 32, **({name: of[place]} if place in places else {})}
            # Config's own argument, of which it always has a value.
            own = f", num_stages={kwargs.pop(name)}" if name == "num_stages" in kwargs else ""
            lines.append(f"@triton.autotune([triton.Config({kwargs!r}{own})], key=[])")
        elif place in places:
            lines.append(f'@triton.heuristics({{"{name}": lambda args: {of[place]}}})')
    lines.append(f"@triton.jit(debug={is_debug})\ndef k(x, BLOCK: tl.constexpr):\n    pass\n")
    return "\n".join(lines)


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("places", GIVEN, ids="-".join)
@pytest.mark.parametrize("is_debug", [False, True])
def test_several_ways_at_once(
    tmp_path: Path, name: str, places: tuple[str, ...], is_debug: bool
) -> None:
    """What Triton's launch refuses, as given twice, the generator refuses too; besides that, an
    option of the declaration that a heuristic overrules."""
    text = source(name, places, is_debug)
    try:
        (kernel,) = made.read(tmp_path, text)
    except CodegenError:
        declaration = declaration_of(tmp_path)
        if "export" in places and ("above" in places or "below" in places):
            return
        with pytest.raises((TypeError, KeyError), match=name):
            launch(declaration)
        return
    kwargs = launch(declaration_of(tmp_path))
    for variant in kernel.specialisation.variants:
        agree(variant, kwargs)
