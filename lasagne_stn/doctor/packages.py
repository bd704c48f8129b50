"""Checks the Python packages by their metadata, without importing them."""

from __future__ import annotations

from importlib.util import find_spec

from .._platform.versions import (
    fits,
    install_command,
    replace_theano_command,
    requirement,
    wrong_theano,
)
from .lines import Line

__all__ = ['FOR_COMMANDS', 'MODULES', 'package_line', 'commands_line']

MODULES = {  # of each requirement, in the order in which they import each other
    'numpy': 'numpy',
    'scipy': 'scipy',
    'Theano-PyMC': 'theano',
    'Lasagne': 'lasagne',
}
# Of the extra `paper`: modules that commands need, by their names for pip.
FOR_COMMANDS = {
    'click': 'click',
    'rich': 'rich',
    'matplotlib': 'matplotlib',
    'scikit-learn': 'sklearn',
    'distributed': 'distributed',
    'pooch': 'pooch',
}


def package_line(name: str, found: str | None, error: str = '') -> Line:
    """Check a dependency.

    Parameters
    ----------
    name : str
        A key of ``REQUIREMENTS``.
    found : str or None
        The installed version.
    error : str, optional
        Why it cannot be imported.

    Returns
    -------
    Line

    Examples
    --------
    >>> package_line('numpy', '1.19.5')                 # doctest: +ELLIPSIS
    Line(name='numpy', state='broken', found='1.19.5', remedy='pip install "numpy>=...
    """
    wrong = wrong_theano() if name == 'Theano-PyMC' and found else ''
    if wrong:
        return Line(name, 'broken', wrong, replace_theano_command())
    if not fits(name, found):
        return Line(name, 'broken', found or 'not installed', install_command(name))
    if error:
        found = '%s, but it cannot be imported: %s' % (found, error)
        return Line(name, 'broken', found, _reinstall_command(name))
    return Line(name, 'ok', str(found))


def _reinstall_command(name):
    command = install_command(name)
    if '--force-reinstall' in command:
        return command
    return 'pip install --force-reinstall --no-deps "%s"' % requirement(name)


def commands_line() -> Line | None:
    """Return which packages of some commands are missing, or None if none is."""
    missing = [
        name for name, module in FOR_COMMANDS.items() if find_spec(module) is None
    ]
    if not missing:
        return None
    return Line(
        'commands',
        'ok',
        'without %s, some commands do not run; layers do' % ', '.join(missing),
        'pip install ' + ' '.join(missing),
    )
