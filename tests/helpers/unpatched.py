"""Tests in which a program imports Theano as it was installed, before the package."""

import sys

import numpy as np
import pytest

__all__ = ['needs_unpatched_theano']

# Python 3.12 has no distutils, and numpy 1.24 no np.bool.
needs_unpatched_theano = pytest.mark.skipif(
    sys.version_info >= (3, 12) or np.lib.NumpyVersion(np.__version__) >= '1.24.0',
    reason='Theano cannot be imported without the patches',
)
