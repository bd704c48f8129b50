"""Benchmarks the layer and convolutions against Theano's own graphs and PyTorch."""

from .bench import IGNORED_OPTIONS, SKIPPABLE, WHAT, Options, run
from .cases import SHAPES, THETAS, WORKS, Shape
from .contenders import ISAS
from .convolution_cases import ConvolutionCase
from .device import DEVICES
from .training_networks import TRAINING_NETWORKS

__all__ = [
    'Shape',
    'SHAPES',
    'WORKS',
    'THETAS',
    'ConvolutionCase',
    'TRAINING_NETWORKS',
    'ISAS',
    'DEVICES',
    'WHAT',
    'IGNORED_OPTIONS',
    'SKIPPABLE',
    'Options',
    'run',
]
