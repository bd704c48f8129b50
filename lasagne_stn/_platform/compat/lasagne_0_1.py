"""Lasagne 0.1 asks pkg_resources for its own version; setuptools 82 has none.

Its other breakage, the module ``theano.tensor.signal.downsample``, is supplied by
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
]
