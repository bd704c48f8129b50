"""The demo as a command: data, progress bar, table and picture."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Sequence

import numpy as np
import theano

from .. import viz
from .._platform.flags import user_flags
from ..data import find_data
from .classifiers import Settings
from .comparison import Result, canvas_size, train

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import Console

__all__ = ['read_data', 'run', 'draw']

LARGE = 10000  # training images; a set this large needs fewer epochs


def draw(result: Result) -> Figure:
    """Draw a test digit of each class before and after training.

    Parameters
    ----------
    result : Result

    Returns
    -------
    matplotlib.figure.Figure
    """
    images, labels = result.test
    figure = viz.new_figure(1.1 + 1.05 * len(images), 4.5)
    viz.before_after(figure, labels, images, result.before, result.after)
    return figure


def run(
    console: Console,
    data: Sequence[np.ndarray],
    output: str,
    epochs: int | None = None,
    seed: int = 1,
) -> Result:
    """Train with a progress bar, print a table and write a picture.

    Parameters
    ----------
    console : rich.console.Console
    data : sequence of numpy array
        Training images and labels, test images and labels.
    output : str
        Path of the picture.
    epochs : int, optional
        By default 100 for a small data set and 4 for a large one.
    seed : int, optional
        Random seed; on one machine the same seed gives the same result.

    Returns
    -------
    Result
    """
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    if 'floatX' not in user_flags(os.environ):
        theano.config.floatX = 'float32'
    viz.new_figure(1, 1)  # raises now if matplotlib is missing
    start = time.perf_counter()
    default = 100 if len(data[0]) < LARGE else 4
    settings = Settings(epochs=epochs or default, seed=seed)
    bar = Progress(
        TextColumn('{task.description}'),
        BarColumn(),
        TimeRemainingColumn(),
        console=console,
    )
    with bar:
        task = bar.add_task('compiling: about a minute the first time', total=None)
        mean: list[float] = []

        def report(done, total, losses):
            mean[:] = 0.95 * np.array(mean or losses) + 0.05 * np.array(losses)
            bar.update(
                task,
                completed=done,
                total=total,
                description='loss without transformer %.3f, with %.3f' % tuple(mean),
            )

        result = train(data, settings, report)
    if result.interrupted:
        console.print(
            'Stopped after %d of %d epochs; these are the results so far.'
            % (result.epochs, settings.epochs)
        )
    console.print(_table(result))
    console.print(
        'Epochs %d, seed %d, %.0f s in total'
        % (result.epochs, seed, time.perf_counter() - start)
    )
    viz.save_figure(draw(result), output)
    console.print('Picture: %s' % output, soft_wrap=True, highlight=False)
    return result


def read_data(source: str | None = None) -> tuple[tuple[np.ndarray, ...], str]:
    """Read the demo's images and describe them.

    Parameters
    ----------
    source : str, optional
        See :func:`lasagne_stn.data.find_data`.

    Returns
    -------
    data : tuple of numpy array
        Training images and labels, test images and labels.
    description : str
    """
    data, description = find_data(source)
    return data, description + ', in %d x %d pixels' % canvas_size(data[0])


def _table(result):
    from rich.table import Table

    table = Table('classifier', 'parameters', 'test error', 'training time')
    for name, learner, error, seconds in zip(
        ('without transformer', 'with transformer'),
        (result.plain, result.transformer),
        result.errors,
        result.seconds,
    ):
        table.add_row(
            name,
            format(learner.num_params, ','),
            '%.2f %%' % (100 * error),
            '%.0f s' % seconds,
        )
    return table
