"""The sampler: from images and source points to output pixels.

Samplers are readable symbolic graphs (see :mod:`lasagne_stn.sampling.explicit`); take
gradients of any order with ``T.grad``. Markers around each sampler let a rewrite
replace it by a kernel (see :mod:`lasagne_stn.sampling.markers`).
"""

from __future__ import annotations

from typing import Sequence

import theano.tensor as T
from theano import Variable

from .. import checks
from ..grid import apply_matrix, as_floats, regular_grid
from .explicit import explicit_graph
from .interpolation import Kernel, kernel_identity
from .markers import SamplerKind, mark
from .options import SamplingOptions, check_options

__all__ = [
    'sample',
    'sample_affine',
    'sample_at_points',
    'sample_at_matrices',
    'affine_points',
    'as_points',
]

AXES = {
    4: ('batch', 'channels', 'rows', 'columns'),
    5: ('batch', 'channels', 'depth', 'rows', 'columns'),
}


def sample(
    images: Variable,
    points: Variable,
    interpolation: str | Kernel = 'bilinear',
    border_mode: str = 'nearest',
    border_value: float = 0.0,
    align_corners: bool = True,
) -> Variable:
    """Read images at source points [1]_.

    Parameters
    ----------
    images : Theano tensor
        Shape ``(batch, channels, rows, columns)``, or
        ``(batch, channels, depth, rows, columns)`` for volumes.
    points : Theano tensor
        Source points (x, y) in normalised coordinates, [-1, 1] across the image: shape
        ``(batch, output rows, output columns, 2)``; for volumes (x, y, z) with one
        more axis.
    interpolation : str or Kernel, optional
        'bilinear' (eq. 5), 'nearest' (eq. 4), 'bicubic', or a
        :class:`lasagne_stn.sampling.interpolation.Kernel` (eq. 3).
    border_mode : str, optional
        How the image is extended beyond its edges, see
        :mod:`lasagne_stn.sampling.borders`.
    border_value : float, optional
        The value outside the image for 'constant'; 0 is the paper's eq. 5.
    align_corners : bool, optional
        The pixel rule, see :mod:`lasagne_stn.grid`.

    Returns
    -------
    Theano tensor
        Shape ``(batch, channels, output rows, output columns)``. A NaN point gives
        NaN; an infinite point reads beyond the border.

    Raises
    ------
    TypeError, ValueError
        If `images` or `points` has the wrong number of axes or an option is invalid.

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
    options = check_options(
        'sample', interpolation, border_mode, border_value, align_corners
    )
    return sample_at_points(images, points, options)


def sample_affine(
    images: Variable,
    matrices: Variable,
    size: Sequence[int | Variable],
    interpolation: str | Kernel = 'bilinear',
    border_mode: str = 'nearest',
    border_value: float = 0.0,
    align_corners: bool = True,
) -> Variable:
    """Read images at the regular grid, transformed by a matrix for each image [1]_.

    The result is that of :func:`sample` at these points, but a kernel does not need to
    store the grid.

    Parameters
    ----------
    images : Theano tensor
        Shape ``(batch, channels, rows, columns)``, or a volume's.
    matrices : Theano tensor
        Shape ``(batch, dims, dims + 1)``; they map target points to source points.
    size : sequence of int or Theano scalar
        Pixels of the output, ``(rows, columns)`` or ``(depth, rows, columns)``.
    interpolation, border_mode, border_value, align_corners
        See :func:`sample`.

    Returns
    -------
    Theano tensor
        Shape ``(batch, channels) + size``.

    Raises
    ------
    TypeError, ValueError
        If an option is invalid.

    References
    ----------
    .. [1] Jaderberg et al. (2015): Spatial Transformer Networks, eq. 1.
    """
    options = check_options(
        'sample_affine', interpolation, border_mode, border_value, align_corners
    )
    return sample_at_matrices(images, matrices, size, options)


def sample_at_points(
    images: Variable, points: Variable, options: SamplingOptions
) -> Variable:
    """Do as :func:`sample` does, with options that are already checked."""
    kind, images, points = _mark_inputs(images, points, False, options)
    return mark('output', kind, explicit_graph(images, points, options))


def sample_at_matrices(
    images: Variable,
    matrices: Variable,
    size: Sequence[int | Variable],
    options: SamplingOptions,
) -> Variable:
    """Do as :func:`sample_affine` does, with options that are already checked."""
    kind, images, matrices = _mark_inputs(images, matrices, True, options)
    stacked = mark('size', kind, T.stack([T.as_tensor_variable(n) for n in size]))
    size = [stacked[axis] for axis in range(images.ndim - 2)]
    points = affine_points(matrices, size, options.align_corners)
    return mark('output', kind, explicit_graph(images, points, options))


def _mark_inputs(images, coords, affine, options):
    """Mark images and matrices or points, in one floating point type."""
    images, coords = as_floats(images, coords)
    kind = SamplerKind(
        images.ndim - 2,
        affine,
        options.border_mode,
        options.border_value,
        options.align_corners,
        kernel_identity(options.interpolation),
    )
    return kind, mark('images', kind, images), mark('coords', kind, coords)


def affine_points(
    matrices: Variable, size: Sequence[int | Variable], align_corners: bool = True
) -> Variable:
    """Transform the regular grid by a matrix for each image.

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


def as_points(rows: Variable, size: Sequence[int | Variable]) -> Variable:
    """Rearrange a row for each coordinate to a point for each output pixel.

    Parameters
    ----------
    rows : Theano tensor
        Shape ``(batch, dims, count)``, as a transform returns them.
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
