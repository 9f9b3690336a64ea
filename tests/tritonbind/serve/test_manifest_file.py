"""A damaged MANIFEST.json is told by function and field, and nothing damaged is served from."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.places import REPOSITORY
from tritonbind.errors import TritonbindError
from tritonbind.serve.manifest import Argument, Constant, Function, Place
from tritonbind.serve.manifest_file import functions_of
from tritonbind.serve.packages import Package

ENTRY = {
    "kernel_identity": {"module": "app.ops", "qualname": "h", "digest": "0a" * 32},
    "python": {"module": "app.ops", "name": "h"},
    "arguments": [
        {"name": "x", "kind": "pointer", "types": ["*fp32", "const *bf16"], "nullable": False},
        {"name": "sizes_1", "kind": "scalar", "types": ["i32"], "of": "sizes", "at": [1]},
        {"name": "tile", "kind": "descriptor", "types": ["tensordesc<bf16[BM, 64], tf32>"]},
        {"name": "BM", "kind": "constexpr", "values": [64, [1, None], {"dtype": "fp32"}, 0.5]},
        {"name": "num_warps", "kind": "option", "values": [4, 8]},
        {"name": "gx", "kind": "grid"},
    ],
    "compiled_in": {
        "BK": {"constexpr": {"float": "inf"}},
        "sizes_0": {"constexpr": None, "of": "sizes", "at": [0]},
        "debug": {"option": False},
    },
    "tuned": {"rows": [{"key": [64, "torch.float32"], "config": {"BM": 64}, "count": 3}]},
    "signature": "what serving does not read",
}
AGAIN = "\n  hint: generate the package again, with this tritonbind: `tritonbind regenerate`"


def read(folder: Path, entry: Any = ENTRY) -> list[Function]:
    document = {"functions": {"app.h": entry}}
    (folder / "MANIFEST.json").write_text(json.dumps(document))
    return functions_of(Package("made", folder, is_importable=False))


def changed(path: tuple[str | int, ...], value: Any) -> Any:
    entry: Any = copy.deepcopy(ENTRY)
    inner = entry
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return entry


def test_a_whole_one_is_read(tmp_path: Path) -> None:
    (function,) = read(tmp_path)
    assert (function.name, function.module, function.attribute) == ("app.h", "app.ops", "h")
    assert function.identity.name == "app.ops:h"
    assert function.arguments[1] == Argument("sizes_1", "scalar", Place("sizes", (1,)), ("i32",))
    assert function.constants == (
        Constant(Place("BK"), {"float": "inf"}),
        Constant(Place("sizes", (0,)), None),
    )
    assert function.options == {"debug": False}
    assert function.tuned.rows == (((64, "torch.float32"), {"BM": 64}),)


def test_those_that_the_generator_writes_are_whole() -> None:
    """Of the repository's own package, which has every kind of argument but descriptors."""
    folder = REPOSITORY / "generated"
    entries = json.loads((folder / "MANIFEST.json").read_bytes())["functions"]
    assert len(functions_of(Package("generated", folder, is_importable=False))) == len(entries)


DAMAGED: list[tuple[tuple[str | int, ...], Any, str]] = [
    (("kernel_identity", "digest"), 5, "expected 64 hex digits, got 5"),
    (("kernel_identity", "digest"), None, "expected 64 hex digits, got null"),
    (
        ("kernel_identity",),
        {"module": "m"},
        'expected an object with module, qualname, digest, got {"module": "m"}',
    ),
    (("python", "module"), 5, "expected a module's name, got 5"),
    (("python", "name"), "a-b", 'expected a function\'s name, got "a-b"'),
    (("arguments",), None, "expected a list, got null"),
    (("arguments", 0, "name"), [], "expected a parameter's name, got []"),
    (
        ("arguments", 0, "kind"),
        None,
        "expected one of pointer, scalar, descriptor, constexpr, option, configuration, grid, "
        "got null",
    ),
    (("arguments", 0, "types"), [], "expected a list of one or more, got []"),
    (("arguments", 0, "types", 1), "bf16", 'expected a pointer\'s type, as *fp32, got "bf16"'),
    (("arguments", 1, "types", 0), "i33", 'expected a number\'s type, as i32, got "i33"'),
    (
        ("arguments", 1, "at"),
        [-1],
        "expected the indices that lead to an entry of a tuple, got [-1]",
    ),
    (
        ("arguments", 2, "types", 0),
        "*bf16",
        'expected a descriptor\'s type, as tensordesc<fp32[16, 16]>, got "*bf16"',
    ),
    (("arguments", 3, "values", 2), {}, "expected a value as recordings spell it, got {}"),
    (
        ("arguments", 3, "values", 1, 0),
        {"float": "1"},
        'expected a value as recordings spell it, got {"float": "1"}',
    ),
    (("arguments", 4), {"name": "n"}, 'expected an object with `kind`, got {"name": "n"}'),
    (("compiled_in", "BK"), {}, "expected an object with `constexpr`, got {}"),
    (
        ("compiled_in", "debug"),
        {"option": 1, "constexpr": 1},
        'expected an object with option, got {"option": 1, "constexpr": 1}',
    ),
    (("tuned", "rows", 0, "config"), [], "expected an object, got []"),
    (("tuned",), None, "expected an object with rows, got null"),
]


@pytest.mark.parametrize(("path", "value", "reason"), DAMAGED)
def test_what_is_damaged_is_told_with_its_place(
    path: tuple[str | int, ...], value: Any, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(TritonbindError) as caught:
        read(tmp_path, changed(path, value))
    steps = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in path)
    assert str(caught.value) == (
        f"{tmp_path / 'MANIFEST.json'}: functions.app.h{steps}: {reason}{AGAIN}"
    )


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """All that serving reads."""
    steps = value.items() if isinstance(value, dict) else enumerate(value)
    for step, inner in steps:
        if step in ("nullable", "count", "signature"):
            continue
        yield (*path, step)
        if isinstance(inner, (dict, list)):
            yield from places(inner, (*path, step))


FREE = {"values", "key", "config", "constexpr", "option"}
"""Below these, plain values are values, and so are lists of them."""
POSSIBLE: dict[str | int, list[Any]] = {
    "arguments": [[]],
    "at": [[5]],
    "values": [[5]],
    "compiled_in": [{}],
    "rows": [[]],
    "key": [[], [5]],
    "config": [{}, {"N": 5}],
}
"""What else could stand there."""


@pytest.mark.parametrize("path", [*places(ENTRY)], ids=str)
def test_nothing_is_taken_for_what_it_is_not(path: tuple[str | int, ...], tmp_path: Path) -> None:
    """In the place of each value, anything that JSON can have."""
    is_below = path[-1] in ("constexpr", "option") or bool(FREE & {*path[:-1]})
    is_free = is_below and path[-1] not in ("dtype", "float")
    possible = [5] if "at" in path[:-1] else POSSIBLE.get(path[-1], [])
    for value in (None, 5, 0.5, True, "", [], [5], {}, {"N": 5}):
        is_possible = not isinstance(value, dict) if is_free else value in possible
        if is_possible and not (value is True and possible == [5]):
            read(tmp_path, changed(path, value))
            continue
        with pytest.raises(TritonbindError, match=r": functions\.app\.h\.\S+: expected"):
            read(tmp_path, changed(path, value))


NAMES = [one for one in places(ENTRY) if isinstance(one[-1], str)]
LEFT_OUT = [("kernel_identity",), ("tuned", "rows", 0, "config", "BM")]
LEFT_OUT += [one for one in NAMES if one[0] == "compiled_in" and len(one) == 2]


@pytest.mark.parametrize("path", [one for one in NAMES if one not in LEFT_OUT], ids=str)
def test_each_name_is_asked_for(path: tuple[str | int, ...], tmp_path: Path) -> None:
    entry = inner = copy.deepcopy(ENTRY)
    for step in path[:-1]:
        inner = inner[step]  # type: ignore[index,assignment]
    del inner[path[-1]]  # type: ignore[arg-type]
    with pytest.raises(TritonbindError, match=r": functions\.app\.h\S*: expected"):
        read(tmp_path, entry)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "{",
            ": not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (cha",
        ),
        ("[]", ": expected an object with functions, got []"),
        ("{}", ": expected an object with `functions`, got {}"),
        ('{"functions": []}', ": functions: expected an object, got []"),
        ('{"functions": {"app.h": {}}}', " says of no function which kernel it was made of"),
        (
            '{"functions": {"app.h": {"kernel_identity": 5}, "app.k": null}}',
            ": functions.app.h: expected an object with `python`, got",
        ),
        ("[" * 100_000, ": not JSON: "),
    ],
)
def test_what_is_no_manifest(text: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "MANIFEST.json").write_text(text)
    with pytest.raises(TritonbindError) as caught:
        functions_of(Package("made", tmp_path, is_importable=False))
    assert str(caught.value).startswith(f"{tmp_path / 'MANIFEST.json'}{reason}")
    assert str(caught.value).endswith(AGAIN)


def test_a_function_without_its_kernel_among_others_is_refused(tmp_path: Path) -> None:
    other = {name: value for name, value in ENTRY.items() if name != "kernel_identity"}
    document = {"functions": {"app.h": ENTRY, "app.k": other}}
    (tmp_path / "MANIFEST.json").write_text(json.dumps(document))
    with pytest.raises(TritonbindError, match=r"functions\.app\.k: expected an object with `kern"):
        functions_of(Package("made", tmp_path, is_importable=False))
