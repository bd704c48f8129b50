"""A small picture of each transform: a digit with its sampling grid, and the result."""

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

DIGIT = 24  # a 4 with straight and with round strokes
SIZE = 2.0, 1.02  # inches: a pair of square pictures
BEND = [
    [0.3, 0.3, 0.3, -0.3, -0.3, -0.3, 0.3, 0.3, 0.3],  # x of nine control points
    [0.2, 0, -0.2, 0.2, 0, -0.2, 0.2, 0, -0.2],
]  # y of them

# What each picture shows: a transform, and its parameters.
PICTURES = {
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


def draw_gallery(folder, image=None):
    """Write a PNG for each transform.

    Parameters
    ----------
    folder : str
        Where ``translation.png``, ``attention.png`` and so on go; it is made if there
        is none.
    image : numpy array, optional
        Shape ``(rows, columns)``, 0 black to 1 white; a digit if none is given.

    Returns
    -------
    list of str
        Paths of the files.

    Raises
    ------
    ImportError
        If matplotlib, or for the digit scikit-learn, is not installed; the message
        has the pip line.
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
