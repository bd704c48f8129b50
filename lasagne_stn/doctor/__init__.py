"""What this machine has for the package, line by line, each with its remedy.

Each function named after its line looks at one part and gives a `Line`, `examine`
gives them all, `report` prints them.
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
