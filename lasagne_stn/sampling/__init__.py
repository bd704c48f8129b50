"""From source points to pixels: interpolation, borders and the sampler."""

from .borders import BORDER_MODES
from .interpolation import Bicubic, Bilinear, Kernel, Nearest, as_kernel
from .sampler import affine_points, as_points, sample, sample_affine

__all__ = [
    'sample',
    'sample_affine',
    'affine_points',
    'as_points',
    'BORDER_MODES',
    'Kernel',
    'Bilinear',
    'Nearest',
    'Bicubic',
    'as_kernel',
]
