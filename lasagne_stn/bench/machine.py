"""What a benchmark's figures were taken on."""
import datetime
import os
import platform

import theano

from .. import config, runtime

__all__ = ['describe', 'processor', 'sentence']

PACKAGES = ('lasagne-stn', 'Theano-PyMC', 'Lasagne', 'numpy', 'scipy', 'torch')


def describe():
    """Machine, versions, flags and date.

    Returns
    -------
    dict
    """
    return {
        'date': datetime.datetime.now().astimezone().isoformat(timespec='seconds'),
        'processor': processor(),
        'cores': os.cpu_count(),
        'threads': runtime.thread_count(),
        'load_before': os.getloadavg()[0],
        'system': platform.platform(),
        'versions': dict({name: runtime.installed_version(name) for name in PACKAGES},
                         python=platform.python_version()),
        'fast_path': config.fast_path,
        'theano_flags': {name: str(getattr(theano.config, name)) for name in
                         ('cxx', 'openmp', 'optimizer')},
        'environment': {name: value for name, value in os.environ.items()
                        if name.startswith(('OMP_', 'GOMP_', 'MALLOC_', 'MKL_'))},
        'cxxflags': theano.config.gcc.cxxflags,
        'blas': theano.config.blas.ldflags,
    }


def sentence(machine):
    """The same in one line.

    >>> sentence({'processor': 'Abacus', 'cores': 2, 'threads': 2, 'fast_path': True,
    ...           'date': '2026-01-01T10:00:00+00:00', 'load_before': 0.04,
    ...           'versions': {'torch': None, 'numpy': '1.23.5', 'python': '3.11.2'}})
    'Abacus, 2 cores, 2 threads; numpy 1.23.5, python 3.11.2; 2026-01-01, load 0.0'
    """
    versions = ['%s %s' % item for item in machine['versions'].items() if item[1]]
    return '%s, %d cores, %d threads; %s; %s, load %.1f%s' % (
        machine['processor'], machine['cores'], machine['threads'], ', '.join(versions),
        machine['date'][:10], machine['load_before'],
        '' if machine['fast_path'] else '; without the AVX-512 path')


def processor():
    """Name of the processor."""
    try:
        with open('/proc/cpuinfo') as file:
            for line in file:
                if line.startswith('model name'):
                    return line.partition(':')[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
