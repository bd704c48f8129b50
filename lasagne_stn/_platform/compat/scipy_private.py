"""scipy 1.8 renamed two private modules; the old names went in scipy 2."""

from .patch import Patch

__all__ = ['PATCHES']

PATCHES = [
    Patch(module, 'scipy.signal.%s import' % name, 'scipy.signal._%s import' % name)
    for module in ('theano.tensor.nnet.conv', 'theano.tensor.nnet.abstract_conv')
    for name in ('signaltools', 'sigtools')
]
