"""Measures contenders in turns, so that other load affects all of them equally."""

from __future__ import annotations

import importlib.util
import time
from statistics import median
from typing import Any, Callable, Mapping, Sequence

from .. import config
from .cases import Shape
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

EVERY = {'explicit': 3, 'theano': 3}  # slow: measured in every third round only
NO_COMPILER = 'cxx='  # for processes where Theano is imported but not used


def has_torch() -> bool:
    """Return whether PyTorch is installed, without importing it."""
    return importlib.util.find_spec('torch') is not None


def take_turns(
    contenders: Mapping[str, Any], rounds: int, pause: float = PAUSE
) -> dict[str, list[float]]:
    """Time contenders in turns.

    Parameters
    ----------
    contenders : mapping
        Maps names to objects whose ``ask('time')`` returns seconds.
    rounds : int
        Number of rounds in which each contender is measured once.
    pause : float, optional
        Seconds before each turn, so that the threads of the previous contender sleep.

    Returns
    -------
    dict
        Maps each name to a list of seconds.
    """
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds):
        for name, contender in contenders.items():
            if number % EVERY.get(name, 1) == 0:
                time.sleep(pause)
                times[name].append(contender.ask('time'))
    return times


def start_on_the_cpu(name: str, threads: int) -> Remote:
    """Start the process of a contender.

    Parameters
    ----------
    name : str
        A key of ``CONTENDERS``.
    threads : int
        Number of threads of the process.

    Returns
    -------
    Remote
    """
    if name == 'torch':
        return Remote(TorchSampler, threads, threads=threads, flags=NO_COMPILER)
    if name == 'copy':
        return Remote(MemoryCopy, threads=threads)
    return Remote(TheanoSampler, name == 'fused', config.fast_path, threads=threads)


def start_samplers(
    names: Sequence[str],
    threads: int,
    start: Callable[[str, int], Remote] = start_on_the_cpu,
) -> dict[str, Remote]:
    """Start the processes of several contenders.

    Parameters
    ----------
    names : sequence of str
        Keys of ``CONTENDERS``.
    threads : int
        Number of threads of each process.
    start : callable, optional
        Starts one process, like :func:`start_on_the_cpu`.

    Returns
    -------
    dict
        Maps each name to its process.
    """
    started: dict[str, Remote] = {}
    try:
        for name in names:
            started[name] = start(name, threads)
    except BaseException:
        close_all(started)
        raise
    return started


def close_all(contenders: Mapping[str, Any]) -> None:
    """End the processes of all contenders."""
    for contender in contenders.values():
        contender.close()


def measure_samplers(
    cases: Sequence[tuple[Shape, str]],
    names: Sequence[str],
    threads: int,
    runs: int,
    theta: str = 'noise',
    report: Callable[[Mapping[str, Any]], None] | None = None,
    start: Callable[[Sequence[str], int], Mapping[str, Any]] = start_samplers,
) -> list[dict[str, Any]]:
    """Time contenders on several cases.

    Parameters
    ----------
    cases : sequence of (Shape, str)
        Pairs of a shape and a key of ``WORKS``.
    names : sequence of str
        Keys of ``CONTENDERS``.
    threads : int
        Number of threads of each contender.
    runs : int
        Number of rounds in which each contender is measured once.
    theta : str, optional
        One of ``THETAS``.
    report : callable, optional
        Called with each result.
    start : callable, optional
        Like :func:`start_samplers`.

    Returns
    -------
    list of dict
        One for each case: the sizes of its shape, 'work', 'theta', 'threads', and of
        each contender all times 'runs_ms' and their median 'ms'.
    """
    results: list[dict[str, Any]] = []
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
