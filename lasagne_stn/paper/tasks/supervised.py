"""Tasks in which a network learns labels batch by batch, as in the paper's tables."""

from __future__ import annotations

import os
from abc import abstractmethod
from typing import Any, Callable, Iterator, Mapping, Sequence

import numpy as np

from ..._platform.machine import describe
from .. import training
from ..learner import Learner
from ..training import Result
from .base import Task

__all__ = ['SupervisedTask']


class SupervisedTask(Task):
    """A task that trains with labels and measures an error on a test set.

    A subclass says how to build the learner, sample a batch and make the test set; this
    class trains, keeps checkpoints and writes the line of results.
    """

    figure = 'error'

    @abstractmethod
    def build_learner(self, run: Any) -> Learner:
        """Return a learner whose weights are drawn from the run's seed."""

    @abstractmethod
    def test_set(
        self, run: Any, data: Sequence[np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return images and labels to test with, the same for every seed."""

    @abstractmethod
    def rate_at(self, run: Any, iteration: int) -> float:
        """Return the learning rate of an iteration."""

    def check(self, run: Any, data: Sequence[np.ndarray]) -> None:
        """Raise ValueError if the run cannot be trained on these data."""
        self.dataset.check('train', data)

    def train(
        self,
        run: Any,
        data: Sequence[np.ndarray],
        path: str | None = None,
        every: int = 1000,
        resume: bool = False,
        report: Callable = lambda iteration, loss, error: None,
    ) -> Result:
        """Train a network.

        Parameters
        ----------
        run : namedtuple
            The settings.
        data : sequence of numpy array
            Training images and labels, test images and labels.
        path : str, optional
            Path of the checkpoint; without it none is written.
        every : int, optional
            Iterations from one test and checkpoint to the next.
        resume : bool, optional
            Continue from the checkpoint if there is one; otherwise overwrite it.
        report : callable, optional
            Called after each iteration with the number of iterations done, the loss,
            and the last test error (None before the first test).

        Returns
        -------
        Result

        Raises
        ------
        ValueError
            If data, settings and checkpoint do not fit together.
        FloatingPointError
            If the loss is no longer finite.
        """
        return training.train(self, run, data, path, every, resume, report)

    def load_run(self, path: str) -> Result:
        """Load a run from its checkpoint.

        Parameters
        ----------
        path : str

        Returns
        -------
        Result

        Raises
        ------
        OSError, ValueError
            If the file is missing, damaged, or not a checkpoint of this task.
        """
        return training.load_run(self, path)

    def evaluate(self, checkpoint: str, data: Sequence[np.ndarray]) -> Iterator[str]:
        """Test the network of a checkpoint.

        Parameters
        ----------
        checkpoint : str
            Its path.
        data : sequence of numpy array
            As for :meth:`train`.

        Yields
        ------
        str
            A line of text: the run; a warning if it was trained on other data; the
            error.
        """
        result = self.load_run(checkpoint)
        yield '%s, %d of %d iterations' % (
            self.file_name(result.run),
            result.history[-1][0],
            result.run.iterations,
        )
        if self.dataset.fingerprint(data) != result.run.data:
            yield 'It was trained on other data: %s.' % result.run.data
        yield 'Test error %.2f %%' % (
            100 * result.learner.error(*self.test_set(result.run, data))
        )

    def measure(
        self,
        run: Any,
        data: Sequence[np.ndarray],
        folder: str,
        open_bar: Callable[..., Any],
        every: int,
    ) -> dict:
        """Train one run and measure it; see :meth:`Task.measure`."""
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, self.file_name(run) + '.npz')
        with open_bar(run.iterations, run.batch_size) as bar:
            result = self.train(run, data, path, every, True, bar.report)
        return self.result_line(result)

    def result_line(self, result: Result) -> dict:
        """Return the line of results of a training.

        Parameters
        ----------
        result : Result

        Returns
        -------
        dict
            What JSON can hold: the settings, 'error' in percent, 'num_params',
            'seconds', 'history' as in :class:`lasagne_stn.paper.Result`, and the
            machine.
        """
        settings = {'experiment': self.name, **result.run._asdict()}
        return dict(
            settings,
            error=100 * result.error,
            num_params=result.learner.num_params,
            seconds=round(result.seconds, 1),
            history=result.history,
            machine=describe(),
        )

    def summary(self, run: Any, line: Mapping, folder: str) -> list[str]:
        """Return the error, the cost and the checkpoint as lines of text."""
        name = self.file_name(run)
        return [
            '%s: test error %.2f %%, %s parameters, %.0f s of processor time'
            % (name, line['error'], format(line['num_params'], ','), line['seconds']),
            'Checkpoint: ' + os.path.join(folder, name + '.npz'),
        ]
