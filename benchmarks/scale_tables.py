"""What `benchmarks.scale` writes: Markdown tables, and a plot of growth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from benchmarks.chain_plot import Series, plot
from benchmarks.commands import Cost
from benchmarks.growth import Point
from benchmarks.packed_images import Packed
from benchmarks.regenerate import Regenerated
from benchmarks.typed_functions import Compiled, Found

PARALLEL, SINGLE, FRESH, MORE = 0.6, 1.1, 0.15, 1.0
"""The bars: of the sum of `triton.compile`, twice; seconds; seconds more than the compiling."""
NANOSECONDS = 20.0
"""What choosing among many variants may take more than with one."""

ROWS: Sequence[tuple[str, Callable[[Point], float], str]] = (
    ("`regenerate` from nothing, s", lambda point: point.generate.wall, "{:.2f}"),
    ("... of processors, s", lambda point: point.generate.cpu, "{:.2f}"),
    ("... its largest process, MiB", lambda point: point.generate.memory / 2**20, "{:.0f}"),
    ("`regenerate`, nothing changed, s", lambda point: point.fresh.wall, "{:.3f}"),
    ("C compiler on the function's source, s", lambda point: point.compile_c, "{:.3f}"),
    ("C source, KiB", lambda point: point.c / 1024, "{:.1f}"),
    ("manifest, KiB", lambda point: point.manifest / 1024, "{:.0f}"),
    ("images, KiB", lambda point: point.images / 1024, "{:.0f}"),
    ("library, KiB", lambda point: point.library / 1024, "{:.0f}"),
    ("loading the library, ms", lambda point: 1e3 * point.load, "{:.2f}"),
    ("choosing: a call without a launch, ns", lambda point: point.choose, "{:.1f}"),
)


def tables(
    machine: str, regenerated: Regenerated, points: Sequence[Point], packed: Packed, typed: Found
) -> str:
    parts = [
        machine,
        "### Regenerating",
        _regenerating(regenerated),
        "### Growth",
        _growth(points),
        "### Compression",
        _compression(packed),
        "### C and C++",
        _typed(typed),
    ]
    return "\n\n".join(parts) + "\n"


def _regenerating(found: Regenerated) -> str:
    def row(what: str, cost: Cost, ratio: str, bar: str) -> str:
        return f"{what} | {cost.wall:.2f} | {cost.cpu:.2f} | {ratio} | {bar}"

    alone = (
        f"`triton.compile` alone, {found.images} images | {found.wall:.2f} | {found.cpu:.2f} | |"
    )
    rows = [
        alone,
        row(
            f"`regenerate` from nothing, {found.cores} cores",
            found.parallel,
            _ratios(found, found.parallel),
            f"{PARALLEL} with 2 cores",
        ),
        row(
            "`regenerate -j 1` from nothing",
            found.single,
            _ratios(found, found.single),
            f"{SINGLE}",
        ),
        row("`regenerate`, nothing changed", found.fresh, "", f"{FRESH} s"),
    ]
    for kernel, cost in found.changed.items():
        alone_wall, _ = found.alone[kernel]
        rows.append(
            row(
                f"`regenerate`, `{kernel}` changed",
                cost,
                f"{cost.wall - alone_wall:+.2f} s to its {alone_wall:.2f} s",
                f"+{MORE:.2f} s",
            )
        )
    text = _table(["", "s", "s of processors", "", "bar"], rows)
    return f"{text}\n\nA process that compiled had {found.memory >> 20} MiB at most."


def _ratios(found: Regenerated, cost: Cost) -> str:
    return f"{cost.wall / found.wall:.2f} of it, {cost.cpu / found.cpu:.2f} of processors"


def _growth(points: Sequence[Point]) -> str:
    (few, many), first = points[-2:], points[0]
    head = ["variants", *(f"{point.variants:,}" for point in points)]
    rows = []
    for name, value, form in ROWS:
        cells = " | ".join(form.format(value(point)) for point in points)
        rows.append(f"{name} | {cells} | {value(many) / value(few):.1f}")
    text = _table([*head, f"{many.variants:,} over {few.variants:,}"], rows)
    more = many.choose - first.choose
    return (
        f"{text}\n\nChoosing among {many.variants:,} takes {more:+.1f} ns to that with one; "
        f"the bar is {NANOSECONDS:.0f} ns."
    )


def _compression(packed: Packed) -> str:
    rows = [f"as it is | {packed.size >> 10:,} | 1.00 | |"]
    rows += [
        f"{method.name} | {method.size >> 10:,} | {method.size / packed.size:.2f} | "
        f"{1e3 * method.all:.1f} | {1e3 * method.largest:.2f}"
        for method in packed.methods
    ]
    head = [f"{packed.images} images", "KiB", "of that", "all undone, ms", "the largest, ms"]
    text = _table(head, rows)
    return (
        f"{text}\n\nThe library as it is: {packed.library >> 10:,} KiB, loaded in "
        f"{1e3 * packed.load:.2f} ms."
    )


def _typed(found: Found) -> str:
    rows = []
    for title, (ours, theirs) in found.items():
        for mine, other in zip(ours, theirs, strict=True):
            count = f"{mine.functions} function{'s' * (mine.functions > 1)}"
            rows.append(f"{count} of {title} | {_pair(mine, other)}")
        mine, other = _each(ours), _each(theirs)
        rows.append(f"each further one | {_pair(mine, other)}")
    head = ["", "C, s", "C++, s", "C over C++", "C, KiB", "C++, KiB", "C over C++"]
    return _table(head, rows)


def _each(compiled: Sequence[Compiled]) -> Compiled:
    first, last = compiled[0], compiled[-1]
    count = last.functions - first.functions
    return Compiled(1, (last.seconds - first.seconds) / count, (last.bytes - first.bytes) // count)


def _pair(mine: Compiled, other: Compiled) -> str:
    return (
        f"{mine.seconds:.2f} | {other.seconds:.2f} | {mine.seconds / other.seconds:.2f} | "
        f"{mine.bytes / 1024:.1f} | {other.bytes / 1024:.1f} | {mine.bytes / other.bytes:.2f}"
    )


def _table(head: Sequence[str], rows: Iterable[str]) -> str:
    return "\n".join(
        [f"| {' | '.join(head)} |", "|---" * len(head) + "|", *(f"| {row} |" for row in rows)]
    )


def picture(points: Sequence[Point]) -> str:
    """Each cost over that of one variant, beside a line that is proportional to variants."""
    shown = (
        ("regenerate from nothing, processors", lambda point: point.generate.cpu),
        ("memory of its largest process", lambda point: float(point.generate.memory)),
        ("C source", lambda point: float(point.c)),
        ("library", lambda point: float(point.library)),
        ("loading", lambda point: point.load),
        ("choosing", lambda point: point.choose),
    )
    lines = [
        Series(name, [(point.variants, value(point) / value(points[0])) for point in points])
        for name, value in shown
    ]
    linear = [(point.variants, point.variants) for point in points]
    lines.append(Series("proportional", linear, is_dashed=True))
    return plot({"Growth": lines}, x="variants", y="times what one variant takes")
