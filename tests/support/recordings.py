"""Recordings: one by hand, and any, for property tests."""

from __future__ import annotations

import random

from hypothesis import strategies as st

from tritonbind.recording import (
    Device,
    Example,
    Grid,
    Kernel,
    Launch,
    MadeWith,
    NotRecorded,
    Range,
    Recording,
    Tuned,
    TunedRow,
    chosen_examples,
    merged,
)

DIGEST = "0" * 63 + "1"


def launch(**changes: object) -> Launch:
    """Launches of a kernel with a tensor, a length and a block size."""
    parts: dict[str, object] = {
        "arguments": {"x": "*bf16:16", "n": "i32:16", "BLOCK": {"constexpr": 64}},
        "options": {"num_warps": 4},
        "target": "sm_90",
        "count": 3,
        "grid": ((1, 4), (1, 1), (1, 1)),
        "values": {"n": (64, 256)},
        "shapes": {"x": ((64, 256),)},
        "examples": (example(64), example(256)),
    }
    return Launch(**{**parts, **changes})  # type: ignore[arg-type]


def example(n: int) -> Example:
    return Example({"n": n}, {"x": (n,)}, (n // 64, 1, 1))


def kernel(name: str = "app:scale", **changes: object) -> Kernel:
    parts: dict[str, object] = {
        "kernel": name,
        "digest": DIGEST,
        "parameters": ("x", "n", "BLOCK"),
        "wrappers": ("heuristics", "autotune"),
        "launches": (launch(),),
        "grids": (Grid("lambda meta: (cdiv(n, meta['BLOCK']),)", {"n": (64, 256)}),),
        "tuned": (Tuned(("n",), (TunedRow((64, "torch.bfloat16"), {"BLOCK": 64}, 3),)),),
    }
    return Kernel(**{**parts, **changes})  # type: ignore[arg-type]


def recording(*kernels: Kernel) -> Recording:
    made_with = MadeWith(("0.1.0",), ("3.6.0",), ("3.12.3",), (Device("NVIDIA H200", "sm_90"),))
    lost = NotRecorded("app:other", "it was launched past Triton's own launcher", 2)
    return Recording(made_with, kernels or (kernel(),), (lost,))


def any_recording(seed: int) -> Recording:
    """A recording of a few launches, out of so few kinds that two have much in common."""
    lot = random.Random(seed)
    return merged(_part(lot) for _ in range(lot.randrange(4)))


def _part(lot: random.Random) -> Recording:
    any_launch = launch(
        arguments={"n": lot.choice([{"constexpr": 1}, {"constexpr": True}, "i32"])},
        options=lot.choice([{}, {"num_warps": 4}]),
        target=lot.choice(["sm_80", "sm_90"]),
        count=lot.randint(1, 1000),
        grid=(_range(lot), _range(lot), _range(lot)),
        values=lot.choice([{}, {"n": _range(lot)}]),
        shapes={"x": lot.choice([None, (_range(lot),), (_range(lot), _range(lot))])},
        examples=chosen_examples(_example(lot) for _ in range(lot.randint(1, 6))),
    )
    row = TunedRow((lot.choice([1, 1.0, True, None, "1"]),), {"a": lot.choice([1, 2])}, 5)
    any_kernel = kernel(
        lot.choice(["app:one", "app:two"]),
        wrappers=lot.choice([(), ("autotune",), ("heuristics",), ("heuristics", "autotune")]),
        launches=(any_launch,),
        grids=(Grid(lot.choice(["one", "two"]), {lot.choice("nm"): _range(lot)}),),
        tuned=(Tuned((lot.choice("nm"),), (row,)),),
    )
    lost = NotRecorded(lot.choice("ab"), lot.choice("cd"), lot.randint(1, 1000))
    versions = MadeWith(triton=(lot.choice(["3.4.0", "3.9.0"]),))
    return Recording(versions, (any_kernel,), (lost,))


def _range(lot: random.Random) -> Range:
    low, high = sorted(lot.choice([-(2**63), 0, 1, 16, 2**64 - 1]) for _ in range(2))
    return low, high


def _example(lot: random.Random) -> Example:
    shape = (lot.randrange(3), lot.randrange(3))
    return Example({"n": lot.randrange(3)}, {"x": shape}, (lot.randrange(3), 1, 1))


RECORDINGS = st.integers(0, 2**32).map(any_recording)
"""Any recordings that are merged of others, by a number."""
