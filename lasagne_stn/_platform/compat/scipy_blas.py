"""The functions of the BLAS library in scipy's wheels have a prefix.

scipy 1.13 renamed its ``libopenblas`` to ``libscipy_openblas`` and put ``scipy_``
before the names of its functions, so that two copies can be loaded at once. Theano's C
code calls them by their plain names.
"""

from __future__ import annotations

import re

__all__ = ['is_linked', 'prefixed']

# By type of number: s and d are real, c and z are complex.
REAL = (
    'axpy copy dot gbmv gemm gemv ger rot rotg rotm rotmg sbmv scal spmv spr spr2 swap '
    'symm symv syr syr2 syr2k syrk tbmv tbsv tpmv tpsv trmm trmv trsm trsv nrm2 asum'
)
COMPLEX = (
    'axpy copy dotc dotu gbmv gemm gemv gerc geru hbmv hemm hemv her her2 her2k herk '
    'hpmv hpr hpr2 scal swap symm syr2k syrk tbmv tbsv tpmv tpsv trmm trmv trsm trsv'
)
FUNCTIONS = [kind + name + '_' for kind in 'sd' for name in REAL.split()]
FUNCTIONS += [kind + name + '_' for kind in 'cz' for name in COMPLEX.split()]
FUNCTIONS += ['csscal_', 'zdscal_', 'scnrm2_', 'dznrm2_', 'scasum_', 'dzasum_']
FUNCTIONS += ['isamax_', 'idamax_', 'icamax_', 'izamax_']
FUNCTIONS += ['openblas_get_num_threads', 'openblas_set_num_threads']
NAMES = re.compile(r'\b(%s)\b' % '|'.join(FUNCTIONS))


def is_linked(flags: list[str]) -> bool:
    """Return whether compiler flags name that library.

    >>> is_linked(['-O3', '-Wl,/venv/scipy.libs/libscipy_openblas-5f890258.so'])
    True
    """
    return any('scipy_openblas' in flag for flag in flags)


def prefixed(text: str) -> str:
    """Return C code that calls the functions by their names in that library.

    >>> prefixed('sgemm_(&trans); my_sgemm_(1);')
    'scipy_sgemm_(&trans); my_sgemm_(1);'
    """
    return NAMES.sub(r'scipy_\1', text)
