"""Checks the compiler, BLAS, OpenMP and the compile cache.

What Theano says is an argument: nothing here imports it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from sys import version_info
from typing import NamedTuple, Sequence

from .._platform.toolchain import find_blas

__all__ = [
    'Line',
    'compiler_line',
    'blas_line',
    'openmp_line',
    'cache_line',
    'set_flag',
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
            set_flag('cxx', 'g++'),
        )
    return Line(name, 'degraded', 'not found' + slow, 'apt-get install g++')


def blas_line(
    flags: str, float_type: str, speeds: Sequence[float] | None, error: str = ''
) -> Line:
    """Check the BLAS that Theano's matrix products use.

    Parameters
    ----------
    flags : str
        Theano's flag ``blas.ldflags``.
    float_type : {'float32', 'float64'}
        Data type of the measurement.
    speeds : sequence of two float, or None
        Speed of Theano and of numpy, see :func:`blas_speeds`.
    error : str, optional
        Why there are no speeds.

    Returns
    -------
    Line
        The state is 'degraded' if Theano is less than half as fast as numpy.

    Examples
    --------
    >>> blas_line('-lblas', 'float32', (90, 100)).found
    '-lblas: 90 GFLOP/s, numpy 100, floatX=float32'
    """
    library, default_flags = find_blas()
    if flags != default_flags:  # set by the user, or empty without a compiler
        library = flags
    library = library or "numpy's BLAS, called through its C interface"
    remedy = 'apt-get install libopenblas-dev'
    if flags not in ('', default_flags):
        remedy = set_flag('blas.ldflags', default_flags)
    if speeds is None:
        return Line('BLAS', 'broken', '%s: %s' % (library, error), remedy)
    theano_speed, numpy_speed = speeds
    found = '%s: %.0f GFLOP/s, numpy %.0f, floatX=%s' % (
        library,
        theano_speed,
        numpy_speed,
        float_type,
    )
    if theano_speed < 0.5 * numpy_speed:
        return Line('BLAS', 'degraded', found, remedy)
    return Line('BLAS', 'ok', found)


def openmp_line(enabled: bool, compiler: str, threads: int, works: bool) -> Line:
    """Check OpenMP, which spreads element-wise operations and convolutions over cores.

    Parameters
    ----------
    enabled, compiler : bool, str
        Theano's flags ``openmp`` and ``cxx``.
    threads : int
        Number of OpenMP threads.
    works : bool
        Whether the compiler supports OpenMP.

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
        Theano's flag ``compiledir``, or ``base_compiledir``. It may not exist yet.

    Returns
    -------
    Line
    """
    name, remedy = 'compile cache', set_flag('base_compiledir', '/tmp/theano')
    size = 0
    for subfolder, _, files in os.walk(folder):
        for file in files:
            with suppress(OSError):  # another process may be removing the file
                size += os.path.getsize(os.path.join(subfolder, file))
    found = '%s, %.0f MB' % (folder, size / 2**20)
    existing = _existing(folder)
    try:
        # Permissions do not tell: root has them all, even on a read-only disk.
        with tempfile.TemporaryDirectory(prefix='lasagne-stn-', dir=existing) as trial:
            Path(trial, 'trial').write_bytes(bytes(4096))
    except OSError as error:
        reason = ', not writable: %s' % (error.strerror or error)
        return Line(name, 'broken', found + reason, remedy)
    if shutil.disk_usage(existing).free < MIN_FREE:
        return Line(name, 'degraded', found + ', the disk is almost full', remedy)
    return Line(name, 'ok', found + ', writable')


def _existing(folder):
    """Return a folder, or the nearest one above it that exists."""
    folder = os.path.abspath(folder)
    while not os.path.exists(folder):
        folder = os.path.dirname(folder)
    return folder


def set_flag(name: str, value: str) -> str:
    """Return the command that sets a flag of Theano, beside those already set.

    >>> set_flag('device', 'cpu').replace('$THEANO_FLAGS,', '')
    'export THEANO_FLAGS="device=cpu"'
    """
    if re.search(r'[^\w./:+-]', value):
        value = "'%s'" % value
    given = '$THEANO_FLAGS,' if os.environ.get('THEANO_FLAGS') else ''
    return 'export THEANO_FLAGS="%s%s=%s"' % (given, name, value)
