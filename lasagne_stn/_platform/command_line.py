"""Lets the command line start without Theano, to say what is wrong with it.

Python imports ``lasagne_stn/__init__.py`` before the command line gets control. In all
other processes that file prepares Theano; here it waits until a command needs Theano.
"""

from __future__ import annotations

import importlib
import os
import sys
from types import FrameType

__all__ = ['is_command_line', 'waits', 'import_package']

SCRIPT = 'lasagne-stn'
PACKAGE = __name__.partition('.')[0]


def is_command_line() -> bool:
    """Return whether this process runs ``lasagne-stn`` or ``python -m lasagne_stn``.

    The answer is no in processes that a command starts. ``sys.argv`` cannot tell,
    because multiprocessing gives its processes that of their parent.
    """
    file = getattr(sys.modules.get('__main__'), '__file__', None)
    if file:
        return os.path.basename(file) == SCRIPT
    return _module_to_run() in (PACKAGE, PACKAGE + '.__main__')


def _module_to_run() -> str | None:
    """Return the module that ``python -m`` is about to run, while it looks for it."""
    frame: FrameType | None = sys._getframe()
    while frame:
        if (
            frame.f_code.co_name == '_run_module_as_main'
            and frame.f_globals.get('__name__') == 'runpy'
        ):
            return frame.f_locals.get('mod_name')
        frame = frame.f_back
    return None


_waits = is_command_line()


def waits() -> bool:
    """Return whether the package is not to import Theano yet."""
    return _waits


def import_package() -> None:
    """Import what the package waited with; does nothing in other processes.

    Raises
    ------
    Exception
        Whatever goes wrong when Theano is imported.
    """
    global _waits
    if _waits:
        _waits = False
        try:
            importlib.reload(sys.modules[PACKAGE])
        except BaseException:
            _waits = True
            raise
