"""From parameters theta to source points: the base of the transforms, and `Compose`.

Convention: a transform maps points of the output to points of the input; points are
(x, y) or (x, y, z), in half-widths of the image, see :mod:`lasagne_stn.grid`. Theta is
clipped to +-1e9 first, so that an infinite parameter means a point far outside.
"""

from functools import reduce
from numbers import Integral

import theano.tensor as T

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
        In which units the parameters are. 'normalised': half-widths of the image
        along each axis, so that on a rectangular image a rotation matrix shears.
        'isotropic': half the image's longer side along every axis, so that it
        rotates. The identity is the same in both.

    Attributes
    ----------
    num_params : int
        Parameters per image.
    identity : numpy array
        Shape ``(num_params,)``: the parameters that leave every point where it is,
        for the bias of the localisation network's last layer.
    dims : int
        2 for images, 3 for volumes.

    Raises
    ------
    ValueError
        If `coordinates` is unknown.
    """

    dims = 2
    num_params = None
    identity = None
    coordinates = COORDINATES[0]  # of a subclass that does not call __init__

    def __init__(self, coordinates='normalised'):
        checks.choice(self, 'coordinates', coordinates, COORDINATES)
        self.coordinates = coordinates

    def apply(self, theta, points, half_extents=None):
        """Map points of the output to source points.

        Parameters
        ----------
        theta : Theano matrix
            Shape ``(batch, num_params)``.
        points : Theano tensor
            Shape ``(dims, count)``, the same for the whole batch, or
            ``(batch, dims, count)``; a row for each coordinate, in half-widths.
        half_extents : sequence of float or Theano scalar, optional
            Half the extent of the image along x, y (and z), in pixels; needed for
            isotropic coordinates.

        Returns
        -------
        Theano tensor
            Shape ``(batch, dims, count)``.

        Raises
        ------
        ValueError
            If `half_extents` is needed and missing.
        """
        theta = bounded(theta)
        if self.coordinates == 'normalised':
            return self._map(theta, points)
        ratio = self._ratios(half_extents, theta.dtype).dimshuffle(0, 'x')
        return self._map(theta, points * ratio) / ratio

    def _map(self, theta, points):
        raise NotImplementedError

    def _ratios(self, half_extents, dtype):
        """Half-widths of the axes over the longest one; an axis of one pixel has one
        half, because nothing can be divided by none."""
        if half_extents is None:
            raise checks.argument_error(
                self, 'half_extents', 'be given for isotropic coordinates', half_extents
            )
        sizes = [T.maximum(T.cast(width, 'float64'), 0.5) for width in half_extents]
        longest = reduce(T.maximum, sizes)  # through `T.max` there is no T.Rop
        return T.cast(T.stack(sizes) / longest, dtype)

    def _options(self):
        """What ``repr`` shows: the arguments that differ from the default."""
        if self.coordinates == 'normalised':
            return []
        return ['coordinates=%r' % self.coordinates]

    def __repr__(self):
        return '%s(%s)' % (type(self).__name__, ', '.join(self._options()))


def as_transform(owner, transform, dims=2):
    """Refuse what is no transform for images of `dims` axes.

    Parameters
    ----------
    owner : str or object
        Who asks, see :func:`lasagne_stn.checks.owner_name`.
    transform : Transform
        What came.
    dims : int, optional
        2 for images, 3 for volumes.

    Returns
    -------
    Transform

    Raises
    ------
    TypeError, ValueError
        If it is something else, a class, or made for another number of axes.
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
