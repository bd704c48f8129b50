"""Finds the compiler, Python's C header and the BLAS library of this machine.

Only looks at paths: nothing is compiled or loaded, so that importing stays fast.
"""

from __future__ import annotations

import glob
import importlib.util
import os
import re
import shutil
import sys
import sysconfig

__all__ = ['find_compiler', 'find_headers', 'find_blas']


def find_compiler() -> str | None:
    """Return the path of the C++ compiler that Theano will call, or None."""
    return shutil.which('g++') or shutil.which('clang++')


def find_headers() -> str | None:
    """Return the path of ``Python.h``, which compiled code includes, or None."""
    path = os.path.join(sysconfig.get_paths()['include'], 'Python.h')
    return path if os.path.exists(path) else None


def find_blas() -> tuple[str, str]:
    """Find a BLAS library to link with.

    The system's OpenBLAS is preferred, then the one inside scipy's wheel, then the
    system's reference BLAS, which is slower.

    Returns
    -------
    library : str
        Path of the library, or '' if none can be linked.
    flags : str
        Value of Theano's flag ``blas.ldflags`` that links with it. With '' Theano calls
        the BLAS inside numpy, which is as fast for large products.
    """
    fast: list[str] = []
    plain: list[str] = []
    for folder in _library_folders():
        for name in ('libopenblas.so', 'libblas.so'):
            path = os.path.join(folder, name)
            if os.path.exists(path):
                is_openblas = 'openblas' in os.path.realpath(path)
                (fast if is_openblas else plain).append(path)
    for path in fast + _scipy_libraries() + plain:
        # Theano splits the flags at spaces, and the compiler splits them at commas.
        if re.match(r'[\w./+@~=-]+$', path, re.ASCII):
            # Theano warns about -l if the file's name is not lib + NAME + .so, so the
            # linker gets the path itself.
            return path, '-Wl,--no-as-needed -Wl,%s -Wl,-rpath,%s' % (
                path,
                os.path.dirname(path),
            )
    return '', ''


def _library_folders() -> list[str]:
    multiarch = sysconfig.get_config_var('MULTIARCH') or ''
    return [
        os.path.join(sys.prefix, 'lib'),
        '/usr/local/lib',
        os.path.join('/usr/lib', multiarch),
        '/usr/lib64',
        '/usr/lib',
    ]


def _scipy_libraries():
    """Return the OpenBLAS files in scipy's wheel whose functions have Fortran names."""
    scipy = importlib.util.find_spec('scipy')
    if scipy is None:  # Theano reports that
        return []
    package = scipy.submodule_search_locations[0]
    found = []
    for folder in (package + '.libs', os.path.join(package, '.libs')):
        # compat.scipy_blas knows the names of functions in libscipy_openblas.
        for name in ('libopenblas*.so*', 'libscipy_openblas*.so*'):
            found += glob.glob(os.path.join(glob.escape(folder), name))
    return [
        path for path in sorted(found) if 'openblas64' not in os.path.basename(path)
    ]
