"""The C code of scan, which Cython 0.28 wrote for Python 3.7.

Since Python 3.11, integers, frames and threads have a different layout in memory. Where
this Cython has a switch to call Python's functions instead, ``compat.h`` sets it; where
it has none, the C code is patched here.
"""

from __future__ import annotations

from .patch import Patch, apply_patches

__all__ = ['C_PATCHES', 'patched_c_code']

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


def patched_c_code(text: str) -> str:
    """Return the C code of scan as this Python can compile it."""
    return apply_patches(text, C_PATCHES, 'Theano')
