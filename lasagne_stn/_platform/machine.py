"""Describes the machine, versions and flags that results were measured with.

Changes nothing. Benchmarks and trainings store this description with their results, so
that they can be compared and repeated.
"""

from __future__ import annotations

import datetime
import os
import platform
import time
from typing import Any, Mapping

import theano

from .. import config
from .threads import thread_count
from .versions import installed_version

__all__ = ['describe', 'processor', 'busy_cores', 'sentence']

PACKAGES = ('lasagne-stn', 'Theano-PyMC', 'Lasagne', 'numpy', 'scipy', 'torch')


def describe() -> dict[str, Any]:
    """Return the machine, versions, flags and date.

    Takes a second, because it measures how busy the machine is.

    Returns
    -------
    dict
        Strings, numbers and dicts of them, ready to be written as JSON.
    """
    return {
        'date': datetime.datetime.now().astimezone().isoformat(timespec='seconds'),
        'processor': processor(),
        'cores': os.cpu_count(),
        'threads': thread_count(),
        'busy_cores': busy_cores(),
        'system': platform.platform(),
        'versions': dict(
            {name: installed_version(name) for name in PACKAGES},
            python=platform.python_version(),
        ),
        'fast_path': config.fast_path,
        'theano_flags': {
            name: str(getattr(theano.config, name))
            for name in ('cxx', 'openmp', 'optimizer')
        },
        'environment': {
            name: value
            for name, value in os.environ.items()
            if name.startswith(('OMP_', 'GOMP_', 'MALLOC_', 'MKL_'))
        },
        'cxxflags': theano.config.gcc.cxxflags,
        'blas': theano.config.blas.ldflags,
    }


def sentence(machine: Mapping[str, Any]) -> str:
    """Return the main facts of :func:`describe` in one line.

    Parameters
    ----------
    machine : mapping
        See :func:`describe`.

    Returns
    -------
    str

    Examples
    --------
    >>> sentence({'processor': 'Abacus', 'cores': 2, 'threads': 2, 'fast_path': True,
    ...           'date': '2026-01-01T10:00:00+00:00', 'busy_cores': 0.04,
    ...           'versions': {'torch': None, 'numpy': '1.23.5', 'python': '3.11.2'}})
    'Abacus, 2 cores, 2 threads; numpy 1.23.5, python 3.11.2; 2026-01-01, 0.0 cores
    busy before'
    """
    versions = ['%s %s' % item for item in machine['versions'].items() if item[1]]
    return '%s, %d cores, %d threads; %s; %s, %.1f cores busy before%s' % (
        machine['processor'],
        machine['cores'],
        machine['threads'],
        ', '.join(versions),
        machine['date'][:10],
        machine['busy_cores'],
        '' if machine['fast_path'] else '; without the AVX-512 path',
    )


def processor() -> str:
    """Return the name of the processor."""
    try:
        with open('/proc/cpuinfo') as file:
            for line in file:
                if line.startswith('model name'):
                    return line.partition(':')[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def busy_cores(seconds: float = 1) -> float:
    """Measure how many cores other processes keep busy while this one sleeps.

    Parameters
    ----------
    seconds : float, optional
        Duration of the measurement.

    Returns
    -------
    float
        Average number of busy cores.
    """
    before, start = _busy_ticks(), time.perf_counter()
    time.sleep(seconds)
    ticks = _busy_ticks() - before
    return ticks / os.sysconf('SC_CLK_TCK') / (time.perf_counter() - start)


def _busy_ticks() -> int:
    """Return the clock ticks that all cores together have been busy since boot."""
    with open('/proc/stat') as file:
        user, nice, system = map(int, file.readline().split()[1:4])
    return user + nice + system
