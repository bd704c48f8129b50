"""One transform after another."""

import numpy as np

from .. import checks
from ..grid import bounded
from .base import Transform, as_transform

__all__ = ['Compose']


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
            raise checks.argument_error(
                self, 'transforms', 'be one or more', transforms
            )
        first = transforms[0]
        self.transforms = [
            as_transform(self, transform, getattr(first, 'dims', 2))
            for transform in transforms
        ]
        self.dims = first.dims
        self.num_params = sum(transform.num_params for transform in transforms)

    @property
    def identity(self):
        """The identities of the parts, joined."""
        return np.concatenate([transform.identity for transform in self.transforms])

    def apply(self, theta, points, half_extents=None):
        """See :meth:`Transform.apply`."""
        start = 0
        for transform in self.transforms:
            part = theta[:, start : start + transform.num_params]
            points = bounded(transform.apply(part, points, half_extents))
            start += transform.num_params
        return points

    def _options(self):
        return [repr(transform) for transform in self.transforms]
