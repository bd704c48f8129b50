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

CHECKSUM_SIZE = hashlib.sha256().digest_size


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
    folder = cache_folder()
    file = os.path.join(folder, name)
    data = _read(file) if folder else None
    if data is not None:
        return marshal.loads(data)
    code = compile(text, path, 'exec', dont_inherit=True)
    if folder and not sys.dont_write_bytecode:
        data = marshal.dumps(code)
        _write(file, hashlib.sha256(data).digest() + data)
    return code


def cache_folder() -> str:
    """Return the folder of the cache, which need not exist; '' if there is no home."""
    cache = os.environ.get('XDG_CACHE_HOME', '')
    if not os.path.isabs(cache):  # as the specification of these folders says
        cache = os.path.expanduser('~/.cache')
    if not os.path.isabs(cache):
        return ''
    tag = importlib.util.cache_from_source('theano.py').rpartition('theano.')[2]
    return os.path.join(cache, 'lasagne-stn', 'bytecode', tag.rpartition('.')[0])


def _read(file):
    """Return the contents behind their checksum, or None if missing or damaged."""
    try:
        with open(file, 'rb') as stream:
            checksum, data = stream.read(CHECKSUM_SIZE), stream.read()
    except OSError:
        return None
    return data if hashlib.sha256(data).digest() == checksum else None


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
