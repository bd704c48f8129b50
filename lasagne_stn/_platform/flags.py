"""Chooses Theano's flags for this machine.

Theano reads its flags once, when it is imported, and its defaults would be slow (no
OpenMP, a missing BLAS) or noisy. The flags chosen here apply only during that import
and only where the user has not set them; the environment is restored afterwards.
"""

from __future__ import annotations

import configparser
import logging
import os
import shlex
import warnings
from contextlib import contextmanager, suppress
from typing import Iterator, Mapping

from .threads import thread_count
from .toolchain import find_blas, find_compiler, find_headers

__all__ = [
    'chosen_flags',
    'user_flags',
    'flag_sources',
    'default_flags',
    'flags_in_front',
    'quiet',
]

chosen_flags: dict[str, str] = {}  # the flags that `prepare` added to the user's


def user_flags(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the Theano flags that the user set.

    Flags and files that cannot be parsed are ignored here: Theano reports them, with
    the file and line, when it is imported.

    Parameters
    ----------
    environment : mapping
        Environment variables, usually ``os.environ``. Only THEANO_FLAGS and THEANORC
        are read.

    Returns
    -------
    dict
        Maps each flag to its value. Flags in a section are written ``section.flag``;
        flags from a file are in lower case.

    Examples
    --------
    >>> user_flags({'THEANO_FLAGS': 'floatX=float32', 'THEANORC': ''})
    {'floatX': 'float32'}
    """
    return {
        name: value
        for _, flags in flag_sources(environment)
        for name, value in flags.items()
    }


def flag_sources(environment: Mapping[str, str]) -> list[tuple[str, dict[str, str]]]:
    """Return the user's flags by where they are set, the strongest last.

    Parameters
    ----------
    environment : mapping
        See :func:`user_flags`.

    Returns
    -------
    list of tuple
        Paths of existing files and then ``'THEANO_FLAGS'``, each with its flags as far
        as they can be parsed.
    """
    sources = []
    for name in environment.get('THEANORC', '~/.theanorc').split(os.pathsep):
        path = os.path.expanduser(name)
        if os.path.isfile(path):
            sources.append((path, _flags_in_file(path)))
    return sources + [('THEANO_FLAGS', _flags_in(environment.get('THEANO_FLAGS', '')))]


def _flags_in_file(path):
    parser = configparser.RawConfigParser()
    with suppress(configparser.Error, UnicodeError, OSError):
        parser.read(path)
    flags = {}
    for section in parser.sections():
        prefix = '' if section == 'global' else section + '.'
        flags.update(
            (prefix + key, value)
            for key, value in parser.items(section)
            if prefix or '.' not in key
        )
    return flags


def _flags_in(text):
    settings = shlex.shlex(text, posix=True)
    settings.whitespace = ','
    settings.whitespace_split = True
    try:
        pairs = [setting.strip().partition('=') for setting in settings]
    except ValueError:  # an unclosed quotation mark
        return {}
    return {key: value for key, equals, value in pairs if equals}


def default_flags(given: Mapping[str, str]) -> dict[str, str]:
    """Return the flags that suit this machine, ignoring which ones the user set.

    Parameters
    ----------
    given : mapping
        The user's flags. If they contain ``cxx``, it is the compiler to assume.

    Returns
    -------
    dict
        An empty ``cxx`` if no C++ compiler or no Python header is found, otherwise
        ``openmp``, which is on if there are several threads; and ``blas.ldflags``. With
        clang and without g++ it contains ``cxx``, because Theano looks for g++ only,
        and OpenMP is off, because clang does not bring its library.
    """
    compiler = given.get('cxx', find_compiler())
    if not compiler or not find_headers():
        # With an empty blas.ldflags Theano uses numpy's BLAS. Without the flag it
        # searches for a BLAS with functions that numpy 1.22 removed.
        return {'cxx': '', 'blas.ldflags': ''}
    # On two free cores OpenMP reduced the time of element-wise ops above Theano's
    # threshold of 200000 elements to 0.6-0.7, of convolutions with gradients to 0.3-1.
    flags = {'blas.ldflags': find_blas()[1], 'openmp': str(thread_count() > 1)}
    if os.path.basename(compiler) == 'clang++':
        flags.update(cxx=compiler, openmp='False')
    return flags


@contextmanager
def flags_in_front(flags: Mapping[str, str]) -> Iterator[None]:
    """Put `flags` before the user's THEANO_FLAGS while the block runs.

    Theano lets later flags win, so the user's take precedence. The environment is
    restored at the end.
    """
    before = os.environ.get('THEANO_FLAGS')
    ours = ['%s="%s"' % item for item in flags.items()]
    os.environ['THEANO_FLAGS'] = ','.join(ours + ([before] if before else []))
    try:
        yield
    finally:
        if before is None:
            del os.environ['THEANO_FLAGS']
        else:
            os.environ['THEANO_FLAGS'] = before


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the dependencies' warnings while the block runs.

    Errors, and warnings about flags that Theano does not know, still show.
    """
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            warnings.filterwarnings('default', 'Config key')
            yield
    finally:
        logging.disable(level)
