"""Draws a small picture of each transform: a digit, its sampling grid, the result."""

from __future__ import annotations

import os

import numpy as np

from .data import load_digits
from .transforms import (
    Affine,
    Attention,
    Compose,
    Projective,
    Similarity,
    ThinPlateSpline,
    Translation,
)
from .viz import draw_pair, new_figure, save_figure
from .warping import warp_image

__all__ = ['PICTURES', 'draw_gallery']

DIGIT = 24  # index of a 4 with straight and round strokes
SIZE = 2.0, 1.02  # inches, for two square pictures side by side
BEND = [  # offsets of nine control points, along x and along y
    [0.3, 0.3, 0.3, -0.3, -0.3, -0.3, 0.3, 0.3, 0.3],
    [0.2, 0, -0.2, 0.2, 0, -0.2, 0.2, 0, -0.2],
]

PICTURES = {  # the transform in each picture, and its parameters
    'translation': (Translation(), [0.3, -0.2]),
    'attention': (Attention(), [0.6, 0.1, -0.1]),
    'similarity': (Similarity(), [0.8, 0.5, 0, 0]),
    'affine': (Affine(), [0.9, 0.4, 0, -0.15, 0.8, 0]),
    'projective': (Projective(), [0.65, 0, 0, 0, 0.65, 0, 0, 0.35]),
    'thin-plate-spline': (ThinPlateSpline(9), np.ravel(BEND)),
    'compose': (
        Compose(Similarity(), ThinPlateSpline(9)),
        np.append([0.75, -0.4, 0, 0], np.ravel(BEND)),
    ),
}


def draw_gallery(folder: str, image: np.ndarray | None = None) -> list[str]:
    """Draw each transform and save the pictures as PNG files.

    Parameters
    ----------
    folder : str
        Folder for ``translation.png``, ``attention.png`` and so on. It is created if it
        does not exist.
    image : numpy array, optional
        Shape ``(rows, columns)``, from 0 (black) to 1 (white); by default a digit.

    Returns
    -------
    list of str
        Paths of the files.

    Raises
    ------
    ImportError
        If matplotlib is not installed, or scikit-learn if no image is given. The
        message contains the pip command.
    OSError
        If a file or the folder cannot be written.
    """
    if image is None:
        image = load_digits()[0][DIGIT]
    os.makedirs(folder, exist_ok=True)
    paths = []
    for name, (transform, theta) in PICTURES.items():
        figure = new_figure(*SIZE)
        draw_pair(figure, image, *warp_image(image, theta, transform))
        paths.append(os.path.join(folder, name + '.png'))
        save_figure(figure, paths[-1])
    return paths
