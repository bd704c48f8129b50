"""Checks the flags of Theano that the user set, and who set them."""

from __future__ import annotations

import configparser
import re
import shlex
from typing import Collection, Mapping

from .._platform.flags import flag_sources
from .lines import Line

__all__ = ['flags_line', 'error_line']

NAME = 'Theano flags'
OLD_DEVICE = re.compile(r'gpu(\d*)$')
DEVICE_FLAGS = ('device', 'init_gpu_device')


def flags_line(
    environment: Mapping[str, str], known: Collection[str] | None = None
) -> Line:
    """Check what can be checked without Theano.

    Parameters
    ----------
    environment : mapping
        Environment variables, of which THEANO_FLAGS and THEANORC are read.
    known : collection of str, optional
        Names of all flags; flags with other names have no effect.

    Returns
    -------
    Line

    Examples
    --------
    >>> flags_line({'THEANO_FLAGS': 'device=gpu0', 'THEANORC': ''}).remedy
    'in THEANO_FLAGS, replace device=gpu0 by device=cuda0 or device=cpu'
    """
    sources = flag_sources(environment)
    for source, flags in sources:
        error = _syntax_error(source, environment)
        if error:
            return Line(NAME, 'broken', error, 'correct ' + source)
        for name in DEVICE_FLAGS:
            old = OLD_DEVICE.match(flags.get(name, ''))
            if old:
                remedy = 'in %s, replace %s=%s by %s=cuda%s or %s=cpu' % (
                    (source, name, old.group(), name, old.group(1), name)
                )
                found = 'Theano has no device %s any more' % old.group()
                return Line(NAME, 'broken', found, remedy)
    if known is not None:
        lower = set(map(str.lower, known))
        for source, flags in sources:
            unknown = ', '.join(name for name in flags if name.lower() not in lower)
            if unknown:
                found = 'Theano does not know %s, which has no effect' % unknown
                remedy = 'remove or correct %s in %s' % (unknown, source)
                return Line(NAME, 'ok', found, remedy)
    found = '; '.join(
        '%s in %s' % (', '.join(map('='.join, flags.items())), source)
        for source, flags in sources
        if flags
    )
    return Line(NAME, 'ok', found or 'none set; this package chooses all')


def _syntax_error(source, environment):
    """Return why a file or THEANO_FLAGS cannot be parsed, or ''."""
    try:
        if source == 'THEANO_FLAGS':
            list(shlex.shlex(environment.get(source, ''), posix=True))
        else:
            with open(source) as file:
                configparser.RawConfigParser().read_file(file, source)
    except (configparser.Error, UnicodeError, OSError, ValueError) as error:
        return '%s: %s' % (source, ' '.join(str(error).split()))
    return ''


def error_line(error: str, environment: Mapping[str, str]) -> Line | None:
    """Return the line about an invalid value, if Theano's error is about one.

    Parameters
    ----------
    error : str
        Why Theano cannot be imported.
    environment : mapping
        See :func:`flags_line`.

    Returns
    -------
    Line or None

    Examples
    --------
    >>> error_line('Invalid value ("a") for configuration variable "floatX".',
    ...            {'THEANO_FLAGS': 'floatX=a', 'THEANORC': ''}).remedy
    'correct floatX in THEANO_FLAGS'
    """
    if 'OMP_NUM_THREADS should be' in error:
        return Line(NAME, 'broken', error, 'unset OMP_NUM_THREADS')
    named = re.search(r'configuration variable "?([\w.]+)', error)
    if not named:
        return None
    name = named.group(1).rstrip('.')
    holders = [
        source
        for source, flags in flag_sources(environment)
        if name.lower() in map(str.lower, flags)
    ]
    if not holders:
        return None
    return Line(NAME, 'broken', error, 'correct %s in %s' % (name, holders[-1]))
