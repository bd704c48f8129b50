"""Plots how the time grows with batch, channels and pixels, with fitted powers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, Sequence

import numpy as np

from ..viz import new_figure
from .cases import CONTENDERS, WORKS, Shape

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ['SWEEPS', 'sizes_along', 'fit_power', 'draw_scaling']

SWEEPS = {
    'batch': [Shape(batch, 4, 128, 128, 1) for batch in (4, 8, 16, 32, 64, 128)],
    'channels': [Shape(8, channels, 128, 128, 1) for channels in (4, 8, 16, 32, 64)],
    'output pixels': [
        Shape(8, 4, pixels, pixels, 1) for pixels in (64, 128, 256, 512, 768)
    ],
}
STYLES = {
    ('fused', 'forward'): ('tab:green', 'o', '--'),
    ('fused', 'both'): ('tab:green', 'o', '-'),
    ('torch', 'forward'): ('tab:red', 's', '--'),
    ('torch', 'both'): ('tab:red', 's', '-'),
}


def sizes_along(axis: str, shapes: Sequence[Shape]) -> list[int]:
    """Return the size that varies, for each shape of a sweep.

    >>> sizes_along('output pixels', [Shape(1, 2, 30, 40, 2)])
    [300]
    """
    if axis == 'output pixels':
        return [shape.output[2] * shape.output[3] for shape in shapes]
    return [getattr(shape, axis) for shape in shapes]


def fit_power(sizes: Sequence[float], times: Sequence[float]) -> float:
    """Fit the power p of ``time = factor * size ** p`` by least squares of logarithms.

    >>> fit_power([1, 2, 4], [3., 6., 12.])
    1.0
    """
    return round(float(np.polyfit(np.log(sizes), np.log(times), 1)[0]), 9)


def draw_scaling(
    results: Sequence[Mapping[str, Any]],
    sweeps: Mapping[str, Sequence[Shape]] | None = None,
) -> tuple[Figure, dict[tuple[str, str, str], float]]:
    """Plot time against size on logarithmic axes.

    Parameters
    ----------
    results : list of dict
        See :func:`lasagne_stn.bench.rounds.measure_samplers`.
    sweeps : mapping, optional
        Maps the name of the size that varies to the shapes.

    Returns
    -------
    figure : matplotlib.figure.Figure
        One panel for each sweep.
    powers : dict
        Maps (size that varies, contender, work) to the fitted power.
    """
    sweeps = sweeps or SWEEPS
    powers: dict[tuple[str, str, str], float] = {}
    known = {
        (tuple(result[field] for field in Shape._fields), result['work']): result
        for result in results
    }
    figure = new_figure(4.2 * len(sweeps), 4)
    panels = figure.subplots(1, len(sweeps), squeeze=False)[0]
    for axes, (axis, shapes) in zip(panels, sweeps.items()):
        for (name, work), (colour, marker, line) in STYLES.items():
            points = [
                (size, known[tuple(shape), work]['ms'][name])
                for size, shape in zip(sizes_along(axis, shapes), shapes)
                if name in known.get((tuple(shape), work), {'ms': ()})['ms']
            ]
            if len(points) < 2:
                continue
            sizes, times = zip(*points)
            power = powers[axis, name, work] = fit_power(sizes, times)
            axes.plot(
                sizes,
                times,
                color=colour,
                marker=marker,
                linestyle=line,
                markersize=4,
                label='%s, %s: power %.2f' % (CONTENDERS[name], WORKS[work], power),
            )
        axes.set_xscale('log', base=2)
        axes.set_yscale('log')
        axes.set_xlabel(axis)
        axes.set_ylim(top=8 * axes.get_ylim()[1])  # room for the legend
        axes.legend(fontsize=7, frameon=False, handlelength=4)
    panels[0].set_ylabel('milliseconds')
    figure.tight_layout()
    return figure, powers
