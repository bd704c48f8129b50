"""The public names of the package, all of which need Theano.

Importing this module prepares Theano and Lasagne and registers the fused kernels.
``lasagne_stn/__init__.py`` offers all its names.
"""

from . import _platform

_platform.prepare()

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
