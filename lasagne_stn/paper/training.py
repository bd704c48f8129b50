"""The training loop of a supervised task, which can be interrupted at any step.

Each batch depends only on the seed and the number of the iteration: the indices of its
images and the random numbers that distort them. A checkpoint therefore needs no other
random state than that number, and a run that was killed continues bit for bit.
"""

from __future__ import annotations

import os
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Sequence

import numpy as np

from .checkpoint import check_same, load_checkpoint, save_checkpoint
from .learner import Learner

if TYPE_CHECKING:
    from .tasks.supervised import SupervisedTask

__all__ = ['Result', 'train', 'load_run', 'batch_indices', 'batch_rng', 'test_rng']

ORDER, NOISE, TEST = range(3)  # uses of randomness, each with its own stream
WATCHED = 10  # test images whose theta is recorded during training


class Result(NamedTuple):
    """What a training produced.

    Attributes
    ----------
    run : namedtuple
        The settings.
    error : float
        Test error as a fraction.
    history : list
        Entries ``[iteration, mean loss since the last entry, test error]``.
    thetas : numpy array
        Parameters that the transformers gave the first test images at the iterations
        in `history`, shape ``(entries, transformers, images, parameters)``.
    seconds : float
        Processor time.
    learner : Learner
        The trained network.
    """

    run: Any
    error: float
    history: list
    thetas: np.ndarray
    seconds: float
    learner: Learner


def train(
    task: SupervisedTask,
    run: Any,
    data: Sequence[np.ndarray],
    path: str | None = None,
    every: int = 1000,
    resume: bool = False,
    report: Callable = lambda iteration, loss, error: None,
) -> Result:
    """Train a network; see ``SupervisedTask.train``."""
    task.check(run, data)
    learner = task.build_learner(run)
    tests = task.test_set(run, data)
    if resume and path and os.path.exists(path):
        progress = _Progress.read(path, run, learner)
    else:
        progress = _Progress(run, learner)
    losses: list[float] = []
    error = progress.last_error
    clock = time.process_time()
    for iteration in range(progress.iteration, run.iterations):
        images, labels = task.sample_batch(run, data, iteration)
        losses.append(learner.train_step(images, labels, task.rate_at(run, iteration)))
        done = iteration + 1
        if not np.isfinite(losses[-1]):
            raise FloatingPointError(
                'train: the loss of iteration %d is %s.\nUse a smaller learning rate, '
                'or a smaller one for the localisation network.' % (done, losses[-1])
            )
        if done % every == 0 or done == run.iterations:
            error = learner.error(*tests)
            seconds, clock = time.process_time() - clock, time.process_time()
            progress.record(
                done,
                float(np.mean(losses)),
                error,
                learner.predict(tests[0][:WATCHED])[1],
                seconds,
            )
            losses = []
            if path:
                progress.write(path)
        report(done, losses[-1] if losses else progress.history[-1][1], error)
    return progress.result()


class _Progress:
    """The contents of a checkpoint: the learner's state and the history so far."""

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


def load_run(task: SupervisedTask, path: str) -> Result:
    """Load a run from its checkpoint; see ``SupervisedTask.load_run``."""
    facts, _ = load_checkpoint(path)
    if set(facts.get('run', ())) != set(task.settings._fields):
        raise ValueError(
            'load_run: %s is the checkpoint of something other than a training, or of '
            'another version of this package.' % path
        )
    run = task.settings(**facts['run'])
    return _Progress.read(path, run, task.build_learner(run)).result()


def batch_indices(run: Any, iteration: int, count: int) -> np.ndarray:
    """Return the indices of a batch; each epoch visits all images in a new order.

    Parameters
    ----------
    run : namedtuple
        Its ``seed`` and ``batch_size`` count.
    iteration : int
    count : int
        Number of images.

    Returns
    -------
    numpy array
        Integers, ``(batch,)``; the batch has at most `count` images.
    """
    size = min(run.batch_size, count)
    epoch, index = divmod(iteration, count // size)
    return _order(run.seed, epoch, count)[index * size : (index + 1) * size]


@lru_cache(maxsize=1)
def _order(seed, epoch, count):
    return np.random.default_rng([seed, ORDER, epoch]).permutation(count)


def batch_rng(run: Any, iteration: int) -> np.random.Generator:
    """Return the random generator for the distortions of a batch."""
    return np.random.default_rng([run.seed, NOISE, iteration])


def test_rng() -> np.random.Generator:
    """Return the random generator for the test set, the same for every seed."""
    return np.random.default_rng([0, TEST])


test_rng.__test__ = False  # type: ignore[attr-defined]  # pytest must not collect it
