"""The paper's training, from a seed to an error, in steps that can be interrupted.

Every batch is a function of the seed and the number of the iteration alone: which
images, and the numbers that distort them. So the state of chance in a checkpoint is
that number, and a run that was killed continues to the same bits.
"""

import os
import time
from collections import namedtuple
from functools import lru_cache

import numpy as np

from .. import checks
from .checkpoint import check_same, load_checkpoint, save_checkpoint
from .experiments import EXPERIMENTS
from .learner import build_learner

__all__ = ['Run', 'Result', 'SCHEDULES', 'train', 'load_run', 'test_set', 'rate_at']

ORDER, NOISE, TEST = range(3)  # uses of chance, each with a stream of its own
SCHEDULES = {'paper': 150000, 'short': 15000}  # iterations
FEW = 2000  # test images; below that each is drawn four times
DIGIT = 28, 28  # pixels of an undistorted image
WATCHED = 10  # test images whose theta is kept over time

Run = namedtuple(
    'Run',
    'experiment model transform seed iterations batch_size '
    'learning_rate momentum localisation_rate data',
    defaults=['R', 'fcn', None, 1, SCHEDULES['paper'], 256, 0.01, 0.9, 1.0, ''],
)
Run.__doc__ = """All that decides what a training computes.

Names of the experiment, the model and its transform; the `seed` of weights and
batches; `iterations` in all, of which each third learns at a tenth of the
`learning_rate` before; the `localisation_rate` is a factor for localisation networks;
`data` are words that name the data set.
"""

Result = namedtuple('Result', 'run error history thetas seconds learner')
Result.__doc__ = """What a training gave.

The test `error` as a fraction; `history`, a list of (iteration, mean loss since the
last, test error); `thetas`, the parameters that the transformers gave ten test images
at those iterations, shape ``(records, transformers, images, parameters)``;
`seconds` of processor time; and the `learner` with its network.
"""


def train(
    run,
    data,
    path=None,
    every=1000,
    resume=False,
    report=lambda iteration, loss, error: None,
):
    """Train a network as the paper does.

    Parameters
    ----------
    run : Run
    data : tuple of numpy array
        Training images and labels, test images and labels, as
        :func:`lasagne_stn.data.load_mnist` returns them.
    path : str, optional
        Of the checkpoint; nothing is kept without.
    every : int, optional
        Iterations from one test and checkpoint to the next.
    resume : bool, optional
        Continue from the checkpoint, if there is one; else it is overwritten.
    report : callable, optional
        Called after each iteration with the number of those done, the loss, and the
        last test error (None before the first).

    Returns
    -------
    Result

    Raises
    ------
    ValueError
        If the images are not 28 x 28 pixels, the model has no localisation network
        that could learn at a rate of its own, or the checkpoint is of another run.
    FloatingPointError
        If the loss is no longer a number.
    """
    experiment = _experiment(run.experiment)
    images, labels = data[:2]
    _check_size('train', images)
    if run.transform is None and run.localisation_rate != 1:
        raise checks.argument_error(
            'train',
            'localisation_rate',
            'be 1 for %s, which has no localisation network' % run.model,
            run.localisation_rate,
        )
    learner = build_learner(experiment, run)
    tests = test_set(run, data)
    if resume and path and os.path.exists(path):
        progress = _Progress.read(path, run, learner)
    else:
        progress = _Progress(run, learner)
    losses, error = [], progress.last_error
    clock = time.process_time()
    for iteration in range(progress.iteration, run.iterations):
        rng = np.random.default_rng([run.seed, NOISE, iteration])
        batch = experiment.draw(
            images, labels, _chosen(run, iteration, len(images)), rng
        )
        losses.append(learner.learn(*batch, rate_at(run, iteration)))
        done = iteration + 1
        if not np.isfinite(losses[-1]):
            raise FloatingPointError(
                'train: the loss of iteration %d is %s.\nTake a smaller learning rate, '
                'or a smaller one for the localisation network.' % (done, losses[-1])
            )
        if done % every == 0 or done == run.iterations:
            error = learner.error(*tests)
            seconds, clock = time.process_time() - clock, time.process_time()
            progress.record(
                done,
                float(np.mean(losses)),
                error,
                learner.look(tests[0][:WATCHED])[1],
                seconds,
            )
            losses = []
            if path:
                progress.write(path)
        report(done, losses[-1] if losses else progress.history[-1][1], error)
    return progress.result()


class _Progress:
    """What a checkpoint holds: the learner's state, and what happened so far."""

    def __init__(self, run, learner):
        self.run, self.learner = run, learner
        self.iteration, self.seconds = 0, 0.0
        self.history, self.thetas = [], []

    @property
    def last_error(self):
        return self.history[-1][2] if self.history else None

    def record(self, iteration, loss, error, thetas, seconds):
        self.iteration = iteration
        self.history.append([iteration, loss, error])
        self.thetas.append(np.array(thetas))
        self.seconds += seconds

    def write(self, path):
        facts = {
            'run': self.run._asdict(),
            'iteration': self.iteration,
            'history': self.history,
            'seconds': self.seconds,
        }
        save_checkpoint(
            path, facts, dict(self.learner.state.arrays(), thetas=np.array(self.thetas))
        )

    @classmethod
    def read(cls, path, run, learner):
        facts, arrays = load_checkpoint(path)
        check_same(path, facts['run'], run)
        progress = cls(run, learner)
        learner.state.restore(arrays)
        progress.iteration, progress.seconds = facts['iteration'], facts['seconds']
        progress.history, progress.thetas = facts['history'], list(arrays['thetas'])
        return progress

    def result(self):
        return Result(
            self.run,
            self.last_error,
            self.history,
            np.array(self.thetas),
            self.seconds,
            self.learner,
        )


def load_run(path):
    """A run as its checkpoint has it.

    Parameters
    ----------
    path : str

    Returns
    -------
    Result

    Raises
    ------
    OSError, ValueError
        If the file is missing, damaged, or of something else.
    """
    facts, _ = load_checkpoint(path)
    if set(facts.get('run', ())) != set(Run._fields):
        raise ValueError(
            'load_run: %s is the checkpoint of something else than a '
            'training, or of another version of this package.' % path
        )
    run = Run(**facts['run'])
    learner = build_learner(_experiment(run.experiment), run)
    return _Progress.read(path, run, learner).result()


def _check_size(owner, images):
    if images.shape[1:] != DIGIT:
        raise checks.argument_error(
            owner,
            'data',
            'have images of %d x %d pixels, which the experiments distort' % DIGIT,
            images.shape[1:],
        )


def _experiment(name):
    checks.choice('train', 'experiment', name, tuple(EXPERIMENTS))
    return EXPERIMENTS[name]


def test_set(run, data):
    """The test images of an experiment, the same for every seed of training.

    Parameters
    ----------
    run : Run
        Its experiment counts.
    data : tuple of numpy array
        See :func:`train`.

    Returns
    -------
    images : numpy array
        float32, shape ``(images, channels, size, size)``: each test image of `data`
        distorted once, or in four ways if they are few.
    labels : numpy array
        int32, ``(images,)``.

    Raises
    ------
    ValueError
        If the images are not 28 x 28 pixels.
    """
    images, labels = data[2:]
    _check_size('test_set', images)
    copies = 1 if len(images) >= FEW else 4
    chosen = np.repeat(np.arange(len(images)), copies)
    return _experiment(run.experiment).draw(
        images, labels, chosen, np.random.default_rng([0, TEST])
    )


def rate_at(run, iteration):
    """The learning rate: divided by 10 after each third of the iterations.

    >>> [rate_at(Run(iterations=6, learning_rate=1), i) for i in range(6)]
    [1.0, 1.0, 0.1, 0.1, 0.01, 0.01]
    """
    return run.learning_rate / 10.0 ** (3 * iteration // run.iterations)


def _chosen(run, iteration, count):
    """The images of an iteration: each epoch goes through all in a new order."""
    size = min(run.batch_size, count)
    epoch, place = divmod(iteration, count // size)
    return _order(run.seed, epoch, count)[place * size : (place + 1) * size]


@lru_cache(maxsize=1)
def _order(seed, epoch, count):
    return np.random.default_rng([seed, ORDER, epoch]).permutation(count)
