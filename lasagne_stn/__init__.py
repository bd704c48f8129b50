"""Spatial Transformer Networks for Theano and Lasagne."""
from . import config, headers, opencl, runtime

runtime.prepare()
headers.precompile()
opencl.mend()

from . import kernels                                              # noqa: E402,F401
from .grid import regular_grid                                        # noqa: E402
from .interpolation import Bicubic, Kernel                            # noqa: E402
from .layers import (SamplingGridLayer, TPSTransformerLayer,          # noqa: E402
                     TransformerLayer)
from .matrices import Affine, Attention, Similarity, Translation      # noqa: E402
from .projective import Projective                                    # noqa: E402
from .sampler import sample                                           # noqa: E402
from .spline import ThinPlateSpline                                   # noqa: E402
from .training import (grid_penalty, localisation_head,               # noqa: E402
                       scale_gradients, tag_localisation)
from .transforms import Compose, Transform                            # noqa: E402
from .volumes import FlattenVolumeLayer, Transformer3DLayer           # noqa: E402

__all__ = [
    'config',
    'TransformerLayer', 'TPSTransformerLayer', 'Transformer3DLayer',
    'SamplingGridLayer', 'FlattenVolumeLayer',
    'Transform', 'Translation', 'Attention', 'Similarity', 'Affine', 'Projective',
    'ThinPlateSpline', 'Compose',
    'Kernel', 'Bicubic', 'regular_grid', 'sample',
    'localisation_head', 'tag_localisation', 'scale_gradients', 'grid_penalty',
]
