"""Breaks long lines of generated C as one would by hand: templates write a statement a line."""

from __future__ import annotations

import itertools
import re
import textwrap
from collections.abc import Iterator

LINE_LENGTH = 100
_FARTHEST = 50
"""Beyond this column, continuation lines are indented instead of aligned."""

_OPENING, _CLOSING = "([{", ")]}"
_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|.', re.DOTALL)
_LITERAL = re.compile(r'"((?:\\.|[^"\\])*)"')


def laid_out(text: str) -> str:
    """`text` with every line that is too long broken: at commas, operators, or between words."""
    return "\n".join(part for line in text.split("\n") for part in _laid_out(line))


def _laid_out(line: str) -> list[str]:
    if len(line) <= LINE_LENGTH:
        return [line]
    # Only in the text as it comes: a piece of a broken line may begin with a multiplication.
    return _comment(line) if re.match(r"\s*(/\*|\*)", line) else _broken(line)


def _broken(line: str) -> list[str]:
    if len(line) <= LINE_LENGTH:
        return [line]
    for break_line in (_at_conditions, _at_choices, _at_commas, _in_literal, _at_operator):
        parts = break_line(line)
        if len(parts) > 1:
            return [piece for part in parts for piece in _broken(part)]
    return [line]


def _comment(line: str) -> list[str]:
    """A line of a block comment; what belongs to an item of a list is indented below it."""
    margin = re.match(r"\s*(/\*|\*)?\s*", line)
    start = margin[0] if margin else ""
    following = start.replace("/*", " *")
    hanging = "    " if re.match(r"\w+: ", line[len(start) :]) else ""
    return textwrap.wrap(
        line[len(start) :],
        LINE_LENGTH,
        initial_indent=start,
        subsequent_indent=following + hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _at_conditions(line: str) -> list[str]:
    """Before each `&&` or `||` of a condition, below its first operand."""
    start = re.match(r"\s*(?:(?:const )?bool \w+ = |return |if \()", line)
    if start is None:
        return [line]
    first, *others = re.split(r" (?=&& |\|\| )", line)
    return [first, *(" " * start.end() + part for part in others)]


def _at_choices(line: str) -> list[str]:
    """Before each `:` of a choice between values, below the first of them."""
    start = re.match(r"\s*const \w+ \w+ = ", line)
    cuts = [place for place in _outside_brackets(line) if line.startswith(" : ", place)]
    if start is None or not cuts:
        return [line]
    first, *others = (line[a:b] for a, b in itertools.pairwise([0, *cuts, len(line)]))
    return [first, *(" " * start.end() + part.lstrip() for part in others)]


def _outside_brackets(line: str) -> Iterator[int]:
    depth, position = 0, 0
    for token in _TOKEN.findall(line):
        depth += (token in _OPENING) - (token in _CLOSING)
        if depth == 0:
            yield position
        position += len(token)


def _at_commas(line: str) -> list[str]:
    """Behind commas in the first bracket that holds some, filled into lines aligned there."""
    for start, items in _brackets(line):
        if len(items) > 1:
            if start > _FARTHEST:
                indent = len(line) - len(line.lstrip()) + 4
                return [line[:start], *_filled(items, " " * indent, " " * indent)]
            return _filled(items, line[:start], " " * start)
    return [line]


def _brackets(line: str) -> Iterator[tuple[int, list[str]]]:
    """Where each outermost bracket's content begins, and its items; the last with what follows.

    The one of an `if`, which may go on in the next line, does not count.
    """
    depth, start, cuts = 0, 0, list[int]()
    before = re.match(r"\s*if \(|", line)
    position = before.end() if before else 0
    for token in _TOKEN.findall(line, position):
        position += len(token)
        if token in _OPENING:
            depth += 1
            if depth == 1:
                start, cuts = position, []
        elif token in _CLOSING:
            depth -= 1
            if depth == 0:
                ends = [*cuts, len(line)]
                begins = [start, *cuts]
                yield start, [line[a:b].strip() for a, b in zip(begins, ends, strict=True)]
        elif token == "," and depth == 1:
            cuts.append(position)


def _filled(items: list[str], first: str, following: str) -> list[str]:
    lines = [first + items[0]]
    for item in items[1:]:
        if len(lines[-1]) + 1 + len(item) <= LINE_LENGTH:
            lines[-1] += f" {item}"
        else:
            lines.append(following + item)
    return lines


def _in_literal(line: str) -> list[str]:
    """A string as several, which the compiler joins: a line each, and long ones between words."""
    literal = max(_LITERAL.finditer(line), key=lambda found: len(found[0]), default=None)
    if literal is None:
        return [line]
    column, behind = literal.start(), len(line) - literal.end()
    texts = re.findall(r"(?:\\.|[^\\])*?(?:\\n|$)", literal[1])[:-1] or [""]
    pieces = [piece for text in texts for piece in _words(text, LINE_LENGTH - column - 2 - behind)]
    quoted = [f'"{piece}"' for piece in pieces]
    quoted[0] = line[:column] + quoted[0]
    quoted[-1] += line[literal.end() :]
    return [quoted[0], *(" " * column + piece for piece in quoted[1:])]


def _at_operator(line: str) -> list[str]:
    """Before the last operator that leaves a short line, of those in the fewest brackets."""
    start = re.match(r"\s*(?:.*? = )?", line)
    depth, position = 0, 0
    cuts: list[tuple[int, int]] = []
    for token in _TOKEN.findall(line):
        if (
            token == " "
            and position <= LINE_LENGTH
            and re.match(r" [-+*/%?:<>=&|]+ ", line[position:])
        ):
            cuts.append((-depth, position))
        depth += (token in _OPENING) - (token in _CLOSING)
        position += len(token)
    indent = start.end() if start else 0
    cuts = [(depth, position) for depth, position in cuts if position > indent]
    if not cuts:
        return [line]
    _, cut = max(cuts)
    return [line[:cut], " " * indent + line[cut + 1 :]]


def _words(text: str, width: int) -> list[str]:
    """Broken behind spaces and, as in paths, behind slashes; a word that is wider than that behind
    a `-` or a `.` of it."""
    pieces = [""]
    for word in re.findall(r"[^\s/]+[\s/]*|[\s/]+", text):
        parts = re.findall(r"[^-.]*[-.]|[^-.]+", word) if len(word.rstrip()) > width else [word]
        for part in parts:
            if pieces[-1] and len(pieces[-1] + part.rstrip()) > width:
                pieces.append("")
            pieces[-1] += part
    return pieces
