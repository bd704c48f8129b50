"""A small picture of each transform: a digit with its sampling grid, and the result."""
import os

import numpy as np
import theano
import theano.tensor as T

from .data import load_digits
from .layers import SamplingGridLayer, TransformerLayer
from .matrices import Affine, Attention, Similarity, Translation
from .projective import Projective
from .spline import ThinPlateSpline
from .transforms import Compose
from .viz import draw_grid, new_figure

__all__ = ['PICTURES', 'draw_gallery']

DIGIT = 24                                  # a 4 with straight and with round strokes
SIZE = 2.0, 1.02                            # inches: a pair of square pictures
BEND = [[.3, .3, .3, -.3, -.3, -.3, .3, .3, .3],          # x of nine control points
        [.2, 0, -.2, .2, 0, -.2, .2, 0, -.2]]             # y of them

# What each picture shows: a transform, and its parameters.
PICTURES = {
    'translation': (Translation(), [.3, -.2]),
    'attention': (Attention(), [.6, .1, -.1]),
    'similarity': (Similarity(), [.8, .5, 0, 0]),
    'affine': (Affine(), [.9, .4, 0, -.15, .8, 0]),
    'projective': (Projective(), [.65, 0, 0, 0, .65, 0, 0, .35]),
    'thin-plate-spline': (ThinPlateSpline(9), np.ravel(BEND)),
    'compose': (Compose(Similarity(), ThinPlateSpline(9)),
                np.append([.75, -.4, 0, 0], np.ravel(BEND))),
}


def draw_gallery(folder, image=None):
    """Write a PNG for each transform.

    Parameters
    ----------
    folder : str
        Where ``translation.png``, ``attention.png`` and so on go; it must exist.
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
    paths = []
    for name, (transform, theta) in PICTURES.items():
        points, warped = _warp(image, transform, theta)
        figure = new_figure(*SIZE)
        left, right = figure.subplots(1, 2, gridspec_kw={
            'left': 0, 'right': 1, 'bottom': 0, 'top': 1, 'wspace': .04})
        draw_grid(left, image, points)
        right.imshow(warped, cmap='gray', vmin=0, vmax=1, interpolation='nearest')
        right.set_axis_off()
        paths.append(os.path.join(folder, name + '.png'))
        figure.savefig(paths[-1], metadata={'Software': None})
    return paths


def _warp(image, transform, theta):
    """Source points and warped image, in numpy."""
    layer = TransformerLayer((1, 1) + image.shape, (1, transform.num_params),
                             border_mode='constant', transform=transform)
    images, parameters = T.dtensor4(), T.dmatrix()
    results = [one.get_output_for([images, parameters])
               for one in (SamplingGridLayer(layer), layer)]
    # Each function is called once: no C code, not even to fold constants.
    mode = theano.compile.mode.get_mode('FAST_COMPILE').excluding(
        'constant_folding', 'topo_constant_folding')
    points, warped = theano.function([images, parameters], results, mode=mode)(
        image[np.newaxis, np.newaxis].astype('float64'), np.array([theta], 'float64'))
    return points[0], warped[0, 0]
