"""Distorts images at random, as the paper distorts MNIST.

Each distortion samples numbers for every image in a fixed order and computes from them
the parameters of a transform, which maps points of the result to points of the image.
:func:`lasagne_stn.warping.warp_images` then warps all images at once. A seed gives the
same numbers on every machine; pixels agree up to rounding.

Source: Jaderberg et al. (2015): Spatial Transformer Networks, appendix A.4.
"""

from __future__ import annotations

from typing import Sequence

import numpy as np

from .. import checks
from ..transforms import Affine, Attention, Compose, Projective, ThinPlateSpline
from ..warping import as_images, half_extents, warp_images
from .rng import check_generator

__all__ = ['distort_r', 'distort_rts', 'distort_p', 'distort_e']

AFFINE, PROJECTIVE = Affine(), Projective()
SPLINE = ThinPlateSpline(16)
BEND_AND_SCALE = Compose(SPLINE, Attention())
CORNERS = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])  # clockwise from the top left


def distort_r(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rotate each image at random: the paper's R.

    The angle is uniform in [-90, 90] degrees.

    Parameters
    ----------
    images : numpy array
        Shape ``(images, rows, columns)``, at least 2 x 2 pixels.
    rng : numpy.random.Generator
        The only source of randomness.

    Returns
    -------
    numpy array
        A new float32 array of the same shape, zero outside the rotated image.

    Raises
    ------
    TypeError
        If `rng` is not a ``numpy.random.Generator``.
    ValueError
        If `images` does not have three axes, or has fewer than 2 x 2 pixels.

    Examples
    --------
    >>> distort_r(np.ones((5, 28, 28)), np.random.default_rng(1)).shape
    (5, 28, 28)
    """
    images = as_images('distort_r', images)
    check_generator('distort_r', rng)
    angle = np.deg2rad(rng.uniform(-90, 90, size=len(images)))
    return _warp_similarity(
        images,
        angle,
        np.ones(len(images)),
        np.zeros((len(images), 2)),
        images.shape[1:],
    )


def distort_rts(
    images: np.ndarray,
    rng: np.random.Generator,
    output_size: Sequence[int] = (42, 42),
) -> np.ndarray:
    """Rotate, scale and translate each image at random: the paper's RTS.

    The rotation is uniform in [-45, 45] degrees, the scale is uniform in [0.7, 1.2],
    and the unscaled image is placed uniformly where it fits into the output.

    Parameters
    ----------
    images, rng
        See :func:`distort_r`.
    output_size : pair of int, optional
        Rows and columns of the result, in pixels, at least those of the images.

    Returns
    -------
    numpy array
        A new float32 array, shape ``(images, output rows, output columns)``, zero
        outside the distorted image.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type, shape or range.

    Examples
    --------
    >>> distort_rts(np.ones((5, 28, 28)), np.random.default_rng(1)).shape
    (5, 42, 42)
    """
    images = as_images('distort_rts', images)
    check_generator('distort_rts', rng)
    output_size = checks.size(
        'distort_rts', 'output_size', output_size, ('rows', 'columns')
    )
    room = np.subtract(output_size, images.shape[1:])[::-1]  # (x, y)
    if room.min() < 0:
        raise checks.argument_error(
            'distort_rts',
            'output_size',
            'be at least %d x %d, the size of the images' % images.shape[1:],
            output_size,
        )
    count = len(images)
    angle = np.deg2rad(rng.uniform(-45, 45, size=count))
    scale = rng.uniform(0.7, 1.2, size=count)
    centre = rng.uniform(-0.5, 0.5, size=(count, 2)) * room
    return _warp_similarity(images, angle, scale, centre, output_size)


def _warp_similarity(images, angle, scale, centre, output_size):
    """Rotate and scale images about their centre, then move the centre to `centre`.

    `centre` is (x, y) in pixels from the centre of the output, shape ``(images, 2)``.
    """
    cosine, sine = np.cos(angle) / scale, np.sin(angle) / scale
    matrix = np.array([[cosine, sine], [-sine, cosine]]).transpose(2, 0, 1)
    shift = -matrix @ centre[:, :, np.newaxis]
    theta = np.concatenate([matrix * half_extents(output_size), shift], axis=2)
    theta /= half_extents(images.shape[1:])[:, np.newaxis]
    return warp_images(images, AFFINE, theta.reshape(-1, 6), output_size)


def distort_p(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Scale each image and stretch its corners projectively at random: the paper's P.

    The scale is uniform in [0.75, 1]. Then each corner is moved away from the centre or
    towards it, by the same amount along x and y, which is normal with a standard
    deviation of 5 pixels. A projective transform interpolates between the corners.
    Corners that would fold the image (a non-convex quadrangle) are sampled again.

    Parameters
    ----------
    images, rng
        See :func:`distort_r`.

    Returns
    -------
    numpy array
        A new float32 array of the same shape, zero outside the distorted image.

    Raises
    ------
    TypeError
        If `rng` is not a ``numpy.random.Generator``.
    ValueError
        If `images` does not have three axes, or has fewer than 2 x 2 pixels.

    Notes
    -----
    The paper stretches each corner by one amount. If x and y were moved by independent
    amounts, whole digits would leave the image, and the fully connected network would
    have more than twice the error that the paper reports.

    Examples
    --------
    >>> distort_p(np.ones((5, 28, 28)), np.random.default_rng(1)).shape
    (5, 28, 28)
    """
    images = as_images('distort_p', images)
    check_generator('distort_p', rng)
    scale = rng.uniform(0.75, 1, size=len(images))
    corners = np.empty((len(images), 4, 2))
    invalid = np.ones(len(images), bool)
    while invalid.any():
        amount = rng.normal(scale=5, size=(np.sum(invalid), 4, 1))
        corners[invalid] = CORNERS * (1 + amount / half_extents(images.shape[1:]))
        invalid = ~_are_convex(corners)
    matrix = np.linalg.inv(_to_corners(corners))
    matrix[:, :2] /= scale[:, np.newaxis, np.newaxis]
    theta = matrix.reshape(-1, 9) / matrix[:, 2, 2:]
    return warp_images(images, PROJECTIVE, theta[:, :8], images.shape[1:])


def _are_convex(corners):
    """Return which quadrangles are convex, with their corners clockwise."""
    edges = np.roll(corners, -1, axis=1) - corners
    next_edges = np.roll(edges, -1, axis=1)
    turns = edges[..., 0] * next_edges[..., 1] - edges[..., 1] * next_edges[..., 0]
    return (turns > 0).all(axis=1)


def _to_corners(corners):
    """Return the projective matrices that map ``CORNERS`` to other quadrangles.

    The matrix applies to points (x, y, 1). Heckbert [1]_ gives it for the unit square
    and corners p0 to p3: Cramer's rule finds its third row (g, h, 1) from
    p0 - p1 + p2 - p3. A second matrix maps the square [-1, 1] to the unit square.

    References
    ----------
    .. [1] Heckbert (1989): Fundamentals of texture mapping and image warping,
       section 2.2.3.
    """
    p0, p1, p2, p3 = corners.transpose(1, 2, 0)  # each (x, y)
    (x1, y1), (x2, y2), (x, y) = p1 - p2, p3 - p2, p0 - p1 + p2 - p3
    determinant = x1 * y2 - x2 * y1
    g, h = (x * y2 - x2 * y) / determinant, (x1 * y - x * y1) / determinant
    one = np.ones_like(g)
    columns = np.array([p1 - p0 + g * p1, p3 - p0 + h * p3, p0])
    columns = np.concatenate([columns, np.array([g, h, one])[:, np.newaxis]], axis=1)
    to_unit = np.array([[0.5, 0, 0.5], [0, 0.5, 0.5], [0, 0, 1]])
    return columns.transpose(2, 1, 0) @ to_unit


def distort_e(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Scale each image and bend it at random: the paper's E.

    The scale is uniform in [0.75, 1]. Then a thin plate spline with 16 control points
    on a regular grid bends the image: each source point is moved along x and y by
    normal noise with a standard deviation of 1.5 pixels of the scaled image.

    Parameters
    ----------
    images, rng
        See :func:`distort_r`.

    Returns
    -------
    numpy array
        A new float32 array of the same shape, zero outside the distorted image.

    Raises
    ------
    TypeError
        If `rng` is not a ``numpy.random.Generator``.
    ValueError
        If `images` does not have three axes, or has fewer than 2 x 2 pixels.

    Examples
    --------
    >>> distort_e(np.ones((5, 28, 28)), np.random.default_rng(1)).shape
    (5, 28, 28)
    """
    images = as_images('distort_e', images)
    check_generator('distort_e', rng)
    count = len(images)
    scale = rng.uniform(0.75, 1, size=(count, 1))
    noise = rng.normal(scale=1.5, size=(count, 2, SPLINE.num_params // 2))
    offsets = noise / half_extents(images.shape[1:])[:, np.newaxis]
    theta = np.concatenate(
        [offsets.reshape(count, SPLINE.num_params), 1 / scale, np.zeros((count, 2))],
        axis=1,
    )
    return warp_images(images, BEND_AND_SCALE, theta, images.shape[1:])
