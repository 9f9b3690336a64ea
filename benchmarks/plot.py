"""A bar chart as SVG, of which nothing has to be installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from benchmarks.host_time import FLOOR, Times

BAR, GAP, LABEL, WIDTH, NUMBER = 15, 5, 300, 420, 50
COLOURS = {"prepared": "#0b6e4f", "generated": "#2a9d5c", "": "#9aa5b1"}


def svg(times: Times, title: str) -> str:
    """A group of bars for each number of arguments, the shortest first, and a line at the floor."""
    most = max(value for row in times.medians.values() for value in row.values())
    body: list[str] = [_text(10, 24, title, size=15, weight="bold")]
    top = 40
    for count in times.counts:
        rows = sorted((row[count], name) for name, row in times.medians.items() if count in row)
        body.append(_text(10, top + 16, f"{count} arguments", weight="bold"))
        top += 26
        body += _bars(rows, top, most, times.medians[FLOOR][count])
        top += len(rows) * (BAR + GAP) + 14
    width = LABEL + WIDTH + NUMBER
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top}" width="{width}" '
        f'height="{top}" font-family="sans-serif">\n'
        f'<rect width="{width}" height="{top}" fill="white"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


def _bars(rows: Sequence[tuple[float, str]], top: int, most: float, floor: float) -> list[str]:
    lines = []
    for place, (value, name) in enumerate(rows):
        y = top + place * (BAR + GAP)
        length = WIDTH * value / most
        lines += [
            _text(LABEL - 8, y + 12, name, anchor="end"),
            f'<rect x="{LABEL}" y="{y}" width="{length:.1f}" height="{BAR}" '
            f'fill="{_colour(name)}"/>',
            _text(LABEL + length + 4, y + 12, f"{value:.2f}"),
        ]
    x, bottom = LABEL + WIDTH * floor / most, top + len(rows) * (BAR + GAP) - GAP
    lines.append(f'<path d="M{x:.1f} {top}V{bottom}" stroke="#c0392b" stroke-dasharray="4 3"/>')
    return lines


def _colour(name: str) -> str:
    return next(colour for start, colour in COLOURS.items() if name.startswith(start))


def _text(
    x: float, y: float, text: str, size: int = 12, weight: str = "normal", anchor: str = "start"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" '
        f'text-anchor="{anchor}">{escape(text)}</text>'
    )


def table(times: Times, reference: Mapping[str, str]) -> str:
    """Markdown: microseconds, and for the last columns the ratio to contenders."""
    counts = times.counts
    heads = [f"{count} arguments" for count in counts]
    heads += [f"{count}: over {short}" for short in reference for count in counts]
    lines = [
        "| microseconds per launch | " + " | ".join(heads) + " |",
        "|---" * (len(heads) + 1) + "|",
    ]
    for name, row in times.medians.items():
        cells = [_cell(row.get(count)) for count in counts]
        for other in reference.values():
            base = times.medians.get(other, {})
            cells += [
                _cell(row[count] / base[count] if count in row and count in base else None)
                for count in counts
            ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
