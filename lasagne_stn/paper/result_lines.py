"""The file of results of a folder: adding lines, and lines from other machines."""

from __future__ import annotations

import os
import re
from typing import Any, Mapping

from .checkpoint import append_line, read_lines
from .outcomes import runs_in

__all__ = ['RESULTS', 'checkpoint_path', 'add_result', 'import_results']

RESULTS = 'results.jsonl'


def checkpoint_path(folder: str, name: str, resume: bool) -> str:
    """Return the path of a run's checkpoint, if the run may start.

    Parameters
    ----------
    folder : str
        It is created if necessary.
    name : str
        Name of the run's files.
    resume : bool
        Whether an existing checkpoint is to be continued.

    Returns
    -------
    str

    Raises
    ------
    FileExistsError
        If there is a checkpoint and `resume` is False.
    ValueError
        If a line of the folder's ``results.jsonl`` is damaged; otherwise this would
        only be noticed after the training.
    """
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name + '.npz')
    if os.path.exists(path) and not resume:
        raise FileExistsError(
            '%s exists.\nContinue it with --resume, or choose another '
            'folder with --output.' % path
        )
    read_lines(os.path.join(folder, RESULTS))
    return path


def add_result(folder: str, line: Mapping) -> str:
    """Append a line to the file of results, unless it is already there.

    Parameters
    ----------
    folder : str
        It is created if necessary.
    line : mapping
        A line of results. Time and machine are ignored when lines are compared.

    Returns
    -------
    str
        Path of the file of results.
    """
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, RESULTS)
    names = [name for name in line if name not in ('seconds', 'machine')]
    if not any(
        all(line[name] == other.get(name) for name in names)
        for other in read_lines(path)
    ):
        append_line(path, line)
    return path


def import_results(folder: str, path: str) -> None:
    """Add the results in a file to those in a folder, without a machine's paths.

    Parameters
    ----------
    folder : str
    path : str
        A ``results.jsonl``, for example from another machine.

    Raises
    ------
    ValueError
        If a line is not a result; then nothing is added.
    """
    lines = read_lines(path)
    try:
        runs_in(lines)
    except ValueError as problem:
        raise ValueError(
            'import_results: %s cannot be added.\n%s' % (path, problem)
        ) from None
    for line in lines:
        if 'machine' in line:
            line['machine'] = _without_paths(line['machine'])
        add_result(folder, line)


def _without_paths(value: Any) -> Any:
    """Return the same facts with file names instead of paths.

    >>> _without_paths({'blas': '-Wl,-rpath,/home/me/lib -L/opt/a.b/lib'})
    {'blas': '-Wl,-rpath,lib -Llib'}
    """
    if isinstance(value, dict):
        return {name: _without_paths(item) for name, item in value.items()}
    return re.sub(r'/(?:[^\s/,]+/)*', '', value) if isinstance(value, str) else value
