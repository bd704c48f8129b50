"""The one call that makes Theano and Lasagne work on this machine.

A flag that the user set, in THEANO_FLAGS or in a .theanorc file, always wins.
"""

import os
import sys

from . import opencl, precompiled_headers
from .downsample import supply_downsample
from .flags import chosen_flags, default_flags, flags_in_front, quiet, user_flags
from .threads import limit_waiting, survive_forks
from .versions import check_versions

__all__ = ['prepare']


def prepare():
    """Make ``import theano`` and ``import lasagne`` work, fast and silently.

    Raises
    ------
    ImportError
        If Python or a dependency is missing or outside the range that works; the
        message has the pip line that fixes it.
    """
    check_versions()
    limit_waiting(os.environ)
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
    supply_downsample()
    with quiet():
        import lasagne  # noqa: F401
    precompiled_headers.precompile()
    opencl.patch()


def _forget_failed_import(modules):
    """Drop the parts of Theano that an import that failed leaves behind."""
    for name in [name for name in modules if name.startswith('theano.')]:
        del modules[name]
