"""OpenMP's threads: how many there are, how long they wait, and forks."""

import ctypes
import os

__all__ = ['thread_count', 'limit_waiting', 'survive_forks']

SPINS = 10000  # some tenths of a millisecond


def thread_count():
    """Number of OpenMP threads: OMP_NUM_THREADS, else the cores of this process."""
    wanted = os.environ.get('OMP_NUM_THREADS', '')
    return int(wanted) if wanted.isdecimal() else len(os.sched_getaffinity(0))


def limit_waiting(environment):
    """Let idle OpenMP threads sleep soon; what the user set about it stays.

    GNU's threads spin for some milliseconds after each operation. So long the threads
    of OpenBLAS, and of other programs, wait for a core: on two cores a training step
    with a few matrix products took 32 ms and not 9. A thread that sleeps takes some
    microseconds to wake. The library reads its environment when it is loaded, with the
    first compiled code.

    Parameters
    ----------
    environment : mapping
        Usually ``os.environ``; GOMP_SPINCOUNT is set in it.

    Examples
    --------
    >>> mine = {'OMP_WAIT_POLICY': 'active'}
    >>> limit_waiting(mine)
    >>> mine
    {'OMP_WAIT_POLICY': 'active'}
    """
    if not {'OMP_WAIT_POLICY', 'GOMP_SPINCOUNT'} & set(environment):
        environment['GOMP_SPINCOUNT'] = str(SPINS)


def survive_forks():
    """Let forked processes compute with one thread.

    GNU's threads do not live on in a fork, but the library waits for them there: what
    was compiled with OpenMP, and ran before the fork, would hang for ever. Processes
    that are spawned have all their threads.
    """
    os.register_at_fork(after_in_child=_use_one_thread)


def _use_one_thread():
    try:
        ctypes.CDLL('libgomp.so.1').omp_set_num_threads(1)
    except OSError:  # no such library, no such threads
        pass
