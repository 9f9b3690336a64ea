"""Lines over logarithmic axes, one panel beside the other, as SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 420, 300
LEFT, RIGHT, TOP, BOTTOM = 62, 14, 30, 44
COLOURS = ("#b45309", "#6b7280", "#1d4ed8", "#111827", "#047857", "#be185d", "#9ca3af")


@dataclass(frozen=True)
class Series:
    name: str
    points: Sequence[tuple[float, float]]
    is_dashed: bool = False


def plot(panels: Mapping[str, Sequence[Series]], x: str, y: str) -> str:
    """An SVG of the panels, with the same axes, and one legend below."""
    series = [one for panel in panels.values() for one in panel]
    xs = sorted({point[0] for one in series for point in one.points})
    ys = [point[1] for one in series for point in one.points]
    powers = range(math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys))) + 1)
    names = [one.name for one in next(iter(panels.values()))]
    height = HEIGHT + 22 * math.ceil(len(names) / 2) + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH * len(panels)} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH * len(panels)}" height="{height}" fill="white"/>',
    ]
    for index, (title, lines) in enumerate(panels.items()):
        parts.append(f'<g transform="translate({WIDTH * index} 0)">')
        parts += _panel(title, lines, xs, powers, x, y)
        parts.append("</g>")
    for index, (one, colour) in enumerate(zip(next(iter(panels.values())), COLOURS, strict=False)):
        left, top = LEFT + WIDTH * (index % 2), HEIGHT + 14 + 22 * (index // 2)
        parts.append(_line([(left, top - 4), (left + 28, top - 4)], colour, one.is_dashed))
        parts.append(f'<text x="{left + 36}" y="{top}">{escape(one.name)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _panel(
    title: str,
    lines: Sequence[Series],
    xs: Sequence[float],
    powers: range,
    x: str,
    y: str,
) -> list[str]:
    def across(value: float) -> float:
        whole = math.log(xs[-1] / xs[0])
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(value / xs[0]) / whole

    def down(value: float) -> float:
        part = (math.log10(value) - powers[0]) / (powers[-1] - powers[0])
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * part

    parts = [f'<text x="{LEFT}" y="18" font-weight="bold">{escape(title)}</text>']
    for value in xs:
        at = across(value)
        parts.append(_line([(at, TOP), (at, HEIGHT - BOTTOM)], "#e5e7eb"))
        parts.append(
            f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{value:g}</text>'
        )
    for power in powers:
        at = down(10.0**power)
        parts.append(_line([(LEFT, at), (WIDTH - RIGHT, at)], "#e5e7eb"))
        parts.append(
            f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{10.0**power:g}</text>'
        )
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x)}</text>')
    parts.append(
        f'<text transform="translate(14 {HEIGHT / 2}) rotate(-90)" text-anchor="middle">'
        f"{escape(y)}</text>"
    )
    for one, colour in zip(lines, COLOURS, strict=False):
        points = [(across(a), down(b)) for a, b in one.points]
        parts.append(_line(points, colour, one.is_dashed, 2))
        if not one.is_dashed:
            parts += [
                f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}"/>' for a, b in points
            ]
    return parts


def _line(
    points: Sequence[tuple[float, float]], colour: str, is_dashed: bool = False, width: float = 1
) -> str:
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
    dashes = ' stroke-dasharray="6 4"' if is_dashed else ""
    return (
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dashes}/>'
    )
