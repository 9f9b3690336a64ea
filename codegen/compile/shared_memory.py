"""The shared memory that each configuration needs, where a device may have too little."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from codegen.model.devices import DEVICES
from codegen.model.kernel import NO_VARIANT, Specialisation
from codegen.model.plan import Binary, SharedMemory
from codegen.model.targets import Target
from codegen.variants.axes.configuration import ConfigurationAxis

Rows = Mapping[tuple[int, ...], Mapping[Target, tuple[int | None, ...]]]


def shared_memory_of(
    specialisation: Specialisation, binaries: Sequence[Binary], targets: Sequence[Target]
) -> SharedMemory | None:
    """What configurations need, by the choices before them that matter; None without any."""
    position = configuration_axis(specialisation)
    if position is None:
        return None
    axes: tuple[int, ...] = tuple(range(position))
    rows = _rows(specialisation, binaries, targets, position)
    if specialisation.selections:  # these are not all combinations: either no choice matters or all
        first, *others = rows.values()
        is_one = all(row == first for row in others)
        return SharedMemory((), {(): first}) if is_one else SharedMemory(axes, rows)
    for place in reversed(range(position)):
        fewer = {
            (*choices[:place], *choices[place + 1 :]): row
            for choices, row in rows.items()
            if choices[place] == 0
        }
        if all(fewer[(*key[:place], *key[place + 1 :])] == row for key, row in rows.items()):
            axes, rows = (*axes[:place], *axes[place + 1 :]), fewer
    return SharedMemory(axes, rows)


def is_tight(rows: Rows) -> bool:
    """Whether some configuration cannot be launched on some machine."""
    return any(
        most is None or most > _room(target)
        for row in rows.values()
        for target, bytes_ in row.items()
        for most in bytes_
    )


def configuration_axis(specialisation: Specialisation) -> int | None:
    """The place of the axis of configurations, if there is one."""
    places = (n for n, a in enumerate(specialisation.axes) if isinstance(a, ConfigurationAxis))
    return next(places, None)


def _rows(
    specialisation: Specialisation,
    binaries: Sequence[Binary],
    targets: Sequence[Target],
    position: int,
) -> Rows:
    """For all choices before the configuration, the most that the images behind them need, and None
    where one of these is missing, or no launch with these choices has the configuration."""
    count = len(specialisation.axes[position].labels)
    built = {one[: position + 1] for one in specialisation.selections}
    shared = [{image.target: image.shared for image in binary.images} for binary in binaries]
    rows: dict[tuple[int, ...], dict[Target, list[int | None]]] = {}
    for selection, number in specialisation.combinations():
        row = rows.setdefault(selection[:position], {target: [0] * count for target in targets})
        if number == NO_VARIANT:
            continue
        for target in targets:
            own, most = shared[number].get(target), row[target][selection[position]]
            row[target][selection[position]] = (
                None if own is None or most is None else max(own, most)
            )
    return {
        choices: {
            target: tuple(
                None if built and (*choices, number) not in built else bytes_
                for number, bytes_ in enumerate(most)
            )
            for target, most in row.items()
        }
        for choices, row in rows.items()
    }


def _room(target: Target) -> int:
    """The shared memory of the smallest machine that launches what is built for the target."""
    able = (
        device.shared_optin
        for capability, device in DEVICES.items()
        if capability == target.capability
        or (capability > target.capability and target.is_ptx)
        or (not target.is_exact and 0 < capability - target.capability < 10)
    )
    return min(able)
