"""What the package needs from the machine: Theano, Lasagne, BLAS, a compiler.

This is the only module that sets flags for Theano; what an OpenCL device lacks is in
:mod:`lasagne_stn.opencl`. `prepare` runs once, when the package is imported. A flag
that the user set, in THEANO_FLAGS or in a .theanorc file, always wins.
"""
import configparser
import glob
import importlib.util
import logging
import os
import re
import shlex
import shutil
import sys
import sysconfig
import types
import warnings
from contextlib import contextmanager

from .threads import limit_waiting, survive_forks, thread_count

__all__ = ['REQUIREMENTS', 'prepare', 'check_versions', 'requirement', 'fits',
           'installed_version', 'user_flags', 'chosen_flags', 'default_flags',
           'find_blas', 'find_compiler', 'find_headers', 'thread_count', 'quiet']

PYTHON_RANGE = ((3, 8), (3, 12))
REQUIREMENTS = {                    # name: (first release that works, first that fails)
    'numpy': ('1.20', '1.24'),
    'scipy': ('1.5', '1.11'),
    'Theano-PyMC': ('1.0.5', '1.0.10'),
    'Lasagne': ('0.1', None),
    'setuptools': ('0', '81'),
}
chosen_flags = {}                   # what `prepare` added to the user's flags


def prepare():
    """Make ``import theano`` and ``import lasagne`` work, fast and silently.

    Raises
    ------
    ImportError
        If Python or a dependency is missing or outside the range that works; the
        message has the pip line that mends it.
    """
    check_versions()
    limit_waiting(os.environ)
    survive_forks()
    if 'theano' not in sys.modules:
        given = user_flags(os.environ)
        chosen_flags.update((key, value) for key, value in default_flags(given).items()
                            if key not in given)
        _forget_failed_import(sys.modules)
        with quiet(), _flags_in_front(chosen_flags):
            import theano                                             # noqa: F401
    _supply_downsample()
    with quiet():
        import lasagne                                                # noqa: F401


def check_versions():
    """Refuse, by an ImportError, a Python or a dependency outside the range."""
    low, high = PYTHON_RANGE
    if not low <= sys.version_info[:2] < high:
        raise ImportError(
            'lasagne_stn needs Python %d.%d to %d.%d, this is %d.%d.\nMake an '
            'environment with one of them: python3.11 -m venv .venv'
            % (low + (high[0], high[1] - 1) + tuple(sys.version_info[:2])))
    for name in REQUIREMENTS:
        found = installed_version(name)
        if not fits(name, found):
            raise ImportError(
                'lasagne_stn needs %s, %s is installed.\nRun: pip install "%s"'
                % (requirement(name), '%s %s' % (name, found) if found else 'none',
                   requirement(name)))


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
    return found is not None and _release(first) <= _release(found) and (
        end is None or _release(found) < _release(end))


def _release(text):
    """The leading numbers of a version: '1.0.9.dev3' gives [1, 0, 9]."""
    return [int(number) for number in re.match(r'[\d.]*', text).group().split('.')
            if number]


def installed_version(name):
    """Version of an installed distribution of PyPI, or None.

    >>> installed_version('no-such-package') is None
    True
    """
    from importlib import metadata      # Python 3.7, which is refused, has none
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


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
        flags.update((prefix + key, value) for key, value in parser.items(section)
                     if prefix or '.' not in key)
    words = shlex.shlex(environment.get('THEANO_FLAGS', ''), posix=True)
    words.whitespace = ','
    words.whitespace_split = True
    try:
        pairs = [word.strip().partition('=') for word in words]
    except ValueError:              # a quotation mark that is never closed
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


def find_compiler():
    """Path of the C++ compiler that Theano will call, or None."""
    return shutil.which('g++')


def find_headers():
    """Path of Python's C header, which compiled code includes, or None."""
    path = os.path.join(sysconfig.get_paths()['include'], 'Python.h')
    return path if os.path.exists(path) else None


def find_blas():
    """Find a BLAS library to link with; nothing is compiled or loaded.

    The system's OpenBLAS comes first, then the one inside scipy's wheel, then the
    system's plain and slower one.

    Returns
    -------
    library : str
        Path of the library; '' where there is none that can be linked.
    flags : str
        What ``blas.ldflags`` must be to link with it; '' lets Theano call the BLAS
        inside numpy, as fast for large products.
    """
    fast, plain = [], []
    for folder in _library_folders():
        for name in ('libopenblas.so', 'libblas.so'):
            path = os.path.join(folder, name)
            if os.path.exists(path):
                known = 'openblas' in os.path.realpath(path)
                (fast if known else plain).append(path)
    for path in fast + _scipy_libraries() + plain:
        # Theano splits the flags at spaces, the compiler at commas.
        if re.match(r'[\w./+@~=-]+$', path, re.ASCII):
            # The path itself and no -L, because Theano warns of a library whose
            # name is not lib + NAME + .so.
            return path, '-Wl,--no-as-needed -Wl,%s -Wl,-rpath,%s' % (
                path, os.path.dirname(path))
    return '', ''


def _library_folders():
    multiarch = sysconfig.get_config_var('MULTIARCH') or ''
    return [os.path.join(sys.prefix, 'lib'), '/usr/local/lib',
            os.path.join('/usr/lib', multiarch), '/usr/lib64', '/usr/lib']


def _scipy_libraries():
    """The OpenBLAS files in scipy's wheel that have plain Fortran names."""
    package = importlib.util.find_spec('scipy').submodule_search_locations[0]
    found = []
    for folder in (package + '.libs', os.path.join(package, '.libs')):
        found += glob.glob(os.path.join(glob.escape(folder), 'libopenblas*.so*'))
    return [path for path in sorted(found)
            if 'openblas64' not in os.path.basename(path)]


def _forget_failed_import(modules):
    """Drop the parts of Theano that an import that failed leaves behind."""
    for name in [name for name in modules if name.startswith('theano.')]:
        del modules[name]


@contextmanager
def _flags_in_front(flags):
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


def _supply_downsample():
    """Give Lasagne 0.1 the module ``theano.tensor.signal.downsample``.

    Theano 0.9 moved its one function to ``pool`` and renamed the arguments.
    """
    name = 'theano.tensor.signal.downsample'
    if name in sys.modules or importlib.util.find_spec(name):
        return
    from theano.tensor import signal
    from theano.tensor.signal.pool import pool_2d

    def max_pool_2d(input, ds, ignore_border=None, st=None, padding=(0, 0),
                    mode='max'):
        return pool_2d(input, ws=ds, ignore_border=ignore_border, stride=st,
                       pad=padding, mode=mode)

    module = types.ModuleType(name, 'Pooling under the name it had before 2016.')
    module.max_pool_2d = max_pool_2d
    sys.modules[name] = module
    signal.downsample = module
