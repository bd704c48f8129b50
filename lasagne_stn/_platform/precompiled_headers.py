"""The headers of Theano's C code, compiled once: a file then takes half the time.

Theano makes a file for each kind of operation: a few hundred lines, below seventy
thousand of Python's, numpy's and C++'s headers. GCC can store what it has read of those
(a precompiled header), and not write what only a debugger reads.
"""

import functools
import hashlib
import os
import subprocess
import sys
import tempfile

__all__ = ['precompile']

START = '#include <Python.h>\n#include <iostream>\n#include "theano_mod_helper.h"\n'
TEXT = START + (
    '#include <math.h>\n#include <numpy/arrayobject.h>\n'
    '#include <numpy/arrayscalars.h>\n#include <vector>\n'
    '#include <algorithm>\n'
)
NAME = 'theano.h'
FEW = 2  # files of these flags in one process: for fewer it takes longer


def precompile():
    """Let the C++ files that Theano compiles from now on share their headers.

    The precompiled headers, 40 MB for each choice of flags, are made when they are
    first of use and stay in Theano's compile cache. Other compilers than GCC, and files
    that start otherwise, are left as they are.
    """
    from theano.gof.cmodule import GCC_compiler

    if not hasattr(GCC_compiler, 'lasagne_stn'):
        GCC_compiler.lasagne_stn = Headers()
        GCC_compiler.compile_str = staticmethod(
            GCC_compiler.lasagne_stn.shared_by(GCC_compiler.compile_str)
        )


class Headers:
    """The precompiled headers of this process: a folder for each choice of flags."""

    def __init__(self):
        self.counts = {}
        self.folders = {}

    def shared_by(self, compile_str):
        """Theano's function that compiles a text, using them."""

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
                preargs = list(preargs or ()) + self.flags(tuple(preargs or ()))
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

    def flags(self, given):
        """What to add to the flags of one file; nothing where it would not help."""
        if any(flag.startswith('-g') for flag in given):  # for a user's debugger
            return []
        given = tuple(flag for flag in given if flag[:2] in ('-O', '-f', '-m', '-D'))
        self.counts[given] = self.counts.get(given, 0) + 1
        if given not in self.folders:
            folder = _folder(given)
            if not _is_made(folder) and self.counts[given] < FEW:
                return []
            works = _is_made(folder) or _make(folder, given)
            self.folders[given] = folder if works else None
        folder = self.folders[given]
        if folder is None or not _is_made(folder):  # or the cache was emptied
            return []
        return ['-g0', '-include', os.path.join(folder, NAME)]


def _folder(flags):
    """Where in the cache the headers of these flags are, of this compiler and numpy."""
    import numpy as np
    from theano import config
    from theano.gof.cmodule import std_include_dirs

    compiler = subprocess.run(
        [config.cxx, '--version'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ).stdout
    key = repr((flags, compiler, std_include_dirs(), np.__version__, sys.version, TEXT))
    return os.path.join(
        config.compiledir,
        'lasagne_stn_headers',
        hashlib.sha256(key.encode()).hexdigest()[:16],
    )


def _is_made(folder):
    return os.path.exists(os.path.join(folder, NAME + '.gch'))


def _make(folder, flags):
    """Whether headers could be precompiled there, and GCC takes them."""
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
            file.write(TEXT)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            made = os.path.join(scratch, NAME)
            for words in (
                ['-x', 'c++-header', header, '-o', made + '.gch'],
                # a file that has no lines of its own
                [
                    '-Werror=invalid-pch',
                    '-include',
                    made,
                    '-S',
                    '-x',
                    'c++',
                    os.devnull,
                    '-o',
                    made + '.s',
                ],
            ):
                subprocess.run(
                    command + words,
                    check=True,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            os.replace(made + '.gch', header + '.gch')
    except (OSError, subprocess.CalledProcessError):
        return False
    return True
