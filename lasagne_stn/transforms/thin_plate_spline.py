"""The thin plate spline: a smooth warp that moves control points as required."""

from __future__ import annotations

import numbers

import numpy as np
import theano.tensor as T
from theano import Variable

from .. import checks
from .base import Transform

__all__ = ['ThinPlateSpline']

TINY = 1e-30  # squared distance that keeps the logarithm finite


class ThinPlateSpline(Transform):
    """A warp like bending a thin metal sheet, 2 parameters per control point [1]_.

    The control points c_k lie on a regular grid over [-1, 1] x [-1, 1] in scan-line
    order. Theta holds their offsets in normalised coordinates, first all in x, then all
    in y: the target point c_k is mapped to c_k + offset_k, and all other points, even
    those beyond the grid, follow with the least bending, x_s = x + a_0 + a_1 x + a_2 y
    + sum over k of w_k U(abs(p - c_k)) with U(r) = r^2 log(r^2) [2]_. The coefficients
    a and w, whose sums cancel, are float64 internally, so float32 parameters give
    float32 points.

    Parameters
    ----------
    control_points : int, optional
        A square number: 4, 9, 16, 25, ...
    coordinates : {'normalised', 'isotropic'}, optional
        See :class:`lasagne_stn.transforms.base.Transform`.

    Raises
    ------
    TypeError, ValueError
        If `control_points` is not a square number of at least 4.

    References
    ----------
    .. [1] Jaderberg et al. (2015): Spatial Transformer Networks, section 4.1.
    .. [2] Bookstein (1989): Principal warps: thin-plate splines and the decomposition
       of deformations.

    Examples
    --------
    >>> ThinPlateSpline(9).num_params
    18
    """

    controls: np.ndarray  # shape (2, control_points)

    def __init__(
        self, control_points: int = 16, coordinates: str = 'normalised'
    ) -> None:
        super().__init__(coordinates)
        must = 'be a square number of at least 4'
        if not isinstance(control_points, numbers.Integral):
            raise checks.argument_error(
                self, 'control_points', must, control_points, error=TypeError
            )
        side = int(round(abs(control_points) ** 0.5))
        if side < 2 or side**2 != control_points:
            raise checks.argument_error(self, 'control_points', must, control_points)
        line = np.linspace(-1, 1, side)
        self.controls = np.stack(np.meshgrid(line, line)).reshape(2, -1)
        self.solution = _solve_for_coefficients(self.controls)

    @property
    def num_params(self) -> int:
        """Parameters per image."""
        return 2 * self.controls.shape[1]

    @property
    def identity(self) -> np.ndarray:
        """Zero offsets."""
        return np.zeros(self.num_params)

    def _map(self, theta, points):
        count = self.controls.shape[1]
        offsets = theta.reshape((theta.shape[0], 2, count))
        coefficients = T.dot(T.cast(offsets, 'float64'), T.constant(self.solution))
        bent = _matmul(coefficients, self._basis(T.cast(points, 'float64')))
        return points + T.cast(bent, theta.dtype)

    def _basis(self, points):
        """Return U of the distance to each control point, then 1, x, y."""
        batch = list(range(points.ndim - 2))
        squares: Variable = 0
        for axis, values in enumerate(self.controls):
            control = T.constant(values).dimshuffle(*['x'] * len(batch) + [0, 'x'])
            coordinate = points[..., axis, :].dimshuffle(*batch + ['x', len(batch)])
            squares += T.sqr(coordinate - control)  # T.Rop of `** 2` is NaN
        bending = squares * T.log(squares + TINY)
        one = T.ones_like(points[..., :1, :])
        return T.concatenate([bending, one, points], axis=points.ndim - 2)

    def _options(self):
        return [str(self.controls.shape[1])] + super()._options()


def _matmul(coefficients, basis):
    return (T.dot if basis.ndim == 2 else T.batched_dot)(coefficients, basis)


def _solve_for_coefficients(controls):
    """Return the matrix from offsets to coefficients, (controls, controls + 3).

    The spline equals the offsets at the control points, and the weights of its bending
    part have zero sum and zero first moments: a linear system with one solution.
    """
    count = controls.shape[1]
    squares = ((controls[:, :, np.newaxis] - controls[:, np.newaxis]) ** 2).sum(axis=0)
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = squares * np.log(squares + TINY)
    system[count, :count] = 1
    system[count + 1 :, :count] = controls
    system[:count, count:] = system[count:, :count].T
    return np.linalg.solve(system, np.eye(count + 3)[:, :count]).T
