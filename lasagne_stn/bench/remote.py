"""Runs objects in separate processes, so that each has its own threads.

PyTorch and Theano have separate OpenMP runtimes, which would compete for cores in one
process. Idle threads of OpenMP and OpenBLAS spin for some milliseconds after a call
before they sleep; callers that ask several processes in turn must pause that long.
"""

from __future__ import annotations

import gc
import os
import time
import traceback
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, Callable, Mapping

from .._platform.flags import quiet

__all__ = ['ContenderError', 'Remote', 'PAUSE', 'seconds_per_call']

PAUSE = 0.05  # seconds until the threads of a process sleep after a call


class ContenderError(RuntimeError):
    """An error of an object whose message needs no traceback."""


class Remote:
    """An object in a new process, which runs only when it is asked.

    Parameters
    ----------
    factory : callable
        Creates the object in the new process. It must be possible to pickle it.
    *args
        Arguments of `factory`.
    threads : int
        Number of OpenMP and BLAS threads in the new process.
    flags : str, optional
        Appended to the user's THEANO_FLAGS in the new process.
    environment : mapping, optional
        More environment variables of the new process.

    Attributes
    ----------
    seconds : float
        Time from starting the process until the package is imported.

    Raises
    ------
    RuntimeError
        If creating the object, or later one of its methods, raises an error.
    """

    def __init__(
        self,
        factory: Callable,
        *args: Any,
        threads: int,
        flags: str = '',
        environment: Mapping[str, str] | None = None,
    ):
        start = time.perf_counter()
        context = get_context('spawn')
        self._name = factory.__name__
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        with _environment(threads, flags, environment or {}):
            self._process.start()
        theirs.close()
        try:
            self._answer()
            self.seconds = time.perf_counter() - start
            self.ask(factory, *args)
        except BaseException:
            self.close()
            raise

    def __repr__(self):
        return 'Remote(%s)' % self._name

    def ask(self, method: Any, *args: Any) -> Any:
        """Call a method of the object in its process.

        Parameters
        ----------
        method : str
            Name of the method.
        *args
            Arguments of the method.

        Returns
        -------
        object
            A copy of what the method returns.
        """
        self._pipe.send((method, args))
        return self._answer()

    def _answer(self):
        try:
            works, value = self._pipe.recv()
        except EOFError:
            self._process.join()
            raise RuntimeError(
                '%s: its process ended with exit code %s'
                % (self._name, self._process.exitcode)
            ) from None
        if not works:
            raise RuntimeError('%s: %s' % (self._name, value))
        return value

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def _serve(pipe):
    """Answer requests in the new process; the first one creates the object."""
    pipe.send((True, None))
    gc.disable()  # a collection during a call would distort its time
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
        except ContenderError as error:
            pipe.send((False, str(error)))
        except Exception:
            pipe.send((False, traceback.format_exc()))


@contextmanager
def _environment(threads, flags, more):
    """Set the environment variables of a new process while the block runs."""
    given = os.environ.get('THEANO_FLAGS')
    ours = {
        'OMP_NUM_THREADS': str(threads),
        'MKL_NUM_THREADS': str(threads),
        'THEANO_FLAGS': ','.join(filter(None, [given, flags])),
        # Theano would not start a device in the new process if this were set.
        'THEANO_GPU_IS_ALREADY_ACTIVE': None,
        **more,
    }
    before = {name: os.environ.get(name) for name in ours}
    _set_variables(ours)
    try:
        yield
    finally:
        _set_variables(before)


def _set_variables(values):
    """Set environment variables; None removes a variable."""
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def seconds_per_call(
    function: Callable[[], Any],
    at_least: float = 5e-3,
    finish: Callable[[Any], None] | None = None,
) -> float:
    """Measure the mean time of several calls, after two calls to warm up.

    Parameters
    ----------
    function : callable
        A function without arguments.
    at_least : float, optional
        Seconds that the calls should take together.
    finish : callable, optional
        Called with the last result, waits until it is computed.
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
