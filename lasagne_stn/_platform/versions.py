"""Checks that Python and the dependencies have supported versions.

Changes nothing. Checking first gives a message with the pip command; without it, Theano
or Lasagne would fail at import with an unrelated error.
"""

from __future__ import annotations

import json
import os
import shlex
import sys

__all__ = [
    'PYTHON_RANGE',
    'REQUIREMENTS',
    'check_versions',
    'check_python',
    'wrong_theano',
    'replace_theano_command',
    'requirement',
    'install_command',
    'fits',
    'installed_version',
]

PYTHON_RANGE = ((3, 8), (3, 15))


def _requirements(
    python: tuple[int, int],
) -> dict[str, tuple[str, str | None]]:
    """Return, by name, the first release that works and the first not supported."""
    old = python < (3, 12)
    return {
        'numpy': ('1.20', '2')
        if old
        else ('1.26' if python == (3, 12) else '2.1', '2.6'),
        'scipy': ('1.5', '1.19'),
        'Theano-PyMC': ('1.0.5' if old else '1.0.9', '1.0.10'),
        'Lasagne': ('0.1', None),
    }


REQUIREMENTS = _requirements(sys.version_info[:2])


def check_versions() -> None:
    """Check the versions of Python and of all dependencies.

    Raises
    ------
    ImportError
        If one is missing or outside the supported range, or if the files of two
        distributions of Theano are mixed.
    """
    check_python()
    for name in REQUIREMENTS:
        found = installed_version(name)
        if not fits(name, found):
            raise ImportError(
                'lasagne_stn needs %s, but %s is installed.\nRun: %s'
                % (
                    requirement(name),
                    '%s %s' % (name, found) if found else 'no version',
                    install_command(name),
                )
            )
    wrong = wrong_theano()
    if wrong:
        raise ImportError(
            'lasagne_stn needs Theano-PyMC %s\nRun: %s'
            % (wrong, replace_theano_command())
        )


def check_python() -> None:
    """Raise ImportError if this version of Python is not supported."""
    low, high = PYTHON_RANGE
    if not low <= sys.version_info[:2] < high:
        raise ImportError(
            'lasagne_stn needs Python %d.%d to %d.%d, this is %d.%d.\n'
            'Create an environment with a supported version: python3.13 -m venv .venv'
            % (low + (high[0], high[1] - 1) + tuple(sys.version_info[:2]))
        )


def wrong_theano() -> str:
    """Return which files another distribution installed over Theano-PyMC, or ''.

    Both have the module ``theano``. ``pip install nolearn``, for example, installs the
    distribution Theano 1.0.5, and the metadata of Theano-PyMC stay.

    Returns
    -------
    str
        The expected version and what is there, to be read after 'Theano-PyMC'.
    """
    from .compat.selection import theano_version

    metadata = installed_version('Theano-PyMC')
    files = getattr(sys.modules.get('theano'), '__version__', None) or theano_version()
    if files is None:
        return ''
    if files != metadata:
        return '%s, but files of Theano %s were installed over it.' % (metadata, files)
    if not _metadata_version('Theano-PyMC') and _metadata_version('Theano'):
        return '%s, but Theano %s is installed.' % (
            requirement('Theano-PyMC').partition('PyMC')[2],
            files,
        )
    return ''


def replace_theano_command() -> str:
    """Return the command that removes each Theano and installs the right one."""
    return 'pip uninstall -y Theano Theano-PyMC; ' + install_command('Theano-PyMC')


def requirement(name: str) -> str:
    """Return the requirement for pip that selects a supported release.

    Parameters
    ----------
    name : str
        A key of ``REQUIREMENTS``.

    Examples
    --------
    >>> requirement('scipy')
    'scipy>=1.5,<1.19'
    """
    first, end = REQUIREMENTS[name]
    return '%s>=%s' % (name, first) + (',<' + end if end else '')


def install_command(name: str) -> str:
    """Return the command that installs a supported release.

    From Python 3.12 on, our own wheel contains Theano-PyMC.

    Parameters
    ----------
    name : str
        A key of ``REQUIREMENTS``.

    Examples
    --------
    >>> install_command('scipy')
    'pip install "scipy>=1.5,<1.19"'
    """
    if name == 'Theano-PyMC' and sys.version_info >= (3, 12):
        return 'pip install --force-reinstall --no-deps ' + _own_source()
    return 'pip install "%s"' % requirement(name)


def _own_source() -> str:
    """Return what pip can install this package from, as it was installed before."""
    from importlib import metadata

    try:
        origin = metadata.distribution('lasagne-stn').read_text('direct_url.json')
    except metadata.PackageNotFoundError:  # used from a clone
        root = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
        return shlex.quote(os.path.abspath(root))
    if origin is None:  # from an index
        return 'lasagne-stn'
    found = json.loads(origin)
    source = found['url']
    if 'vcs_info' in found:
        source = '%(vcs)s+%%s@%(commit_id)s' % found['vcs_info'] % source
    option = '--editable ' if found.get('dir_info', {}).get('editable') else ''
    return option + shlex.quote(source)


def fits(name: str, found: str | None) -> bool:
    """Return whether the version `found` of a dependency is supported.

    Parameters
    ----------
    name : str
        A key of ``REQUIREMENTS``.
    found : str or None
        The installed version; None if there is none, which is not supported.

    Examples
    --------
    >>> fits('Theano-PyMC', '1.0.9'), fits('Theano-PyMC', '1.1.2')
    (True, False)
    """
    from .compat.selection import release

    first, end = REQUIREMENTS[name]
    return (
        found is not None
        and release(first) <= release(found)
        and (end is None or release(found) < release(end))
    )


def installed_version(name: str) -> str | None:
    """Return the version of an installed distribution, or None.

    Theano-PyMC has no metadata where our own wheel contains it, from Python 3.12 on;
    its version is then the one that its files state.

    Parameters
    ----------
    name : str
        Its name on PyPI.

    Examples
    --------
    >>> installed_version('no-such-package') is None
    True
    """
    found = _metadata_version(name)
    if found or name != 'Theano-PyMC':
        return found
    from .compat.selection import theano_version

    return theano_version()


def _metadata_version(name: str) -> str | None:
    from importlib import metadata  # missing on Python 3.7, which must get its message

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
