"""Theano's cache of compiled code does not tell versions of numpy apart.

It reuses two modules, ``lazylinker_ext`` and ``scan_perform``, whatever numpy they were
compiled for. By default, the name of the cache's folder now contains the version of
numpy and a checksum of what this package does to C code. A ``compiledir_format`` that
the user set takes precedence.
"""

from .c_api import CHECKSUM
from .patch import Patch

__all__ = ['PATCHES']

PATCHES = [
    Patch(
        'theano.configdefaults',
        '    "%(python_version)s-%(python_bitwidth)s"\n)',
        '    "%%(python_version)s-%%(python_bitwidth)s-numpy%%(numpy_version)s-%s"\n)'
        % CHECKSUM,
    ),
]
