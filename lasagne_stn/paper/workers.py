"""Trainings in processes of their own, each with one thread, begun again if killed.

A process for each: Theano keeps its settings for a whole process, what one training
leaves in memory the next would carry along, and a crash in compiled code ends no more
than that training, which goes on from its checkpoint.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection

from .job import fingerprint, prepare, result_line, run_name
from .search import Search, find_digits, search_name
from .training import Run, train

__all__ = ['Job', 'Stopped', 'train_apart', 'train_here']

STARTS = 4  # of a process that is killed each time
PATIENCE = 1.0  # seconds from one look at `stopped` to the next
RARE = 0.5  # seconds from one report to the next
TAIL = 3000  # bytes of what a process wrote that an error quotes


class Job(namedtuple('Job', 'run source folder every')):
    """A training, and where it finds and keeps what.

    Attributes
    ----------
    run : Run or Search
    source : str or None
        See :func:`lasagne_stn.data.find_data`.
    folder : str
        Of the checkpoint; a training or search continues from it if there is one.
    every : int
        Iterations from one checkpoint of a training to the next.
    """

    @property
    def name(self):
        """What its files are called."""
        return (search_name if isinstance(self.run, Search) else run_name)(self.run)

    @property
    def length(self):
        """Iterations in all, an encoder's among them."""
        return self.run.iterations + getattr(self.run, 'encoder_iterations', 0)


class Stopped(Exception):
    """A training was ended because nobody wants it any more."""


def train_apart(
    job, report=lambda iteration, loss, error: None, stopped=lambda: False, flags=''
):
    """Train in a process of its own.

    A process that is killed, or crashes in compiled code, is started again and goes on
    from the checkpoint, three times. If this process dies, that one ends at its next
    report.

    Parameters
    ----------
    job : Job
    report : callable, optional
        Called now and then with the number of iterations done, the loss of the last,
        and the last test error (None before the first).
    stopped : callable, optional
        Asked about every second; True ends the training.
    flags : str, optional
        Put behind the THEANO_FLAGS of this process.

    Returns
    -------
    dict
        The line of results, see :func:`lasagne_stn.paper.job.result_line` and
        :func:`lasagne_stn.paper.search.find_digits`.

    Raises
    ------
    Stopped
        If `stopped` said so.
    RuntimeError
        If the training raised an error, or its process was killed each time.
    """
    for _ in range(STARTS):
        line, exit_code, words = _try(job, report, stopped, flags)
        if line is not None:
            return line
        if exit_code >= 0:
            raise RuntimeError(words)
    raise RuntimeError(
        'its process was killed %d times, the last time by signal %d.\n'
        'Too little memory, perhaps.  %s' % (STARTS, -exit_code, words)
    )


def train_here(jobs, report=lambda job, iteration, loss, error: None):
    """Train several at a time, a process for each core that this one may use.

    Leaving this generator early stops the trainings under way; their checkpoints stay.

    Parameters
    ----------
    jobs : sequence of Job
        They are begun in this order.
    report : callable, optional
        Called now and then, from any thread, with a job and what
        :func:`train_apart` reports of it.

    Yields
    ------
    job : Job
    outcome : dict or Exception
        The line of results, or why there is none.
    """
    stop = threading.Event()

    def train(job):
        return train_apart(job, lambda *words: report(job, *words), stop.is_set)

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        futures = {pool.submit(train, job): job for job in jobs}
        try:
            for future in as_completed(futures):
                yield futures[future], future.exception() or future.result()
        finally:
            stop.set()
            for future in futures:
                future.cancel()


def _try(job, report, stopped, flags):
    """The line or None, the exit code, and what the process said of its end."""
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
            for kind, *words in _messages(ours, job, stopped):
                if kind == 'line':
                    return words[0], 0, ''
                if kind == 'refused':
                    return None, 0, words[0]
                report(*words)
            exit_code = process.wait()
            log.seek(max(0, log.seek(0, os.SEEK_END) - TAIL))
            return None, exit_code, log.read().decode(errors='replace')
        finally:
            process.kill()
            process.wait()


def _messages(pipe, job, stopped):
    """What a process says of its job, until it ends."""
    with suppress(EOFError, ConnectionError):
        pipe.send(job)
        while True:
            if stopped():
                raise Stopped
            if pipe.poll(PATIENCE):
                yield pipe.recv()


def _environment(flags):
    """One thread, so that as many trainings as cores disturb each other least."""
    given = os.environ.get('THEANO_FLAGS')
    return dict(
        os.environ,
        OMP_NUM_THREADS='1',
        THEANO_FLAGS=','.join(filter(None, [given, flags])),
    )


def _serve(pipe):
    """What runs in the new process."""
    job = pipe.recv()
    try:
        data, words = prepare(job.source)
        if fingerprint(data) != job.run.data:
            raise ValueError(
                '%s are other data than those of the run: %s, not %s.'
                % (words, fingerprint(data), job.run.data)
            )
        answer = 'line', _carry_out(job, data, pipe)
    except (ConnectionError, EOFError):
        return  # nobody waits for it any more
    except (OSError, ValueError, FloatingPointError) as problem:
        answer = 'refused', str(problem)
    pipe.send(answer)


def _carry_out(job, data, pipe):
    """The line of results of a training, or of a search."""
    if isinstance(job.run, Search):
        return find_digits(
            job.run,
            data,
            job.folder,
            lambda run: _Reports(
                pipe, before=0 if isinstance(run, Run) else run.encoder_iterations
            ),
        )[0]
    os.makedirs(job.folder, exist_ok=True)
    path = os.path.join(job.folder, job.name + '.npz')
    return result_line(
        train(job.run, data, path, job.every, True, _Reports(pipe).report)
    )


class _Reports:
    """Sends reports through a pipe, but not too many; stands where a bar would be."""

    def __init__(self, pipe, before=0):
        self._pipe, self._before, self._last = pipe, before, -RARE

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def report(self, iteration, *words):
        if time.monotonic() - self._last >= RARE:
            self._pipe.send(('at', self._before + iteration) + words)
            self._last = time.monotonic()


if __name__ == '__main__':
    _serve(Connection(int(sys.argv[1])))
