"""Asks Theano in a process of its own, whose failure is an answer too."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import Any, Sequence

from . import child
from .packages import MODULES

__all__ = ['ask_theano', 'broken_package']

COMMAND = (sys.executable, os.path.abspath(child.__file__))
SECONDS = 300
MAX_LENGTH = 300  # of an error, in characters


def ask_theano(
    command: Sequence[str] = COMMAND, seconds: float = SECONDS
) -> dict[str, Any]:
    """Run a new process that imports the package as any program does.

    Parameters
    ----------
    command : sequence of str, optional
        Prints the answer, see :mod:`lasagne_stn.doctor.child`.
    seconds : float, optional
        After this time the process and those that it started are killed.

    Returns
    -------
    dict
        Either ``facts``, see :func:`~lasagne_stn.doctor.child.describe`, or ``error``,
        which is one line.
    """
    try:
        process = subprocess.Popen(
            [*command, json.dumps(sys.path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        return {'error': 'cannot start Python: %s' % error}
    try:
        output, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        return {'error': 'no answer within %.0f seconds' % seconds}
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    for line in reversed(output.decode(errors='replace').splitlines()):
        if line.startswith(child.MARK):
            answer = _parsed(line[len(child.MARK) :])
            if answer:
                return answer
    return {'error': _shortened(_reason(process.returncode, errors))}


def _parsed(text):
    try:
        answer = json.loads(text)
    except ValueError:
        return None
    if not isinstance(answer, dict) or not {'facts', 'error'} & set(answer):
        return None
    if 'error' in answer:
        answer['error'] = _shortened(str(answer['error']))
    return answer


def _shortened(text):
    return text if len(text) <= MAX_LENGTH else text[:MAX_LENGTH] + '...'


def _reason(code, errors):
    """Return why a process gave no answer: its signal, or the end of its errors."""
    if code < 0:
        return 'Python was ended by the signal %s' % signal.Signals(-code).name
    lines = [line.strip() for line in errors.decode(errors='replace').splitlines()]
    return ([line for line in lines if line] or ['it prints nothing'])[-1]


def broken_package(answer: dict[str, Any]) -> str:
    """Return which requirement cannot be imported, or '' if that is not the reason.

    Parameters
    ----------
    answer : dict
        From :func:`ask_theano`.

    Examples
    --------
    >>> broken_package({'error': 'ImportError: no pow', 'is_of_package': True,
    ...                 'module': '', 'not_imported': ['theano', 'lasagne']})
    'Theano-PyMC'
    """
    if not answer.get('is_of_package'):
        return ''
    by_module = {module: name for name, module in MODULES.items()}
    modules = [answer['module'], *answer['not_imported']]
    return next((by_module[name] for name in modules if name in by_module), '')
