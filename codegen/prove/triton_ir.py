"""Triton's IR as plain data: functions, operations, values by number, and where control goes.

MLIR's objects give the structure. Two things they do not tell: the blocks that a branch goes to,
and the source of an operation without results. Those are read from MLIR's text, where operations
that hold no others come in the same order.
"""

from __future__ import annotations

import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from triton._C.libtriton import ir, nvidia

from codegen.model.errors import SourceLocation


@dataclass(frozen=True)
class Branch:
    """One block that a branch may go to."""

    block: int
    """Its place in its region."""
    first: int
    count: int
    """The operands of the branch that it takes."""


@dataclass(frozen=True)
class Operation:
    """One operation; values are numbers that are equal for equal values."""

    name: str
    """With its dialect: `tt.load`."""
    operands: tuple[int, ...]
    results: tuple[int, ...]
    regions: tuple[int, ...]
    region: int
    """The region that it stands in."""
    callee: str = ""
    branches: tuple[Branch, ...] | None = None
    """Of a branch; None: nothing is known of where it goes."""
    location: str = ""
    """MLIR's text of where it comes from, names of other locations in it."""


@dataclass(frozen=True)
class Function:
    """A kernel, or a function that one calls."""

    name: str
    arguments: tuple[int, ...]
    operations: tuple[Operation, ...]
    """All of them, those within others first."""
    blocks: Mapping[int, tuple[tuple[int, ...], ...]]
    """The arguments of each block of each region."""


@dataclass(frozen=True)
class Module:
    """The IR of one kernel."""

    kernel: str
    functions: Mapping[str, Function]
    types: Mapping[int, str]
    """The type of each value, as MLIR spells it."""
    locations: Mapping[str, str]

    def places(self, operation: Operation) -> Iterator[SourceLocation]:
        """Where in the source it comes from, the innermost call first; nothing without lines."""
        text = operation.location
        for _ in self.locations:
            if not _ALIAS.search(text):
                break
            text = _ALIAS.sub(lambda alias: self.locations.get(alias[0], ""), text)
        for file, line, column in re.findall(r'"([^"]*)":(\d+):(\d+)', text):
            yield SourceLocation(file, int(line), int(column))


_ALIAS = re.compile(r"#loc\d*\b")
_LINE = re.compile(r"^ *(?:%[^=]*= )?([a-z_]+\.[\w.]+)(.*)$", re.MULTILINE)
_TARGET = re.compile(r"\^bb(\d+)(?:\(([^:)]*):)?")
_BRANCHES = {"cf.br": 0, "cf.cond_br": 1}
"""The operands before those that blocks take."""


def read_module(text: str) -> Module:
    """The module that `text` spells: the stage `ttir` of a compiled kernel, or a later one."""
    context = ir.context()
    ir.load_dialects(context)
    nvidia.load_dialects(context)
    with tempfile.NamedTemporaryFile("w", suffix=".mlir", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        module = ir.parse_mlir_module(file.name, context)
    reader = _Reader(text)
    module.walk(reader.read)
    locations = dict(re.findall(r"^(#loc\d*) = loc\((.*)\)$", text, re.MULTILINE))
    return Module(module.get_entry_func_name(), reader.functions, reader.types, locations)


class _Reader:
    """Takes the operations as MLIR walks over them: what an operation holds comes before it."""

    def __init__(self, text: str) -> None:
        self.functions: dict[str, Function] = {}
        self.types: dict[int, str] = {}
        self._lines: dict[str, list[str]] = defaultdict(list)
        for name, rest in reversed(_LINE.findall(text)):
            self._lines[name].append(rest)
        self._operations: list[Operation] = []
        self._blocks: dict[int, dict[int, tuple[int, ...]]] = defaultdict(dict)

    def read(self, operation: Any) -> None:
        name = operation.get_name()
        if name == "builtin.module":
            return
        regions = [operation.get_region(index) for index in range(operation.get_num_regions())]
        if name == "tt.func":
            self._function(operation.get_str_attr("sym_name"), regions[0].id())
            return
        lines = self._lines.get(name)
        line = lines.pop() if lines and not regions else ""
        operands = range(operation.get_num_operands())
        results = range(operation.get_num_results())
        self._operations.append(
            Operation(
                name,
                tuple(self._value(operation.get_operand(index)) for index in operands),
                tuple(self._value(operation.get_result(index)) for index in results),
                tuple(region.id() for region in regions),
                self._region(operation.get_block()),
                operation.get_flat_symbol_ref_attr("callee") or "",
                tuple(_branches(name, line)) or None,
                line.rpartition("loc(")[2].rpartition(")")[0],
            )
        )

    def _function(self, name: str, body: int) -> None:
        blocks = {region: tuple(found.values()) for region, found in self._blocks.items()}
        operations = tuple(self._operations)
        self.functions[name] = Function(name, blocks[body][0], operations, blocks)
        self._operations, self._blocks = [], defaultdict(dict)

    def _region(self, block: Any) -> int:
        """The region of a block, whose arguments are noted when it is seen first."""
        region: int = block.get_parent().id()
        if block.id() not in self._blocks[region]:
            arguments = [block.get_argument(i) for i in range(block.get_num_arguments())]
            self._blocks[region][block.id()] = tuple(map(self._value, arguments))
        return region

    def _value(self, value: Any) -> int:
        number: int = value.id()
        if number not in self.types:
            self.types[number] = str(value.get_type())
        return number


def _branches(name: str, line: str) -> Iterator[Branch]:
    if name not in _BRANCHES:
        return
    first = _BRANCHES[name]
    targets: Sequence[tuple[str, str]] = _TARGET.findall(line)
    for block, values in targets:
        count = len(values.split(",")) if values else 0
        yield Branch(int(block), first, count)
        first += count
