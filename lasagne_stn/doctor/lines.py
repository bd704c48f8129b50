"""The lines on Python's packages, the compiler, BLAS, OpenMP and the cache."""

import os
import shutil
import subprocess
import time
from contextlib import suppress
from sys import version_info
from typing import NamedTuple

import numpy as np
import theano
import theano.tensor as T

from .._platform.flags import quiet
from .._platform.toolchain import find_blas
from .._platform.versions import fits, requirement

__all__ = [
    'Line',
    'package_line',
    'compiler_line',
    'blas_line',
    'blas_speeds',
    'openmp_line',
    'cache_line',
]

PLENTY = 200 * 2**20  # bytes free for compiled code


class Line(NamedTuple):
    """One line of the report."""

    name: str  # what was looked for
    state: str  # ok, degraded (it works, but slowly) or broken
    found: str  # what there is
    remedy: str = ''  # a command that mends it, if there is one


def package_line(name, found):
    """One dependency.

    Parameters
    ----------
    name : str
        A key of ``REQUIREMENTS``.
    found : str or None
        The version that is installed.

    Examples
    --------
    >>> package_line('numpy', '1.26.4')                 # doctest: +ELLIPSIS
    Line(name='numpy', state='broken', found='1.26.4', remedy='pip install "numpy>=...
    """
    if fits(name, found):
        return Line(name, 'ok', found)
    return Line(name, 'broken', found or 'none', 'pip install "%s"' % requirement(name))


def compiler_line(used, installed, headers):
    """The C++ compiler.

    Parameters
    ----------
    used : str
        Theano's flag ``cxx``.
    installed, headers : str or None
        Paths of the compiler and of Python's C header.
    """
    name, slow = 'C++ compiler', 'Theano computes in Python, many times slower'
    if used and headers:
        try:
            version = subprocess.run(
                [used, '--version'],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=True,
            ).stdout
            return Line(
                name,
                'ok',
                '%s: %s' % (used, version.decode(errors='replace').split('\n')[0]),
            )
        except (OSError, subprocess.CalledProcessError) as error:
            return Line(
                name,
                'broken',
                '%s does not run: %s' % (used, error),
                'apt-get install --reinstall g++',
            )
    if not headers:
        return Line(
            name,
            'broken' if used else 'degraded',
            'no Python.h to compile with: ' + slow,
            'apt-get install python%d.%d-dev' % version_info[:2],
        )
    if installed:
        return Line(
            name,
            'degraded',
            'switched off by the Theano flag cxx: ' + slow,
            'export THEANO_FLAGS=cxx=g++',
        )
    return Line(name, 'degraded', 'none: ' + slow, 'apt-get install g++')


def blas_line(flags, float_type, speeds):
    """The BLAS that Theano's matrix products use.

    Parameters
    ----------
    flags : str
        Theano's flag ``blas.ldflags``.
    float_type : str
        The type to measure in, ``'float32'`` or ``'float64'``.
    speeds : callable
        Measures Theano and numpy, like :func:`blas_speeds`.

    Examples
    --------
    >>> blas_line('-lblas', 'float32', lambda float_type: (90, 100)).found
    '-lblas: 90 GFLOP/s, numpy 100, floatX=float32'
    """
    library, ours = find_blas()
    if flags != ours:  # the user's, or those for "no compiler"
        library = flags
    library = library or "numpy's own, through its C interface"
    remedy = 'apt-get install libopenblas-dev'
    if flags not in ('', ours):
        remedy = 'export THEANO_FLAGS=\'blas.ldflags="%s"\'' % ours
    try:
        theanos, numpys = speeds(float_type)
    except Exception as error:  # whatever the linker, compiler or Theano said
        first = (str(error) or repr(error)).strip().split('\n')[0]
        return Line('BLAS', 'broken', '%s: %s' % (library, first), remedy)
    found = '%s: %.0f GFLOP/s, numpy %.0f, floatX=%s' % (
        library,
        theanos,
        numpys,
        float_type,
    )
    if theanos < 0.5 * numpys:
        return Line('BLAS', 'degraded', found, remedy)
    return Line('BLAS', 'ok', found)


def blas_speeds(float_type, size=1000, repeats=7):
    """Measure one matrix product, in Theano and in numpy.

    Parameters
    ----------
    float_type : str
        ``'float32'`` or ``'float64'``.
    size : int, optional
        Rows and columns of the matrices.
    repeats : int, optional
        The fastest of so many counts.

    Returns
    -------
    theano, numpy : float
        10^9 floating point operations in a second.

    Raises
    ------
    ArithmeticError
        If Theano's product is wrong.
    """
    left, right = (
        np.random.RandomState(0).uniform(size=(2, size, size)).astype(float_type)
    )
    x, y = T.matrix(dtype=float_type), T.matrix(dtype=float_type)
    with quiet():
        mode = theano.compile.get_mode('FAST_RUN').excluding('gpuarray')
        product = theano.function([x, y], T.dot(x, y), mode=mode)
        if not np.allclose(product(left, right), np.dot(left, right), rtol=1e-3):
            raise ArithmeticError('a matrix product is wrong')
        times = [
            (_seconds(product, left, right), _seconds(np.dot, left, right))
            for _ in range(repeats)
        ]
    return tuple(2e-9 * size**3 / min(column) for column in zip(*times))


def _seconds(function, *arguments):
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def openmp_line(switched_on, compiler, threads):
    """OpenMP, which shares element-wise work and convolutions among cores.

    Parameters
    ----------
    switched_on, compiler : bool, str
        Theano's flags ``openmp`` and ``cxx``.
    threads : int
        How many there may be.
    """
    if not (switched_on and compiler):
        why = (
            'without a C++ compiler'
            if not compiler
            else 'one core, or OMP_NUM_THREADS=1'
            if threads == 1
            else 'by a Theano flag'
        )
        return Line('OpenMP', 'ok', 'off: ' + why)
    with quiet():
        works = theano.gof.OpenMPOp.test_gxx_support()
    if works:
        return Line('OpenMP', 'ok', 'on, %d threads' % threads)
    return Line(
        'OpenMP',
        'degraded',
        'the compiler does not support it',
        'apt-get install g++ libgomp1',
    )


def cache_line(folder):
    """The folder of compiled code.

    Parameters
    ----------
    folder : str
        Theano's ``compiledir``.
    """
    size = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # another process may just remove it
                size += os.path.getsize(os.path.join(place, name))
    found = '%s, %.0f MB' % (folder, size / 2**20)
    elsewhere = 'export THEANO_FLAGS=base_compiledir=/tmp/theano'
    if not os.access(folder, os.W_OK | os.X_OK):
        return Line('compile cache', 'broken', found + ', not writable', elsewhere)
    if shutil.disk_usage(folder).free < PLENTY:
        return Line(
            'compile cache', 'degraded', found + ', the disk is full', elsewhere
        )
    return Line('compile cache', 'ok', found + ', writable')
