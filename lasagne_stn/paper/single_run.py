"""One run as a command: data, progress bar, checkpoint and a line of results."""

from __future__ import annotations

import os
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any, Sequence

import numpy as np
import theano

from .._platform.flags import user_flags
from .progress_bars import Bar
from .result_lines import add_result, checkpoint_path
from .tasks import Dataset, task_of_run

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ['load_data', 'train_and_record']


def load_data(
    dataset: Dataset, source: str | None
) -> tuple[tuple[np.ndarray, ...], str]:
    """Configure Theano for training, and read the data.

    Theano computes in single precision unless the user chose otherwise, and a warning
    that the user can do nothing about is hidden.

    Parameters
    ----------
    dataset : Dataset
    source : str or None
        See :meth:`lasagne_stn.paper.tasks.Dataset.find`.

    Returns
    -------
    data : tuple of numpy array
    description : str
    """
    # Lasagne 0.1 uses the old name of one of Theano's arguments.
    warnings.filterwarnings('ignore', 'The `image_shape`', UserWarning, 'lasagne')
    if 'floatX' not in user_flags(os.environ):
        theano.config.floatX = 'float32'
    return dataset.find(source)


def train_and_record(
    console: Console,
    run: Any,
    data: Sequence[np.ndarray],
    folder: str,
    every: int = 1000,
    resume: bool = False,
) -> dict:
    """Train with a progress bar; write a checkpoint and a line of results.

    Parameters
    ----------
    console : rich.console.Console
    run : namedtuple
        The settings, of any task.
    data : sequence of numpy array
        See :meth:`lasagne_stn.paper.tasks.Dataset.find`.
    folder : str
        Where ``results.jsonl`` and the checkpoint go; it is created if necessary.
    every : int, optional
        Iterations from one checkpoint to the next.
    resume : bool, optional
        Continue from the checkpoint if there is one.

    Returns
    -------
    dict
        The line of results.

    Raises
    ------
    FileExistsError, ValueError
        See :func:`lasagne_stn.paper.result_lines.checkpoint_path`.
    """
    task = task_of_run(run)
    checkpoint_path(folder, task.file_name(run), resume)
    line = task.measure(run, data, folder, partial(Bar, console), every)
    path = add_result(folder, line)
    for text in [*task.summary(run, line, folder), 'Results: ' + path]:
        console.print(text, soft_wrap=True)
    return line
