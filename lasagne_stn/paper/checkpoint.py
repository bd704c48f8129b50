"""What trainings leave: checkpoints, and results a line each."""

import errno
import fcntl
import json
import os
import zipfile
import zlib

import numpy as np

from ..files import atomic_write

__all__ = [
    'save_checkpoint',
    'load_checkpoint',
    'check_same',
    'append_line',
    'read_lines',
]

FACTS = 'facts'  # name of the JSON text among the arrays


def save_checkpoint(path, facts, arrays):
    """Write a checkpoint; a kill at any moment leaves the one before, or this one.

    Parameters
    ----------
    path : str
        Of the file, an ``.npz``; it is replaced in one step.
    facts : dict
        What JSON can hold.
    arrays : dict
        From names to numpy arrays.
    """
    with atomic_write(path) as beside, open(beside, 'wb') as file:
        np.savez(file, **{FACTS: np.array(json.dumps(facts))}, **arrays)
        file.flush()
        os.fsync(file.fileno())


def load_checkpoint(path):
    """Read what :func:`save_checkpoint` wrote.

    Parameters
    ----------
    path : str

    Returns
    -------
    facts : dict
    arrays : dict

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no checkpoint, or damaged.
    """
    try:
        with open(path, 'rb') as file, np.load(file, allow_pickle=False) as content:
            arrays = dict(content)
        facts = json.loads(str(arrays.pop(FACTS)))
    except (
        KeyError,
        TypeError,
        ValueError,
        EOFError,
        zipfile.BadZipFile,
        zlib.error,
    ) as problem:
        raise ValueError(
            'load_checkpoint: %s is no checkpoint, or damaged (%s).\n'
            'A training that shall go on from it begins anew without it.'
            % (path, problem)
        ) from problem
    return facts, arrays


def check_same(path, found, settings):
    """Refuse a checkpoint of other settings.

    Parameters
    ----------
    path : str
        Of the checkpoint.
    found : dict
        The settings in it.
    settings : namedtuple
        Those that are wanted.

    Raises
    ------
    ValueError
        If they differ; the first that does is named.
    """
    for name, value in settings._asdict().items():
        if found.get(name) != value:
            raise ValueError(
                'The checkpoint %s is of other settings: %s %r, not %r.\nGive another '
                'folder for one of them.' % (path, name, found.get(name), value)
            )


def append_line(path, facts):
    """Append a line of JSON to a file, in one write and alone, so that lines never mix.

    After what was left of a write that was killed it begins a new line.

    Parameters
    ----------
    path : str
        Of a file that several processes may append to; it is made if there is none.
    facts : dict
        What JSON can hold.

    Raises
    ------
    OSError
        If the line cannot be written, or not all of it.
    """
    line = (json.dumps(facts) + '\n').encode()
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # until it is closed
        size = os.fstat(handle).st_size
        if size and os.pread(handle, 1, size - 1) != b'\n':
            line = b'\n' + line
        written = os.write(handle, line)
        if written < len(line):  # the disk is full: nothing of it shall stay
            os.ftruncate(handle, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        os.fsync(handle)
    finally:
        os.close(handle)


def read_lines(path):
    """The lines of a file that :func:`append_line` wrote; none if there is no file.

    Parameters
    ----------
    path : str

    Returns
    -------
    list of dict

    Raises
    ------
    ValueError
        If a line is damaged; it is named by its number.
    """
    if not os.path.exists(path):
        return []
    found = []
    with open(path, encoding='utf8') as file:
        for number, line in enumerate(file, start=1):
            try:
                found.append(json.loads(line))
                if not isinstance(found[-1], dict):
                    raise ValueError('no results')
            except ValueError as problem:
                raise ValueError(
                    'read_lines: line %d of %s is damaged (%s).\nRemove '
                    'that line.' % (number, path, problem)
                ) from problem
    return found
