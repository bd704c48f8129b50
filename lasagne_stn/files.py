"""Files that are written atomically."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import Iterator

__all__ = ['atomic_write']


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[str]:
    """Write a file under a temporary name and move it to its path in one step.

    If the process is killed at any moment, the path holds either the old file or the
    new one. After an exception the temporary file is removed.

    Parameters
    ----------
    path : str
        The path of the file; an existing file is replaced.

    Yields
    ------
    str
        The path to write to, in the same folder and with the same extension.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, 'figures.csv')
    ...     with atomic_write(path) as temporary, open(temporary, 'w') as file:
    ...         before = os.path.exists(path)
    ...     print(before, os.listdir(folder))
    False ['figures.csv']
    """
    root, extension = os.path.splitext(path)
    temporary = '%s.%d.part%s' % (root, os.getpid(), extension)
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
