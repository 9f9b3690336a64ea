"""Runs functions of other packages, unchanged: `python -m benchmarks.served.programs GROUP...`.

Needs a GPU, torch, Triton and the packages. `--out FILE` keeps what the functions gave; `--compare
FILE` tells how far they are from that. `--no-compiler` has Triton's compiler, ptxas and the C
compiler raise, and counts how often they are asked. Exit code 1: a part failed, results are too far
apart, or something was to be compiled.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.command_line import parser_of
from benchmarks.served.no_compiler import refuse_to_compile
from benchmarks.served.parts import SIZES, LeftOutError, Part, Sizes

GROUPS = {"fla": ["fla"], "liger": ["liger"], "vllm": ["vllm", "vllm_more"]}


def main() -> int:
    parser = parser_of("served.programs", __doc__)
    parser.add_argument(
        "groups", nargs="+", choices=GROUPS, metavar="GROUP", help=", ".join(GROUPS)
    )
    parser.add_argument("--sizes", choices=SIZES, default="recorded")
    parser.add_argument("--only", help="names of parts, with commas between")
    parser.add_argument("--out", type=Path, metavar="FILE")
    parser.add_argument("--compare", type=Path, metavar="FILE")
    parser.add_argument("--no-compiler", action="store_true")
    options = parser.parse_args()
    asked = refuse_to_compile() if options.no_compiler else None

    import torch

    parts = {f"{group}: {name}": one for group in options.groups for name, one in of(group).items()}
    if options.only:
        chosen = options.only.split(",")
        parts = {title: one for title, one in parts.items() if title.split(": ")[1] in chosen}
        if len(parts) < len(chosen):
            parser.error(f"--only: these groups have of {options.only} only {list(parts)}")
    results, is_whole = run(parts, SIZES[options.sizes])
    if options.out:
        torch.save(results, options.out)
    if options.compare:
        from benchmarks.served.compared import compare

        is_whole &= compare(results, torch.load(options.compare))
    if asked is not None:
        print(f"compilations: {dict(asked) or 0}", flush=True)
        is_whole &= not asked
    return 0 if is_whole else 1


def of(group: str) -> dict[str, Part]:
    """The parts of a group, by name."""
    parts: dict[str, Part] = {}
    for module in GROUPS[group]:
        parts.update(importlib.import_module(f"benchmarks.served.{module}").PARTS)
    return parts


def run(parts: Mapping[str, Part], sizes: Sizes) -> tuple[dict[str, Sequence[Any]], bool]:
    """What each part gave, on the CPU, and whether none failed; one that fails stops no other."""
    import torch

    results: dict[str, Sequence[Any]] = {}
    is_whole = True
    for title, part in parts.items():
        torch.manual_seed(0)
        try:
            results[title] = [one.detach().cpu() for one in part(sizes) if one is not None]
            print(f"{title}: {len(results[title])} results", flush=True)
        except LeftOutError as reason:
            print(f"{title}: left out: {reason}", flush=True)
        except Exception as error:
            line = " ".join(str(error).split())
            print(f"{title}: {type(error).__name__}: {line[:400]}", flush=True)
            is_whole = False
    return results, is_whole


if __name__ == "__main__":
    sys.exit(main())
