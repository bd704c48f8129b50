"""Draws a table: the paper's figures beside ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Sequence

from .. import viz
from .outcomes import Outcome
from .pages import HEADER, by_group, row_of, title_of
from .tasks import task_of_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ['draw_table']

COLOURS = {'paper': '#8a8a8a', 'ours': '#c2410c'}
WIDTH = 8.6  # of the picture, in inches
LEFT, BROAD = 1.4, 2.9  # left edge and width of a panel, in inches
ABOVE, ROW, BELOW = 0.65, 0.24, 0.35  # heights above a panel, of a row, below a panel
LABEL = 0.2  # height of the lowest panel's label, in inches
ENDS = (1.2, 1.55, 1.75, 2.02, 2.18, 2.42)  # right ends of texts, in panel widths


def draw_table(table: str, outcomes: Sequence[Outcome], data: str | None) -> Figure:
    """Draw a table: a panel for each group, the paper's figures beside ours.

    Parameters
    ----------
    table, outcomes, data
        As for :func:`lasagne_stn.paper.pages.text_table`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    spec = task_of_table(table).tables[table]
    groups = by_group(table, outcomes)
    heights = [ABOVE + ROW * len(group) + BELOW for _, group in groups]
    height = sum(heights) + ABOVE / 2 + LABEL
    figure = viz.new_figure(WIDTH, height)
    figure.suptitle(title_of(table, data), y=1 - 0.18 / height)
    shorter = ', ○ ours in fewer iterations' if any(map(_is_shorter, outcomes)) else ''
    figure.text(
        0.5,
        1 - 0.5 / height,
        '◇ paper, ● ours' + shorter,
        fontsize=8,
        ha='center',
        va='top',
    )
    top = height - ABOVE / 2
    axes: Any = None
    for (name, group), tall in zip(groups, heights):
        axes = figure.add_axes(
            (
                LEFT / WIDTH,
                (top - tall + BELOW) / height,
                BROAD / WIDTH,
                ROW * len(group) / height,
            ),
            sharex=axes,
        )
        _draw_panel(axes, name, group)
        top -= tall
    label = spec.measure
    if spec.logarithmic:
        viz.scale_logarithmically(axes.xaxis)
        label += ', logarithmic'
    axes.set_xlabel(label, fontsize=8)
    return figure


def _is_shorter(result):
    return bool(result.values) and result.run.iterations < result.cell.run.iterations


def _draw_panel(axes, name, group):
    """Draw dots, with their figures to the right."""
    for row, result in enumerate(group):
        axes.plot(
            [result.cell.low, result.cell.high],
            [row] * 2,
            'D-',
            color=COLOURS['paper'],
            fillstyle='none',
        )
        if result.values:
            axes.errorbar(
                result.mean,
                row,
                xerr=result.spread,
                fmt='o',
                capsize=3,
                color=COLOURS['ours'],
                markersize=5,
                fillstyle='none' if _is_shorter(result) else 'full',
            )
        _write_row(axes, row, row_of(result)[1:])
    _write_row(axes, -1, HEADER[1:], fontweight='bold')
    axes.text(
        0, -1, name, transform=axes.get_yaxis_transform(), va='center', weight='bold'
    )
    axes.set_yticks(range(len(group)))
    axes.set_yticklabels([result.cell.name for result in group], fontsize=8)
    axes.set_ylim(len(group) - 0.5, -0.5)
    axes.tick_params(axis='x', labelsize=8)
    axes.grid(True, alpha=0.3)


def _write_row(axes, row, texts, **options):
    """Write the texts of a row to the right of a panel."""
    for x, head, text in zip(ENDS, HEADER[1:], texts):
        axes.text(
            x,
            row,
            text,
            transform=axes.get_yaxis_transform(),
            ha='right',
            va='center',
            fontsize=8,
            color=COLOURS.get(head, 'black'),
            **options,
        )
