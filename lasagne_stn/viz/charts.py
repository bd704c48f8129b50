"""Sheets of many images, and curves."""
import numpy as np

from .. import checks
from .grids import draw_image

__all__ = ['draw_sheet', 'draw_curves']


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
    checks.shape('draw_sheet', 'images', np.shape(images), ('batch', 'rows', 'columns'))
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
    axes.set_yscale('log')
    axes.yaxis.set_major_formatter('{x:g}')
    axes.set_xlabel('iterations')
    axes.set_ylabel(words + ', %')
    axes.grid(True, which='both', alpha=.3)
    axes.legend(fontsize=8)
