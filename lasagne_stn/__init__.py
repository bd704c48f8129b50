"""Spatial Transformer Networks for Theano and Lasagne.

``import lasagne_stn`` prepares Theano at once. Only the command line waits until a
command needs Theano, so that ``lasagne-stn doctor`` runs where Theano does not.
"""

import importlib

from . import _platform

__all__ = ['__version__']
__version__ = '0.1.0'

if not _platform.command_line.waits():
    from . import public
    from .public import *

    __all__ = public.__all__

# Loaded when they are first used: they need more than the layers do.
_LAZY_MODULES = ('data', 'legacy', 'paper', 'viz', 'warping')


def __getattr__(name):
    if name in _LAZY_MODULES:
        return importlib.import_module('.' + name, __name__)
    raise AttributeError('module %r has no attribute %r' % (__name__, name))


def __dir__():
    return sorted(set(globals()) | set(_LAZY_MODULES))
