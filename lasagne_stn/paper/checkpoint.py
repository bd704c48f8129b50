"""What trainings store: checkpoints, and files with one result per line."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import zipfile
import zlib
from typing import Any, Mapping

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


def save_checkpoint(path: str, facts: Mapping, arrays: Mapping) -> None:
    """Write a checkpoint; if killed, the file holds the old one or the new one.

    Parameters
    ----------
    path : str
        Path of an ``.npz`` file, which is replaced atomically.
    facts : mapping
        What JSON can hold.
    arrays : mapping
        From names to numpy arrays.
    """
    with atomic_write(path) as beside, open(beside, 'wb') as file:
        np.savez(file, **{FACTS: np.array(json.dumps(facts))}, **arrays)
        file.flush()
        os.fsync(file.fileno())


def load_checkpoint(path: str) -> tuple[dict, dict[str, np.ndarray]]:
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
        If it is not a checkpoint, or is damaged.
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
            'load_checkpoint: %s is not a checkpoint, or is damaged (%s).\n'
            'Delete the file to start over.' % (path, problem)
        ) from problem
    return facts, arrays


def check_same(path: str, found: Mapping, settings: Any) -> None:
    """Raise an error if a checkpoint has other settings.

    Parameters
    ----------
    path : str
        Path of the checkpoint.
    found : mapping
        The settings in it.
    settings : namedtuple
        The settings it must have.

    Raises
    ------
    ValueError
        If they differ; the message names the first difference.
    """
    for name, value in settings._asdict().items():
        if found.get(name) != value:
            raise ValueError(
                'The checkpoint %s has other settings: %s is %r, not %r.\nUse another '
                'folder for one of them.' % (path, name, found.get(name), value)
            )


def append_line(path: str, facts: Mapping) -> None:
    """Append a line of JSON to a file.

    The file is locked and the line written at once, so that lines never mix. If an
    earlier write was killed halfway, the line begins after a line break.

    Parameters
    ----------
    path : str
        A file that several processes may append to; it is created if necessary.
    facts : mapping
        What JSON can hold.

    Raises
    ------
    OSError
        If the line cannot be written completely.
    """
    line = (json.dumps(facts) + '\n').encode()
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # released when the file is closed
        size = os.fstat(handle).st_size
        if size and os.pread(handle, 1, size - 1) != b'\n':
            line = b'\n' + line
        written = os.write(handle, line)
        if written < len(line):  # the disk is full: remove the partial line
            os.ftruncate(handle, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        os.fsync(handle)
    finally:
        os.close(handle)


def read_lines(path: str) -> list[dict]:
    """Read the lines that :func:`append_line` wrote.

    Parameters
    ----------
    path : str

    Returns
    -------
    list of dict
        Empty if there is no such file.

    Raises
    ------
    ValueError
        If a line is damaged; the message gives its number.
    """
    if not os.path.exists(path):
        return []
    found = []
    with open(path, encoding='utf8') as file:
        for number, line in enumerate(file, start=1):
            try:
                found.append(json.loads(line))
                if not isinstance(found[-1], dict):
                    raise ValueError('not a result')
            except ValueError as problem:
                raise ValueError(
                    'read_lines: line %d of %s is damaged (%s).\nRemove that line.'
                    % (number, path, problem)
                ) from problem
    return found
