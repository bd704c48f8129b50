"""A cache of patched modules in compiled form, as Python keeps one of all others.

Without it, each process would compile the texts of Theano's largest modules again,
which takes 0.4 s.
"""

from __future__ import annotations

import hashlib
import importlib.util
import marshal
import os
import sys
import tempfile
from types import CodeType

__all__ = ['compiled', 'cache_folder']


def compiled(text: str, path: str) -> CodeType:
    """Compile the text of a module, or load what was compiled before.

    Parameters
    ----------
    text : str
        The patched text; another text has another entry in the cache.
    path : str
        The module's file, for tracebacks.

    Returns
    -------
    code
    """
    key = hashlib.sha256(repr((text, path, sys.version, sys.flags.optimize)).encode())
    name = '%s.%s.bin' % (os.path.basename(path), key.hexdigest()[:24])
    file = os.path.join(cache_folder(), name)
    try:
        with open(file, 'rb') as stream:
            return marshal.load(stream)
    except (OSError, EOFError, ValueError, TypeError):  # missing or damaged
        pass
    code = compile(text, path, 'exec', dont_inherit=True)
    if not sys.dont_write_bytecode:
        _write(file, marshal.dumps(code))
    return code


def cache_folder() -> str:
    """Return the folder of the cache; it need not exist."""
    cache = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    tag = importlib.util.cache_from_source('theano.py').rpartition('theano.')[2]
    return os.path.join(cache, 'lasagne-stn', 'bytecode', tag.rpartition('.')[0])


def _write(file, data):
    """Write a file atomically, unless the folder is read-only or the disk is full."""
    try:
        os.makedirs(os.path.dirname(file), exist_ok=True)
        handle, scratch = tempfile.mkstemp(dir=os.path.dirname(file))
    except OSError:
        return
    try:
        with open(handle, 'wb') as stream:
            stream.write(data)
        os.replace(scratch, file)
    except OSError:
        os.unlink(scratch)
