"""Checks what the package needs from this machine, and how to fix what is missing.

Each ``*_line`` function checks one part and returns a `Line`: what was found, its state
and how to fix it. `examine` returns all lines and `report` prints them.
"""

from .device import device_line
from .doctor import examine, report
from .lines import (
    Line,
    blas_line,
    blas_speeds,
    cache_line,
    compiler_line,
    openmp_line,
    package_line,
)

__all__ = [
    'Line',
    'examine',
    'report',
    'package_line',
    'compiler_line',
    'blas_line',
    'blas_speeds',
    'openmp_line',
    'cache_line',
    'device_line',
]
