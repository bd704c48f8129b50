"""Warps numpy images by the library's own sampler, compiled."""
from functools import lru_cache

import numpy as np
import theano
import theano.tensor as T

from .. import checks
from ..grid import half_width
from ..layers import TransformerLayer
from ..matrices import MatrixTransform
from ..sampler import sample, sample_affine

__all__ = ['warp_images', 'as_images', 'half_widths']

CHUNK = 64                  # images in one call of the sampler, for the cache's sake


def warp_images(images, transform, theta, output_size):
    """Warp each image by its own parameters, with zero outside.

    Parameters
    ----------
    images : numpy array
        Shape ``(images, rows, columns)``, at least 2 x 2 pixels.
    transform : Transform
        What `theta` means.
    theta : numpy array
        Shape ``(images, transform.num_params)``.
    output_size : pair of int
        Rows and columns of the result, in pixels.

    Returns
    -------
    numpy array
        float32, shape ``(images, output rows, output columns)``: bilinear.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong kind or shape.

    See Also
    --------
    lasagne_stn.warping.warp_image : one image, with its source points, to look at.

    Examples
    --------
    >>> from lasagne_stn import Affine
    >>> warp_images(np.eye(3)[np.newaxis], Affine(), [[0, 0, .5, 0, 0, .5]], (1, 2))
    array([[[0.5, 0.5]]], dtype=float32)
    """
    images = as_images('warp_images', images)
    theta = np.asarray(theta, 'float32')
    output_size = checks.size('warp_images', 'output_size', output_size,
                              ('rows', 'columns'))
    warp = _compiled_warp(transform, images.shape[1:], output_size)
    checks.shape('warp_images', 'theta', theta.shape,
                 (len(images), transform.num_params))
    result = np.empty(images.shape[:1] + output_size, 'float32')
    for start in range(0, len(images), CHUNK):
        part = slice(start, start + CHUNK)
        result[part] = warp(images[part, np.newaxis], theta[part])[:, 0]
    return result


@lru_cache(maxsize=32)
def _compiled_warp(transform, image_size, output_size):
    """The library's own sampler, compiled once in a process."""
    images, theta = T.tensor4(dtype='float32'), T.matrix(dtype='float32')
    # With a ring of zeros round each image the border mode 'nearest', which has the
    # fastest kernels, reads zero outside too.
    shape = [images.shape[0], 1] + [pixels + 2 for pixels in image_size]
    ringed = T.set_subtensor(T.zeros(shape, 'float32')[:, :, 1:-1, 1:-1], images)
    half = half_widths(image_size)
    ratio = (half / (half + 1)).astype('float32')
    if isinstance(transform, MatrixTransform):
        warped = sample_affine(ringed, transform.matrix(theta) * ratio[:, np.newaxis],
                               output_size)
    else:
        layer = TransformerLayer((None, 1) + image_size, (None, transform.num_params),
                                 transform=transform, output_size=output_size)
        warped = sample(ringed, layer.source_points(images, theta) * ratio)
    return theano.function([images, theta], warped)


def half_widths(size):
    """Half the width and half the height of images, in pixels.

    >>> half_widths((5, 8))
    array([3.5, 2. ])
    """
    return np.array([half_width(pixels, align_corners=True) for pixels in size[::-1]])


def as_images(owner, images):
    """Images as float32; refused if they are none, or smaller than 2 x 2 pixels."""
    images = np.asarray(images, 'float32')
    checks.shape(owner, 'images', images.shape, ('batch', 'rows', 'columns'))
    if min(images.shape[1:]) < 2:
        raise checks.refusal(owner, 'images', 'have at least 2 x 2 pixels',
                             images.shape[1:])
    return images
