"""Benchmarks the layer against the explicit graph, PyTorch and a memory copy."""

from .bench import IGNORED_OPTIONS, WHAT, Options, run
from .cases import SHAPES, THETAS, WORKS, Shape
from .device import DEVICES

__all__ = [
    'Shape',
    'SHAPES',
    'WORKS',
    'THETAS',
    'DEVICES',
    'WHAT',
    'IGNORED_OPTIONS',
    'Options',
    'run',
]
