"""Says which kernels this processor gets."""

from __future__ import annotations

from typing import Collection

from .lines import Line

__all__ = ['kernels_line', 'processor_features']

AVX512 = {'avx512f', 'avx512bw', 'avx512dq', 'avx512vl'}


def kernels_line(compiler: str, features: Collection[str]) -> Line:
    """Report what the fused kernels use.

    Parameters
    ----------
    compiler : str
        Theano's flag ``cxx``.
    features : collection of str
        See :func:`processor_features`.

    Returns
    -------
    Line

    Examples
    --------
    >>> kernels_line('g++', {'avx', 'avx2'}).found
    'samplers: portable; convolutions: vectors of 32 bytes'
    >>> kernels_line('', {'avx', 'avx2'}).state
    'degraded'
    """
    if not compiler:
        found = 'none without a C++ compiler; Theano computes the explicit graph'
        return Line('kernels', 'degraded', found)
    samplers = 'AVX-512' if set(features) >= AVX512 else 'portable'
    width = 64 if 'avx512f' in features else 32 if 'avx' in features else 16
    found = 'samplers: %s; convolutions: vectors of %d bytes' % (samplers, width)
    return Line('kernels', 'ok', found)


def processor_features() -> set[str]:
    """Return the names of the processor's features, as Linux lists them."""
    with open('/proc/cpuinfo') as file:
        for line in file:
            if line.startswith('flags'):
                return set(line.partition(':')[2].split())
    return set()
