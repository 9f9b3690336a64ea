"""Recordings as files: what they look like, and what is refused."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from tests.support.recordings import RECORDINGS, kernel, launch, recording
from tritonbind import recording_file
from tritonbind.errors import TritonbindError
from tritonbind.recording import SCHEMA, Recording

TEXT = """\
{
  "schema": "tritonbind.recording/1",
  "made_with": {
    "tritonbind": ["0.1.0"],
    "triton": ["3.6.0"],
    "python": ["3.12.3"],
    "devices": [{"name": "NVIDIA H200", "target": "sm_90"}]
  },
  "kernels": [
    {
      "kernel": "app:scale",
      "digest": "0000000000000000000000000000000000000000000000000000000000000001",
      "parameters": ["x", "n", "BLOCK"],
      "wrappers": ["heuristics", "autotune"],
      "launches": [
        {
          "arguments": {"x": "*bf16:16", "n": "i32:16", "BLOCK": {"constexpr": 64}},
          "options": {"num_warps": 4},
          "target": "sm_90",
          "count": 3,
          "grid": [[1, 4], [1, 1], [1, 1]],
          "values": {"n": [64, 256]},
          "shapes": {"x": [[64, 256]]},
          "examples": [
            {"values": {"n": 64}, "shapes": {"x": [64]}, "grid": [1, 1, 1]},
            {"values": {"n": 256}, "shapes": {"x": [256]}, "grid": [4, 1, 1]}
          ]
        }
      ],
      "grids": [{"source": "lambda meta: (cdiv(n, meta['BLOCK']),)", "reads": {"n": [64, 256]}}],
      "tuned": [
        {
          "key": ["n"],
          "rows": [{"key": [64, "torch.bfloat16"], "config": {"BLOCK": 64}, "count": 3}]
        }
      ]
    }
  ],
  "not_recorded": [
    {"kernel": "app:other", "reason": "it was launched past Triton's own launcher", "count": 2}
  ]
}
"""


def test_what_a_file_looks_like() -> None:
    assert recording_file.text_of(recording()) == TEXT


@given(RECORDINGS)
def test_what_was_written_is_read(anything: Recording) -> None:
    text = recording_file.text_of(anything)
    read = recording_file.from_json(json.loads(text), "here")
    assert recording_file.text_of(read) == text
    assert read.merged(Recording()) == anything.merged(Recording())


def test_a_file_is_written_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    recording_file.write(recording(), path)
    recording_file.write(recording(), path)
    assert path.read_text() == TEXT
    assert recording_file.read(path) == recording()
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(TritonbindError, match=rf"^cannot write {path}: Is a directory$"):
        recording_file.write(recording(), path)
    assert list(tmp_path.rglob("*")) == [path]


AGAIN = "record again, or merge again from recordings that are whole"
WRONG: list[tuple[tuple[str | int, ...], Any, str]] = [
    ((), [1], f'expected a recording ("schema": "{SCHEMA}"), got "schema": null'),
    (
        ("schema",),
        "tritonbind.recording/2",
        'expected a recording ("schema": "tritonbind.recording/1"), '
        'got "schema": "tritonbind.recording/2"',
    ),
    (("made_with", "triton"), [3], "made_with.triton[0]: expected text, got 3"),
    (("made_with", "python"), "3.12", 'made_with.python: expected a list, got "3.12"'),
    (
        ("not_recorded",),
        [{}],
        "not_recorded[0]: expected an object with kernel, reason, count, got {}",
    ),
    (
        ("kernels", 0, "kernel"),
        "scale",
        'kernels[0].kernel: expected `module:qualified name`, got "scale"',
    ),
    (("kernels", 0, "digest"), "0", 'kernels[0].digest: expected 64 hex digits, got "0"'),
    (
        ("kernels", 0, "launches", 0, "count"),
        0,
        "kernels[0].launches[0].count: expected a whole number of 1 or more, got 0",
    ),
    (
        ("kernels", 0, "launches", 0, "grid"),
        [[1, 1]],
        "kernels[0].launches[0].grid: expected three ranges, got [[1, 1]]",
    ),
    (
        ("kernels", 0, "launches", 0, "values"),
        {"n": [2, 1]},
        "kernels[0].launches[0].values.n: expected the lowest and the highest, got [2, 1]",
    ),
    (
        ("kernels", 0, "launches", 0, "arguments"),
        [],
        "kernels[0].launches[0].arguments: expected an object, got []",
    ),
    (
        ("kernels", 0, "launches", 0, "arguments", "n"),
        [64],
        "kernels[0].launches[0].arguments.n[0]: expected a type, null, a list of these, "
        '{"constexpr": ...} or {"repr": ...}, got 64',
    ),
    (
        ("kernels", 0, "launches", 0, "examples", 0, "grid"),
        [1.5],
        "kernels[0].launches[0].examples[0].grid: expected a list of whole numbers, got [1.5]",
    ),
]


@pytest.mark.parametrize(("place", "value", "message"), WRONG, ids=lambda part: str(part)[:40])
def test_a_foreign_file_is_refused(place: tuple[str | int, ...], value: Any, message: str) -> None:
    document = copy.deepcopy(json.loads(TEXT))
    holder = document
    for step in place[:-1]:
        holder = holder[step]
    if place:
        holder[place[-1]] = value
    with pytest.raises(TritonbindError) as caught:
        recording_file.from_json(document if place else value, "a.json")
    assert caught.value.reason == f"a.json: {message}"
    if "schema" not in message:
        assert caught.value.hint == AGAIN


def test_a_key_of_another_version_is_refused() -> None:
    document = json.loads(TEXT)
    document["kernels"][0]["closure"] = {}
    with pytest.raises(TritonbindError, match=r"kernels\[0\]: expected an object with kernel, di"):
        recording_file.from_json(document, "a.json")


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("{")
    with pytest.raises(TritonbindError) as caught:
        recording_file.read(path)
    assert str(caught.value).startswith(f"{path}: not JSON: Expecting property name")
    assert caught.value.hint == "name a file that `tritonbind record` wrote"


def test_what_is_nested_beyond_reading_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("[" * 100_000)
    with pytest.raises(TritonbindError, match=rf"^{path}: not JSON: maximum recursion depth"):
        recording_file.read(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TritonbindError) as caught:
        recording_file.read(tmp_path / "a.json")
    assert str(caught.value) == f"{tmp_path / 'a.json'}: No such file or directory"


def test_a_shape_without_a_range_is_kept() -> None:
    mixed = recording(kernel(launches=(launch(shapes={"x": None}),)))
    read = recording_file.from_json(json.loads(recording_file.text_of(mixed)), "a.json")
    assert read == mixed
