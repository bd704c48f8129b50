"""Distorts images at random, as the paper distorts MNIST.

Each distortion draws parameters for every image, turns them into source points, and
reads all images at once with :func:`warp_images`.
"""
from functools import lru_cache

import numpy as np
import theano
import theano.tensor as T

from .. import checks
from ..sampler import sample

__all__ = ['distort_rts', 'warp_images']

CHUNK = 128                 # images in one call of the sampler, for the cache's sake


def distort_rts(images, rng, output_size=(42, 42)):
    """Rotate, scale and translate each image at random: the paper's RTS [1]_.

    The rotation is uniform in [-45, 45] degrees, the scale in [0.7, 1.2], and the
    place of the unscaled image uniform in the output.

    Parameters
    ----------
    images : numpy array
        Shape ``(images, rows, columns)``, at least 2 x 2 pixels.
    rng : numpy.random.Generator
        The only source of chance: the same state gives the same images.
    output_size : pair of int, optional
        Rows and columns of the result, in pixels, not smaller than the images.

    Returns
    -------
    numpy array
        A new array, float32, shape ``(images, output rows, output columns)``, zero
        where no image is.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong kind, shape or range.

    References
    ----------
    .. [1] Jaderberg et al. (2015): Spatial Transformer Networks, appendix A.4.

    Examples
    --------
    >>> distort_rts(np.ones((5, 28, 28)), np.random.default_rng(1)).shape
    (5, 42, 42)
    """
    images = _as_images('distort_rts', images)
    output_size = checks.size('distort_rts', 'output_size', output_size,
                              ('rows', 'columns'))
    room = np.subtract(output_size, images.shape[1:])[::-1]             # (x, y)
    if room.min() < 0:
        raise checks.refusal('distort_rts', 'output_size', 'be at least %d x %d, the '
                             'size of the images' % images.shape[1:], output_size)
    count = len(images)
    angle = np.deg2rad(rng.uniform(-45, 45, size=count))
    scale = rng.uniform(.7, 1.2, size=count)
    centre = rng.uniform(-.5, .5, size=(count, 2)) * room
    x, y = _centred_pixels(output_size, centre)
    cosine, sine = (_per_image(wave(angle) / scale) for wave in (np.cos, np.sin))
    return warp_images(images, cosine * x + sine * y, cosine * y - sine * x)


def _centred_pixels(size, centre):
    """(x, y) of every pixel, in pixels from the centre of each image's place."""
    rows, columns = (np.arange(pixels) - (pixels - 1) / 2. for pixels in size)
    x = columns.reshape(1, 1, -1) - _per_image(centre[:, 0])
    y = rows.reshape(1, -1, 1) - _per_image(centre[:, 1])
    return x.astype('float32'), y.astype('float32')


def _per_image(values):
    return values.reshape(-1, 1, 1).astype('float32')


def warp_images(images, x, y):
    """Read images at source points, with zero outside.

    Parameters
    ----------
    images : numpy array
        Shape ``(images, rows, columns)``, at least 2 x 2 pixels.
    x, y : numpy array
        Source points in pixels from the centre of the image, x to the right and y
        down: shapes that broadcast to ``(images, output rows, output columns)``.

    Returns
    -------
    numpy array
        float32, shape ``(images, output rows, output columns)``: bilinear.

    Raises
    ------
    ValueError
        If `images` has another number of axes, or less than 2 x 2 pixels.

    Examples
    --------
    >>> warp_images(np.eye(3)[np.newaxis], np.zeros((1, 1, 2)), np.array([[[0, 1.5]]]))
    array([[[1., 0.]]], dtype=float32)
    """
    images = _as_images('warp_images', images)
    half = (np.array(images.shape[:0:-1], 'float32') - 1) / 2           # (x, y)
    points = np.stack(np.broadcast_arrays(x / half[0], y / half[1]), axis=-1)
    points = points.astype('float32', copy=False)
    result = np.empty(points.shape[:3], 'float32')
    for start in range(0, len(images), CHUNK):
        part = slice(start, start + CHUNK)
        result[part] = _compiled_sampler()(images[part, np.newaxis], points[part])[:, 0]
    return result


@lru_cache(maxsize=None)
def _compiled_sampler():
    """The library's own sampler, compiled once in a process."""
    images, points = T.tensor4(dtype='float32'), T.tensor4(dtype='float32')
    return theano.function([images, points],
                           sample(images, points, border_mode='constant'))


def _as_images(owner, images):
    images = np.asarray(images, 'float32')
    checks.shape(owner, 'images', images.shape, ('batch', 'rows', 'columns'))
    if min(images.shape[1:]) < 2:
        raise checks.refusal(owner, 'images', 'have at least 2 x 2 pixels',
                             images.shape[1:])
    return images
