"""Objects that live in processes of their own, so that each has its own threads.

PyTorch and Theano bring an OpenMP runtime each; in one process they would share cores
badly. Idle threads of OpenMP and of OpenBLAS spin for some milliseconds after a call
before they sleep; who asks several processes in turn must pause that long between them.
"""

import gc
import os
import time
import traceback
from contextlib import contextmanager
from multiprocessing import get_context

from .._platform.flags import quiet

__all__ = ['Refusal', 'Remote', 'PAUSE', 'seconds_per_call']

PAUSE = 0.05  # seconds until the threads of a process that was asked sleep


class Refusal(RuntimeError):
    """What an object cannot do here, in words that need no traceback."""


class Remote:
    """An object in a new process, which only runs when it is asked.

    Parameters
    ----------
    factory : callable
        Makes the object there; a class that can be pickled.
    *args
        What it is called with.
    threads : int
        For OpenMP and BLAS in that process.
    flags : str, optional
        Put behind the user's THEANO_FLAGS there.

    Attributes
    ----------
    seconds : float
        From the start of the process until the package was imported.

    Raises
    ------
    RuntimeError
        If the object, or later one of its methods, raises there.
    """

    def __init__(self, factory, *args, threads, flags=''):
        start = time.perf_counter()
        context = get_context('spawn')
        self._name = factory.__name__
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        with _environment(threads, flags):
            self._process.start()
        theirs.close()
        try:
            self._answer()
            self.seconds = time.perf_counter() - start
            self.ask(factory, *args)
        except BaseException:
            self.close()
            raise

    def ask(self, method, *args):
        """Call a method there.

        Parameters
        ----------
        method : str
            Its name.
        *args
            What it is called with.

        Returns
        -------
        What it returns, copied.
        """
        self._pipe.send((method, args))
        return self._answer()

    def _answer(self):
        try:
            works, value = self._pipe.recv()
        except EOFError:
            self._process.join()
            raise RuntimeError(
                '%s: its process ended, exit code %s'
                % (self._name, self._process.exitcode)
            ) from None
        if not works:
            raise RuntimeError('%s: %s' % (self._name, value))
        return value

    def close(self):
        """End the process."""
        self._pipe.close()
        self._process.join()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def _serve(pipe):
    """What runs in the new process; the first request makes the object."""
    pipe.send((True, None))
    gc.disable()  # else it would run inside a call that is timed
    target = None
    while True:
        try:
            method, args = pipe.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            with quiet():
                if target is None:
                    target, value = method(*args), None
                else:
                    value = getattr(target, method)(*args)
            pipe.send((True, value))
        except KeyboardInterrupt:
            return
        except Refusal as problem:
            pipe.send((False, str(problem)))
        except Exception:
            pipe.send((False, traceback.format_exc()))


@contextmanager
def _environment(threads, flags):
    """What a new process finds in its environment."""
    given = os.environ.get('THEANO_FLAGS')
    ours = {
        'OMP_NUM_THREADS': str(threads),
        'MKL_NUM_THREADS': str(threads),
        'THEANO_FLAGS': ','.join(filter(None, [given, flags])),
        'THEANO_GPU_IS_ALREADY_ACTIVE': None,
    }  # else Theano starts no device there
    before = {name: os.environ.get(name) for name in ours}
    _set_variables(ours)
    try:
        yield
    finally:
        _set_variables(before)


def _set_variables(values):
    """Set variables of the environment; None removes one."""
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def seconds_per_call(function, at_least=5e-3, finish=None):
    """Time of one call: after two to warm up, the mean of some in a row.

    Parameters
    ----------
    function : callable
        Without arguments.
    at_least : float, optional
        Seconds that the calls take together.
    finish : callable, optional
        Waits until what the last call gave back is computed.
    """
    _seconds(function, 1, finish)
    calls = max(1, int(at_least / _seconds(function, 1, finish)))
    return _seconds(function, calls, finish) / calls


def _seconds(function, calls, finish):
    start = time.perf_counter()
    for _ in range(calls):
        results = function()
    if finish:
        finish(results)
    return time.perf_counter() - start
