"""The module ``downsample`` of older Theanos, which Lasagne 0.1 imports."""

import importlib.util
import sys
import types

__all__ = ['supply_downsample']


def supply_downsample():
    """Give Lasagne 0.1 the module ``theano.tensor.signal.downsample``.

    Theano 0.9 moved its one function to ``pool`` and renamed the arguments.
    """
    name = 'theano.tensor.signal.downsample'
    if name in sys.modules or importlib.util.find_spec(name):
        return
    from theano.tensor import signal
    from theano.tensor.signal.pool import pool_2d

    def max_pool_2d(input, ds, ignore_border=None, st=None, padding=(0, 0), mode='max'):
        return pool_2d(
            input, ws=ds, ignore_border=ignore_border, stride=st, pad=padding, mode=mode
        )

    module = types.ModuleType(name, 'Pooling under the name it had before 2016.')
    module.max_pool_2d = max_pool_2d
    sys.modules[name] = module
    signal.downsample = module
