"""The benchmark: the layer against the explicit graph, PyTorch, and a copy."""
from .cases import SHAPES, THETAS, WORKS, Shape
from .device import DEVICES
from .job import UNREAD, WHAT, Options, run

__all__ = ['Shape', 'SHAPES', 'WORKS', 'THETAS', 'DEVICES', 'WHAT', 'UNREAD',
           'Options', 'run']
