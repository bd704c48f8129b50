"""The picture of a search: images with the digit's box and the box that was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .... import viz
from .canvases import corners_of, overlap

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ['FOUND', 'draw_found']

FOUND = 0.5  # a digit is found if the overlap is larger
SHOWN, COLUMNS = 24, 8  # images in the picture


def draw_found(canvases: np.ndarray, true: np.ndarray, boxes: np.ndarray) -> Figure:
    """Draw some of the images, evenly spaced, with the digit's box and the found one.

    The found box is dashed where the two overlap too little.

    Parameters
    ----------
    canvases : numpy array
        Shape ``(images, rows, columns)``.
    true, boxes : numpy array
        Left, top, right and bottom in pixels, ``(images, 4)``.

    Returns
    -------
    matplotlib.figure.Figure
    """
    shown = min(SHOWN, len(canvases))
    rows = -(-shown // COLUMNS)
    figure = viz.new_figure(1.4 * COLUMNS, 1.4 * rows)
    axes = figure.subplots(
        rows,
        COLUMNS,
        squeeze=False,
        gridspec_kw={
            'left': 0,
            'right': 1,
            'bottom': 0,
            'top': 1,
            'wspace': 0.03,
            'hspace': 0.03,
        },
    )
    for each in axes.ravel()[shown:]:
        each.set_axis_off()
    chosen = np.linspace(0, len(canvases) - 1, shown).astype(int)
    hits = overlap(boxes, true) > FOUND
    for number, each in zip(chosen, axes.ravel()):
        viz.draw_boxes(
            each,
            canvases[number],
            corners_of(np.stack([true[number], boxes[number]]), canvases.shape[1:]),
            styles=('-', '-' if hits[number] else '--'),
        )
    return figure
