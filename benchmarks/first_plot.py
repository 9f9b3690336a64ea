"""Bars that are made of stages, as SVG."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

LABEL, WIDTH, NUMBER, BAR, STEP, TOP = 180, 560, 70, 18, 26, 40
COLOURS = (
    *("#d7dce2", "#b8c1cc", "#9aa5b1", "#6f7c8b", "#525f6e"),
    *("#0b6e4f", "#2a9d5c", "#8fd3a8"),
)


def svg(rows: Mapping[str, Mapping[str, float]], title: str) -> str:
    """A bar for each row, with its stages one behind the other, and a legend below."""
    stages = list(dict.fromkeys(stage for row in rows.values() for stage in row))
    colours = dict(zip(stages, COLOURS, strict=False))
    most = max(sum(row.values()) for row in rows.values())
    parts = [_text(10, 24, title, 'font-size="15" font-weight="bold"')]
    for index, (name, row) in enumerate(rows.items()):
        y, x = TOP + STEP * index, float(LABEL)
        parts.append(_text(LABEL - 8, y + 14, name, 'text-anchor="end"'))
        for stage, value in row.items():
            length = WIDTH * value / most
            parts.append(
                f'<rect x="{x:.1f}" y="{y}" width="{length:.1f}" height="{BAR}" '
                f'fill="{colours[stage]}"><title>{escape(stage)}: {value:.2f} ms</title></rect>'
            )
            x += length
        parts.append(_text(x + 6, y + 14, f"{sum(row.values()):.0f}"))
    bottom = TOP + STEP * len(rows) + 8
    for index, stage in enumerate(stages):
        x, y = 10 + 200 * (index % 4), bottom + 22 * (index // 4)
        parts.append(f'<rect x="{x}" y="{y}" width="14" height="14" fill="{colours[stage]}"/>')
        parts.append(_text(x + 20, y + 12, stage))
    width, height = LABEL + WIDTH + NUMBER, bottom + 22 * ((len(stages) + 3) // 4) + 6
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="sans-serif" font-size="12">\n'
        f'<rect width="{width}" height="{height}" fill="white"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _text(x: float, y: float, text: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y}" {more}>{escape(text)}</text>'
