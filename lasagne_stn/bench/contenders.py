"""Who competes in training and convolving: our kernels, Theano's ops and PyTorch.

All have the same number of threads, and the same instructions if these are limited.
PyTorch takes part twice: as it comes, and with a memory allocator that keeps large
blocks. As it comes, each large array is returned to the system when it is freed, and
the next one costs page faults.
"""

from __future__ import annotations

import ctypes
import platform
from functools import partial
from typing import Any, Callable, Mapping, Sequence

import theano

from .remote import ContenderError, Remote
from .rounds import NO_COMPILER, start_samplers

__all__ = [
    'CONTENDERS',
    'ISAS',
    'start_contenders',
    'keep_large_blocks',
    'fused_convolutions',
    'conditions',
    'contenders_in',
    'comparison',
]

CONTENDERS = {
    'fused': 'ours',
    'theano': "Theano's own",
    'torch': 'PyTorch',
    'torch-kept': 'PyTorch, malloc kept',
}
ISAS = {  # environment variables that limit the libraries' instructions
    'avx2': {
        'ATEN_CPU_CAPABILITY': 'avx2',
        'DNNL_MAX_CPU_ISA': 'AVX2',
        'MKL_ENABLE_INSTRUCTIONS': 'AVX2',
        'OPENBLAS_CORETYPE': 'Haswell',
    }
}
# Theano puts its own flags, which allow all instructions of the processor, behind the
# user's, unless those choose a processor: -mno-avx512f would have no effect.
COMPILER_FLAGS = {'avx2': '-march=haswell'}
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h


def start_contenders(
    names: Sequence[str],
    threads: int,
    ours: Callable,
    pytorch: Callable,
    fast_path: bool = True,
    isa: str | None = None,
) -> dict[str, Remote]:
    """Start the processes of several contenders.

    Parameters
    ----------
    names : sequence of str
        Keys of ``CONTENDERS``.
    threads : int
        Number of threads of each process.
    ours : callable
        ``ours(fused_convolution, fast_path)`` creates the object of a Theano process.
    pytorch : callable
        ``pytorch(threads, keep)`` creates the object of a PyTorch process; `keep` says
        whether it keeps large blocks.
    fast_path : bool, optional
        See :mod:`lasagne_stn.config`.
    isa : str, optional
        A key of ``ISAS``. All instructions of the processor are allowed by default.

    Returns
    -------
    dict
        Maps each name to its process.
    """

    def start(name, threads):
        remote = partial(Remote, threads=threads, environment=ISAS[isa] if isa else {})
        if name.startswith('torch'):
            return remote(pytorch, threads, name == 'torch-kept', flags=NO_COMPILER)
        return remote(ours, name == 'fused', fast_path, flags=_theano_flags(isa))

    return start_samplers(names, threads, start)


def _theano_flags(isa):
    """Return the Theano flags that limit the instructions of compiled code."""
    if isa is None:
        return ''
    if platform.machine() not in ('x86_64', 'AMD64'):
        raise RuntimeError('this processor (%s) has no %s' % (platform.machine(), isa))
    flags = '%s %s' % (theano.config.gcc.cxxflags, COMPILER_FLAGS[isa])
    return 'gcc.cxxflags="%s"' % flags.strip()


def keep_large_blocks() -> None:
    """Make this process's malloc keep freed blocks of any size for its next calls.

    Call it before large arrays are allocated.

    Raises
    ------
    ContenderError
        If the C library is not glibc.
    """
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None)
    if mallopt is None or not (
        mallopt(M_MMAP_THRESHOLD, 1 << 30) and mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
    ):
        raise ContenderError(
            "this system's malloc cannot be told to keep large blocks; leave PyTorch "
            'out with --skip torch'
        )


def fused_convolutions(function: Any) -> int:
    """Return how many fused convolutions and gradients a Theano function has."""
    return sum(
        type(node.op).__name__ in ('Convolution', 'ConvolutionGradient')
        for node in function.maker.fgraph.apply_nodes
    )


def conditions(result: Mapping[str, Any]) -> str:
    """Return the number of threads, and the instructions if these are limited.

    >>> conditions({'threads': 1, 'isa': 'avx2'})
    '1 thread, avx2 only'
    """
    threads = '%d thread%s' % (result['threads'], 's'[result['threads'] == 1 :])
    return threads + (', %s only' % result['isa'] if result['isa'] else '')


def contenders_in(results: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the keys of ``CONTENDERS`` that results contain, in order."""
    return [
        name for name in CONTENDERS if any(name in result['ms'] for result in results)
    ]


def comparison(
    results: Sequence[Mapping[str, Any]],
) -> tuple[list[str], list[list[str]]]:
    """Return times, and ours relative to the others, as columns of a table.

    Parameters
    ----------
    results : list of dict
        Each with 'ms', which maps keys of ``CONTENDERS`` to milliseconds.

    Returns
    -------
    header : list of str
    cells : list of list of str
        A row for each result.

    Examples
    --------
    >>> comparison([{'ms': {'fused': 2.0, 'torch': 8.0}}])
    (['ours', 'PyTorch', 'ours / PyTorch'], [['2.00', '8.00', '0.25']])
    """
    names = contenders_in(results)
    header = [CONTENDERS[name] for name in names]
    header += ['ours / %s' % CONTENDERS[name] for name in names if name != 'fused']
    cells = []
    for result in results:
        ms = result['ms']
        ratios = [ms['fused'] / ms[name] for name in names if name != 'fused']
        cells.append(['%.2f' % number for number in [ms[n] for n in names] + ratios])
    return header, cells
