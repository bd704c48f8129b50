"""The base class of transforms, which map target points to source points.

Convention: a transform maps points of the output to points of the input; points are
(x, y) or (x, y, z), in normalised coordinates, see :mod:`lasagne_stn.grid`. Theta is
clipped to +-1e9 first, so an infinite parameter means a point far outside.
"""

from __future__ import annotations

from functools import reduce
from numbers import Integral
from typing import Any, Sequence

import theano.tensor as T
from theano import Variable

from .. import checks
from ..grid import bounded

__all__ = ['Transform', 'as_transform']

COORDINATES = ('normalised', 'isotropic')


class Transform:
    """What the parameters of a transformer mean; a base class.

    A subclass sets `num_params` and `identity` and defines ``_map(theta, points)``.

    Parameters
    ----------
    coordinates : {'normalised', 'isotropic'}, optional
        The units of the parameters. 'normalised': half the image's side along each
        axis, so a rotation matrix shears a rectangular image. 'isotropic': half the
        image's longer side along every axis, so it rotates the image. The identity is
        the same in both.

    Attributes
    ----------
    num_params : int
        Parameters per image.
    identity : numpy array
        Shape ``(num_params,)``: the parameters that do not move any point, for the
        bias of the localisation network's last layer.
    dims : int
        2 for images, 3 for volumes.

    Raises
    ------
    ValueError
        If `coordinates` is unknown.
    """

    dims = 2
    num_params: Any = None
    identity: Any = None
    coordinates: str = COORDINATES[0]  # if a subclass does not call __init__

    def __init__(self, coordinates: str = 'normalised') -> None:
        checks.choice(self, 'coordinates', coordinates, COORDINATES)
        self.coordinates = coordinates

    def apply(
        self,
        theta: Variable,
        points: Variable,
        half_extents: Sequence[float | Variable] | None = None,
    ) -> Variable:
        """Map target points to source points.

        Parameters
        ----------
        theta : Theano matrix
            Shape ``(batch, num_params)``.
        points : Theano tensor
            Shape ``(dims, count)``, the same for the whole batch, or
            ``(batch, dims, count)``; a row for each normalised coordinate.
        half_extents : sequence of float or Theano scalar, optional
            Half extents of the image along x, y (and z), in pixels; required for
            isotropic coordinates.

        Returns
        -------
        Theano tensor
            Shape ``(batch, dims, count)``.

        Raises
        ------
        ValueError
            If `half_extents` is required and missing.
        """
        theta = bounded(theta)
        if self.coordinates == 'normalised':
            return self._map(theta, points)
        ratio = self._ratios(half_extents, theta.dtype).dimshuffle(0, 'x')
        return self._map(theta, points * ratio) / ratio

    def _map(self, theta, points):
        raise NotImplementedError

    def _ratios(self, half_extents, dtype):
        """Return the half extents divided by the longest one.

        That of an axis of one pixel counts as 0.5, to avoid dividing by zero.
        """
        if half_extents is None:
            raise checks.argument_error(
                self, 'half_extents', 'be given for isotropic coordinates', half_extents
            )
        sizes = [T.maximum(T.cast(half, 'float64'), 0.5) for half in half_extents]
        longest = reduce(T.maximum, sizes)  # T.max does not support T.Rop
        return T.cast(T.stack(sizes) / longest, dtype)

    def _options(self):
        """Return what ``repr`` shows: the arguments that differ from the defaults."""
        if self.coordinates == 'normalised':
            return []
        return ['coordinates=%r' % self.coordinates]

    def __repr__(self) -> str:
        return '%s(%s)' % (type(self).__name__, ', '.join(self._options()))


def as_transform(owner: object, transform: Any, dims: int = 2) -> Transform:
    """Return an argument that must be a transform for images of `dims` axes.

    Parameters
    ----------
    owner : str or object
        Named in error messages, see :func:`lasagne_stn.checks.owner_name`.
    transform : Transform
    dims : int, optional
        2 for images, 3 for volumes.

    Returns
    -------
    Transform

    Raises
    ------
    TypeError, ValueError
        If it is something else, such as a class, or has other `dims`.
    """
    if not isinstance(transform, Transform):
        raise checks.argument_error(
            owner,
            'transform',
            'be a Transform such as Affine()',
            transform,
            error=TypeError,
        )
    if not isinstance(transform.num_params, Integral) or transform.num_params < 1:
        raise checks.argument_error(
            owner,
            'transform',
            'have num_params, a positive integer',
            transform.num_params,
        )
    if transform.dims != dims:
        raise checks.argument_error(
            owner, 'transform', 'have dims=%d' % dims, transform
        )
    return transform
