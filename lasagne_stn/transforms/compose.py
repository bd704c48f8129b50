"""Transforms applied one after another."""

from __future__ import annotations

from typing import Sequence

import numpy as np
from theano import Variable

from .. import checks
from ..grid import bounded
from .base import Transform, as_transform

__all__ = ['Compose']


class Compose(Transform):
    """Transforms applied one after another; theta is the concatenation of theirs.

    Each has its own `coordinates`; points pass between them in normalised coordinates.

    Parameters
    ----------
    *transforms : Transform
        The first is applied to the target points, the next to its result.

    Raises
    ------
    TypeError, ValueError
        If there are none, one is not a transform, or they differ in `dims`.

    Examples
    --------
    >>> from lasagne_stn import Affine, ThinPlateSpline
    >>> Compose(Affine(), ThinPlateSpline(16)).num_params
    38
    """

    def __init__(self, *transforms: Transform) -> None:
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
    def identity(self) -> np.ndarray:
        """The concatenated identities of the transforms."""
        return np.concatenate([transform.identity for transform in self.transforms])

    def apply(
        self,
        theta: Variable,
        points: Variable,
        half_extents: Sequence[float | Variable] | None = None,
    ) -> Variable:
        """See :meth:`lasagne_stn.transforms.base.Transform.apply`."""
        start = 0
        for transform in self.transforms:
            part = theta[:, start : start + transform.num_params]
            points = bounded(transform.apply(part, points, half_extents))
            start += transform.num_params
        return points

    def _options(self):
        return [repr(transform) for transform in self.transforms]
