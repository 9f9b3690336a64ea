"""Which memory a kernel reads and writes, found by following its addresses through Triton's IR.

Every value carries its roots: the arguments that its address was made of, or that it was loaded
through. Where memory is read or written, the roots of the address tell whose memory it is. An
operation that is not known here counts as reading and writing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from codegen.model.pointer_uses import PointerUses
from codegen.prove.ir_operations import BRANCHES, LEAVES, Effect, effect_of
from codegen.prove.triton_ir import Branch, Function, Module, Operation


@dataclass(frozen=True, order=True)
class Root:
    """Where an address comes from."""

    argument: int
    is_pointer: bool
    """The argument is a pointer or tensor descriptor, and no integer."""
    loaded: bool = False
    """The address stood in memory that the argument leads to."""

    @property
    def strength(self) -> int:
        """Of two numbers that are added, the one that is surely an address has the most."""
        return 2 if self.is_pointer and not self.loaded else int(self.loaded)


Roots = frozenset[Root]
_NONE: Roots = frozenset()


@dataclass
class Effects:
    """What a function does with the memory that its arguments lead to."""

    read: dict[Root, Operation] = field(default_factory=dict)
    written: dict[Root, Operation] = field(default_factory=dict)
    """The first operation that does so."""
    escaped: set[Root] = field(default_factory=set)
    """Addresses that it puts into memory."""
    results: dict[int, Roots] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    """Operations that got addresses and are not known here."""

    def size(self) -> int:
        """Grows whenever something is added."""
        sets = (self.read, self.written, self.escaped, self.unknown, *self.results.values())
        return sum(map(len, sets))


def pointer_uses(module: Module, names: Sequence[str]) -> PointerUses:
    """What the kernel does with the memory at its parameters, which have these names.

    The IR has no names for them: it calls a value as the variable that it was put into last.
    """
    effects = effects_of(module)
    return PointerUses(
        reads=_named(effects.read, effects, names),
        writes=_named(effects.written, effects, names),
        writes_through=frozenset(
            names[root.argument] for root in effects.written if root.loaded or not root.is_pointer
        ),
    )


def _named(done: Iterable[Root], effects: Effects, names: Sequence[str]) -> frozenset[str]:
    """The pointers among the roots, with those that may have been loaded back from memory."""
    roots = set(done)
    if any(root.loaded for root in roots):
        roots |= effects.escaped
    return frozenset(names[o.argument] for o in roots if o.is_pointer and not o.loaded)


def writer(module: Module, argument: int) -> Operation | None:
    """An operation that writes to the memory of this pointer of the kernel."""
    return effects_of(module).written.get(Root(argument, is_pointer=True))


def effects_of(module: Module) -> Effects:
    """What the kernel does, with all that the functions do that it calls."""
    known = {name: Effects() for name in module.functions}
    size = -1
    while size < (size := sum(effects.size() for effects in known.values())):
        for name, function in module.functions.items():
            known[name] = _Flow(function, module.types, known).effects()
    return known[module.kernel]


class _Flow:
    """The roots of every value of one function, grown until nothing is added."""

    def __init__(
        self, function: Function, types: Mapping[int, str], known: Mapping[str, Effects]
    ) -> None:
        self._function = function
        self._types = types
        self._known = known
        self._effects = Effects()
        self._roots: dict[int, Roots] = {}
        self._holders = {
            region: operation for operation in function.operations for region in operation.regions
        }
        for index, value in enumerate(function.arguments):
            if _may_hold_address(types[value]):
                self._add(value, frozenset((Root(index, _is_address(types[value])),)))

    def effects(self) -> Effects:
        size = -1
        while size < (size := self._effects.size() + sum(map(len, self._roots.values()))):
            for operation in self._function.operations:
                if any(value in self._roots for value in operation.operands):
                    self._step(operation)
        return self._effects

    def _step(self, operation: Operation) -> None:
        name, given = operation.name, [self._of(value) for value in operation.operands]
        special = _SPECIAL.get(name)
        effect = effect_of(name)
        if special is not None:
            special(self, operation, given)
        elif name.endswith(LEAVES):
            self._leave(operation, given)
        elif effect in (Effect.READS, Effect.WRITES, Effect.UPDATES):
            self._access(operation, given, effect is not Effect.WRITES, effect is not Effect.READS)
        elif effect is Effect.PASSES_ON:
            self._spread(operation, _sum(given, is_address=name == "tt.addptr"))
        elif effect is Effect.CHOOSES:
            self._spread(operation, _union(given))
        elif effect is None:
            self._unknown(operation, given)

    def _access(
        self, operation: Operation, given: Sequence[Roots], reads: bool, writes: bool
    ) -> None:
        self._touch(operation, given[0], reads, writes)
        others = _union(given[1:])
        if writes:
            self._effects.escaped |= others
        for value in operation.results:
            if reads and _may_hold_address(self._types[value]):
                self._add(value, frozenset(map(_loaded, given[0])))
            self._add(value, others)

    def _touch(self, operation: Operation, address: Roots, reads: bool, writes: bool) -> None:
        for root in sorted(address):
            if reads:
                self._effects.read.setdefault(root, operation)
            if writes:
                self._effects.written.setdefault(root, operation)

    def _select(self, operation: Operation, given: Sequence[Roots]) -> None:
        self._spread(operation, _union(given))

    def _make_descriptor(self, operation: Operation, given: Sequence[Roots]) -> None:
        self._add_all(operation.results, [given[0]])

    def _for(self, operation: Operation, given: Sequence[Roots]) -> None:
        """The operands after the three of the range go into the loop, and the last ones out."""
        self._add_all(operation.results, given[3:])
        self._add_all(self._arguments(operation.regions[0])[1:], given[3:])

    def _while(self, operation: Operation, given: Sequence[Roots]) -> None:
        self._add_all(self._arguments(operation.regions[0]), given)

    def _call(self, operation: Operation, given: Sequence[Roots]) -> None:
        """What the callee does with its arguments is done with what they are given."""
        callee = self._known[operation.callee]
        for theirs, ours in (
            (callee.read, self._effects.read),
            (callee.written, self._effects.written),
        ):
            for root, place in theirs.items():
                for actual in sorted(_seen_from(root, given)):
                    ours.setdefault(actual, place)
        for root in callee.escaped:
            self._effects.escaped |= _seen_from(root, given)
        self._effects.unknown |= callee.unknown
        for index, roots in callee.results.items():
            for root in roots:
                self._add(operation.results[index], _seen_from(root, given))

    def _branch(self, operation: Operation, given: Sequence[Roots]) -> None:
        blocks = self._function.blocks[operation.region]
        everywhere = [Branch(block, 0, 0) for block in range(1, len(blocks))]
        for branch in operation.branches or everywhere:
            if operation.branches:
                taken = given[branch.first : branch.first + branch.count]
                self._add_all(blocks[branch.block], taken)
            else:
                self._add_each(blocks[branch.block], _union(given))

    def _leave(self, operation: Operation, given: Sequence[Roots]) -> None:
        """The end of a block whose values are those of the operation that holds it."""
        holder = self._holders.get(operation.region)
        if holder is None:
            for index, roots in enumerate(given):
                before = self._effects.results.get(index, _NONE)
                self._effects.results[index] = before | roots
        elif holder.name == "scf.while":
            before_region, after_region = holder.regions
            if operation.name == "scf.condition":
                self._add_all(holder.results, given[1:])
                self._add_all(self._arguments(after_region), given[1:])
            else:
                self._add_all(self._arguments(before_region), given)
        else:
            self._add_all(holder.results, given)
            if holder.name == "scf.for":
                self._add_all(self._arguments(operation.region)[1:], given)
            else:
                self._add_each(self._arguments(operation.region), _union(given))

    def _spread(self, operation: Operation, roots: Roots) -> None:
        if not operation.regions:
            self._add_each(operation.results, roots)
        for region in operation.regions:
            for arguments in self._function.blocks[region]:
                self._add_each(arguments, roots)

    def _unknown(self, operation: Operation, given: Sequence[Roots]) -> None:
        """It may do anything with an address, and hand it on."""
        for value, roots in zip(operation.operands, given, strict=True):
            sure = frozenset(o for o in roots if o.strength == 2)
            addresses = roots if _is_address(self._types[value]) else sure
            self._touch(operation, addresses, reads=True, writes=True)
            if addresses:
                self._effects.unknown.add(operation.name)
        everything = _union(given)
        self._add_each(operation.results, everything)
        self._spread(operation, everything)

    def _of(self, value: int) -> Roots:
        return self._roots.get(value, _NONE)

    def _arguments(self, region: int) -> tuple[int, ...]:
        return self._function.blocks[region][0]

    def _add(self, value: int, roots: Roots) -> None:
        if roots and not _BIT.search(self._types[value]):
            self._roots[value] = self._of(value) | roots

    def _add_each(self, values: Iterable[int], roots: Roots) -> None:
        for value in values:
            self._add(value, roots)

    def _add_all(self, values: Sequence[int], given: Sequence[Roots]) -> None:
        for value, roots in zip(values, given, strict=False):
            self._add(value, roots)


_SPECIAL: Mapping[str, Callable[[_Flow, Operation, Sequence[Roots]], None]] = {
    **dict.fromkeys(BRANCHES, _Flow._branch),
    "tt.call": _Flow._call,
    "tt.make_tensor_descriptor": _Flow._make_descriptor,
    "scf.for": _Flow._for,
    "scf.while": _Flow._while,
    "arith.select": _Flow._select,
}
_BIT = re.compile(r"(?:^|x)i1\b")


def _is_address(type_: str) -> bool:
    return "!tt.ptr" in type_ or "!tt.tensordesc" in type_


def _may_hold_address(type_: str) -> bool:
    return "i64" in type_ or _is_address(type_)


def _union(given: Iterable[Roots]) -> Roots:
    return _NONE.union(*given)


def _loaded(root: Root) -> Root:
    return Root(root.argument, root.is_pointer, loaded=True)


def _sum(given: Sequence[Roots], is_address: bool) -> Roots:
    """The roots of a sum. An integer that is added to an address is an offset, unless it was
    made of a pointer."""
    everything = _union(given)
    strongest = max(root.strength for root in everything)
    if is_address and given[0]:
        return given[0] | {root for root in everything if root.strength == 2}
    return frozenset(root for root in everything if root.strength == strongest)


def _seen_from(root: Root, given: Sequence[Roots]) -> Roots:
    """The root of a callee, as the caller sees it that gives these arguments."""
    actual = given[root.argument]
    return frozenset(map(_loaded, actual)) if root.loaded else actual
