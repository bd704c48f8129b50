"""Spatial Transformer Networks for Theano and Lasagne."""
from . import runtime

runtime.prepare()

from .grid import regular_grid                                        # noqa: E402
from .layers import TransformerLayer                                  # noqa: E402
from .sampler import sample                                           # noqa: E402
from .transforms import Affine                                        # noqa: E402

__all__ = ['TransformerLayer', 'Affine', 'regular_grid', 'sample']
