"""Makes idle OpenMP threads sleep and forked processes use one thread.

Idle threads of GNU's OpenMP spin and keep cores from other libraries; and code compiled
with OpenMP hangs in a forked process.
"""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from typing import MutableMapping

__all__ = ['thread_count', 'limit_spinning', 'survive_forks']

SPINS = 10000  # a few tenths of a millisecond


def thread_count() -> int:
    """Return the number of OpenMP threads.

    This is OMP_NUM_THREADS if it is set to a number, otherwise the number of cores that
    this process may use.
    """
    wanted = os.environ.get('OMP_NUM_THREADS', '')
    return int(wanted) if wanted.isdecimal() else len(os.sched_getaffinity(0))


def limit_spinning(environment: MutableMapping[str, str]) -> None:
    """Make idle OpenMP threads sleep soon, unless the user chose how they wait.

    GNU's OpenMP threads spin for some milliseconds after each operation. Meanwhile
    OpenBLAS's threads, and other programs, cannot get a core: on two cores a training
    step with a few matrix products took 32 ms instead of 9. A sleeping thread wakes
    within microseconds. The library reads its environment when it is loaded, which
    happens with the first compiled code.

    Parameters
    ----------
    environment : mapping
        Environment variables, usually ``os.environ``. GOMP_SPINCOUNT is set unless it
        or OMP_WAIT_POLICY exists.

    Examples
    --------
    >>> mine = {'OMP_WAIT_POLICY': 'active'}
    >>> limit_spinning(mine)
    >>> mine
    {'OMP_WAIT_POLICY': 'active'}
    """
    if not {'OMP_WAIT_POLICY', 'GOMP_SPINCOUNT'} & set(environment):
        environment['GOMP_SPINCOUNT'] = str(SPINS)


def survive_forks() -> None:
    """Make forked processes use a single OpenMP thread.

    GNU's OpenMP threads do not exist in a forked process, but the library still waits
    for them: compiled code that had run before the fork would hang forever. Spawned
    processes are not affected and keep all their threads.
    """
    os.register_at_fork(after_in_child=_use_one_thread)


def _use_one_thread() -> None:
    with suppress(OSError):  # without the library there are no threads to wait for
        ctypes.CDLL('libgomp.so.1').omp_set_num_threads(1)
