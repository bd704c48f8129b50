"""Checks what the package needs from this machine, and how to fix what is missing.

Each ``*_line`` function checks one part and returns a `Line`: what was found, its state
and how to fix it. `examine` returns all lines and `report` prints them. This process
does not import Theano: `ask_theano` does so in another one.
"""

from .child import blas_speeds
from .device import device_line
from .doctor import examine, report
from .kernels import kernels_line
from .lines import Line, blas_line, cache_line, compiler_line, openmp_line
from .packages import package_line
from .process import ask_theano
from .settings import flags_line

__all__ = [
    'Line',
    'ask_theano',
    'examine',
    'report',
    'package_line',
    'flags_line',
    'compiler_line',
    'blas_line',
    'blas_speeds',
    'openmp_line',
    'kernels_line',
    'cache_line',
    'device_line',
]
