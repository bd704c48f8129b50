"""Distorts images at random, as the paper distorts MNIST [1]_.

Each distortion draws numbers for every image, in a fixed order, makes of them the
parameters of a transform from points of the result to points of the image, and reads
all images at once with :func:`lasagne_stn.data.warp_images`. The same seed draws the
same numbers on every machine; pixels agree to rounding.

References
----------
.. [1] Jaderberg et al. (2015): Spatial Transformer Networks, appendix A.4.
"""

import numpy as np

from .. import checks
from ..transforms import Affine, Attention, Compose, Projective, ThinPlateSpline
from ..warping import as_images, half_extents, warp_images
from .rng import check_generator

__all__ = ['distort_r', 'distort_rts', 'distort_p', 'distort_e']

AFFINE, PROJECTIVE = Affine(), Projective()
SPLINE = ThinPlateSpline(16)
BEND_AND_SCALE = Compose(SPLINE, Attention())
CORNERS = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])  # in turn round the edge


def distort_r(images, rng):
    """Rotate each image at random: the paper's R.

    The angle is uniform in [-90, 90] degrees.

    Parameters
    ----------
    images : numpy array
        Shape ``(images, rows, columns)``, at least 2 x 2 pixels.
    rng : numpy.random.Generator
        The only source of chance.

    Returns
    -------
    numpy array
        A new array, float32, of the same shape, zero where no image is.

    Raises
    ------
    TypeError
        If `rng` is something else.
    ValueError
        If `images` has another number of axes, or less than 2 x 2 pixels.

    Examples
    --------
    >>> distort_r(np.ones((5, 28, 28)), np.random.default_rng(1)).shape
    (5, 28, 28)
    """
    images = as_images('distort_r', images)
    check_generator('distort_r', rng)
    angle = np.deg2rad(rng.uniform(-90, 90, size=len(images)))
    return _place(
        images,
        angle,
        np.ones(len(images)),
        np.zeros((len(images), 2)),
        images.shape[1:],
    )


def distort_rts(images, rng, output_size=(42, 42)):
    """Rotate, scale and translate each image at random: the paper's RTS.

    The rotation is uniform in [-45, 45] degrees, the scale in [0.7, 1.2], and the
    place of the unscaled image uniform in the output.

    Parameters
    ----------
    images, rng
        See :func:`distort_r`.
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
    return _place(images, angle, scale, centre, output_size)


def _place(images, angle, scale, centre, output_size):
    """Turn and scale images about their middle, and put that on `centre`, which is
    (x, y) in pixels from the middle of the output."""
    cosine, sine = np.cos(angle) / scale, np.sin(angle) / scale
    turn = np.array([[cosine, sine], [-sine, cosine]]).transpose(2, 0, 1)
    shift = -turn @ centre[:, :, np.newaxis]
    theta = np.concatenate([turn * half_extents(output_size), shift], axis=2)
    theta /= half_extents(images.shape[1:])[:, np.newaxis]
    return warp_images(images, AFFINE, theta.reshape(-1, 6), output_size)


def distort_p(images, rng):
    """Scale each image and stretch its corners at random, as a camera does: P.

    The scale is uniform in [0.75, 1]. Then each corner of the image is moved away from
    the middle, or towards it, by a normal amount of 5 pixels, along x and along y
    alike, and all between follows projectively. Corners that would fold the image (no
    convex quadrangle) are drawn again.

    Parameters
    ----------
    images, rng
        See :func:`distort_r`.

    Returns
    -------
    numpy array
        A new array, float32, of the same shape, zero where no image is.

    Raises
    ------
    TypeError
        If `rng` is something else.
    ValueError
        If `images` has another number of axes, or less than 2 x 2 pixels.

    Notes
    -----
    The paper stretches each corner by an amount. Were x and y moved by an amount each,
    whole digits would leave the image, and its fully connected network would make more
    than twice the errors that it reports.

    Examples
    --------
    >>> distort_p(np.ones((5, 28, 28)), np.random.default_rng(1)).shape
    (5, 28, 28)
    """
    images = as_images('distort_p', images)
    check_generator('distort_p', rng)
    scale = rng.uniform(0.75, 1, size=len(images))
    corners = np.empty((len(images), 4, 2))
    wanted = np.ones(len(images), bool)
    while wanted.any():
        amount = rng.normal(scale=5, size=(np.sum(wanted), 4, 1))
        corners[wanted] = CORNERS * (1 + amount / half_extents(images.shape[1:]))
        wanted = ~_convex(corners)
    matrix = np.linalg.inv(_to_corners(corners))
    matrix[:, :2] /= scale[:, np.newaxis, np.newaxis]
    theta = matrix.reshape(-1, 9) / matrix[:, 2, 2:]
    return warp_images(images, PROJECTIVE, theta[:, :8], images.shape[1:])


def _convex(corners):
    """Whether quadrangles have all their corners on the outside, in the old order."""
    edges = np.roll(corners, -1, axis=1) - corners
    following = np.roll(edges, -1, axis=1)
    turns = edges[..., 0] * following[..., 1] - edges[..., 1] * following[..., 0]
    return (turns > 0).all(axis=1)


def _to_corners(corners):
    """The projective matrices that take ``CORNERS`` to other quadrangles.

    With the corners p0 to p3 the matrix [a, b, c] for points (x, y, 1) has the third
    row (g, h, 1), found from p0 - p1 + p2 - p3 by Cramer's rule [1]_; here for the
    square from -1 to 1.

    References
    ----------
    .. [1] Heckbert (1989): Fundamentals of texture mapping and image warping,
       section 2.2.3.
    """
    p0, p1, p2, p3 = corners.transpose(1, 2, 0)  # each (x, y)
    (x1, y1), (x2, y2), (x, y) = p1 - p2, p3 - p2, p0 - p1 + p2 - p3
    below = x1 * y2 - x2 * y1
    g, h = (x * y2 - x2 * y) / below, (x1 * y - x * y1) / below
    one = np.ones_like(g)
    unit = np.array([p1 - p0 + g * p1, p3 - p0 + h * p3, p0])  # columns, for 0 to 1
    unit = np.concatenate([unit, np.array([g, h, one])[:, np.newaxis]], axis=1)
    to_unit = np.array([[0.5, 0, 0.5], [0, 0.5, 0.5], [0, 0, 1]])
    return unit.transpose(2, 1, 0) @ to_unit


def distort_e(images, rng):
    """Scale each image and bend it at random: the paper's E.

    The scale is uniform in [0.75, 1]. Then the 16 control points of a thin plate
    spline, on a regular grid over the result, read the scaled image at places that
    differ by normal noise of 1.5 pixels along x and along y.

    Parameters
    ----------
    images, rng
        See :func:`distort_r`.

    Returns
    -------
    numpy array
        A new array, float32, of the same shape, zero where no image is.

    Raises
    ------
    TypeError
        If `rng` is something else.
    ValueError
        If `images` has another number of axes, or less than 2 x 2 pixels.

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
