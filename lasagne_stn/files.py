"""Files that are whole at any moment, whatever happens while they are written."""

import os
from contextlib import contextmanager

__all__ = ['atomic_write']


@contextmanager
def atomic_write(path):
    """Write a file beside its place, and put it there in one step.

    A kill at any moment leaves the file that was there before, or the new one; after
    an exception nothing is left beside it either.

    Parameters
    ----------
    path : str
        Of the file; one that exists is replaced.

    Yields
    ------
    str
        Path to write to, in the same folder and with the same ending.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, 'figures.csv')
    ...     with atomic_write(path) as beside, open(beside, 'w') as file:
    ...         before = os.path.exists(path)
    ...     print(before, os.listdir(folder))
    False ['figures.csv']
    """
    root, ending = os.path.splitext(path)
    beside = '%s.%d.part%s' % (root, os.getpid(), ending)
    try:
        yield beside
        os.replace(beside, path)
    except BaseException:
        if os.path.exists(beside):
            os.unlink(beside)
        raise
