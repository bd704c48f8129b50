"""Pictures of what a transformer does, drawn with matplotlib into given axes."""
import os

import numpy as np

from . import checks
from .grid import half_width

__all__ = ['draw_image', 'draw_grid', 'draw_boxes', 'draw_pair', 'draw_sheet',
           'draw_curves', 'before_after', 'grid_animation', 'save_animation',
           'new_figure']

COLOURS = {'before': '#ffb000', 'after': '#37d67a'}
BOXES = '#37d67a', '#ffb000', '#4dabf7', '#ff6b6b', '#da77f2'       # in turn
SURROUND = '#3a3a3a'                        # beyond the edge of an image
ROOM = .2                                   # of the image's extent, on each side


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
    axes.set_facecolor(SURROUND)                # the same grey where no image is
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _draw_with_room(axes, image):
    """Draw an image, and leave room round it for what reaches beyond."""
    draw_image(axes, image)
    rows, columns = np.shape(image)
    beyond = ROOM * (columns - 1), ROOM * (rows - 1)
    axes.set_xlim(-.5 - beyond[0], columns - .5 + beyond[0])
    axes.set_ylim(rows - .5 + beyond[1], -.5 - beyond[1])


def _to_pixels(image, points):
    """Points (x, y) in pixels from the centre of the first one."""
    return np.asarray(points) * [half_width(pixels, align_corners=True)
                                 for pixels in image.shape[::-1]] + (
        np.array(image.shape[::-1]) - 1) / 2.


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
    _draw_with_room(axes, image)
    pixels = _to_pixels(image, points)
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


def draw_boxes(axes, image, points, colours=BOXES, labels=()):
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

    Raises
    ------
    ValueError
        If `image` or `points` has another number of axes.
    """
    checks.shape('draw_boxes', 'image', np.shape(image), ('rows', 'columns'))
    checks.shape('draw_boxes', 'points', np.shape(points),
                 ('outputs', 'rows', 'columns', 2))
    _draw_with_room(axes, image)
    corners = _to_pixels(image, points)[:, [0, 0, -1, -1], [0, -1, -1, 0]]
    for number, outline in enumerate(corners):
        colour = colours[number % len(colours)]
        x, y = np.append(outline, outline[:1], axis=0).T
        axes.plot(x, y, color=colour, linewidth=1.8, solid_joinstyle='round')
        if number < len(labels):
            axes.text(x[0], y[0], labels[number], color=colour, fontsize=9,
                      fontweight='bold', va='bottom')


def draw_pair(figure, image, points, warped):
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

    Returns
    -------
    numpy array of matplotlib.axes.Axes
        Shape ``(2,)``.
    """
    axes = figure.subplots(1, 2, gridspec_kw={'left': 0, 'right': 1, 'bottom': 0,
                                              'top': 1, 'wspace': .04})
    draw_grid(axes[0], image, points)
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
    """
    axes = figure.subplots(4, len(images), squeeze=False, gridspec_kw={
        'left': .105, 'right': .995, 'bottom': .015, 'top': .945, 'wspace': .05,
        'hspace': .05})
    for first, (points, warped), when in ((0, before, 'before'), (2, after, 'after')):
        for column in range(len(images)):
            draw_grid(axes[first, column], images[column], points[column],
                      COLOURS[when])
            draw_image(axes[first + 1, column], warped[column])
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


def grid_animation(axes, images, points, warped, captions=(), interval=120):
    """Images with sampling grids that move, and what is read, frame after frame.

    Parameters
    ----------
    axes : numpy array of matplotlib.axes.Axes
        What is drawn into, shape ``(2, images)`` and all of one figure: the images
        above, the outputs below.
    images : numpy array
        Inputs, shape ``(images, rows, columns)``, in [0, 1].
    points : numpy array
        Source points, ``(frames, images, output rows, output columns, 2)`` in
        half-widths.
    warped : numpy array
        Outputs, ``(frames, images, output rows, output columns)``.
    captions : sequence of str, optional
        Written above each frame.
    interval : float, optional
        Milliseconds from one frame to the next.

    Returns
    -------
    matplotlib.animation.FuncAnimation
        Its ``save('grids.gif')`` writes a file; nothing is drawn before.

    Raises
    ------
    ValueError
        If an array has another shape than the others ask for.
    """
    from matplotlib.animation import FuncAnimation

    owner, size = 'grid_animation', np.shape(warped)[2:]
    frames, count = len(points), len(images)
    checks.shape(owner, 'images', np.shape(images), ('images', 'rows', 'columns'))
    checks.shape(owner, 'warped', np.shape(warped), (frames, count, 'rows', 'columns'))
    checks.shape(owner, 'points', np.shape(points), (frames, count) + size + (2,))
    checks.shape(owner, 'axes', np.shape(axes), (2, count))

    def draw(frame):
        for column, (above, below) in enumerate(np.transpose(axes)):
            above.clear()
            below.clear()
            draw_grid(above, images[column], points[frame][column])
            draw_image(below, warped[frame][column])
        if captions:
            axes[0, 0].set_title(captions[frame], loc='left', fontsize=11)

    return FuncAnimation(axes[0, 0].figure, draw, frames=frames, interval=interval)


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
