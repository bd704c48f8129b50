"""Trains on the machines of a Dask cluster."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from typing import Callable, Generator, Sequence

from .. import checks
from .workers import QueuedRun, train_in_worker

__all__ = ['train_on_dask']


def train_on_dask(
    queue: Sequence[QueuedRun],
    address: str,
    report: Callable = lambda queued, iteration, loss, error: None,
) -> Generator[tuple[QueuedRun, dict | BaseException], None, None]:
    """Train on the workers of a Dask cluster, each with as many runs as threads.

    Scheduler and workers need this package, and the data under the same path. If all
    machines share the folder of the checkpoints, a run whose worker died continues on
    any other worker. If not, each machine has its own folder of that name, and on
    another machine the run starts over: the result is the same, but later. Results
    travel through Dask; only the caller writes them to a file.

    Closing this generator early stops the runs in progress; their checkpoints are kept.
    Workers append the THEANO_FLAGS of this process to their own.

    Parameters
    ----------
    queue : sequence of QueuedRun
    address : str
        Address of the scheduler, such as ``tcp://192.168.0.1:8786``.
    report : callable, optional
        As for :func:`lasagne_stn.paper.workers.train_on_cores`.

    Yields
    ------
    queued : QueuedRun
    result : dict or Exception
        The line of results, or why there is none. With Dask's default settings a run
        fails after four of its workers died.

    Raises
    ------
    ImportError
        If distributed is not installed; the message has the pip line.
    ValueError
        If the address is not valid.
    OSError
        If the scheduler does not respond.
    """
    try:
        import distributed
    except ImportError:
        raise ModuleNotFoundError(
            'train_on_dask needs distributed, which is not installed.\n'
            'Run: pip install "lasagne-stn[paper]"',
            name='distributed',
        ) from None
    topic = 'lasagne-stn-' + uuid.uuid4().hex
    flags = os.environ.get('THEANO_FLAGS', '')
    try:
        distributed.comm.get_address_host_port(address)  # Client would hang on it
    except ValueError as problem:
        raise checks.argument_error(
            'train_on_dask',
            'address',
            'be that of a Dask scheduler, such as tcp://192.168.0.1:8786',
            address,
        ) from problem
    try:
        client = distributed.Client(address, set_as_default=False)
    except OSError as problem:
        raise OSError(
            'train_on_dask: no Dask scheduler responds at %s (%s).' % (address, problem)
        ) from problem
    with client:
        client.subscribe_topic(
            topic, lambda event: report(queue[event[1][0]], *event[1][1:])
        )
        futures = {
            client.submit(
                _work,
                number,
                queued,
                topic,
                flags,
                pure=False,
                key='%s-%s' % (queued.name, topic),
            ): queued
            for number, queued in enumerate(queue)
        }
        finished = False
        try:
            for future in distributed.as_completed(futures, loop=client.loop):
                if future.cancelled():
                    raise OSError(
                        'train_on_dask: the scheduler at %s stopped responding.\n'
                        'Checkpoints are kept; rerun the command to resume.' % address
                    )
                yield futures[future], future.exception() or future.result()
            finished = True
        finally:
            if not finished:
                with suppress(OSError):  # the scheduler may be gone
                    distributed.Event(topic, client).set()


def _work(number, queued, topic, flags):
    """Train a run; this is what a Dask worker does."""
    import distributed

    worker = distributed.get_worker()
    stop = distributed.Event(topic)
    return train_in_worker(
        queued,
        lambda *args: worker.log_event(topic, [number, *args]),
        stop.is_set,
        flags,
    )
