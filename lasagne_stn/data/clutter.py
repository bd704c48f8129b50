"""Places digits on a dark canvas, among patches of other digits.

Source: Jaderberg et al. (2015): Spatial Transformer Networks, appendix A.2 and A.4.
"""

from __future__ import annotations

from numbers import Integral
from typing import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .. import checks
from .rng import check_generator

__all__ = ['place_on_canvas']

PATCH_SIZE = 6  # pixels along each side of a patch of clutter


def place_on_canvas(
    images: np.ndarray,
    rng: np.random.Generator,
    output_size: Sequence[int] = (60, 60),
    num_patches: int = 6,
    others: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Place each image at a random position on a canvas with clutter: the paper's TC.

    The position is uniform over all whole pixels where the image fits. Then patches of
    6 x 6 pixels, cropped at random from random images, are placed at random positions.
    Where patches and digits overlap, the brightest pixel is kept.

    Parameters
    ----------
    images : numpy array
        Shape ``(images, rows, columns)``, at least 6 x 6 pixels.
    rng : numpy.random.Generator
        The only source of randomness.
    output_size : pair of int, optional
        Rows and columns of the canvas, in pixels. The paper uses 60 x 60 for
        classification and 84 x 84 for co-localisation.
    num_patches : int, optional
        Patches of clutter on each canvas. The paper uses 6 for classification, and 0
        (T) or 16 (TC) for co-localisation.
    others : numpy array, optional
        Images that the patches are cropped from, ``(others, rows, columns)``; by
        default `images`.

    Returns
    -------
    canvases : numpy array
        float32, shape ``(images, canvas rows, canvas columns)``.
    corners : numpy array
        int64, shape ``(images, 2)``: row and column of each image's first pixel.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type or shape, or is too small.

    Examples
    --------
    >>> canvases, corners = place_on_canvas(np.ones((5, 28, 28)),
    ...                                     np.random.default_rng(1))
    >>> canvases.shape, corners.shape
    ((5, 60, 60), (5, 2))
    """
    owner = 'place_on_canvas'
    check_generator(owner, rng)
    must = 'be an integer of at least 0'
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
        if min(array.shape[1:]) < PATCH_SIZE:
            raise checks.argument_error(
                owner,
                argument,
                'have at least %d x %d pixels' % (PATCH_SIZE, PATCH_SIZE),
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
    corners = _sample_corners(rng, count, output_size, images.shape[1:])
    _paste(canvases, corners, images)
    patch_size = PATCH_SIZE, PATCH_SIZE
    patches = sliding_window_view(others, patch_size, axis=(1, 2))
    for _ in range(num_patches):
        sources = rng.integers(len(others), size=count)
        crops = _sample_corners(rng, count, others.shape[1:], patch_size)
        _paste(
            canvases,
            _sample_corners(rng, count, output_size, patch_size),
            patches[sources, crops[:, 0], crops[:, 1]],
        )
    return canvases, corners


def _sample_corners(rng, count, outer_size, inner_size):
    """Sample first pixels (row, column) for which the inner area fits the outer."""
    return rng.integers(np.subtract(outer_size, inner_size) + 1, size=(count, 2))


def _paste(canvases, corners, patches):
    """Paste a patch into each canvas in place, keeping the brighter pixels."""
    windows = sliding_window_view(
        canvases, patches.shape[1:], axis=(1, 2), writeable=True
    )
    index = np.arange(len(patches)), corners[:, 0], corners[:, 1]
    windows[index] = np.maximum(windows[index], patches)
