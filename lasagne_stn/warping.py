"""One image and one theta, in numpy: what a transformer does, to look at."""
from functools import lru_cache

import numpy as np
import theano
import theano.tensor as T

from . import checks
from .layers import SamplingGridLayer, TransformerLayer
from .matrices import Affine
from .transforms import as_transform

__all__ = ['warp_image']


def warp_image(image, theta, transform=Affine(), output_size=None,
               border_mode='constant', interpolation='bilinear', align_corners=True):
    """Warp an image, and say where it was read.

    Parameters
    ----------
    image : numpy array
        Shape ``(rows, columns)``.
    theta : sequence of float
        The parameters, ``transform.num_params`` of them; nested ones are flattened,
        so that a 2 x 3 matrix is an affine theta.
    transform : Transform, optional
        What `theta` means.
    output_size : pair of int, optional
        Rows and columns of the output, in pixels; by default those of the image.
    border_mode, interpolation : str, optional
        See :class:`lasagne_stn.TransformerLayer`; outside is zero by default.
    align_corners : bool, optional
        The pixel rule, see :mod:`lasagne_stn.grid`.

    Returns
    -------
    points : numpy array
        Source points (x, y) in half-widths of the image, float64, shape
        ``(output rows, output columns, 2)``.
    warped : numpy array
        What was read there, float64, shape ``(output rows, output columns)``.

    Raises
    ------
    TypeError, ValueError
        If `image` or `theta` has the wrong shape, or for a wrong option.

    See Also
    --------
    lasagne_stn.data.warp_images : many images, each by its own parameters, fast.

    Examples
    --------
    >>> points, warped = warp_image(np.eye(3), [[.5, 0, .5], [0, .5, .5]])
    >>> points[0, 0], points[2, 2], np.diag(warped)
    (array([0., 0.]), array([1., 1.]), array([1. , 0.5, 1. ]))
    """
    checks.shape('warp_image', 'image', np.shape(image), ('rows', 'columns'))
    as_transform('warp_image', transform)
    theta = np.ravel(theta).astype('float64')
    checks.shape('warp_image', 'theta', theta.shape, (transform.num_params,))
    size = np.shape(image) if output_size is None else checks.size(
        'warp_image', 'output_size', output_size, ('rows', 'columns'))
    warp = _compiled(transform, np.shape(image), size, border_mode, interpolation,
                     align_corners)
    points, warped = warp(np.asarray(image, 'float64')[np.newaxis, np.newaxis],
                          theta[np.newaxis])
    return points[0], warped[0, 0]


@lru_cache(maxsize=64)
def _compiled(transform, image_size, output_size, border_mode, interpolation,
              align_corners):
    """Images and theta to source points and output.

    No C code, not even to fold constants, and no device: compiling it would take
    longer than all the calls for a few pictures.
    """
    layer = TransformerLayer(
        (1, 1) + image_size, (1, transform.num_params), transform=transform,
        output_size=output_size, border_mode=border_mode, interpolation=interpolation,
        align_corners=align_corners)
    images, theta = T.dtensor4(), T.dmatrix()
    results = [one.get_output_for([images, theta])
               for one in (SamplingGridLayer(layer), layer)]
    mode = theano.compile.mode.get_mode('FAST_COMPILE').excluding(
        'constant_folding', 'topo_constant_folding', 'gpuarray')
    return theano.function([images, theta], results, mode=mode)
