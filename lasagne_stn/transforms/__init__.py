"""Transforms: from parameters theta to source points."""

from .base import Transform, as_transform
from .compose import Compose
from .matrix import Affine, Attention, MatrixTransform, Similarity, Translation
from .projective import Projective
from .thin_plate_spline import ThinPlateSpline

__all__ = [
    'Transform',
    'as_transform',
    'MatrixTransform',
    'Translation',
    'Attention',
    'Similarity',
    'Affine',
    'Projective',
    'ThinPlateSpline',
    'Compose',
]
