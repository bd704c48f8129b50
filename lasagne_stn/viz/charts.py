"""Sheets of many images, and curves."""

import numpy as np

from .. import checks
from .grids import draw_image

__all__ = ['draw_sheet', 'draw_curves', 'scale_logarithmically']


def draw_sheet(axes, images, columns):
    """Draw many images of one size, row by row, with a thin line between them.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        What is drawn into.
    images : numpy array
        Shape ``(images, rows, columns)``, 0 black to 1 white.
    columns : int
        Images in a row.

    Raises
    ------
    ValueError
        If `images` has another number of axes.
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


def draw_curves(axes, curves, words):
    """Draw errors against iterations, on a logarithmic scale.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        What is drawn into.
    curves : dict
        From a name to a pair of sequences: iterations, and errors in percent.
    words : str
        What the errors are of.
    """
    for name, (iterations, errors) in curves.items():
        axes.plot(iterations, errors, label=name, linewidth=1)
    scale_logarithmically(axes.yaxis)
    axes.set_xlabel('iterations')
    axes.set_ylabel(words + ', %')
    axes.grid(True, which='both', alpha=0.3)
    axes.legend(fontsize=8)


def scale_logarithmically(axis):
    """Make an axis logarithmic, with plain numbers at 1, 2, 5, 10, 20 and so on.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
        Such as ``axes.xaxis``.
    """
    from matplotlib.ticker import LogLocator, NullFormatter

    axis.axes.set(**{axis.axis_name + 'scale': 'log'})
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter('{x:g}')
    axis.set_minor_formatter(NullFormatter())
