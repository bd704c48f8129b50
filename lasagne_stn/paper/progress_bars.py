"""Progress bars: of one run, and of many runs at a time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from .workers import QueuedRun

__all__ = ['Bar', 'Board']

SMOOTH = 0.98  # weight of the past in the displayed loss


def _new_progress(console):
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn('{task.description}'),
        BarColumn(),
        TextColumn('{task.completed}/{task.total}'),
        TimeRemainingColumn(),
        console=console,
    )


class Bar:
    """A progress bar with loss, test error, images per second and time left.

    Parameters
    ----------
    console : rich.console.Console
    iterations : int
        Length of the bar.
    batch_size : int
        Images of one iteration.
    before : int, optional
        Iterations of the run's earlier stages; each stage has its own bar.
    """

    def __init__(
        self, console: Console, iterations: int, batch_size: int, before: int = 0
    ) -> None:
        self._iterations, self._batch_size = iterations, batch_size
        self._progress = _new_progress(console)
        self._loss, self._first, self._start = 0.0, 0, 0.0

    def __enter__(self) -> Bar:
        self._progress.start()
        self._bar = self._progress.add_task(
            'compiling: about a minute the first time', total=self._iterations
        )
        return self

    def __exit__(self, *error: Any) -> None:
        self._progress.stop()

    def report(self, iteration: int, loss: float, error: float | None) -> None:
        """Update the bar.

        Parameters
        ----------
        iteration : int
            Number of iterations done.
        loss : float
            Loss of the last iteration.
        error : float or None
            Last test error, as a fraction.
        """
        now = time.perf_counter()
        if not self._start:
            self._first, self._start, self._loss = iteration, now, loss
        self._loss = SMOOTH * self._loss + (1 - SMOOTH) * loss
        text = 'loss %.4f' % self._loss
        if error is not None:
            text += ', test error %.2f %%' % (100 * error)
        if iteration > self._first:
            text += ', %.0f images/s' % (
                self._batch_size * (iteration - self._first) / (now - self._start)
            )
        self._progress.update(self._bar, completed=iteration, description=text)


class Board:
    """A bar for all runs together, and one for each that is in progress.

    Parameters
    ----------
    console : rich.console.Console
    count : int
        Number of runs.
    """

    def __init__(self, console: Console, count: int) -> None:
        self._progress = _new_progress(console)
        self._all = self._progress.add_task('runs', total=count)
        self._bars: dict[QueuedRun, Any] = {}

    def __enter__(self) -> Board:
        self._progress.start()
        return self

    def __exit__(self, *error: Any) -> None:
        self._progress.stop()

    def report(
        self, queued: QueuedRun, iteration: int, loss: float, error: float | None
    ) -> None:
        """Update the bar of a run; see :meth:`Bar.report`."""
        if queued not in self._bars:
            self._bars[queued] = self._progress.add_task(
                queued.name, total=queued.length
            )
        text = '%s: loss %.4f' % (queued.name, loss)
        if error is not None:
            text += ', test error %.2f %%' % (100 * error)
        self._progress.update(self._bars[queued], completed=iteration, description=text)

    def end(self, queued: QueuedRun, text: str) -> None:
        """Print how a run ended and remove its bar."""
        self._progress.console.print('%s: %s' % (queued.name, text), soft_wrap=True)
        if queued in self._bars:
            self._progress.remove_task(self._bars.pop(queued))
        self._progress.advance(self._all)
