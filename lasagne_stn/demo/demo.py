"""The demo as a command: data, progress bar, table and picture."""

import os
import time

import numpy as np
import theano

from .. import viz
from .._platform.flags import user_flags
from ..data import find_data
from .networks import Settings
from .training import canvas_size, train

__all__ = ['read_data', 'run', 'draw']

LARGE = 10000  # images; from there on a set is trained with fewer epochs


def draw(result):
    """The picture of the demo: ten test digits before and after training.

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


def run(console, data, output, epochs=None, seed=1):
    """Train with a progress bar, print a table, write a picture.

    Parameters
    ----------
    console : rich.console.Console
    data : tuple of numpy array
        See :func:`train`.
    output : str
        Path of the PNG.
    epochs : int, optional
        By default 100 for a small data set and 4 for a large one.
    seed : int, optional
        With the same seed the same machine computes the same digits.

    Returns
    -------
    Result
    """
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    if 'floatX' not in user_flags(os.environ):
        theano.config.floatX = 'float32'
    viz.new_figure(1, 1)  # a missing matplotlib is refused here
    start = time.perf_counter()
    usual = 100 if len(data[0]) < LARGE else 4
    settings = Settings(epochs=epochs or usual, seed=seed)
    bar = Progress(
        TextColumn('{task.description}'),
        BarColumn(),
        TimeRemainingColumn(),
        console=console,
    )
    with bar:
        task = bar.add_task('compiling: a minute the first time', total=None)
        mean = []

        def report(done, total, losses):
            mean[:] = 0.95 * np.array(mean or losses) + 0.05 * np.array(losses)
            bar.update(
                task,
                completed=done,
                total=total,
                description=('loss without transformer %.3f, with %.3f' % tuple(mean)),
            )

        result = train(data, settings, report)
    if result.interrupted:
        console.print(
            'Stopped after %d of %d epochs; this is what was learnt.'
            % (result.epochs, settings.epochs)
        )
    console.print(_table(result))
    console.print(
        'Epochs %d, seed %d, %.0f s in all'
        % (result.epochs, seed, time.perf_counter() - start)
    )
    viz.save_figure(draw(result), output)
    console.print('Picture: %s' % output, soft_wrap=True, highlight=False)
    return result


def read_data(source=None):
    """The demo's images, and words for them.

    Parameters
    ----------
    source : str, optional
        See :func:`lasagne_stn.data.find_data`.

    Returns
    -------
    data : tuple of numpy array
        See :func:`train`.
    words : str
        What they are.
    """
    data, words = find_data(source)
    return data, words + ', in %d x %d pixels' % canvas_size(data[0])


def _table(result):
    from rich.table import Table

    table = Table('classifier', 'parameters', 'test error', 'training time')
    for name, network, error in zip(
        ('without transformer', 'with transformer'),
        (result.plain, result.transformer),
        result.errors,
    ):
        table.add_row(
            name,
            format(network.num_params, ','),
            '%.2f %%' % (100 * error),
            '%.0f s' % network.seconds,
        )
    return table
