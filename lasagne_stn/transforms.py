"""From parameters theta to source points: the base of the transforms, and `Compose`.

Convention: a transform maps points of the output to points of the input; points are
(x, y) or (x, y, z), in half-widths of the image, see :mod:`lasagne_stn.grid`. Theta is
clipped to +-1e9 first, so that an infinite parameter means a point far outside.
"""
from functools import reduce
from numbers import Integral

import numpy as np
import theano.tensor as T

from . import checks
from .grid import bounded

__all__ = ['Transform', 'Compose', 'as_transform']

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
    coordinates = COORDINATES[0]    # of a subclass that does not call __init__

    def __init__(self, coordinates='normalised'):
        checks.choice(self, 'coordinates', coordinates, COORDINATES)
        self.coordinates = coordinates

    def apply(self, theta, points, half_widths=None):
        """Map points of the output to source points.

        Parameters
        ----------
        theta : Theano matrix
            Shape ``(batch, num_params)``.
        points : Theano tensor
            Shape ``(dims, count)``, the same for the whole batch, or
            ``(batch, dims, count)``; a row for each coordinate, in half-widths.
        half_widths : sequence of float or Theano scalar, optional
            Half the extent of the image along x, y (and z), in pixels; needed for
            isotropic coordinates.

        Returns
        -------
        Theano tensor
            Shape ``(batch, dims, count)``.

        Raises
        ------
        ValueError
            If `half_widths` is needed and missing.
        """
        theta = bounded(theta)
        if self.coordinates == 'normalised':
            return self._map(theta, points)
        ratio = self._ratios(half_widths, theta.dtype).dimshuffle(0, 'x')
        return self._map(theta, points * ratio) / ratio

    def _map(self, theta, points):
        raise NotImplementedError

    def _ratios(self, half_widths, dtype):
        """Half-widths of the axes over the longest one; an axis of one pixel has one
        half, because nothing can be divided by none."""
        if half_widths is None:
            raise checks.refusal(self, 'half_widths', 'be given for isotropic '
                                 'coordinates', half_widths)
        sizes = [T.maximum(T.cast(width, 'float64'), .5) for width in half_widths]
        longest = reduce(T.maximum, sizes)      # through `T.max` there is no T.Rop
        return T.cast(T.stack(sizes) / longest, dtype)

    def _options(self):
        """What ``repr`` shows: the arguments that differ from the default."""
        if self.coordinates == 'normalised':
            return []
        return ['coordinates=%r' % self.coordinates]

    def __repr__(self):
        return '%s(%s)' % (type(self).__name__, ', '.join(self._options()))


class Compose(Transform):
    """One transform after the other; their parameters stand side by side in theta.

    Each has `coordinates` of its own; points go from one to the next in half-widths.

    Parameters
    ----------
    *transforms : Transform
        The first is applied to the points of the output, the next to what it gave.

    Raises
    ------
    TypeError, ValueError
        If one is no transform, there is none, or they differ in `dims`.

    Examples
    --------
    >>> from lasagne_stn import Affine, ThinPlateSpline
    >>> Compose(Affine(), ThinPlateSpline(16)).num_params
    38
    """

    def __init__(self, *transforms):
        super().__init__()
        if not transforms:
            raise checks.refusal(self, 'transforms', 'be one or more', transforms)
        first = transforms[0]
        self.transforms = [as_transform(self, transform, getattr(first, 'dims', 2))
                           for transform in transforms]
        self.dims = first.dims
        self.num_params = sum(transform.num_params for transform in transforms)

    @property
    def identity(self):
        """The identities of the parts, joined."""
        return np.concatenate([transform.identity for transform in self.transforms])

    def apply(self, theta, points, half_widths=None):
        """See :meth:`Transform.apply`."""
        start = 0
        for transform in self.transforms:
            part = theta[:, start:start + transform.num_params]
            points = bounded(transform.apply(part, points, half_widths))
            start += transform.num_params
        return points

    def _options(self):
        return [repr(transform) for transform in self.transforms]


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
        raise checks.refusal(owner, 'transform', 'be a Transform such as Affine()',
                             transform, error=TypeError)
    if not isinstance(transform.num_params, Integral) or transform.num_params < 1:
        raise checks.refusal(owner, 'transform', 'have num_params, a positive integer',
                             transform.num_params)
    if transform.dims != dims:
        raise checks.refusal(owner, 'transform', 'have dims=%d' % dims, transform)
    return transform
