"""Spatial Transformer Networks for Theano and Lasagne."""

from . import _platform

_platform.prepare()

import importlib

from . import config, kernels  # noqa: F401
from .grid import regular_grid
from .layers import (
    FlattenVolumeLayer,
    SamplingGridLayer,
    TPSTransformerLayer,
    Transformer3DLayer,
    TransformerLayer,
)
from .localisation import (
    grid_penalty,
    localisation_head,
    scale_gradients,
    tag_localisation,
)
from .sampling import Bicubic, Kernel, sample
from .transforms import (
    Affine,
    Attention,
    Compose,
    Projective,
    Similarity,
    ThinPlateSpline,
    Transform,
    Translation,
)

__all__ = [
    'config',
    'TransformerLayer',
    'TPSTransformerLayer',
    'Transformer3DLayer',
    'SamplingGridLayer',
    'FlattenVolumeLayer',
    'Transform',
    'Translation',
    'Attention',
    'Similarity',
    'Affine',
    'Projective',
    'ThinPlateSpline',
    'Compose',
    'Kernel',
    'Bicubic',
    'regular_grid',
    'sample',
    'localisation_head',
    'tag_localisation',
    'scale_gradients',
    'grid_penalty',
]
__version__ = '0.1.0'

# Loaded when they are first used: they need more than the layers do.
_LAZY_MODULES = ('data', 'legacy', 'paper', 'viz', 'warping')


def __getattr__(name):
    if name in _LAZY_MODULES:
        return importlib.import_module('.' + name, __name__)
    raise AttributeError('module %r has no attribute %r' % (__name__, name))


def __dir__():
    return sorted(set(globals()) | set(_LAZY_MODULES))
