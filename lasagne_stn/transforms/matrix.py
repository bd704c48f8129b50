"""Transforms that multiply [x, y, 1], or [x, y, z, 1] for volumes, by a matrix."""

from __future__ import annotations

from typing import Sequence

import numpy as np
import theano.tensor as T
from theano import Variable

from .. import checks
from ..grid import apply_matrix, bounded
from .base import Transform

__all__ = ['MatrixTransform', 'Translation', 'Attention', 'Similarity', 'Affine']


class MatrixTransform(Transform):
    """A transform that is linear in [x, y, 1]; a base class.

    A subclass defines ``_matrix(theta)``.

    Parameters
    ----------
    dims : {2, 3}, optional
        2 for images, 3 for volumes.
    coordinates : {'normalised', 'isotropic'}, optional
        Units of the parameters, see :class:`lasagne_stn.transforms.base.Transform`.

    Raises
    ------
    ValueError
        If an argument has another value.
    """

    def __init__(self, dims: int = 2, coordinates: str = 'normalised') -> None:
        super().__init__(coordinates)
        if type(dims) is not int or dims not in (2, 3):
            raise checks.argument_error(self, 'dims', 'be 2 or 3', dims)
        self.dims = dims

    def matrix(
        self,
        theta: Variable,
        half_extents: Sequence[float | Variable] | None = None,
    ) -> Variable:
        """Return the matrix of each image, for points in normalised coordinates.

        Parameters
        ----------
        theta : Theano matrix
            Shape ``(batch, num_params)``.
        half_extents : sequence of float or Theano scalar, optional
            See :meth:`lasagne_stn.transforms.base.Transform.apply`.

        Returns
        -------
        Theano tensor
            Shape ``(batch, dims, dims + 1)``.
        """
        theta = bounded(theta)
        matrix = self._matrix(theta)
        if self.coordinates == 'normalised':
            return matrix
        ratio = self._ratios(half_extents, theta.dtype)
        columns = T.concatenate([ratio, T.ones_like(ratio[:1])])
        return matrix * columns / ratio.dimshuffle(0, 'x')

    def apply(
        self,
        theta: Variable,
        points: Variable,
        half_extents: Sequence[float | Variable] | None = None,
    ) -> Variable:
        """See :meth:`lasagne_stn.transforms.base.Transform.apply`."""
        return apply_matrix(self.matrix(theta, half_extents), points)

    def _matrix(self, theta):
        raise NotImplementedError

    def _options(self):
        return (['dims=3'] if self.dims == 3 else []) + super()._options()


def _matrix_of(rows):
    """Return a matrix for each image from rows of entries, vectors over the batch."""
    return T.stack([T.stack(row, axis=1) for row in rows], axis=1)


class Translation(MatrixTransform):
    """A shift, 2 parameters (3 for volumes): x_s = x + tx, y_s = y + ty [1]_.

    Parameters
    ----------
    dims, coordinates
        See :class:`MatrixTransform`; theta is [tx, ty] in normalised coordinates.

    References
    ----------
    .. [1] Jaderberg et al. (2015): Spatial Transformer Networks, eq. 1, with the
       identity as its linear part.

    Examples
    --------
    >>> Translation().num_params, Translation(dims=3).num_params
    (2, 3)
    """

    @property
    def num_params(self) -> int:
        """Parameters per image."""
        return self.dims

    @property
    def identity(self) -> np.ndarray:
        """The parameters of the identity."""
        return np.zeros(self.dims)

    def _matrix(self, theta):
        return _scale_and_shift(T.ones_like(theta[:, 0]), theta, self.dims)


def _scale_and_shift(scale, shift, dims):
    """Return the matrix [scale * unit matrix, shift]."""
    zero = T.zeros_like(scale)
    return _matrix_of(
        [
            [scale if row == column else zero for column in range(dims)]
            + [shift[:, row]]
            for row in range(dims)
        ]
    )


class Attention(MatrixTransform):
    """An isotropic scale and a shift, 3 parameters (4 for volumes) [1]_.

    x_s = s x + tx and y_s = s y + ty, with theta = [s, tx, ty]: the output shows a
    crop of s times the image's size.

    Parameters
    ----------
    scale : float, optional
        Fixed s; theta is then [tx, ty], as in the paper's experiment with birds.
    dims, coordinates
        See :class:`MatrixTransform`; shifts are in normalised coordinates.

    Raises
    ------
    TypeError, ValueError
        If `scale` is not a finite number, or another argument is invalid.

    References
    ----------
    .. [1] Jaderberg et al. (2015): Spatial Transformer Networks, eq. 2.

    Examples
    --------
    >>> Attention().num_params, Attention(scale=.5).num_params
    (3, 2)
    >>> Attention().identity
    array([1., 0., 0.])
    """

    def __init__(
        self,
        scale: float | None = None,
        dims: int = 2,
        coordinates: str = 'normalised',
    ) -> None:
        super().__init__(dims, coordinates)
        self.scale = scale if scale is None else checks.number(self, 'scale', scale)

    @property
    def num_params(self) -> int:
        """Parameters per image."""
        return self.dims + (self.scale is None)

    @property
    def identity(self) -> np.ndarray:
        """Scale 1, unless it is fixed, and no shift."""
        return np.array([1.0] * (self.scale is None) + [0.0] * self.dims)

    def _matrix(self, theta):
        if self.scale is None:
            return _scale_and_shift(theta[:, 0], theta[:, 1:], self.dims)
        scale = T.ones_like(theta[:, 0]) * T.constant(self.scale, dtype=theta.dtype)
        return _scale_and_shift(scale, theta, self.dims)

    def _options(self):
        fixed = [] if self.scale is None else ['scale=%r' % self.scale]
        return fixed + super()._options()


class Similarity(MatrixTransform):
    """Scale, rotation and shift, 4 parameters; for images [1]_.

    x_s = s (cos(a) x + sin(a) y) + tx and y_s = s (-sin(a) x + cos(a) y) + ty, with
    theta = [s, a, tx, ty]. The angle a is in radians and rotates the picture clockwise;
    shifts are in normalised coordinates.

    Parameters
    ----------
    coordinates : {'normalised', 'isotropic'}, optional
        See :class:`lasagne_stn.transforms.base.Transform`; with 'isotropic' it is a
        rotation of rectangular images too.

    References
    ----------
    .. [1] Jaderberg et al. (2015): Spatial Transformer Networks, eq. 1, with four
       degrees of freedom.

    Examples
    --------
    >>> Similarity().identity
    array([1., 0., 0., 0.])
    """

    num_params = 4

    def __init__(self, coordinates: str = 'normalised') -> None:
        super().__init__(2, coordinates)

    @property
    def identity(self) -> np.ndarray:
        """Scale 1, no angle and no shift."""
        return np.array([1.0, 0.0, 0.0, 0.0])

    def _matrix(self, theta):
        scale, angle, x, y = [theta[:, number] for number in range(4)]
        cos, sin = scale * T.cos(angle), scale * T.sin(angle)
        return _matrix_of([[cos, sin, x], [-sin, cos, y]])


class Affine(MatrixTransform):
    """A linear map and a shift, 6 parameters (12 for volumes) [1]_.

    x_s = t11 x + t12 y + t13 and y_s = t21 x + t22 y + t23, with theta =
    [t11, t12, t13, t21, t22, t23].

    Parameters
    ----------
    dims, coordinates
        See :class:`MatrixTransform`; shifts are in normalised coordinates.

    References
    ----------
    .. [1] Jaderberg et al. (2015): Spatial Transformer Networks, eq. 1.

    Examples
    --------
    >>> Affine().identity
    array([1., 0., 0., 0., 1., 0.])
    >>> shrink = T.constant([[.5, 0, .1, 0, .5, 0]])
    >>> corners = T.constant([[-1., 1.], [-1., 1.]])
    >>> Affine().apply(shrink, corners).eval()
    array([[[-0.4,  0.6],
            [-0.5,  0.5]]])
    """

    @property
    def num_params(self) -> int:
        """Parameters per image."""
        return self.dims * (self.dims + 1)

    @property
    def identity(self) -> np.ndarray:
        """The rows of the identity matrix, with a last column of zeros."""
        return np.eye(self.dims, self.dims + 1).ravel()

    def _matrix(self, theta):
        return theta.reshape((theta.shape[0], self.dims, self.dims + 1))
