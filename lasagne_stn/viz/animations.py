"""Sampling grids that move."""

import numpy as np

from .. import checks
from ..files import atomic_write
from .grids import draw_grid, draw_image

__all__ = ['grid_animation', 'save_animation']


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
        Written above the frames, one for each.
    interval : float, optional
        Milliseconds from one frame to the next.

    Returns
    -------
    matplotlib.animation.FuncAnimation
        Nothing is drawn before it is shown or saved.

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
    if captions:
        checks.shape(owner, 'captions', np.shape(captions), (frames,))

    def draw(frame):
        for column, (above, below) in enumerate(np.transpose(axes)):
            above.clear()
            below.clear()
            draw_grid(above, images[column], points[frame][column])
            draw_image(below, warped[frame][column])
        if captions:
            axes[0, 0].set_title(captions[frame], loc='left', fontsize=11)

    return FuncAnimation(axes[0, 0].figure, draw, frames=frames, interval=interval)


def save_animation(animation, path):
    """Write an animated GIF, whole or not at all.

    Parameters
    ----------
    animation : matplotlib.animation.Animation
        For example one of :func:`grid_animation`.
    path : str or Path
        Of the GIF.

    Raises
    ------
    ImportError
        If Pillow is not installed.
    OSError
        If it cannot be written.
    """
    with atomic_write(path) as beside:
        animation.save(beside, writer='pillow')
