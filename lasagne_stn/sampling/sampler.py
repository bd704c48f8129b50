"""The sampler: source points and images to output pixels, as an explicit graph.

Every step is an ordinary Theano operation, so that ``theano.printing.debugprint``
shows it and ``T.grad`` differentiates it, as often as one likes. Markers, which change
nothing, name its borders (see :mod:`lasagne_stn.sampling.markers`).
"""

from functools import reduce
from itertools import product
from operator import and_, mul

import theano.tensor as T

from .. import checks
from ..grid import apply_matrix, as_floats, bounded, regular_grid, to_pixels
from .borders import BORDER_MODES, clip_place, inside, pixel_index
from .interpolation import Bilinear, as_kernel
from .markers import SamplerKind, mark

__all__ = ['sample', 'sample_affine', 'affine_points', 'as_points']

AXES = {
    4: ('batch', 'channels', 'rows', 'columns'),
    5: ('batch', 'channels', 'depth', 'rows', 'columns'),
}


def sample(
    images,
    points,
    interpolation='bilinear',
    border_mode='nearest',
    border_value=0.0,
    align_corners=True,
):
    """Read images at source points [1]_.

    Parameters
    ----------
    images : Theano tensor
        Shape ``(batch, channels, rows, columns)``, or
        ``(batch, channels, depth, rows, columns)`` for volumes.
    points : Theano tensor
        Source points (x, y), in half-widths of the image: shape
        ``(batch, output rows, output columns, 2)``; for volumes (x, y, z) with an
        axis more.
    interpolation : str or Kernel, optional
        'bilinear' (eq. 5), 'nearest' (eq. 4), 'bicubic', or a
        :class:`lasagne_stn.sampling.interpolation.Kernel` (eq. 3).
    border_mode : str, optional
        What stands outside the image, see :mod:`lasagne_stn.sampling.borders`.
    border_value : float, optional
        What 'constant' reads outside the image; 0 is the paper's eq. 5.
    align_corners : bool, optional
        The pixel rule, see :mod:`lasagne_stn.grid`.

    Returns
    -------
    Theano tensor
        Shape ``(batch, channels, output rows, output columns)``. A point that is NaN
        gives NaN; an infinite one reads beyond the border.

    Raises
    ------
    TypeError, ValueError
        If `images` or `points` has the wrong number of axes or a name is unknown.

    Notes
    -----
    At its kinks the bilinear sampler has the derivative to the right, see
    :class:`lasagne_stn.sampling.interpolation.Bilinear`.

    References
    ----------
    .. [1] Jaderberg et al. (2015): Spatial Transformer Networks, section 3.3.

    Examples
    --------
    >>> images = T.constant([[[[1., 2., 4.]]]])
    >>> sample(images, T.constant([[[[-1., 0.], [.5, 0.], [9., 0.]]]])).eval()
    array([[[[1., 3., 4.]]]])
    """
    images, points = as_floats(images, points)
    if images.ndim not in AXES:
        raise checks.argument_error(
            'sample', 'images', 'have 4 axes, or 5 for volumes', images.ndim
        )
    if points.ndim != images.ndim:
        raise checks.argument_error(
            'sample',
            'points',
            'have %d axes (batch, output %s, %d)'
            % (images.ndim, ', output '.join(AXES[images.ndim][2:]), images.ndim - 2),
            points.ndim,
        )
    kernel = as_kernel('sample', interpolation)
    _check_border('sample', border_mode, border_value, align_corners)
    kind = _kind(
        images, points, False, kernel, border_mode, border_value, align_corners
    )
    images, points = mark('images', kind, images), mark('coords', kind, points)
    output = _read(images, points, kernel, border_mode, border_value, align_corners)
    return mark('output', kind, output)


def sample_affine(
    images,
    matrices,
    size,
    interpolation='bilinear',
    border_mode='nearest',
    border_value=0.0,
    align_corners=True,
):
    """Read images at the regular grid's points times a matrix for each image [1]_.

    The same as :func:`sample` at those points; a kernel can leave the grid out.

    Parameters
    ----------
    images : Theano tensor
        Shape ``(batch, channels, rows, columns)``, or a volume's.
    matrices : Theano tensor
        Shape ``(batch, dims, dims + 1)``: from points of the output to points of the
        input.
    size : sequence of int or Theano scalar
        Pixels of the output, ``(rows, columns)`` or ``(depth, rows, columns)``.
    interpolation, border_mode, border_value, align_corners
        See :func:`sample`.

    Returns
    -------
    Theano tensor
        Shape ``(batch, channels) + size``.

    References
    ----------
    .. [1] Jaderberg et al. (2015): Spatial Transformer Networks, eq. 1.
    """
    images, matrices = as_floats(images, matrices)
    kernel = as_kernel('sample_affine', interpolation)
    _check_border('sample_affine', border_mode, border_value, align_corners)
    kind = _kind(
        images, matrices, True, kernel, border_mode, border_value, align_corners
    )
    images, matrices = mark('images', kind, images), mark('coords', kind, matrices)
    size = mark('size', kind, T.stack([T.as_tensor_variable(n) for n in size]))
    points = affine_points(
        matrices, [size[axis] for axis in range(images.ndim - 2)], align_corners
    )
    output = _read(images, points, kernel, border_mode, border_value, align_corners)
    return mark('output', kind, output)


def affine_points(matrices, size, align_corners=True):
    """The regular grid's points times a matrix for each image.

    Parameters
    ----------
    matrices : Theano tensor
        Shape ``(batch, dims, dims + 1)``.
    size : sequence of int or Theano scalar
        Pixels of the output along each axis.
    align_corners : bool, optional
        The pixel rule, see :mod:`lasagne_stn.grid`.

    Returns
    -------
    Theano tensor
        Source points, shape ``(batch,) + size + (dims,)``.
    """
    grid = regular_grid(size, align_corners, matrices.dtype)
    return as_points(apply_matrix(matrices, grid), size)


def as_points(rows, size):
    """From a row for each coordinate to a point for each output pixel.

    Parameters
    ----------
    rows : Theano tensor
        Shape ``(batch, dims, count)``, as a transform gives them.
    size : sequence of int or Theano scalar
        Pixels of the output along each axis.

    Returns
    -------
    Theano tensor
        Shape ``(batch,) + size + (dims,)``.
    """
    dims = len(size)
    points = rows.reshape([rows.shape[0], dims] + list(size), ndim=dims + 2)
    return points.dimshuffle(*[0] + list(range(2, 2 + dims)) + [1])


def _check_border(owner, border_mode, border_value, align_corners):
    """Refuse unknown options."""
    checks.choice(owner, 'border_mode', border_mode, BORDER_MODES)
    checks.number(owner, 'border_value', border_value)
    checks.flag(owner, 'align_corners', align_corners)


def _kind(images, coords, affine, kernel, border_mode, border_value, align_corners):
    """What a kernel must compute to stand for the sampler; None if there is none."""
    if type(kernel) is not Bilinear:
        return None
    return SamplerKind(
        images.ndim - 2, affine, border_mode, float(border_value), bool(align_corners)
    )


def _read(images, points, kernel, border_mode, border_value, align_corners):
    """The explicit graph of a sampler."""
    sizes = [images.shape[axis] for axis in range(2, images.ndim)]
    count = reduce(mul, [points.shape[axis] for axis in range(1, points.ndim - 1)])
    taps = []  # for each axis of the image, in order
    for axis, pixels in enumerate(sizes):
        coordinate = points[..., len(sizes) - 1 - axis].reshape(
            (points.shape[0], count)
        )
        place = to_pixels(bounded(coordinate), pixels, align_corners)
        taps.append(_axis_taps(place, pixels, kernel, border_mode))

    table = _pixel_table(images)
    terms = []
    for combination in product(*taps):
        values = table[_table_row(combination, images.shape[0], sizes)]
        if border_mode == 'constant':
            seen = reduce(and_, [tap.inside for tap in combination])
            values = T.switch(
                seen.flatten().dimshuffle(0, 'x'),
                values,
                T.constant(border_value, dtype=images.dtype),
            )
        weight = reduce(mul, [tap.weight for tap in combination])
        terms.append(weight.flatten().dimshuffle(0, 'x') * values)
    return _as_images(T.add(*terms) if len(terms) > 1 else terms[0], points, images)


class _Tap:
    """A pixel that each point reads along one axis: where it is, what it weighs."""

    def __init__(self, place, pixels, weight, border_mode):
        self.index = pixel_index(border_mode, place, pixels)
        self.inside = inside(place, pixels)
        self.weight = weight


def _axis_taps(place, pixels, kernel, border_mode):
    place = clip_place(border_mode, place, pixels, kernel.radius)
    origin = kernel.origin(place)
    weights = kernel.weights(place - origin)
    return [
        _Tap(origin + offset, pixels, weight, border_mode)
        for offset, weight in zip(kernel.offsets, weights)
    ]


def _pixel_table(images):
    """All pixels of the batch, one in a row with its channels."""
    last = images.dimshuffle(*[0] + list(range(2, images.ndim)) + [1])
    return last.reshape((reduce(mul, last.shape[:-1]), images.shape[1]))


def _table_row(taps, batch, sizes):
    """Row in the pixel table that each point reads."""
    row = T.arange(batch).dimshuffle(0, 'x')
    for tap, pixels in zip(taps, sizes):
        row = row * pixels + tap.index
    return row.flatten()


def _as_images(rows, points, images):
    """From a row for each output pixel to images."""
    shape = [points.shape[axis] for axis in range(points.ndim - 1)]
    last = rows.reshape(shape + [images.shape[1]], ndim=images.ndim)
    return last.dimshuffle(*[0, images.ndim - 1] + list(range(1, images.ndim - 1)))
