"""Images, and on them where a transformer samples."""

import numpy as np

from .. import checks
from ..grid import half_extent

__all__ = ['draw_image', 'draw_grid', 'draw_boxes', 'draw_pair', 'before_after']

COLOURS = {'before': '#ffb000', 'after': '#37d67a'}
BOXES = '#37d67a', '#ffb000', '#4dabf7', '#ff6b6b', '#da77f2'  # in turn
SURROUND = '#3a3a3a'  # beyond the edge of an image
ROOM = 0.2  # of the image's extent, on each side


def draw_image(axes, image):
    """Draw an image, with nothing round it.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        What is drawn into.
    image : numpy array
        Shape ``(rows, columns)``, 0 black to 1 white.

    Raises
    ------
    ValueError
        If `image` has another number of axes.
    """
    checks.shape('draw_image', 'image', np.shape(image), ('rows', 'columns'))
    axes.imshow(image, cmap='gray', vmin=0, vmax=1, interpolation='nearest')
    axes.set_facecolor(SURROUND)  # the same grey where no image is
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _draw_with_room(axes, image):
    """Draw an image, and leave room round it for what reaches beyond."""
    draw_image(axes, image)
    rows, columns = np.shape(image)
    beyond = ROOM * (columns - 1), ROOM * (rows - 1)
    axes.set_xlim(-0.5 - beyond[0], columns - 0.5 + beyond[0])
    axes.set_ylim(rows - 0.5 + beyond[1], -0.5 - beyond[1])


def _to_pixels(image, points, align_corners):
    """Points (x, y) in pixels from the centre of the first one."""
    size = np.shape(image)[::-1]
    return (
        np.asarray(points) * [half_extent(pixels, align_corners) for pixels in size]
        + (np.array(size) - 1) / 2.0
    )


def draw_grid(
    axes, image, points, colour=COLOURS['after'], lines=5, align_corners=True
):
    """Draw an image, and on it the points where a transformer samples it.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        What is drawn into.
    image : numpy array
        Shape ``(rows, columns)``, 0 black to 1 white.
    points : numpy array
        Source points (x, y) of the output's pixels, in half-widths of the image:
        shape ``(output rows, output columns, 2)``. The outline joins the points of
        the outermost pixels.
    colour : str, optional
        Of the outline and the lines; the edge that is the output's top is thicker.
    lines : int, optional
        Grid lines in each direction, the outline's edges among them.
    align_corners : bool, optional
        The transformer's pixel rule, see :mod:`lasagne_stn.grid`.

    Raises
    ------
    ValueError
        If `image` or `points` has another number of axes.
    """
    checks.shape('draw_grid', 'image', np.shape(image), ('rows', 'columns'))
    checks.shape('draw_grid', 'points', np.shape(points), ('rows', 'columns', 2))
    _draw_with_room(axes, image)
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
    axes, image, points, colours=BOXES, labels=(), align_corners=True, styles=('-',)
):
    """Draw an image, and on it the outlines of what transformers read.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        What is drawn into.
    image : numpy array
        Shape ``(rows, columns)``, 0 black to 1 white.
    points : numpy array
        Source points (x, y) of the pixels of several outputs, in half-widths of the
        image: shape ``(outputs, output rows, output columns, 2)``. Straight lines
        join those of the four corner pixels; 2 x 2 pixels are enough.
    colours : sequence of str, optional
        Of the outlines, in turn.
    labels : sequence of str, optional
        Written at the outlines' first corners.
    align_corners : bool, optional
        The transformers' pixel rule, see :mod:`lasagne_stn.grid`.
    styles : sequence of str, optional
        Of the outlines, in turn: '-' and '--', as matplotlib names them.

    Raises
    ------
    ValueError
        If `image` or `points` has another number of axes.
    """
    checks.shape('draw_boxes', 'image', np.shape(image), ('rows', 'columns'))
    checks.shape(
        'draw_boxes', 'points', np.shape(points), ('outputs', 'rows', 'columns', 2)
    )
    _draw_with_room(axes, image)
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


def draw_pair(figure, image, points, warped, align_corners=True):
    """Draw an image with its sampling grid, and beside it what was read.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What is drawn into, empty; best twice as wide as it is high.
    image : numpy array
        The input, shape ``(rows, columns)``, in [0, 1].
    points : numpy array
        Source points, ``(output rows, output columns, 2)`` in half-widths.
    warped : numpy array
        The output, ``(output rows, output columns)``.
    align_corners : bool, optional
        The transformer's pixel rule, see :mod:`lasagne_stn.grid`.

    Returns
    -------
    numpy array of matplotlib.axes.Axes
        Shape ``(2,)``.

    Raises
    ------
    ValueError
        If `image`, `points` or `warped` has another number of axes.
    """
    axes = figure.subplots(
        1, 2, gridspec_kw={'left': 0, 'right': 1, 'bottom': 0, 'top': 1, 'wspace': 0.04}
    )
    draw_grid(axes[0], image, points, align_corners=align_corners)
    draw_image(axes[1], warped)
    return axes


def before_after(figure, labels, images, before, after):
    """Draw images with their sampling grids and what comes out, twice.

    Four rows: the inputs with the grid before training, the transformer's output, and
    the same after training. A column for each image.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What is drawn into, empty.
    labels : sequence
        Written above the columns.
    images : numpy array
        Inputs, shape ``(images, rows, columns)``, in [0, 1].
    before, after : pair of numpy array
        Source points, ``(images, output rows, output columns, 2)`` in half-widths,
        and output, ``(images, output rows, output columns)``.

    Returns
    -------
    numpy array of matplotlib.axes.Axes
        Shape ``(4, images)``.

    Raises
    ------
    ValueError
        If an array has another number of axes.
    """
    axes = figure.subplots(
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
        _row_name(axes[first, 0], '%s training:\ninput and where\nit is sampled' % when)
        _row_name(axes[first + 1, 0], '%s training:\noutput of the\ntransformer' % when)
    for top, label in zip(axes[0], labels):
        top.set_title(str(label), fontsize=12, fontweight='bold', pad=4)
    return axes


def _row_name(axes, text):
    axes.set_ylabel(text, rotation=0, ha='right', va='center', fontsize=9, labelpad=6)
