"""The benchmark: the layer against the explicit graph, PyTorch, and a copy."""

from .bench import UNREAD, WHAT, Options, run
from .cases import SHAPES, THETAS, WORKS, Shape
from .device import DEVICES

__all__ = [
    'Shape',
    'SHAPES',
    'WORKS',
    'THETAS',
    'DEVICES',
    'WHAT',
    'UNREAD',
    'Options',
    'run',
]
