"""The C code of scan, which Cython 0.28 wrote for Python 3.7.

Since Python 3.11, integers, frames and threads have a different layout in memory. Where
this Cython has a switch to call Python's functions instead, ``compat.h`` sets it; where
it has none, the C code is patched here. If the code still does not compile, Theano runs
the loops of scan in Python.
"""

from __future__ import annotations

import textwrap
import warnings

from .patch import Patch, apply_patches

__all__ = ['PATCHES', 'patched_c_code', 'compile_or_skip']

C_FILE = 'scan_perform.c'
C_PATCHES = [
    # A frame's line, only for tracebacks.
    Patch(C_FILE, '(frame)->f_lineno = (lineno)', '(void) (lineno)'),
    # The fields of a thread's state that hold its exception.
    Patch(
        C_FILE,
        '#if CYTHON_COMPILING_IN_PYPY\n        PyObject *tmp_type,',
        '#if 1\n        PyObject *tmp_type,',
    ),
    # The sign of an integer is no longer that of its size. This one compiles all the
    # same, and would take negative numbers for positive ones.
    Patch(
        C_FILE,
        '#if CYTHON_COMPILING_IN_CPYTHON\n            if (unlikely(Py_SIZE(x) < 0))',
        '#if CYTHON_USE_PYLONG_INTERNALS\n            if (unlikely(Py_SIZE(x) < 0))',
    ),
    # numpy 2 reads fields of a descriptor by macros, which compat.h gives to numpy 1.
    Patch(C_FILE, '__pyx_v_d->subarray->', 'PyDataType_SUBARRAY(__pyx_v_d)->'),
    Patch(C_FILE, '__pyx_v_descr->names', 'PyDataType_NAMES(__pyx_v_descr)'),
    Patch(C_FILE, '__pyx_v_descr->fields', 'PyDataType_FIELDS(__pyx_v_descr)'),
]
PATCHES = [
    Patch(
        'theano.scan_module.scan_perform_ext',
        'cmodule.GCC_compiler.compile_str(\n',
        'compile_or_skip(\n',
    ),
    Patch(
        'theano.scan_module.scan_perform_ext',
        'from theano.gof import cmodule\n\n',
        'from theano.gof import cmodule\nfrom %s.scan import compile_or_skip\n'
        % __package__,
    ),
    # The old Cython warns that numpy's objects have grown at their ends, behind what it
    # uses, and how it imports.
    Patch(
        'theano.scan_module.scan_perform_ext',
        'filterwarnings("ignore", message="numpy.ndarray size changed")',
        'simplefilter("ignore")',
    ),
]
_failed = False


def patched_c_code(text: str) -> str:
    """Return the C code of scan as this Python can compile it."""
    return apply_patches(text, C_PATCHES, 'Theano')


def compile_or_skip(name: str, text: str, **options) -> None:
    """Compile scan's loop in C, or let Theano take its loop in Python.

    Raises
    ------
    ImportError
        If the code does not compile; Theano then uses Python.
    """
    global _failed
    from theano.gof import cmodule

    from .c_api import adapt

    if _failed:
        raise ImportError('the C code of scan does not compile')
    if not hasattr(cmodule, 'adapt'):  # Theano was imported before it could be patched
        text, options['preargs'] = adapt(name, text, options['preargs'])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # the compiled code is imported too
            cmodule.GCC_compiler.compile_str(name, text, **options)
    except cmodule.MissingGXX as error:
        raise ImportError(str(error)) from error
    except Exception as error:
        _failed = True
        warnings.warn(
            'The C code of scan does not compile with this Python and compiler, so its '
            'loops run in Python, which is slower. Please report this error: %s'
            % textwrap.shorten(str(error), 500),
            stacklevel=2,
        )
        raise ImportError('the C code of scan does not compile') from error
