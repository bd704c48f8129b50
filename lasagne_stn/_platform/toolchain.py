"""The compiler, Python's C headers and the BLAS library of this machine."""

import glob
import importlib.util
import os
import re
import shutil
import sys
import sysconfig

__all__ = ['find_compiler', 'find_headers', 'find_blas']


def find_compiler():
    """Path of the C++ compiler that Theano will call, or None."""
    return shutil.which('g++')


def find_headers():
    """Path of Python's C header, which compiled code includes, or None."""
    path = os.path.join(sysconfig.get_paths()['include'], 'Python.h')
    return path if os.path.exists(path) else None


def find_blas():
    """Find a BLAS library to link with; nothing is compiled or loaded.

    The system's OpenBLAS comes first, then the one inside scipy's wheel, then the
    system's plain and slower one.

    Returns
    -------
    library : str
        Path of the library; '' where there is none that can be linked.
    flags : str
        What ``blas.ldflags`` must be to link with it; '' lets Theano call the BLAS
        inside numpy, as fast for large products.
    """
    fast, plain = [], []
    for folder in _library_folders():
        for name in ('libopenblas.so', 'libblas.so'):
            path = os.path.join(folder, name)
            if os.path.exists(path):
                known = 'openblas' in os.path.realpath(path)
                (fast if known else plain).append(path)
    for path in fast + _scipy_libraries() + plain:
        # Theano splits the flags at spaces, the compiler at commas.
        if re.match(r'[\w./+@~=-]+$', path, re.ASCII):
            # The path itself and no -L, because Theano warns of a library whose
            # name is not lib + NAME + .so.
            return path, '-Wl,--no-as-needed -Wl,%s -Wl,-rpath,%s' % (
                path,
                os.path.dirname(path),
            )
    return '', ''


def _library_folders():
    multiarch = sysconfig.get_config_var('MULTIARCH') or ''
    return [
        os.path.join(sys.prefix, 'lib'),
        '/usr/local/lib',
        os.path.join('/usr/lib', multiarch),
        '/usr/lib64',
        '/usr/lib',
    ]


def _scipy_libraries():
    """The OpenBLAS files in scipy's wheel that have plain Fortran names."""
    package = importlib.util.find_spec('scipy').submodule_search_locations[0]
    found = []
    for folder in (package + '.libs', os.path.join(package, '.libs')):
        found += glob.glob(os.path.join(glob.escape(folder), 'libopenblas*.so*'))
    return [
        path for path in sorted(found) if 'openblas64' not in os.path.basename(path)
    ]
