"""The regular grid in [-1, 1], and the pixel rule, which is defined only here.

Convention: points are (x, y) or (x, y, z), x to the right, y down. With
``align_corners=True`` -1 and +1 are the centres of the first and last pixel; with
``align_corners=False`` they are the outer edges of the first and last pixel. The centre
of an axis of one pixel is 0. These are normalised coordinates.
"""

from __future__ import annotations

from typing import Sequence

import theano
import theano.tensor as T
from theano import Variable

from . import checks

__all__ = [
    'regular_grid',
    'to_pixels',
    'half_extent',
    'floor_divide',
    'as_floats',
    'bounded',
    'apply_matrix',
]

LARGEST = 1e9  # normalised; all coordinates beyond it count as this one


def regular_grid(
    size: Sequence[int | Variable], align_corners: bool = True, dtype: str = 'float64'
) -> Variable:
    """Return the meshgrid of target points, a row for each coordinate [1]_.

    Parameters
    ----------
    size : sequence of int or Theano scalar
        Pixels of the output: ``(rows, columns)`` or ``(depth, rows, columns)``.
    align_corners : bool, optional
        The pixel rule, see this module.
    dtype : str, optional
        Floating point type of the result.

    Returns
    -------
    Theano matrix
        Shape ``(2, rows * columns)``, rows x_t and y_t in normalised coordinates,
        pixels in scan-line order; a third row z_t for volumes.

    Raises
    ------
    TypeError, ValueError
        If `size` is not a sequence, or does not have two or three members.

    References
    ----------
    .. [1] Jaderberg et al. (2015): Spatial Transformer Networks, section 3.2.

    Examples
    --------
    >>> regular_grid((2, 3)).eval()
    array([[-1.,  0.,  1., -1.,  0.,  1.],
           [-1., -1., -1.,  1.,  1.,  1.]])
    """
    must = 'be (rows, columns) or (depth, rows, columns)'
    if not isinstance(size, (tuple, list)):
        raise checks.argument_error('regular_grid', 'size', must, size, error=TypeError)
    if len(size) not in (2, 3):
        raise checks.argument_error('regular_grid', 'size', must, size)
    size = [T.as_tensor_variable(pixels, ndim=0) for pixels in size]
    rows = []
    for axis, pixels in enumerate(size):
        line = _axis_points(pixels, align_corners, dtype)
        shape = [0 if other == axis else 'x' for other in range(len(size))]
        mesh = line.dimshuffle(*shape) + T.zeros(size, dtype=dtype)
        rows.append(mesh.flatten())
    return T.stack(rows[::-1])


def _axis_points(pixels, align_corners, dtype):
    """Return the coordinates of the pixel centres of one axis, in order."""
    pixel = 2 * T.cast(T.arange(pixels), dtype) - T.cast(pixels - 1, dtype)
    width = T.maximum(pixels - 1, 1) if align_corners else pixels
    return pixel / T.cast(width, dtype)


def half_extent(pixels: int | Variable, align_corners: bool) -> float | Variable:
    """Return half the extent of an axis: the pixels in one unit of a coordinate.

    Parameters
    ----------
    pixels : int or Theano scalar
        Length of the axis in pixels.
    align_corners : bool
        The pixel rule, see this module.

    Returns
    -------
    float or Theano scalar

    Examples
    --------
    >>> half_extent(5, True), half_extent(5, False)
    (2.0, 2.5)
    """
    return (pixels - 1) / 2.0 if align_corners else pixels / 2.0


def to_pixels(
    coordinate: Variable, pixels: int | Variable, align_corners: bool = True
) -> Variable:
    """Convert normalised coordinates along an axis to pixel coordinates.

    Parameters
    ----------
    coordinate : Theano variable
        Normalised.
    pixels : int or Theano scalar
        Length of the axis in pixels.
    align_corners : bool, optional
        The pixel rule, see this module.

    Returns
    -------
    Theano variable
        Same shape and dtype; 0 is the centre of the first pixel.

    Examples
    --------
    >>> import theano
    >>> ends = T.constant([-1., 0., 1.])
    >>> to_pixels(ends, 5).eval()
    array([0., 2., 4.])
    >>> to_pixels(ends, 5, align_corners=False).eval()
    array([-0.5,  2. ,  4.5])
    """
    centre = T.cast((pixels - 1) / 2.0, coordinate.dtype)
    return (
        coordinate * T.cast(half_extent(pixels, align_corners), coordinate.dtype)
        + centre
    )


def floor_divide(pixels: Variable, factor: float) -> Variable:
    """Return ``pixels // factor`` as Python computes it, also in float32 and C code.

    Parameters
    ----------
    pixels : Theano scalar
        Length of an axis of the images.
    factor : float
        Down-sampling factor.

    Returns
    -------
    Theano scalar
        int64.

    Examples
    --------
    >>> int(floor_divide(T.constant(3), .1).eval()), int(3 // .1)
    (29, 29)
    """
    factor = T.constant(factor, dtype='float64')
    return T.cast((pixels - pixels % factor) / factor + 0.5, 'int64')


def as_floats(*values: Variable) -> list[Variable]:
    """Cast values to the widest of their floating point types.

    Integers take the type of the others; if all are integers, they become floatX.

    Parameters
    ----------
    *values : Theano variable or array

    Returns
    -------
    list of Theano variable

    Examples
    --------
    >>> one, other = as_floats(T.constant([1, 2]), T.constant([.5], dtype='float32'))
    >>> one.dtype, other.dtype
    ('float32', 'float32')
    """
    tensors = [T.as_tensor_variable(value) for value in values]
    floats = [value.dtype for value in tensors if value.dtype not in T.discrete_dtypes]
    dtype = theano.scalar.upcast(*floats) if floats else theano.config.floatX
    return [T.cast(value, dtype) for value in tensors]


def bounded(values: Variable) -> Variable:
    """Clip parameters or coordinates to +-1e9, so sums of products stay finite.

    An infinite parameter then moves a point far outside the image; without clipping,
    infinity times zero would be NaN. NaN stays NaN.

    Parameters
    ----------
    values : Theano variable

    Returns
    -------
    Theano variable

    Examples
    --------
    >>> bounded(T.constant([float('-inf'), .5])).eval()
    array([-1.e+09,  5.e-01])
    """
    (values,) = as_floats(values)
    limit = T.constant(LARGEST, dtype=values.dtype)
    return T.clip(values, -limit, limit)


def apply_matrix(matrix: Variable, points: Variable) -> Variable:
    """Multiply the matrix of each image by homogeneous points.

    Parameters
    ----------
    matrix : Theano tensor
        Shape ``(batch, rows, dims + 1)``.
    points : Theano tensor
        Shape ``(dims, count)`` or ``(batch, dims, count)``.

    Returns
    -------
    Theano tensor
        Shape ``(batch, rows, count)``.
    """
    points = T.as_tensor_variable(points)
    one = T.ones_like(points[..., :1, :])
    homogeneous = T.concatenate([points, one], axis=points.ndim - 2)
    if points.ndim == 2:
        return T.dot(matrix, homogeneous)
    return T.batched_dot(matrix, homogeneous)
