"""Prepares the process, Theano and Lasagne: the only entry point of this folder.

Flags that the user set, in THEANO_FLAGS or in a .theanorc file, always take precedence.
"""

from __future__ import annotations

import os
import sys
from typing import Any, MutableMapping

from . import compat, opencl, precompiled_headers
from .flags import chosen_flags, default_flags, flags_in_front, quiet, user_flags
from .threads import limit_spinning, survive_forks
from .versions import check_versions

__all__ = ['prepare']


def prepare() -> None:
    """Import Theano and Lasagne, configured for this machine and without warnings.

    Calling it again is harmless. If Theano was imported before, its flags stay as they
    are.

    Raises
    ------
    ImportError
        If Python or a dependency is missing or has an unsupported version. The message
        contains the command that fixes it.
    """
    check_versions()
    compat.install()
    limit_spinning(os.environ)
    survive_forks()
    if 'theano' not in sys.modules:
        given = user_flags(os.environ)
        chosen_flags.update(
            (key, value)
            for key, value in default_flags(given).items()
            if key not in given
        )
        _forget_failed_import(sys.modules)
        with quiet(), flags_in_front(chosen_flags):
            import theano  # noqa: F401
    with quiet():
        import lasagne  # noqa: F401
    precompiled_headers.precompile()
    opencl.patch()


def _forget_failed_import(modules: MutableMapping[str, Any]) -> None:
    """Remove the submodules of Theano that a failed import left in `modules`."""
    for name in [name for name in modules if name.startswith('theano.')]:
        del modules[name]
