"""Precompiles the headers of Theano's C++ files, which halves their compile time.

Theano writes a file of a few hundred lines for each kind of operation, and each
includes seventy thousand lines of Python's, numpy's and C++'s headers. GCC can store
these in parsed form (a precompiled header) and leave out debug information.
"""

from __future__ import annotations

import functools
import hashlib
import os
import subprocess
import sys
import tempfile
from typing import Callable, Sequence

from .compat import c_api

__all__ = ['precompile']

# The first lines of each file that Theano writes, and the header to precompile.
START = '#include <Python.h>\n#include <iostream>\n#include "theano_mod_helper.h"\n'
HEADER = (
    '#include "%s"\n' % c_api.HEADER
    + START
    + (
        '#include <math.h>\n#include <numpy/arrayobject.h>\n'
        '#include <numpy/arrayscalars.h>\n#include <vector>\n'
        '#include <algorithm>\n'
    )
)
NAME = 'theano.h'
MIN_FILES = 2  # with the same flags in one process; fewer compile faster without


def precompile() -> None:
    """Make Theano compile C++ files with precompiled headers from now on.

    The precompiled headers take 40 MB for each set of compiler flags. They are created
    when they first save time and stay in Theano's compile cache. Compilers other than
    GCC, and files that start differently, are not affected.
    """
    from theano.gof.cmodule import GCC_compiler

    if not hasattr(GCC_compiler, 'lasagne_stn'):
        GCC_compiler.lasagne_stn = Headers()
        GCC_compiler.compile_str = staticmethod(
            GCC_compiler.lasagne_stn.wrap(GCC_compiler.compile_str)
        )


class Headers:
    """The precompiled headers of this process: one folder for each set of flags."""

    def __init__(self):
        self.counts = {}  # files compiled with each set of flags
        self.folders = {}  # folder for each set of flags, None if GCC rejects it

    def __repr__(self):
        return 'Headers(%d sets of flags)' % len(self.counts)

    def wrap(self, compile_str: Callable) -> Callable:
        """Return Theano's function `compile_str`, using the precompiled headers."""

        @functools.wraps(compile_str)
        def wrapper(
            module_name,
            src_code,
            location=None,
            include_dirs=None,
            lib_dirs=None,
            libs=None,
            preargs=None,
            **options,
        ):
            if src_code.startswith(START) and not options:
                preargs = list(preargs or ()) + self.extra_flags(tuple(preargs or ()))
            return compile_str(
                module_name,
                src_code,
                location,
                include_dirs,
                lib_dirs,
                libs,
                preargs,
                **options,
            )

        return wrapper

    def extra_flags(self, given: Sequence[str]) -> list[str]:
        """Return the flags to add to those of one file, none if they would not help."""
        if any(flag.startswith('-g') for flag in given):  # the user wants to debug
            return []
        given = tuple(flag for flag in given if flag[:2] in ('-O', '-f', '-m', '-D'))
        self.counts[given] = self.counts.get(given, 0) + 1
        if given not in self.folders:
            folder = _folder(given)
            if not _exists(folder) and self.counts[given] < MIN_FILES:
                return []
            works = _exists(folder) or _create(folder, given)
            self.folders[given] = folder if works else None
        folder = self.folders[given]
        if folder is None or not _exists(folder):  # the cache may have been emptied
            return []
        return ['-g0', '-include', os.path.join(folder, NAME)]


def _folder(flags):
    """Return the folder in the cache for these flags, this compiler and this numpy."""
    import numpy as np
    from theano import config
    from theano.gof.cmodule import std_include_dirs

    compiler = subprocess.run(
        [config.cxx, '--version'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ).stdout
    versions = compiler, std_include_dirs(), np.__version__, sys.version, c_api.CHECKSUM
    key = repr((flags, *versions, HEADER))
    return os.path.join(
        config.compiledir,
        'lasagne_stn_headers',
        hashlib.sha256(key.encode()).hexdigest()[:16],
    )


def _exists(folder):
    return os.path.exists(os.path.join(folder, NAME + '.gch'))


def _create(folder, flags):
    """Precompile the headers in `folder`; return whether GCC then uses them."""
    from theano import config
    from theano.gof.cmodule import gcc_llvm, std_include_dirs

    if gcc_llvm():
        return False
    command = [
        config.cxx,
        '-g0',
        '-fvisibility=hidden',
        *flags,
        *('-I' + folder for folder in std_include_dirs() if folder),
    ]
    try:
        os.makedirs(folder, exist_ok=True)
        header = os.path.join(folder, NAME)
        with open(header, 'w') as file:
            file.write(HEADER)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            made = os.path.join(scratch, NAME)
            # Precompile, then compile an empty file to see that GCC accepts the result.
            create = ['-x', 'c++-header', header, '-o', made + '.gch']
            use = ['-Werror=invalid-pch', '-include', made, '-S', '-x', 'c++']
            for arguments in (create, [*use, os.devnull, '-o', made + '.s']):
                subprocess.run(
                    command + arguments,
                    check=True,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            os.replace(made + '.gch', header + '.gch')
    except (OSError, subprocess.CalledProcessError):
        return False
    return True
