"""From source points to pixels: interpolation, border modes and the sampler."""

from .borders import BORDER_MODES
from .interpolation import Bicubic, Bilinear, Kernel, Nearest, as_kernel
from .options import SamplingOptions, check_options
from .sampler import (
    affine_points,
    as_points,
    sample,
    sample_affine,
    sample_at_matrices,
    sample_at_points,
)

__all__ = [
    'sample',
    'sample_affine',
    'sample_at_points',
    'sample_at_matrices',
    'affine_points',
    'as_points',
    'SamplingOptions',
    'check_options',
    'BORDER_MODES',
    'Kernel',
    'Bilinear',
    'Nearest',
    'Bicubic',
    'as_kernel',
]
