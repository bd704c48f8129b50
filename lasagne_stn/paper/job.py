"""Training as a command: data, progress bar, checkpoint, and a line of results."""

import os
import time
import warnings
import zlib

import numpy as np
import theano

from .._platform.flags import user_flags
from .._platform.machine import describe
from ..data import find_data
from .checkpoint import append_line, read_lines
from .training import load_run, test_set, train

__all__ = [
    'RESULTS',
    'Bar',
    'run_name',
    'prepare',
    'fingerprint',
    'run_training',
    'checkpoint_path',
    'result_line',
    'add_result',
    'evaluate',
]

RESULTS = 'results.jsonl'
SMOOTH = 0.98  # weight of the past in the loss that is shown


def run_name(run):
    """What a run's files are called.

    >>> from lasagne_stn.paper import Run
    >>> run_name(Run('RTS', 'st-fcn', 'affine', seed=2, iterations=15000))
    'RTS-st-fcn-affine-15000-seed2'
    """
    words = [
        run.experiment,
        run.model,
        run.transform,
        run.iterations,
        'seed%d' % run.seed,
    ]
    return '-'.join(str(word) for word in words if word is not None)


def prepare(data):
    """Single precision, unless the user chose another; no warnings that the user can do
    nothing about; and the images.

    Parameters
    ----------
    data : str or None
        See :func:`lasagne_stn.data.find_data`.

    Returns
    -------
    arrays : tuple of numpy array
    words : str
        What they are.
    """
    # Lasagne 0.1 calls an argument of Theano's by its old name.
    warnings.filterwarnings('ignore', 'The `image_shape`', UserWarning, 'lasagne')
    if 'floatX' not in user_flags(os.environ):
        theano.config.floatX = 'float32'
    return find_data(data)


def fingerprint(data):
    """A short name of a data set, which differs if any number in it does.

    >>> fingerprint([np.zeros(3, 'uint8'), np.zeros(2, 'uint8')])
    '3 images, checksum c622f71d'
    """
    checksum = 0
    for array in data:
        checksum = zlib.crc32(np.ascontiguousarray(array), checksum)
    return '%d images, checksum %08x' % (sum(map(len, data[::2])), checksum)


def run_training(console, run, data, folder, every=1000, resume=False):
    """Train with a progress bar; write a checkpoint and a line of results.

    Parameters
    ----------
    console : rich.console.Console
    run : Run
    data : tuple of numpy array
        See :func:`lasagne_stn.paper.train`.
    folder : str
        Where ``results.jsonl`` and the checkpoint go; it is made if there is none.
    every : int, optional
        Iterations from one checkpoint to the next.
    resume : bool, optional
        Continue from the checkpoint, if there is one.

    Returns
    -------
    dict
        The line of results.

    Raises
    ------
    FileExistsError, ValueError
        See :func:`checkpoint_path`.
    """
    path = checkpoint_path(folder, run_name(run), resume)
    with Bar(console, run) as bar:
        result = train(run, data, path, every, resume, bar.report)
    line = result_line(result)
    results = add_result(folder, line)
    console.print(
        '%s: test error %.2f %%, %s parameters, %.0f s of processor time'
        % (
            run_name(run),
            100 * result.error,
            format(result.learner.num_params, ','),
            result.seconds,
        ),
        soft_wrap=True,
    )
    console.print('Checkpoint: %s\nResults: %s' % (path, results), soft_wrap=True)
    return line


def checkpoint_path(folder, name, resume):
    """Where a training's checkpoint goes, if it may begin.

    Parameters
    ----------
    folder : str
        It is made if there is none.
    name : str
        Of the training.
    resume : bool
        Whether a checkpoint that is there shall be continued.

    Returns
    -------
    str

    Raises
    ------
    FileExistsError
        If there is a checkpoint, and `resume` is False.
    ValueError
        If a line of the folder's ``results.jsonl`` is damaged: better now than when
        the training is done.
    """
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name + '.npz')
    if os.path.exists(path) and not resume:
        raise FileExistsError(
            '%s exists.\nContinue it with --resume, or give another '
            'folder with --output.' % path
        )
    read_lines(os.path.join(folder, RESULTS))
    return path


def result_line(result):
    """All that is kept of a run in the file of results.

    Parameters
    ----------
    result : Result

    Returns
    -------
    dict
        What JSON can hold: the run's fields, 'error' in percent, 'num_params',
        'seconds', 'history' as in :class:`Result`, and the machine.
    """
    return dict(
        result.run._asdict(),
        error=100 * result.error,
        num_params=result.learner.num_params,
        seconds=round(result.seconds, 1),
        history=result.history,
        machine=describe(),
    )


def add_result(folder, line):
    """Append a line to the file of results, unless its like stands there already.

    Parameters
    ----------
    folder : str
        It is made if there is none.
    line : dict
        See :func:`result_line`; where and when it was computed makes no difference.

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


def evaluate(checkpoint, data):
    """Test the network of a checkpoint.

    Parameters
    ----------
    checkpoint : str
        Its path.
    data : tuple of numpy array
        See :func:`lasagne_stn.paper.train`.

    Yields
    ------
    str
        Lines of words: the run, a warning if it learnt from other data, the error.
    """
    result = load_run(checkpoint)
    yield '%s, %d iterations of %d' % (
        run_name(result.run),
        result.history[-1][0],
        result.run.iterations,
    )
    if fingerprint(data) != result.run.data:
        yield 'It was trained on other data: %s.' % result.run.data
    yield 'Test error %.2f %%' % (
        100 * result.learner.error(*test_set(result.run, data))
    )


class Bar:
    """A progress bar with loss, test error, images per second and time left."""

    def __init__(self, console, run):
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._run = run
        self._bar = Progress(
            TextColumn('{task.description}'),
            BarColumn(),
            TextColumn('{task.completed}/{task.total}'),
            TimeRemainingColumn(),
            console=console,
        )
        self._loss, self._begin = None, None

    def __enter__(self):
        self._bar.start()
        self._task = self._bar.add_task(
            'compiling: a minute the first time', total=self._run.iterations
        )
        return self

    def __exit__(self, *error):
        self._bar.stop()

    def report(self, iteration, loss, error):
        now = time.perf_counter()
        if self._begin is None:
            self._begin = iteration, now
            self._loss = loss
        self._loss = SMOOTH * self._loss + (1 - SMOOTH) * loss
        first, start = self._begin
        words = 'loss %.4f' % self._loss
        if error is not None:
            words += ', test error %.2f %%' % (100 * error)
        if iteration > first:
            words += ', %.0f images/s' % (
                self._run.batch_size * (iteration - first) / (now - start)
            )
        self._bar.update(self._task, completed=iteration, description=words)
