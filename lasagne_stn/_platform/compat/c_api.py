"""The C API of Python and numpy: names that Theano's C code uses and that are gone.

Python 3.11 to 3.13 and numpy 2 removed functions, macros and fields. The header
``compat.h``, which is included in each file that Theano compiles, restores what can be
restored by a name. What cannot be:

- ``NPY_MAXDIMS`` as an axis that means all axes is ``NPY_RAVEL_AXIS``;
- ``PyArray_MapIterArray``, for ``T.inc_subtensor`` with index arrays, has no successor;
  ``increment.h`` calls ``np.add.at``, which is slower.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from . import scan_c_code, scipy_blas
from .patch import Patch

__all__ = [
    'HEADER',
    'CHECKSUM',
    'PATCHES',
    'NUMPY_2_PATCHES',
    'adapt',
    'increment_code',
]

FOLDER = Path(__file__).parent
HEADER = str(FOLDER / 'compat.h')
# Of all that decides what C code becomes: compiled code is kept under it.
CHECKSUM = hashlib.sha256(
    (FOLDER / 'compat.h').read_bytes()
    + (FOLDER / 'increment.h').read_bytes()
    + repr((scan_c_code.C_PATCHES, scipy_blas.FUNCTIONS)).encode()
).hexdigest()[:8]
PATCHES = [
    Patch(
        'theano.gof.cmodule',
        'preargs = []\n\n        # Remove empty string directory',
        'preargs = []\n'
        '        src_code, preargs = adapt(module_name, src_code, preargs)\n'
        '        # Remove empty string directory',
    ),
    Patch(
        'theano.gof.cmodule',
        '_logger = logging.getLogger("theano.gof.cmodule")\n\n',
        '_logger = logging.getLogger("theano.gof.cmodule")\n'
        'from %s.c_api import adapt\n' % __package__,
    ),
]
NUMPY_2_PATCHES = [
    Patch(module, 'NPY_MAXDIMS', 'NPY_RAVEL_AXIS')
    for module in (
        'theano.tensor.basic',
        'theano.tensor.subtensor',
        'theano.tensor.extra_ops',
    )
] + [
    Patch(
        'theano.tensor.subtensor',
        'from theano.tensor.inc_code import inc_code',
        'from %s.c_api import increment_code as inc_code' % __package__,
    ),
]


def adapt(module_name: str, text: str, flags: list[str]) -> tuple[str, list[str]]:
    """Return a C++ text and its compiler flags as they suit this Python and numpy."""
    if module_name == 'scan_perform':
        text = scan_c_code.patched_c_code(text)
    if scipy_blas.is_linked(flags):
        text = scipy_blas.prefixed(text)
    # clang takes numpy's sizes in an array of int, as Theano writes them, for an error.
    # GCC ignores the option.
    flags = [*flags, '-Wno-c++11-narrowing']
    # Behind a precompiled header, which GCC only takes in front of all others.
    return text, [*flags, '-include', HEADER]


def increment_code() -> str:
    """Return C code that adds to, or sets, elements that an index array names."""
    return (FOLDER / 'increment.h').read_text()
