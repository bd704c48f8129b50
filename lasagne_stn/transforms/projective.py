"""The projective transform: a plane seen by a camera."""

from __future__ import annotations

import numpy as np
import theano.tensor as T

from ..grid import apply_matrix
from .base import Transform

__all__ = ['Projective']

SMALLEST = 1e-6  # absolute value of the denominator


class Projective(Transform):
    """A plane seen by a camera, 8 parameters; for images [1]_.

    x_s = (t11 x + t12 y + t13) / d and y_s = (t21 x + t22 y + t23) / d with the
    denominator d = t31 x + t32 y + 1, and theta = [t11, t12, t13, t21, t22, t23,
    t31, t32]. If abs(d) is below 1e-6, on the horizon, it is replaced by 1e-6 with
    the sign of d: the point is far outside, as it should be, and no gradient flows to
    t31 and t32 through it.

    Parameters
    ----------
    coordinates : {'normalised', 'isotropic'}, optional
        See :class:`lasagne_stn.transforms.base.Transform`.

    References
    ----------
    .. [1] Jaderberg et al. (2015): Spatial Transformer Networks, section 4.1;
       the formula is that of a homography.

    Examples
    --------
    >>> Projective().identity
    array([1., 0., 0., 0., 1., 0., 0., 0.])
    """

    num_params = 8

    @property
    def identity(self) -> np.ndarray:
        """The rows of the identity matrix, without its last entry."""
        return np.eye(3).ravel()[:8]

    def _map(self, theta, points):
        one = T.ones_like(theta[:, :1])
        matrix = T.concatenate([theta, one], axis=1).reshape((theta.shape[0], 3, 3))
        mapped = apply_matrix(matrix, points)
        denominator = mapped[:, 2].dimshuffle(0, 'x', 1)
        near = T.constant(SMALLEST, dtype=theta.dtype)
        smallest = T.switch(T.lt(denominator, 0), -near, near)
        denominator = T.switch(T.lt(abs(denominator), near), smallest, denominator)
        return mapped[:, :2] / denominator
