"""Which memory kernels read and write: a table by hand, and what they do when interpreted."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import triton

from codegen.model.declaration import Declaration
from codegen.model.pointer_uses import PointerUses, union
from codegen.model.targets import Target
from tests.support.bfloat16 import to_bf16
from tests.support.interpreter import load
from tests.support.places import KERNELS, REPOSITORY
from tests.support.uses import changed_by, compiled_uses

pytestmark = pytest.mark.triton

COMMITTED = REPOSITORY / "kernels"
DECLARED = load(KERNELS / "uses.py").declared

# For each variant of each kernel of tests/kernels/uses.py: read, written, written through.
EXPECTED = {
    ("copy", "generic"): ("x", "out", ""),
    ("in_place", "generic"): ("x", "x", ""),
    ("atomics", "generic"): ("total best lock flag", "total best lock flag seen", ""),
    ("carried", "generic"): ("x limit", "out", ""),
    ("exchanged", "generic"): ("z", "x y", ""),
    ("chosen", "generic"): ("a b", "x y", ""),
    ("early", "generic"): ("a", "x y", ""),
    ("calling", "generic"): ("x by", "out", ""),
    ("table", "generic"): ("pointers index x", "", "pointers"),
    ("address", "generic"): ("x", "", "where"),
    ("escaped", "generic"): ("slots", "slots x", "slots"),
    ("hidden", "generic"): ("y", "x", ""),
    ("optional", "LOG_False-generic"): ("x", "x", ""),
    ("optional", "LOG_True-generic"): ("x", "x log", ""),
    ("descriptors", "generic"): ("x", "out", ""),
    ("reduced", "generic"): ("total", "total", ""),
    ("joined", "generic"): ("x y", "x y a", ""),
    ("assembly", "generic"): ("x", "x out", ""),
    ("printing", "generic"): ("", "out", ""),
}


@pytest.fixture(scope="module")
def found() -> dict[str, dict[str, PointerUses]]:
    return compiled_uses(KERNELS, "uses.py")


@pytest.mark.triton
@pytest.mark.parametrize(("kernel", "variant"), EXPECTED)
def test_each_variant(found: dict[str, dict[str, PointerUses]], kernel: str, variant: str) -> None:
    sets = [frozenset(names.split()) for names in EXPECTED[kernel, variant]]
    assert found[kernel][variant] == PointerUses(*sets)


def test_the_table_has_every_kernel(found: dict[str, dict[str, PointerUses]]) -> None:
    assert {(kernel, label) for kernel, uses in found.items() for label in uses} == set(EXPECTED)


@pytest.mark.parametrize("target", [Target(90), Target(100), Target(80, is_ptx=True)])
def test_tensor_descriptors_are_others_on_others_targets(target: Target) -> None:
    names = ("descriptors", "reduced")
    found = compiled_uses(KERNELS, "uses.py", target, names)
    for name in names:
        sets = [frozenset(names.split()) for names in EXPECTED[name, "generic"]]
        assert found[name] == {"generic": PointerUses(*sets)}


@pytest.mark.triton
@pytest.mark.parametrize("target", [Target(80), Target(90), Target(100)])
def test_tensor_descriptors_that_are_arguments(target: Target) -> None:
    """One argument of the function is several of the kernel, and not the same on each target."""
    found = compiled_uses(KERNELS, "descriptors.py", target, ("matmul", "facts"))
    products = PointerUses(frozenset({"a_desc", "b_desc"}), frozenset({"c_desc"}))
    assert set(found["matmul"].values()) == {products}
    sums = PointerUses(frozenset({"source"}), frozenset({"out"}))
    assert set(found["facts"].values()) == {sums}


def test_a_kernel_of_gluon() -> None:
    uses = compiled_uses(KERNELS, "gluon.py", only=("copy",))["copy"]["generic"]
    assert uses == PointerUses(frozenset({"source"}), frozenset({"target"}))


def floats(name: str) -> np.ndarray:
    return np.random.default_rng(sum(name.encode())).uniform(2, 3, 64).astype(np.float32)


# What each kernel is launched with besides floats, in turns. The others cannot be interpreted, or
# keep addresses.
LAUNCHES: dict[str, list[dict[str, Any]]] = {
    "copy": [{}],
    "in_place": [{}],
    "atomics": [{name: np.zeros(4, np.int32) for name in ("best", "lock", "seen", "flag")}],
    "carried": [{"limit": np.array([3, 4, 1], np.int32)}],
    "exchanged": [{"n": 2}],
    "chosen": [{"n": 4}, {"n": 3}],
    "early": [{"n": 5}, {"n": 3}, {"n": 4}, {"n": -20}],
    "calling": [{"by": np.array([5], np.int32)}],
    "hidden": [{"n": 8}],
    "optional": [{"LOG": False}, {"LOG": True}],
    "descriptors": [{"n": 16, **{name: np.ones((16, 16), np.float16) for name in ("x", "out")}}],
    "joined": [{}],
    "printing": [{}],
}


@pytest.mark.parametrize("kernel", LAUNCHES)
def test_an_interpreted_kernel_changes_what_is_called_written(
    found: dict[str, dict[str, PointerUses]], kernel: str
) -> None:
    uses, declaration = union(found[kernel].values()), DECLARED[kernel]
    changed = set()
    for given in LAUNCHES[kernel]:
        pointers = {name for name, type_ in declaration.types.items() if "*" in type_}
        arrays = {name: given.get(name, floats(name)) for name in pointers}
        others = {name: value for name, value in given.items() if name not in pointers}
        not_read = {name: arrays[name] + 1 for name in pointers - uses.reads}
        changed |= changed_by(declaration, arrays, others, not_read)
    assert changed == uses.writes


def test_memory_that_is_written_through_addresses() -> None:
    """The interpreter writes to an array that is no argument of the launch, and to no argument."""
    target, x = floats("target"), floats("x")
    address = target.ctypes.data
    for kernel, arrays, others in (
        ("table", {"pointers": np.array([0, address]), "index": np.ones(1, np.int32)}, {}),
        ("address", {}, {"where": address}),
    ):
        before = target.copy()
        with pytest.raises(IndexError, match="accesses memory outside its tensors"):
            changed_by(DECLARED[kernel], {**arrays, "x": x}, others, {})
        assert np.array_equal(target, before)


SIZES: dict[str, dict[str, object]] = {
    "basics/vector_add.py": {"size": 1000},
    "basics/softmax.py": {"rows": 3, "columns": 50},
    "qwen35/gated_delta_rule.py": {
        **{"seq_len": 70, "num_value_heads": 1, "num_key_heads": 1, "qkv_dim": 384, "scale": 0.1},
    },
}


@pytest.mark.parametrize("file", SIZES)
def test_the_repositorys_kernels(file: str) -> None:
    """What the manifest says of them, which is of the present analysis while it is fresh."""
    functions = json.loads((REPOSITORY / "generated/MANIFEST.json").read_bytes())["functions"]
    for declaration in load(COMMITTED / file).declared.values():
        used = functions[declaration.name]["pointers"]
        read = {name for name, use in used.items() if use in ("in", "inout")}
        written = {name for name, use in used.items() if use in ("out", "inout")}
        first, second = (random_tensors(declaration, SIZES[file], seed) for seed in (1, 2))
        takes = declaration.kernel.arg_names
        others = {name: value for name, value in SIZES[file].items() if name in takes}
        not_read = {name: array for name, array in second.items() if name not in read}
        assert changed_by(declaration, first, others, not_read) == written
        assert read | written == first.keys()


def random_tensors(
    declaration: Declaration, sizes: dict[str, object], seed: int
) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    tensors = {}
    for name, shape in declaration.shapes.items():
        lengths = [eval(str(size), {"cdiv": triton.cdiv}, sizes) for size in shape]
        values = 0.1 * random.standard_normal(lengths)
        is_bf16 = declaration.types[name] == "*bf16"
        tensors[name] = to_bf16(values) if is_bf16 else values.astype(np.float32)
    return tensors
