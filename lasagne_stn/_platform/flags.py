"""Theano's flags: those that the user set, and those that suit this machine."""

import configparser
import logging
import os
import shlex
import warnings
from contextlib import contextmanager

from .threads import thread_count
from .toolchain import find_blas, find_compiler, find_headers

__all__ = ['chosen_flags', 'user_flags', 'default_flags', 'flags_in_front', 'quiet']

chosen_flags = {}  # what `prepare` added to the user's flags


def user_flags(environment):
    """The Theano flags that the user set.

    What cannot be read is left to Theano, which reports it with the place.

    Parameters
    ----------
    environment : mapping
        Usually ``os.environ``; THEANO_FLAGS and THEANORC are read from it.

    Returns
    -------
    dict
        Flag to value, sections written ``section.flag``; flags from a file are in
        lower case.

    Examples
    --------
    >>> user_flags({'THEANO_FLAGS': 'floatX=float32', 'THEANORC': ''})
    {'floatX': 'float32'}
    """
    flags = {}
    parser = configparser.RawConfigParser()
    files = environment.get('THEANORC', '~/.theanorc').split(os.pathsep)
    try:
        parser.read([os.path.expanduser(name) for name in files])
    except (configparser.Error, UnicodeError):
        pass
    for section in parser.sections():
        prefix = '' if section == 'global' else section + '.'
        flags.update(
            (prefix + key, value)
            for key, value in parser.items(section)
            if prefix or '.' not in key
        )
    words = shlex.shlex(environment.get('THEANO_FLAGS', ''), posix=True)
    words.whitespace = ','
    words.whitespace_split = True
    try:
        pairs = [word.strip().partition('=') for word in words]
    except ValueError:  # a quotation mark that is never closed
        return flags
    flags.update((key, value) for key, equals, value in pairs if equals)
    return flags


def default_flags(given):
    """The flags that suit this machine, whether the user set them or not.

    Parameters
    ----------
    given : dict
        The user's flags; ``cxx`` among them says which compiler there is.

    Returns
    -------
    dict
        ``cxx``, empty, where nothing can be compiled; else ``openmp``, which is on
        for several threads; and ``blas.ldflags``.
    """
    if not given.get('cxx', find_compiler()) or not find_headers():
        # An empty blas.ldflags means numpy's BLAS; without the flag, Theano looks
        # for one by means that numpy 1.22 removed.
        return {'cxx': '', 'blas.ldflags': ''}
    # On two free cores OpenMP took 0.6 to 0.7 of the time in element-wise ops above
    # Theano's threshold of 200000 elements, 0.3 to 1 in convolutions with gradients.
    return {'blas.ldflags': find_blas()[1], 'openmp': str(thread_count() > 1)}


@contextmanager
def flags_in_front(flags):
    """Put `flags` before the user's, which win; the environment is restored."""
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
def quiet():
    """Silence warnings of the dependencies; errors, and flags that Theano
    does not understand, still show."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            warnings.filterwarnings('default', 'Config key')
            yield
    finally:
        logging.disable(level)
