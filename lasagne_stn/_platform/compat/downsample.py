"""The module ``theano.tensor.signal.downsample``, which Lasagne 0.1 imports.

Theano 0.9 moved its one function to ``pool`` and renamed the arguments.
"""

from theano.tensor.signal.pool import pool_2d

__all__ = ['max_pool_2d']


def max_pool_2d(input, ds, ignore_border=None, st=None, padding=(0, 0), mode='max'):
    """Return the maxima, or means, of patches of `ds` pixels in each image."""
    return pool_2d(
        input, ws=ds, ignore_border=ignore_border, stride=st, pad=padding, mode=mode
    )
