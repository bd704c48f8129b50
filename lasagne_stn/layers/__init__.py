"""Layers for Lasagne that warp images and volumes."""

from .sampling_grid import SamplingGridLayer
from .thin_plate_spline import TPSTransformerLayer
from .transformer import TransformerLayer
from .volume import FlattenVolumeLayer, Transformer3DLayer

__all__ = [
    'TransformerLayer',
    'TPSTransformerLayer',
    'Transformer3DLayer',
    'SamplingGridLayer',
    'FlattenVolumeLayer',
]
