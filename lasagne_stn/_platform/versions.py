"""The versions of Python and of the dependencies that work, and those installed."""

import re
import sys

__all__ = [
    'PYTHON_RANGE',
    'REQUIREMENTS',
    'check_versions',
    'requirement',
    'fits',
    'installed_version',
]

PYTHON_RANGE = ((3, 8), (3, 12))
REQUIREMENTS = {  # name: (first release that works, first that fails)
    'numpy': ('1.20', '1.24'),
    'scipy': ('1.5', '1.11'),
    'Theano-PyMC': ('1.0.5', '1.0.10'),
    'Lasagne': ('0.1', None),
    'setuptools': ('0', '81'),
}


def check_versions():
    """Refuse, by an ImportError, a Python or a dependency outside the range."""
    low, high = PYTHON_RANGE
    if not low <= sys.version_info[:2] < high:
        raise ImportError(
            'lasagne_stn needs Python %d.%d to %d.%d, this is %d.%d.\nMake an '
            'environment with one of them: python3.11 -m venv .venv'
            % (low + (high[0], high[1] - 1) + tuple(sys.version_info[:2]))
        )
    for name in REQUIREMENTS:
        found = installed_version(name)
        if not fits(name, found):
            raise ImportError(
                'lasagne_stn needs %s, %s is installed.\nRun: pip install "%s"'
                % (
                    requirement(name),
                    '%s %s' % (name, found) if found else 'none',
                    requirement(name),
                )
            )


def requirement(name):
    """What pip must be asked for, to get a release that works.

    >>> requirement('numpy')
    'numpy>=1.20,<1.24'
    """
    first, end = REQUIREMENTS[name]
    return '%s>=%s' % (name, first) + (',<' + end if end else '')


def fits(name, found):
    """Whether a version, None if there is none, is in the range that works.

    >>> fits('Theano-PyMC', '1.0.9'), fits('Theano-PyMC', '1.1.2')
    (True, False)
    """
    first, end = REQUIREMENTS[name]
    return (
        found is not None
        and _release(first) <= _release(found)
        and (end is None or _release(found) < _release(end))
    )


def _release(text):
    """The leading numbers of a version: '1.0.9.dev3' gives [1, 0, 9]."""
    return [
        int(number) for number in re.match(r'[\d.]*', text).group().split('.') if number
    ]


def installed_version(name):
    """Version of an installed distribution of PyPI, or None.

    >>> installed_version('no-such-package') is None
    True
    """
    from importlib import metadata  # Python 3.7, which is refused, has none

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
