"""Independent trainings on the machines of a Dask cluster."""

import os
import uuid
from contextlib import suppress

from .. import checks
from .workers import train_apart

__all__ = ['train_on_dask']


def train_on_dask(jobs, address, report=lambda job, iteration, loss, error: None):
    """Train on the workers of a Dask cluster, each as many as it has threads.

    The package must be installed where the scheduler and the workers run, and the data
    set must lie under the same path. If the folder of the checkpoints is shared by all
    machines, a training whose worker died goes on from its checkpoint on any other
    worker. If not, each machine has a folder of that name, and on another machine the
    training begins anew: it gives the same result, only later. Lines of results
    travel through Dask, and only the caller writes them to a file.

    Leaving this generator early stops the trainings under way; their checkpoints stay.
    Workers get the THEANO_FLAGS of this process behind their own.

    Parameters
    ----------
    jobs : sequence of Job
    address : str
        Of the scheduler, such as ``tcp://192.168.0.1:8786``.
    report : callable, optional
        As for :func:`lasagne_stn.paper.workers.train_here`.

    Yields
    ------
    job : Job
    outcome : dict or Exception
        The line of results, or why there is none: four workers in turn died of it,
        if the cluster has Dask's own settings.

    Raises
    ------
    ImportError
        If distributed is not installed; the message has the pip line.
    ValueError
        If the address is none.
    OSError
        If no scheduler answers, or none does any more.
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
            'train_on_dask: no Dask scheduler answers at %s (%s).' % (address, problem)
        ) from problem
    with client:
        client.subscribe_topic(
            topic, lambda event: report(jobs[event[1][0]], *event[1][1:])
        )
        futures = {
            client.submit(
                _work,
                number,
                job,
                topic,
                flags,
                pure=False,
                key='%s-%s' % (job.name, topic),
            ): job
            for number, job in enumerate(jobs)
        }
        finished = False
        try:
            for future in distributed.as_completed(futures, loop=client.loop):
                if future.cancelled():
                    raise OSError(
                        'train_on_dask: the scheduler at %s answers no '
                        'more.\nThe checkpoints stay; the same again goes '
                        'on from them.' % address
                    )
                yield futures[future], future.exception() or future.result()
            finished = True
        finally:
            if not finished:
                with suppress(OSError):  # it may be the cause
                    distributed.Event(topic, client).set()


def _work(number, job, topic, flags):
    """What runs on a worker."""
    import distributed

    worker = distributed.get_worker()
    stop = distributed.Event(topic)
    return train_apart(
        job,
        lambda *words: worker.log_event(topic, [number, *words]),
        stop.is_set,
        flags,
    )
