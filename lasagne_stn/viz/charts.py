"""Draws sheets of many images, and curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Mapping, Sequence

import numpy as np

from .. import checks
from .grids import draw_image

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import XAxis, YAxis

__all__ = ['draw_sheet', 'draw_curves', 'scale_logarithmically']


def draw_sheet(axes: Axes, images: np.ndarray, columns: int) -> None:
    """Draw many images of the same size row by row, separated by thin lines.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Axes to draw into.
    images : numpy array
        Shape ``(images, rows, columns)``, from 0 (black) to 1 (white).
    columns : int
        Number of images in a row.

    Raises
    ------
    ValueError
        If `images` does not have three axes.
    """
    images = np.asarray(images)
    checks.shape('draw_sheet', 'images', images.shape, ('batch', 'rows', 'columns'))
    count, height, width = images.shape
    rows = -(-count // columns)
    sheet = np.full((rows, height + 1, columns, width + 1), np.nan)
    for number, image in enumerate(images):
        sheet[number // columns, 1:, number % columns, 1:] = image
    sheet = sheet.reshape(rows * (height + 1), columns * (width + 1))
    draw_image(axes, sheet)


def draw_curves(
    axes: Axes,
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    quantity: str,
) -> None:
    """Plot errors against iterations, with a logarithmic scale for the errors.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Axes to draw into.
    curves : mapping
        Maps the name of each curve to a pair of sequences: iterations and errors in
        percent.
    quantity : str
        Label of the vertical axis, such as 'test error'; ', %' is appended.
    """
    for name, (iterations, errors) in curves.items():
        axes.plot(iterations, errors, label=name, linewidth=1)
    scale_logarithmically(axes.yaxis)
    axes.set_xlabel('iterations')
    axes.set_ylabel(quantity + ', %')
    axes.grid(True, which='both', alpha=0.3)
    axes.legend(fontsize=8)


def scale_logarithmically(axis: XAxis | YAxis) -> None:
    """Make an axis logarithmic, with plain numbers at 1, 2, 5, 10, 20 and so on.

    Parameters
    ----------
    axis : matplotlib.axis.XAxis or YAxis
        For example, ``axes.xaxis``.
    """
    from matplotlib.ticker import LogLocator, NullFormatter

    axis.axes.set(**{axis.axis_name + 'scale': 'log'})
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter('{x:g}')
    axis.set_minor_formatter(NullFormatter())
