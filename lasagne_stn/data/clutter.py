"""Puts digits somewhere on a dark canvas, among pieces of other digits [1]_.

References
----------
.. [1] Jaderberg et al. (2015): Spatial Transformer Networks, appendix A.2 and A.4.
"""

from numbers import Integral

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .. import checks
from .rng import check_generator

__all__ = ['place_on_canvas']

PATCH = 6  # pixels along the side of a piece of another digit


def place_on_canvas(images, rng, output_size=(60, 60), num_patches=6, others=None):
    """Put each image at a random place of a canvas, with clutter: the paper's TC.

    The place is uniform over all whole pixels where the image fits. Then pieces of 6 x
    6 pixels, cut at random places from images drawn at random, are put at random
    places; where they meet the digit, or one another, the brighter pixel stays.

    Parameters
    ----------
    images : numpy array
        Shape ``(images, rows, columns)``.
    rng : numpy.random.Generator
        The only source of chance.
    output_size : pair of int, optional
        Rows and columns of the canvas, in pixels: 60 x 60 to classify, 84 x 84 to
        co-localise.
    num_patches : int, optional
        Pieces of clutter: 6 to classify, 0 (the paper's T) or 16 to co-localise.
    others : numpy array, optional
        Images that the pieces come from, ``(others, rows, columns)``; by default
        `images`.

    Returns
    -------
    canvases : numpy array
        float32, shape ``(images, canvas rows, canvas columns)``.
    corners : numpy array
        int64, shape ``(images, 2)``: row and column of each image's first pixel.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong kind or shape, or is too small.

    Examples
    --------
    >>> canvases, corners = place_on_canvas(np.ones((5, 28, 28)),
    ...                                     np.random.default_rng(1))
    >>> canvases.shape, corners.shape
    ((5, 60, 60), (5, 2))
    """
    owner = 'place_on_canvas'
    check_generator(owner, rng)
    must = 'be a whole number of at least 0'
    if not isinstance(num_patches, Integral):
        raise checks.argument_error(
            owner, 'num_patches', must, num_patches, error=TypeError
        )
    if num_patches < 0:
        raise checks.argument_error(owner, 'num_patches', must, num_patches)
    images = np.asarray(images, 'float32')
    others = images if others is None else np.asarray(others)
    output_size = checks.size(owner, 'output_size', output_size, ('rows', 'columns'))
    for argument, array in (('images', images), ('others', others)):
        checks.shape(owner, argument, array.shape, ('batch', 'rows', 'columns'))
        if min(array.shape[1:]) < PATCH:
            raise checks.argument_error(
                owner,
                argument,
                'have at least %d x %d pixels' % (PATCH, PATCH),
                array.shape[1:],
            )
    if np.subtract(output_size, images.shape[1:]).min() < 0:
        raise checks.argument_error(
            owner,
            'output_size',
            'be at least %d x %d, the size of the images' % images.shape[1:],
            output_size,
        )
    count = len(images)
    canvases = np.zeros((count,) + output_size, 'float32')
    corners = _places(rng, count, output_size, images.shape[1:])
    _lay(canvases, corners, images)
    pieces = sliding_window_view(others, (PATCH, PATCH), axis=(1, 2))
    for _ in range(num_patches):
        sources = rng.integers(len(others), size=count)
        cuts = _places(rng, count, others.shape[1:], (PATCH, PATCH))
        _lay(
            canvases,
            _places(rng, count, output_size, (PATCH, PATCH)),
            pieces[sources, cuts[:, 0], cuts[:, 1]],
        )
    return canvases, corners


def _places(rng, count, outer, inner):
    """First pixels, uniform over where the inner size fits into the outer one."""
    return rng.integers(np.subtract(outer, inner) + 1, size=(count, 2))


def _lay(canvases, corners, pieces):
    """Put a piece on each canvas, in place; the brighter pixel stays."""
    windows = sliding_window_view(
        canvases, pieces.shape[1:], axis=(1, 2), writeable=True
    )
    where = np.arange(len(pieces)), corners[:, 0], corners[:, 1]
    windows[where] = np.maximum(windows[where], pieces)
