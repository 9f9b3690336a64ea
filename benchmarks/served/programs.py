"""Runs functions of other packages, unchanged: `python -m benchmarks.served.programs GROUP...`.

Needs a GPU, torch, Triton and the packages. `--out FILE` keeps what the functions gave; `--compare
FILE` tells how far they are from that. `--no-compiler` replaces Triton's compiler by a function
that raises.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from benchmarks.command_line import parser_of
from benchmarks.served.inputs import SIZES, Part

GROUPS = {"fla": ["fla"], "liger": ["liger"], "vllm": ["vllm", "vllm_more"]}
UNITS = 2
"""Of the last place of the dtype, of the largest of an output: two compilers round apart, once in
a product and once in what it is added to."""


def main() -> int:
    parser = parser_of("served.programs", __doc__)
    parser.add_argument("groups", nargs="+", choices=GROUPS, metavar="GROUP")
    parser.add_argument("--sizes", choices=SIZES, default="recorded")
    parser.add_argument("--only", help="names of parts, with commas between")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--compare", type=Path)
    parser.add_argument("--no-compiler", action="store_true")
    options = parser.parse_args()
    if options.no_compiler:
        refuse_to_compile()
    results: dict[str, Any] = {}
    is_whole = True
    for group in options.groups:
        for name, part in parts_of(group).items():
            title = f"{group}: {name}"
            if options.only and name not in options.only.split(","):
                continue
            torch.manual_seed(0)
            try:
                found = [one.detach() for one in part(SIZES[options.sizes]) if one is not None]
                torch.cuda.synchronize()
            except Exception as error:
                print(f"{title}: {type(error).__name__}: {str(error)[:400]}", flush=True)
                is_whole = False
                continue
            results[title] = [one.cpu() for one in found]
            print(f"{title}: {len(found)} results", flush=True)
    if options.out:
        torch.save(results, options.out)
    if options.compare:
        is_whole &= compare(results, torch.load(options.compare))
    return 0 if is_whole else 1


def parts_of(group: str) -> dict[str, Part]:
    parts: dict[str, Part] = {}
    for module in GROUPS[group]:
        parts.update(importlib.import_module(f"benchmarks.served.{module}").PARTS)
    return parts


def refuse_to_compile() -> None:
    """Whatever would compile from now on raises."""
    import triton
    from triton import compiler
    from triton.compiler import compiler as inner

    def refuse(source: Any, *given: Any, **named: Any) -> None:
        name = getattr(getattr(source, "fn", None), "__name__", source)
        raise RuntimeError(f"{name} was compiled, where nothing is to be")

    for module in (triton, compiler, inner):
        module.compile = refuse


def compare(found: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Print, for each part, the largest difference in units of the last place of the largest."""
    is_near = True
    for title, results in found.items():
        pairs = list(zip(results, before.get(title, ()), strict=False))
        units = max((_units(one, other) for one, other in pairs), default=float("inf"))
        is_near &= units <= UNITS
        print(f"{title}: {units:.3g} units" + " too far" * (units > UNITS))
    return is_near


def _units(one: Any, other: Any) -> float:
    largest = other.float().nan_to_num(posinf=0, neginf=0).abs().max().item()
    if one.dtype == torch.float32:  # computed from inputs and intermediate results of bf16
        step = torch.finfo(torch.bfloat16).eps
    else:
        step = torch.finfo(one.dtype).eps if one.is_floating_point() else 1
    same = (one == other) | (one.isnan() & other.isnan())
    difference = torch.where(same, 0.0, (one.float() - other.float()).abs()).max().item()
    return difference / (step * largest or 1)


if __name__ == "__main__":
    sys.exit(main())
