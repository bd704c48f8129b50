"""Draws images and the points where a transformer samples them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Sequence

import numpy as np

from .. import checks
from ..grid import half_extent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ['draw_image', 'draw_grid', 'draw_boxes', 'draw_pair', 'before_after']

COLOURS = {'before': '#ffb000', 'after': '#37d67a'}
BOX_COLOURS = '#37d67a', '#ffb000', '#4dabf7', '#ff6b6b', '#da77f2'
BACKGROUND = '#3a3a3a'  # outside an image
MARGIN = 0.2  # on each side, as a fraction of the image's size


def draw_image(axes: Axes, image: np.ndarray) -> None:
    """Draw an image without ticks or a frame.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Axes to draw into.
    image : numpy array
        Shape ``(rows, columns)``, from 0 (black) to 1 (white).

    Raises
    ------
    ValueError
        If `image` does not have two axes.
    """
    checks.shape('draw_image', 'image', np.shape(image), ('rows', 'columns'))
    axes.imshow(image, cmap='gray', vmin=0, vmax=1, interpolation='nearest')
    axes.set_facecolor(BACKGROUND)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _draw_with_margin(axes, image):
    """Draw an image with a margin for points outside it."""
    draw_image(axes, image)
    rows, columns = np.shape(image)
    x, y = MARGIN * (columns - 1), MARGIN * (rows - 1)
    axes.set_xlim(-0.5 - x, columns - 0.5 + x)
    axes.set_ylim(rows - 0.5 + y, -0.5 - y)


def _to_pixels(image, points, align_corners):
    """Convert points (x, y) to pixels from the centre of the image's first pixel."""
    size = np.shape(image)[::-1]
    return (
        np.asarray(points) * [half_extent(pixels, align_corners) for pixels in size]
        + (np.array(size) - 1) / 2.0
    )


def draw_grid(
    axes: Axes,
    image: np.ndarray,
    points: np.ndarray,
    colour: str = COLOURS['after'],
    lines: int = 5,
    align_corners: bool = True,
) -> None:
    """Draw an image and the sampling grid of a transformer on it.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Axes to draw into.
    image : numpy array
        Shape ``(rows, columns)``, from 0 (black) to 1 (white).
    points : numpy array
        Source points (x, y) of the output's pixels in normalised coordinates, shape
        ``(output rows, output columns, 2)``. The outline connects the points of the
        outermost pixels.
    colour : str, optional
        Colour of the outline and the lines. The edge for the top of the output is
        thicker.
    lines : int, optional
        Number of grid lines in each direction, including the edges.
    align_corners : bool, optional
        The transformer's pixel rule, see :mod:`lasagne_stn.grid`.

    Raises
    ------
    ValueError
        If `image` or `points` has the wrong shape.
    """
    checks.shape('draw_grid', 'image', np.shape(image), ('rows', 'columns'))
    checks.shape('draw_grid', 'points', np.shape(points), ('rows', 'columns', 2))
    _draw_with_margin(axes, image)
    pixels = _to_pixels(image, points, align_corners)
    for axis in (0, 1):
        size = pixels.shape[axis]
        for index in np.unique(np.linspace(0, size - 1, lines).round().astype(int)):
            line = np.take(pixels, index, axis=axis)
            edge = index in (0, size - 1)
            axes.plot(
                line[:, 0],
                line[:, 1],
                color=colour,
                alpha=1 if edge else 0.5,
                linewidth=1.6 if edge else 0.6,
                solid_capstyle='round',
            )
    top = pixels[0]
    axes.plot(top[:, 0], top[:, 1], color=colour, linewidth=3.2, solid_capstyle='round')


def draw_boxes(
    axes: Axes,
    image: np.ndarray,
    points: np.ndarray,
    colours: Sequence[str] = BOX_COLOURS,
    labels: Sequence[str] = (),
    align_corners: bool = True,
    styles: Sequence[str] = ('-',),
) -> None:
    """Draw an image and the outlines of the areas that transformers sample.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Axes to draw into.
    image : numpy array
        Shape ``(rows, columns)``, from 0 (black) to 1 (white).
    points : numpy array
        Source points (x, y) of the pixels of several outputs in normalised coordinates,
        shape ``(outputs, output rows, output columns, 2)``. Straight lines connect the
        points of the four corner pixels, so 2 x 2 pixels are enough.
    colours : sequence of str, optional
        Colours of the outlines, used in turn.
    labels : sequence of str, optional
        Labels of the outlines, written at their first corners.
    align_corners : bool, optional
        The transformers' pixel rule, see :mod:`lasagne_stn.grid`.
    styles : sequence of str, optional
        Matplotlib's line styles of the outlines, such as '-' and '--', used in turn.

    Raises
    ------
    ValueError
        If `image` or `points` has the wrong shape.
    """
    checks.shape('draw_boxes', 'image', np.shape(image), ('rows', 'columns'))
    checks.shape(
        'draw_boxes', 'points', np.shape(points), ('outputs', 'rows', 'columns', 2)
    )
    _draw_with_margin(axes, image)
    pixels = _to_pixels(image, points, align_corners)
    for number, outline in enumerate(pixels[:, [0, 0, -1, -1], [0, -1, -1, 0]]):
        colour = colours[number % len(colours)]
        x, y = np.append(outline, outline[:1], axis=0).T
        axes.plot(
            x,
            y,
            styles[number % len(styles)],
            color=colour,
            linewidth=1.8,
            solid_joinstyle='round',
        )
        if number < len(labels):
            axes.text(
                x[0],
                y[0],
                labels[number],
                color=colour,
                fontsize=9,
                fontweight='bold',
                va='bottom',
            )


def draw_pair(
    figure: Figure,
    image: np.ndarray,
    points: np.ndarray,
    warped: np.ndarray,
    align_corners: bool = True,
) -> np.ndarray:
    """Draw an image with its sampling grid, and the output next to it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Empty figure to draw into, preferably twice as wide as high.
    image : numpy array
        The input, shape ``(rows, columns)``, in [0, 1].
    points : numpy array
        Source points (x, y) in normalised coordinates, shape
        ``(output rows, output columns, 2)``.
    warped : numpy array
        The output, shape ``(output rows, output columns)``.
    align_corners : bool, optional
        The transformer's pixel rule, see :mod:`lasagne_stn.grid`.

    Returns
    -------
    numpy array of matplotlib.axes.Axes
        Axes of the image and of the output, shape ``(2,)``.

    Raises
    ------
    ValueError
        If `image`, `points` or `warped` has the wrong shape.
    """
    axes: Any = figure.subplots(
        1, 2, gridspec_kw={'left': 0, 'right': 1, 'bottom': 0, 'top': 1, 'wspace': 0.04}
    )
    draw_grid(axes[0], image, points, align_corners=align_corners)
    draw_image(axes[1], warped)
    return axes


def before_after(
    figure: Figure,
    labels: Sequence[Any] | np.ndarray,
    images: np.ndarray,
    before: tuple[np.ndarray, np.ndarray],
    after: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    """Draw images, sampling grids and outputs before and after training.

    There is a column for each image and four rows: the inputs with the sampling grids
    before training, the outputs before training, and the same after training.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Empty figure to draw into.
    labels : sequence
        Titles of the columns.
    images : numpy array
        Inputs, shape ``(images, rows, columns)``, in [0, 1].
    before, after : pair of numpy array
        Source points (x, y) in normalised coordinates, shape
        ``(images, output rows, output columns, 2)``, and outputs, shape
        ``(images, output rows, output columns)``.

    Returns
    -------
    numpy array of matplotlib.axes.Axes
        Shape ``(4, images)``.

    Raises
    ------
    ValueError
        If an array has the wrong shape.
    """
    axes: Any = figure.subplots(
        4,
        len(images),
        squeeze=False,
        gridspec_kw={
            'left': 0.105,
            'right': 0.995,
            'bottom': 0.015,
            'top': 0.945,
            'wspace': 0.05,
            'hspace': 0.05,
        },
    )
    for first, (points, warped), when in ((0, before, 'before'), (2, after, 'after')):
        for column in range(len(images)):
            draw_grid(
                axes[first, column], images[column], points[column], COLOURS[when]
            )
            draw_image(axes[first + 1, column], warped[column])
        _label_row(
            axes[first, 0], '%s training:\ninput and where\nit is sampled' % when
        )
        _label_row(
            axes[first + 1, 0], '%s training:\noutput of the\ntransformer' % when
        )
    for top, label in zip(axes[0], labels):
        top.set_title(str(label), fontsize=12, fontweight='bold', pad=4)
    return axes


def _label_row(axes, text):
    axes.set_ylabel(text, rotation=0, ha='right', va='center', fontsize=9, labelpad=6)
