"""Fixes what is safe to fix: broken Python packages, with pip, in an environment.

The remedies that begin with ``pip`` are run as they are printed. All others are left to
the user: they change the system or the user's own files.
"""

from __future__ import annotations

import importlib
import os
import shlex
import subprocess
import sys
from importlib.util import find_spec
from typing import Sequence

from .lines import Line

__all__ = ['fix_packages', 'pip_commands', 'why_not']


def fix_packages(lines: Sequence[Line]) -> bool:
    """Run the pip commands that repair broken packages, and say so.

    Parameters
    ----------
    lines : sequence of Line
        From :func:`~lasagne_stn.doctor.examine`.

    Returns
    -------
    bool
        Whether anything was run.
    """
    repairs = [
        (line.name, command)
        for line in lines
        if line.state == 'broken'
        for command in pip_commands(line.remedy)
    ]
    repaired = [name for name, _ in repairs]
    left = [
        line.name
        for line in lines
        if line.state == 'broken'
        and line.name not in repaired
        and not (repaired and line.name == 'Theano')  # the packages are its reason
    ]
    if left:
        print('pip cannot fix: %s.' % ', '.join(left))
    if not repairs:
        print('No package has to be replaced.')
        return False
    reason = why_not()
    if reason:
        print('Nothing was changed, because %s. Run yourself:' % reason)
        for _, command in repairs:
            print('  ' + ' '.join(map(shlex.quote, ['pip', *command])))
        return False
    for name, command in repairs:
        _run(name, command)
    importlib.invalidate_caches()
    return True


def _run(name, command):
    print('%s: pip %s' % (name, ' '.join(map(shlex.quote, command))), flush=True)
    code = subprocess.run(
        [sys.executable, '-m', 'pip', *command],
        env=dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK='1'),
        stdin=subprocess.DEVNULL,
    ).returncode
    print('%s: %s' % (name, 'done' if code == 0 else 'pip failed, see above'))


def pip_commands(remedy: str) -> list[list[str]]:
    """Return the arguments of each pip command if a remedy has no other commands.

    Examples
    --------
    >>> pip_commands('pip uninstall -y Theano; pip install "scipy>=1.5,<1.19"')
    [['uninstall', '-y', 'Theano'], ['install', 'scipy>=1.5,<1.19']]
    >>> pip_commands('apt-get install g++')
    []
    """
    if not remedy.startswith('pip '):
        return []
    words = [shlex.split(command) for command in remedy.split('; ')]
    if any(command[0] != 'pip' for command in words):
        return []
    return [command[1:] for command in words]


def why_not() -> str:
    """Return why pip must not or cannot change this Python, or ''."""
    is_environment = sys.prefix != sys.base_prefix or os.path.isdir(
        os.path.join(sys.prefix, 'conda-meta')
    )
    if not is_environment:
        return '%s is no virtual or conda environment' % sys.prefix
    if find_spec('pip') is None:
        return 'pip is not installed in this environment'
    return ''
