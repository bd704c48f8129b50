"""Lasagne 0.1 asks pkg_resources for its own version; setuptools 82 has none.

Its layers for cuDNN use a GPU backend that Theano no longer has; they say so. The
module ``theano.tensor.signal.downsample``, which it imports too, is supplied by
``hook``.
"""

from .patch import Patch

__all__ = ['PATCHES']

PATCHES = [
    Patch('lasagne', 'import pkg_resources\n', 'from importlib import metadata\n'),
    Patch(
        'lasagne',
        'pkg_resources.get_distribution("Lasagne").version\ndel pkg_resources',
        'metadata.version("Lasagne")\ndel metadata',
    ),
    Patch(
        'lasagne.layers.dnn',
        'from theano.sandbox.cuda import dnn\n',
        'raise ImportError("lasagne.layers.dnn needs the GPU backend of Theano 0.8. '
        'Use the layers of lasagne.layers, Conv2DLayer for Conv2DDNNLayer for example: '
        'Theano puts them on the GPU itself.")\n',
    ),
]
