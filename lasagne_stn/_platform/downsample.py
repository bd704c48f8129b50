"""Adds ``theano.tensor.signal.downsample``, which Lasagne 0.1 imports.

Theano 0.9 moved the only function of this module to ``pool`` and renamed its arguments,
so importing Lasagne 0.1 with a newer Theano would fail.
"""

from __future__ import annotations

import importlib.util
import sys
import types

__all__ = ['supply_downsample']


def supply_downsample() -> None:
    """Register ``theano.tensor.signal.downsample`` if Theano does not have it."""
    name = 'theano.tensor.signal.downsample'
    if name in sys.modules or importlib.util.find_spec(name):
        return
    from theano.tensor import signal
    from theano.tensor.signal.pool import pool_2d

    def max_pool_2d(input, ds, ignore_border=None, st=None, padding=(0, 0), mode='max'):
        return pool_2d(
            input, ws=ds, ignore_border=ignore_border, stride=st, pad=padding, mode=mode
        )

    module = types.ModuleType(name, 'Pooling under its name from before 2016.')
    module.max_pool_2d = max_pool_2d  # type: ignore[attr-defined]
    sys.modules[name] = module
    signal.downsample = module
