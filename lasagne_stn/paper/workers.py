"""Trains in worker processes with one thread each, and restarts those that are killed.

Each run has its own process: Theano keeps its settings for a whole process, memory that
one run leaves behind would burden the next, and a crash in compiled code ends only that
run, which continues from its checkpoint.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, Callable, Generator, NamedTuple, Sequence

from .single_run import load_data
from .tasks import Task

__all__ = ['QueuedRun', 'Stopped', 'train_in_worker', 'train_on_cores']

STARTS = 4  # of a process that is killed each time
PATIENCE = 1.0  # seconds between two calls of `stopped`
REPORT_INTERVAL = 0.5  # seconds between two reports
TAIL = 3000  # last bytes of a worker's output that an error quotes


class QueuedRun(NamedTuple):
    """A run to train, with its data and its folder.

    Attributes
    ----------
    task : Task
        A worker receives it pickled, so it may be missing from the worker's registry.
    run : namedtuple
        Settings of the task.
    source : str or None
        Where the data are; see :meth:`lasagne_stn.paper.tasks.Dataset.find`.
    folder : str
        Folder of the checkpoint; the run continues from it if there is one.
    every : int
        Iterations from one checkpoint to the next.
    """

    task: Task
    run: Any
    source: str | None
    folder: str
    every: int

    @property
    def name(self) -> str:
        """Name of the run's files."""
        return self.task.file_name(self.run)

    @property
    def length(self) -> int:
        """Number of iterations of all stages."""
        return self.task.bar_length(self.run)


class Stopped(Exception):
    """A training was stopped because its result is no longer wanted."""


def train_in_worker(
    queued: QueuedRun,
    report: Callable = lambda iteration, loss, error: None,
    stopped: Callable[[], bool] = lambda: False,
    flags: str = '',
) -> dict:
    """Train in a new process.

    A process that is killed, or crashes in compiled code, is restarted up to three
    times and continues from the checkpoint. If this process dies, the worker ends at
    its next report.

    Parameters
    ----------
    queued : QueuedRun
    report : callable, optional
        Called from time to time with the number of iterations done, the last loss, and
        the last test error (None before the first test).
    stopped : callable, optional
        Called about every second; if it returns True, the training ends.
    flags : str, optional
        Appended to the THEANO_FLAGS of this process.

    Returns
    -------
    dict
        The line of results; see :meth:`lasagne_stn.paper.tasks.Task.measure`.

    Raises
    ------
    Stopped
        If `stopped` returned True.
    RuntimeError
        If the training raised an error, or its process was killed each time.
    """
    for _ in range(STARTS):
        line, exit_code, message = _try(queued, report, stopped, flags)
        if line is not None:
            return line
        if exit_code >= 0:
            raise RuntimeError(message)
    raise RuntimeError(
        'its process was killed %d times, the last time by signal %d.\n'
        'There may be too little memory.  %s' % (STARTS, -exit_code, message)
    )


def train_on_cores(
    queue: Sequence[QueuedRun],
    report: Callable = lambda queued, iteration, loss, error: None,
) -> Generator[tuple[QueuedRun, dict | BaseException], None, None]:
    """Train several runs at a time, one process per core available to this process.

    Closing this generator early stops the runs in progress; their checkpoints are kept.

    Parameters
    ----------
    queue : sequence of QueuedRun
        They are started in this order.
    report : callable, optional
        Called from time to time, from any thread, with a queued run and what
        :func:`train_in_worker` reports.

    Yields
    ------
    queued : QueuedRun
    result : dict or Exception
        The line of results, or why there is none.
    """
    stop = threading.Event()

    def train(queued):
        return train_in_worker(queued, lambda *args: report(queued, *args), stop.is_set)

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        futures = {pool.submit(train, queued): queued for queued in queue}
        try:
            for future in as_completed(futures):
                yield futures[future], future.exception() or future.result()
        finally:
            stop.set()
            for future in futures:
                future.cancel()


def _try(queued, report, stopped, flags):
    """Return the line or None, the exit code, and the worker's last output."""
    ours, theirs = Pipe()
    with tempfile.TemporaryFile() as log, ours:
        process = subprocess.Popen(
            [sys.executable, '-m', __name__, str(theirs.fileno())],
            env=_environment(flags),
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        theirs.close()
        try:
            for kind, *content in _messages(ours, queued, stopped):
                if kind == 'line':
                    return content[0], 0, ''
                if kind == 'error':
                    return None, 0, content[0]
                report(*content)
            exit_code = process.wait()
            log.seek(max(0, log.seek(0, os.SEEK_END) - TAIL))
            return None, exit_code, log.read().decode(errors='replace')
        finally:
            process.kill()
            process.wait()


def _messages(pipe, queued, stopped):
    """Yield a worker's messages until it ends."""
    with suppress(EOFError, ConnectionError):
        pipe.send(queued)
        while True:
            if stopped():
                raise Stopped
            if pipe.poll(PATIENCE):
                yield pipe.recv()


def _environment(flags):
    """Use one thread, so that as many runs as cores disturb each other least."""
    given = os.environ.get('THEANO_FLAGS')
    return dict(
        os.environ,
        OMP_NUM_THREADS='1',
        THEANO_FLAGS=','.join(filter(None, [given, flags])),
    )


def _serve(pipe):
    """Train the run that the pipe sends; this is what a worker does."""
    task, run, source, folder, every = pipe.recv()
    try:
        data, description = load_data(task.dataset, source)
        found = task.dataset.fingerprint(data)
        if found != run.data:
            raise ValueError(
                "%s are not the run's data: %s, not %s."
                % (description, found, run.data)
            )
        line = task.measure(run, data, folder, _Reports(pipe).open, every)
        answer = 'line', line
    except (ConnectionError, EOFError):
        return  # the other end is gone
    except (OSError, ValueError, FloatingPointError) as problem:
        answer = 'error', str(problem)
    pipe.send(answer)


class _Reports:
    """Sends reports through a pipe, but not too often, in place of progress bars."""

    def __init__(self, pipe):
        self._pipe, self._before, self._last = pipe, 0, -REPORT_INTERVAL

    def open(self, iterations, batch_size, before=0):
        self._before = before
        return self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def report(self, iteration, *loss_error):
        if time.monotonic() - self._last >= REPORT_INTERVAL:
            self._pipe.send(('report', self._before + iteration) + loss_error)
            self._last = time.monotonic()


if __name__ == '__main__':
    _serve(Connection(int(sys.argv[1])))
