"""Animates sampling grids that move."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Sequence

import numpy as np

from .. import checks
from ..files import atomic_write
from .grids import draw_grid, draw_image

if TYPE_CHECKING:
    from matplotlib.animation import Animation, FuncAnimation

__all__ = ['grid_animation', 'save_animation']


def grid_animation(
    axes: np.ndarray,
    images: np.ndarray,
    points: np.ndarray,
    warped: np.ndarray,
    captions: Sequence[str] = (),
    interval: float = 120,
) -> FuncAnimation:
    """Create an animation of images, their moving sampling grids and the outputs.

    Parameters
    ----------
    axes : numpy array of matplotlib.axes.Axes
        Axes to draw into, shape ``(2, images)``, all in one figure: images with grids
        in the first row, outputs in the second.
    images : numpy array
        Inputs, shape ``(images, rows, columns)``, in [0, 1].
    points : numpy array
        Source points (x, y) in normalised coordinates, shape
        ``(frames, images, output rows, output columns, 2)``.
    warped : numpy array
        Outputs, shape ``(frames, images, output rows, output columns)``.
    captions : sequence of str, optional
        One title for each frame.
    interval : float, optional
        Milliseconds between frames.

    Returns
    -------
    matplotlib.animation.FuncAnimation
        Frames are drawn when it is shown or saved.

    Raises
    ------
    ValueError
        If the shapes of the arrays do not match.
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

    def draw_frame(frame):
        for column, (top, bottom) in enumerate(np.transpose(axes)):
            top.clear()
            bottom.clear()
            draw_grid(top, images[column], points[frame][column])
            draw_image(bottom, warped[frame][column])
        if captions:
            axes[0, 0].set_title(captions[frame], loc='left', fontsize=11)

    return FuncAnimation(
        axes[0, 0].figure, draw_frame, frames=frames, interval=interval
    )


def save_animation(animation: Animation, path: str | os.PathLike) -> None:
    """Write an animated GIF atomically.

    Parameters
    ----------
    animation : matplotlib.animation.Animation
        For example, the result of :func:`grid_animation`.
    path : str or Path
        Path of the GIF.

    Raises
    ------
    ImportError
        If Pillow is not installed.
    OSError
        If the file cannot be written.
    """
    with atomic_write(path) as temporary:
        animation.save(temporary, writer='pillow')
