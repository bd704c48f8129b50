"""Pictures of what a transformer does, drawn with matplotlib into given axes."""
import os

import numpy as np

from . import checks
from .grid import half_width

__all__ = ['draw_grid', 'before_after', 'draw_sheet', 'draw_curves', 'draw_boxes',
           'save_animation', 'new_figure']

COLOURS = {'before': '#ffb000', 'after': '#37d67a'}
SURROUND = '#3a3a3a'                        # beyond the edge of an image
ROOM = .2                                   # of the image's extent, on each side


def draw_grid(axes, image, points, colour=COLOURS['after'], lines=5):
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

    Raises
    ------
    ValueError
        If `image` or `points` has another number of axes.
    """
    checks.shape('draw_grid', 'image', np.shape(image), ('rows', 'columns'))
    checks.shape('draw_grid', 'points', np.shape(points), ('rows', 'columns', 2))
    rows, columns = image.shape
    last = np.array([columns - 1, rows - 1])
    half = [half_width(pixels, align_corners=True) for pixels in (columns, rows)]
    pixels = points * half + last / 2.
    axes.imshow(image, cmap='gray', vmin=0, vmax=1, interpolation='nearest')
    for axis in (0, 1):
        size = pixels.shape[axis]
        for index in np.unique(np.linspace(0, size - 1, lines).round().astype(int)):
            line = np.take(pixels, index, axis=axis)
            edge = index in (0, size - 1)
            axes.plot(line[:, 0], line[:, 1], color=colour, alpha=1 if edge else .5,
                      linewidth=1.6 if edge else .6, solid_capstyle='round')
    top = pixels[0]
    axes.plot(top[:, 0], top[:, 1], color=colour, linewidth=3.2,
              solid_capstyle='round')
    beyond = np.multiply(ROOM, last)
    axes.set_xlim(-.5 - beyond[0], last[0] + .5 + beyond[0])
    axes.set_ylim(last[1] + .5 + beyond[1], -.5 - beyond[1])
    _bare(axes)


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
    """
    axes = figure.subplots(4, len(images), squeeze=False, gridspec_kw={
        'left': .105, 'right': .995, 'bottom': .015, 'top': .945, 'wspace': .05,
        'hspace': .05})
    for first, (points, warped), when in ((0, before, 'before'), (2, after, 'after')):
        for column in range(len(images)):
            draw_grid(axes[first, column], images[column], points[column],
                      COLOURS[when])
            axes[first + 1, column].imshow(warped[column], cmap='gray', vmin=0, vmax=1,
                                           interpolation='nearest')
            _bare(axes[first + 1, column])
        _row_name(axes[first, 0], '%s training:\ninput and where\nit is sampled' % when)
        _row_name(axes[first + 1, 0], '%s training:\noutput of the\ntransformer' % when)
    for top, label in zip(axes[0], labels):
        top.set_title(str(label), fontsize=12, fontweight='bold', pad=4)
    return axes


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
    axes.imshow(sheet, cmap='gray', vmin=0, vmax=1, interpolation='nearest')
    _bare(axes)


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


def draw_boxes(axes, image, boxes, colours=(COLOURS['before'], COLOURS['after'])):
    """Draw an image, and rectangles on it.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        What is drawn into.
    image : numpy array
        Shape ``(rows, columns)``, 0 black to 1 white.
    boxes : sequence of sequence of float
        For each rectangle its left, top, right and bottom edge, in pixels; 0 is the
        centre of the first pixel.
    colours : sequence of str, optional
        One for each rectangle, in turn.

    Raises
    ------
    ValueError
        If `image` has another number of axes.
    """
    from matplotlib.patches import Rectangle

    checks.shape('draw_boxes', 'image', np.shape(image), ('rows', 'columns'))
    axes.imshow(image, cmap='gray', vmin=0, vmax=1, interpolation='nearest')
    for number, (left, top, right, bottom) in enumerate(boxes):
        axes.add_patch(Rectangle((left, top), right - left, bottom - top, fill=False,
                                 edgecolor=colours[number % len(colours)], linewidth=2))
    _bare(axes)


def save_animation(figure, draw, frames, path, seconds=.12):
    """Write an animated GIF, whole or not at all.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What is drawn into; it is emptied before each frame.
    draw : callable
        ``draw(frame)`` draws one.
    frames : sequence
        What `draw` gets, in turn.
    path : str
        Of the GIF.
    seconds : float, optional
        That each frame is shown; the last one is shown longer.
    """
    from PIL import Image

    pictures = []
    for frame in frames:
        figure.clear()
        draw(frame)
        figure.canvas.draw()
        picture = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())[..., :3])
        pictures.append(picture.convert('P', palette=Image.ADAPTIVE, colors=32))
    shown = [int(1000 * seconds)] * (len(pictures) - 1) + [3000]
    beside = path + '.part'
    pictures[0].save(beside, 'GIF', save_all=True, append_images=pictures[1:],
                     duration=shown, loop=0)
    os.replace(beside, path)


def _row_name(axes, text):
    axes.set_ylabel(text, rotation=0, ha='right', va='center', fontsize=9, labelpad=6)


def _bare(axes):
    """No ticks and no frame, and the same grey where no image is."""
    axes.set_facecolor(SURROUND)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def new_figure(width, height):
    """An empty figure that belongs to nobody: nothing global is touched.

    Parameters
    ----------
    width, height : float
        In inches.

    Returns
    -------
    matplotlib.figure.Figure
        With a canvas, so that ``savefig`` writes a PNG.

    Raises
    ------
    ImportError
        If matplotlib is not installed; the message has the pip line.

    Examples
    --------
    >>> new_figure(4, 3).get_size_inches().tolist()
    [4.0, 3.0]
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise ModuleNotFoundError(
            'new_figure needs matplotlib, which is not installed.\n'
            'Run: pip install "lasagne-stn[paper]"', name='matplotlib') from None
    figure = Figure(figsize=(width, height), dpi=110)
    FigureCanvasAgg(figure)
    return figure
