"""Checks packages, the compiler, BLAS, OpenMP and the compile cache."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from contextlib import suppress
from sys import version_info
from typing import Callable, NamedTuple

import numpy as np
import theano
import theano.tensor as T

from .._platform.flags import quiet
from .._platform.toolchain import find_blas
from .._platform.versions import fits, install_command

__all__ = [
    'Line',
    'package_line',
    'compiler_line',
    'blas_line',
    'blas_speeds',
    'openmp_line',
    'cache_line',
]

MIN_FREE = 200 * 2**20  # bytes of free disk space for compiled code


class Line(NamedTuple):
    """One line of the report.

    Attributes
    ----------
    name : str
        The part that was checked.
    state : {'ok', 'degraded', 'broken'}
        'degraded' means that it works, but slowly.
    found : str
        What was found.
    remedy : str
        A command or instruction that fixes it, or ''.
    """

    name: str
    state: str
    found: str
    remedy: str = ''


def package_line(name: str, found: str | None) -> Line:
    """Check the version of a dependency.

    Parameters
    ----------
    name : str
        A key of ``REQUIREMENTS``.
    found : str or None
        The installed version.

    Returns
    -------
    Line

    Examples
    --------
    >>> package_line('numpy', '1.19.5')                 # doctest: +ELLIPSIS
    Line(name='numpy', state='broken', found='1.19.5', remedy='pip install "numpy>=...
    """
    state = 'ok' if fits(name, found) else 'broken'
    remedy = '' if state == 'ok' else install_command(name)
    return Line(name, state, found or 'not installed', remedy)


def compiler_line(used: str, installed: str | None, headers: str | None) -> Line:
    """Check the C++ compiler.

    Parameters
    ----------
    used : str
        Theano's flag ``cxx``.
    installed, headers : str or None
        Paths of the compiler and of Python's C header.

    Returns
    -------
    Line
    """
    name, slow = 'C++ compiler', '; Theano computes in Python, many times slower'
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
            'Python.h not found' + slow,
            'apt-get install python%d.%d-dev' % version_info[:2],
        )
    if installed:
        return Line(
            name,
            'degraded',
            'disabled by the Theano flag cxx' + slow,
            'export THEANO_FLAGS=cxx=g++',
        )
    return Line(name, 'degraded', 'not found' + slow, 'apt-get install g++')


def blas_line(
    flags: str, float_type: str, speeds: Callable[[str], tuple[float, float]]
) -> Line:
    """Check the BLAS that Theano's matrix products use.

    Parameters
    ----------
    flags : str
        Theano's flag ``blas.ldflags``.
    float_type : {'float32', 'float64'}
        Data type of the measurement.
    speeds : callable
        Measures Theano and numpy, like :func:`blas_speeds`.

    Returns
    -------
    Line
        The state is 'degraded' if Theano is less than half as fast as numpy.

    Examples
    --------
    >>> blas_line('-lblas', 'float32', lambda float_type: (90, 100)).found
    '-lblas: 90 GFLOP/s, numpy 100, floatX=float32'
    """
    library, default_flags = find_blas()
    if flags != default_flags:  # set by the user, or empty without a compiler
        library = flags
    library = library or "numpy's BLAS, called through its C interface"
    remedy = 'apt-get install libopenblas-dev'
    if flags not in ('', default_flags):
        remedy = 'export THEANO_FLAGS=\'blas.ldflags="%s"\'' % default_flags
    try:
        theano_speed, numpy_speed = speeds(float_type)
    except Exception as error:  # from the linker, the compiler or Theano
        first_line = (str(error) or repr(error)).strip().split('\n')[0]
        return Line('BLAS', 'broken', '%s: %s' % (library, first_line), remedy)
    found = '%s: %.0f GFLOP/s, numpy %.0f, floatX=%s' % (
        library,
        theano_speed,
        numpy_speed,
        float_type,
    )
    if theano_speed < 0.5 * numpy_speed:
        return Line('BLAS', 'degraded', found, remedy)
    return Line('BLAS', 'ok', found)


def blas_speeds(
    float_type: str, size: int = 1000, repeats: int = 7
) -> tuple[float, float]:
    """Measure the speed of a matrix product in Theano and in numpy.

    Parameters
    ----------
    float_type : {'float32', 'float64'}
        Data type of the matrices.
    size : int, optional
        Number of rows and columns of the matrices.
    repeats : int, optional
        Number of measurements, of which the fastest counts.

    Returns
    -------
    theano, numpy : float
        GFLOP/s: 10^9 floating point operations per second.

    Raises
    ------
    ArithmeticError
        If Theano's result is wrong.
    """
    left, right = (
        np.random.RandomState(0).uniform(size=(2, size, size)).astype(float_type)
    )
    x, y = T.matrix(dtype=float_type), T.matrix(dtype=float_type)
    with quiet():
        mode = theano.compile.get_mode('FAST_RUN').excluding('gpuarray')
        product = theano.function([x, y], T.dot(x, y), mode=mode)
        if not np.allclose(product(left, right), np.dot(left, right), rtol=1e-3):
            raise ArithmeticError("Theano's matrix product is wrong")
        times = [
            (_seconds(product, left, right), _seconds(np.dot, left, right))
            for _ in range(repeats)
        ]
    theano_time, numpy_time = (min(column) for column in zip(*times))
    return 2e-9 * size**3 / theano_time, 2e-9 * size**3 / numpy_time


def _seconds(function, *arguments):
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def openmp_line(enabled: bool, compiler: str, threads: int) -> Line:
    """Check OpenMP, which spreads element-wise operations and convolutions over cores.

    Parameters
    ----------
    enabled, compiler : bool, str
        Theano's flags ``openmp`` and ``cxx``.
    threads : int
        Number of OpenMP threads.

    Returns
    -------
    Line
    """
    if not (enabled and compiler):
        if not compiler:
            reason = 'no C++ compiler'
        elif threads == 1:
            reason = 'one core, or OMP_NUM_THREADS=1'
        else:
            reason = 'disabled by a Theano flag'
        return Line('OpenMP', 'ok', 'off: ' + reason)
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


def cache_line(folder: str) -> Line:
    """Check the folder of compiled code.

    Parameters
    ----------
    folder : str
        Theano's flag ``compiledir``.

    Returns
    -------
    Line
    """
    size = 0
    for subfolder, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # another process may be removing the file
                size += os.path.getsize(os.path.join(subfolder, name))
    found = '%s, %.0f MB' % (folder, size / 2**20)
    remedy = 'export THEANO_FLAGS=base_compiledir=/tmp/theano'
    if not os.access(folder, os.W_OK | os.X_OK):
        return Line('compile cache', 'broken', found + ', not writable', remedy)
    if shutil.disk_usage(folder).free < MIN_FREE:
        return Line(
            'compile cache', 'degraded', found + ', the disk is almost full', remedy
        )
    return Line('compile cache', 'ok', found + ', writable')
