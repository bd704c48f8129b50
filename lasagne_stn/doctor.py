"""What this machine has for the package, line by line, each with its remedy.

Each function named after its line looks at one part and gives a `Line`, `examine`
gives them all, `report` prints them.
"""
import ctypes.util
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from typing import NamedTuple

import numpy as np
import theano
import theano.tensor as T

from . import runtime

__all__ = ['Line', 'examine', 'report', 'package_line', 'compiler_line', 'blas_line',
           'blas_speeds', 'openmp_line', 'cache_line', 'gpu_line']

PLENTY = 200 * 2 ** 20              # bytes free for compiled code
STYLES = {'ok': 'green', 'degraded': 'yellow', 'broken': 'red'}


class Line(NamedTuple):
    """One line of the report."""

    name: str                       # what was looked for
    state: str                      # ok, degraded (it works, but slowly) or broken
    found: str                      # what there is
    remedy: str = ''                # a command that mends it, if there is one


def examine():
    """Look at everything; takes a few seconds, most of them for the BLAS.

    Returns
    -------
    list of Line
    """
    lines = [Line('Python', 'ok', '%d.%d.%d, %s' % (sys.version_info[:3]
                                                    + (sys.executable,)))]
    lines += [package_line(name, runtime.installed_version(name))
              for name in runtime.REQUIREMENTS]
    config = theano.config
    return lines + [
        compiler_line(config.cxx, runtime.find_compiler(), runtime.find_headers()),
        blas_line(config.blas.ldflags, config.floatX, blas_speeds),
        openmp_line(config.openmp, config.cxx, runtime.thread_count()),
        cache_line(config.compiledir),
        gpu_line(config.device, _gpu_parts()),
    ]


def report(console):
    """Print what this machine has as a table.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.

    Returns
    -------
    int
        0, or 1 if something that is needed is broken.
    """
    from rich.table import Table
    from rich.text import Text
    lines = examine()
    table = Table('what', 'state', 'found and remedy')
    for line in lines:
        found = Text(line.found, overflow='fold')
        if line.remedy:
            found.append('\n' + line.remedy, style='bold')
        table.add_row(line.name, Text(line.state, style=STYLES[line.state]), found)
    console.print(table)
    broken = [line.name for line in lines if line.state == 'broken']
    slow = [line.name for line in lines if line.state == 'degraded']
    for names, verdict in ((broken, 'broken'), (slow, 'degraded: works, but slowly')):
        if names:
            console.print(Text('%s: %s' % (', '.join(names), verdict)))
    if not broken:
        console.print(Text('lasagne_stn can run here.'))
    return int(bool(broken))


def package_line(name, found):
    """One dependency.

    Parameters
    ----------
    name : str
        A key of ``runtime.REQUIREMENTS``.
    found : str or None
        The version that is installed.

    Examples
    --------
    >>> package_line('numpy', '1.26.4')                 # doctest: +ELLIPSIS
    Line(name='numpy', state='broken', found='1.26.4', remedy='pip install "numpy>=...
    """
    if runtime.fits(name, found):
        return Line(name, 'ok', found)
    return Line(name, 'broken', found or 'none',
                'pip install "%s"' % runtime.requirement(name))


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
            version = subprocess.run([used, '--version'], stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, check=True).stdout
            return Line(name, 'ok', '%s: %s' % (
                used, version.decode(errors='replace').split('\n')[0]))
        except (OSError, subprocess.CalledProcessError) as error:
            return Line(name, 'broken', '%s does not run: %s' % (used, error),
                        'apt-get install --reinstall g++')
    if not headers:
        return Line(name, 'broken' if used else 'degraded',
                    'no Python.h to compile with: ' + slow,
                    'apt-get install python%d.%d-dev' % sys.version_info[:2])
    if installed:
        return Line(name, 'degraded', 'switched off by the Theano flag cxx: ' + slow,
                    'export THEANO_FLAGS=cxx=g++')
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
    library, ours = runtime.find_blas()
    if flags != ours:               # the user's, or those for "no compiler"
        library = flags
    library = library or "numpy's own, through its C interface"
    remedy = 'apt-get install libopenblas-dev'
    if flags not in ('', ours):
        remedy = "export THEANO_FLAGS='blas.ldflags=\"%s\"'" % ours
    try:
        theanos, numpys = speeds(float_type)
    except Exception as error:      # whatever the linker, compiler or Theano said
        first = (str(error) or repr(error)).strip().split('\n')[0]
        return Line('BLAS', 'broken', '%s: %s' % (library, first), remedy)
    found = '%s: %.0f GFLOP/s, numpy %.0f, floatX=%s' % (
        library, theanos, numpys, float_type)
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
    left, right = np.random.RandomState(0).uniform(size=(2, size, size)).astype(
        float_type)
    x, y = T.matrix(dtype=float_type), T.matrix(dtype=float_type)
    with runtime.quiet():
        mode = theano.compile.get_mode('FAST_RUN').excluding('gpuarray')
        product = theano.function([x, y], T.dot(x, y), mode=mode)
        if not np.allclose(product(left, right), np.dot(left, right), rtol=1e-3):
            raise ArithmeticError('a matrix product is wrong')
        times = [(_seconds(product, left, right), _seconds(np.dot, left, right))
                 for _ in range(repeats)]
    return tuple(2e-9 * size ** 3 / min(column) for column in zip(*times))


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
        why = ('without a C++ compiler' if not compiler else 'one core' if threads == 1
               else 'by a Theano flag or OMP_NUM_THREADS')
        return Line('OpenMP', 'ok', 'off: ' + why)
    with runtime.quiet():
        works = theano.gof.OpenMPOp.test_gxx_support()
    if works:
        return Line('OpenMP', 'ok', 'on, %d threads' % threads)
    return Line('OpenMP', 'degraded', 'the compiler does not support it',
                'apt-get install g++ libgomp1')


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
            with suppress(OSError):         # another process may just remove it
                size += os.path.getsize(os.path.join(place, name))
    found = '%s, %.0f MB' % (folder, size / 2 ** 20)
    elsewhere = 'export THEANO_FLAGS=base_compiledir=/tmp/theano'
    if not os.access(folder, os.W_OK | os.X_OK):
        return Line('compile cache', 'broken', found + ', not writable', elsewhere)
    if shutil.disk_usage(folder).free < PLENTY:
        return Line('compile cache', 'degraded', found + ', the disk is full',
                    elsewhere)
    return Line('compile cache', 'ok', found + ', writable')


def gpu_line(device, parts):
    """The OpenCL or CUDA device.

    Parameters
    ----------
    device : str
        Theano's flag.
    parts : dict
        Name of each part that a GPU needs; whether it is there.

    Examples
    --------
    >>> gpu_line('cpu', {'pygpu': True, 'libgpuarray': False}).found
    'none (optional): no libgpuarray'
    """
    packages = 'apt-get install pocl-opencl-icd libgpuarray3 python3-pygpu'
    missing = ', '.join('no ' + name for name, there in parts.items() if not there)
    if device.startswith(('cuda', 'opencl')):
        if theano.gpuarray.pygpu_activated:
            return Line('GPU', 'ok', '%s, pygpu %s' % (
                device, theano.gpuarray.pygpu.__version__))
        return Line('GPU', 'degraded', '%s was asked for, the CPU is used: %s' % (
            device, missing or 'the device does not start'), packages)
    if missing:
        return Line('GPU', 'ok', 'none (optional): ' + missing, packages)
    return Line('GPU', 'ok', 'the CPU is used; a device can be tried',
                'export THEANO_FLAGS=device=%s,floatX=float32' % (
                    'cuda' if ctypes.util.find_library('cuda') else 'opencl0:0'))


def _gpu_parts():
    library = ctypes.util.find_library
    return {'OpenCL or CUDA device': bool(library('OpenCL') or library('cuda')),
            'libgpuarray': bool(library('gpuarray')),
            'pygpu': importlib.util.find_spec('pygpu') is not None}
