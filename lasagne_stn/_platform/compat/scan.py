"""Compiles the loops of scan in C, or lets Theano run them in Python.

``scan_c_code`` patches the code. If it still does not compile, Theano runs the loops of
scan in Python.
"""

from __future__ import annotations

import textwrap
import warnings

from .c_api import adapt
from .patch import Patch

__all__ = ['PATCHES', 'compile_or_skip']

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


def compile_or_skip(name: str, text: str, **options) -> None:
    """Compile scan's loop in C, or let Theano take its loop in Python.

    Raises
    ------
    ImportError
        If the code does not compile; Theano then uses Python.
    """
    global _failed
    from theano.gof import cmodule

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
