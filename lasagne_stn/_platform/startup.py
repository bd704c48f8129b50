"""Prepares the process, Theano and Lasagne: the only entry point of this folder.

Flags that the user set, in THEANO_FLAGS or in a .theanorc file, always take precedence.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import Any, Iterator, MutableMapping

from . import compat, opencl, precompiled_headers
from .flags import chosen_flags, default_flags, flags_in_front, quiet, user_flags
from .missing_names import explain_missing_names
from .threads import limit_spinning, survive_forks
from .versions import check_versions

__all__ = ['import_lasagne', 'import_theano', 'prepare']


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
    limit_spinning(os.environ)
    survive_forks()
    import_lasagne()
    precompiled_headers.precompile()
    opencl.patch()


def import_theano() -> None:
    """Import Theano, configured for this machine and without warnings.

    The hook in ``_lasagne_stn_hook.py``, which is installed beside the package, calls
    this and `import_lasagne` if a program imports them before the package.
    """
    compat.install()
    if 'theano' not in sys.modules:
        given = user_flags(os.environ)
        chosen_flags.update(
            (key, value)
            for key, value in default_flags(given).items()
            if key not in given
        )
        _forget_failed_import(sys.modules)
        with quiet(), flags_in_front(chosen_flags), _unhooked('theano'):
            import theano  # noqa: F401


def import_lasagne() -> None:
    """Import Theano as `import_theano` does, and Lasagne without warnings."""
    import_theano()
    with quiet(), _unhooked('lasagne'):
        import lasagne  # noqa: F401
    explain_missing_names()


@contextmanager
def _unhooked(name: str) -> Iterator[None]:
    """Keep the hook from calling this file again; it stays off once `name` is there."""
    hook = sys.modules.get('_lasagne_stn_hook')
    watched: set[str] = getattr(hook, 'watched', set())
    was_watched = name in watched
    watched.discard(name)
    try:
        yield
    except BaseException:
        if was_watched:
            watched.add(name)
        raise


def _forget_failed_import(modules: MutableMapping[str, Any]) -> None:
    """Remove the submodules of Theano that a failed import left in `modules`."""
    for name in [name for name in modules if name.startswith('theano.')]:
        del modules[name]
