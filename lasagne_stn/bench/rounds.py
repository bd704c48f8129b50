"""Contenders take turns, so that what else the machine does meets all of them alike."""

import importlib.util
import time
from statistics import median

from .. import config
from .remote import PAUSE, Remote
from .samplers import MemoryCopy, TheanoSampler, TorchSampler

__all__ = [
    'take_turns',
    'start_on_the_cpu',
    'start_samplers',
    'close_all',
    'measure_samplers',
    'has_torch',
]

EVERY = {'explicit': 3}  # it is slow: it runs in every third round only
NO_COMPILER = 'cxx='  # Theano is imported with the package, and rests


def has_torch():
    """Whether PyTorch is installed; it is not imported."""
    return importlib.util.find_spec('torch') is not None


def take_turns(contenders, rounds, pause=PAUSE):
    """Time contenders in turns.

    Parameters
    ----------
    contenders : dict
        From name to an object whose ``ask('time')`` gives seconds.
    rounds : int
    pause : float, optional
        Seconds before each turn, until the threads of the one before sleep.

    Returns
    -------
    dict
        From name to a list of seconds.
    """
    times = {name: [] for name in contenders}
    for number in range(rounds):
        for name, contender in contenders.items():
            if number % EVERY.get(name, 1) == 0:
                time.sleep(pause)
                times[name].append(contender.ask('time'))
    return times


def start_on_the_cpu(name, threads):
    """A process for a contender.

    Parameters
    ----------
    name : str
        A key of ``CONTENDERS``.
    threads : int

    Returns
    -------
    Remote
    """
    if name == 'torch':
        return Remote(TorchSampler, threads, threads=threads, flags=NO_COMPILER)
    if name == 'copy':
        return Remote(MemoryCopy, threads=threads)
    return Remote(TheanoSampler, name == 'fused', config.fast_path, threads=threads)


def start_samplers(names, threads, start=start_on_the_cpu):
    """Processes for contenders.

    Parameters
    ----------
    names : sequence of str
        Keys of ``CONTENDERS``.
    threads : int
    start : callable, optional
        Starts one, like :func:`start_on_the_cpu`.

    Returns
    -------
    dict
        From name to a Remote.
    """
    started = {}
    try:
        for name in names:
            started[name] = start(name, threads)
    except BaseException:
        close_all(started)
        raise
    return started


def close_all(contenders):
    """End the processes."""
    for contender in contenders.values():
        contender.close()


def measure_samplers(
    cases, names, threads, runs, theta='noise', report=None, start=start_samplers
):
    """Time contenders on cases.

    Parameters
    ----------
    cases : sequence of (Shape, str)
        Shapes with a key of ``WORKS``.
    names : sequence of str
        Keys of ``CONTENDERS``.
    threads : int
        For all of them.
    runs : int
        Rounds in which each has a turn.
    theta : str, optional
        One of ``THETAS``.
    report : callable, optional
        Called with each result.
    start : callable, optional
        Like :func:`start_samplers`.

    Returns
    -------
    list of dict
        For each case: what was measured, 'ms' from name to the median, and 'runs_ms'
        from name to all.
    """
    results = []
    contenders = start(names, threads)
    try:
        for shape, work in cases:
            for contender in contenders.values():
                contender.ask('load', shape, work, theta)
            times = take_turns(contenders, runs)
            ms = {
                name: [1e3 * seconds for seconds in column]
                for name, column in times.items()
            }
            results.append(
                dict(
                    shape._asdict(),
                    work=work,
                    theta=theta,
                    threads=threads,
                    runs_ms=ms,
                    ms={name: median(column) for name, column in ms.items()},
                )
            )
            if report:
                report(results[-1])
    finally:
        close_all(contenders)
    return results
