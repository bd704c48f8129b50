"""What the package needs from the machine: Theano, Lasagne, BLAS, a compiler.

This is the only module that sets flags for Theano or supplies what a dependency
lacks. `prepare` runs once, when the package is imported. A flag that the user set,
in THEANO_FLAGS or in a .theanorc file, always wins.
"""
import configparser
import ctypes.util
import glob
import importlib.util
import logging
import os
import shlex
import shutil
import sys
import types
import warnings
from contextlib import contextmanager

try:
    from importlib.metadata import PackageNotFoundError, version
except ImportError:      # before Python 3.8, which `check_versions` then refuses
    version = None

__all__ = ['prepare', 'check_versions', 'user_flags', 'chosen_flags', 'find_blas',
           'find_compiler', 'installed_version', 'quiet']

PYTHON_RANGE = ((3, 8), (3, 12))
REQUIREMENTS = {                    # name: (first release that works, first that fails)
    'numpy': ('1.19.3', '1.24'),
    'scipy': ('1.5', '1.11'),
    'Theano-PyMC': ('1.0.5', '1.0.10'),
    'Lasagne': ('0.1', None),
    'setuptools': ('0', '81'),
}
SYSTEM_LIBRARIES = ('mkl_rt', 'openblas', 'blis', 'blas')
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
    if 'theano' not in sys.modules:
        given = user_flags(os.environ)
        chosen_flags.update((key, value) for key, value in default_flags().items()
                            if key not in given)
        _import_theano(chosen_flags)
    _supply_downsample()
    with quiet():
        import lasagne                                                # noqa: F401


def check_versions():
    """Refuse a Python or a dependency outside the range that works.

    Raises
    ------
    ImportError
        Naming what is wrong and the pip line that mends it.
    """
    low, high = PYTHON_RANGE
    if not low <= sys.version_info[:2] < high:
        raise ImportError(
            'lasagne_stn needs Python %d.%d to %d.%d, this is %d.%d.\nMake an '
            'environment with one of them: python3.11 -m venv .venv'
            % (low + (high[0], high[1] - 1) + sys.version_info[:2]))
    for name, (first, end) in REQUIREMENTS.items():
        found = installed_version(name)
        if found is None or not _in_range(found, first, end):
            wanted = '%s>=%s' % (name, first) + (',<%s' % end if end else '')
            raise ImportError(
                'lasagne_stn needs %s, %s is installed.\nRun: pip install "%s"'
                % (wanted, name + ' ' + found if found else 'none', wanted))


def installed_version(name):
    """Version of an installed distribution, or None.

    Parameters
    ----------
    name : str
        Name of the distribution on PyPI.

    Returns
    -------
    str or None

    Examples
    --------
    >>> installed_version('no-such-package') is None
    True
    """
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _in_range(found, first, end):
    return _release(first) <= _release(found) and (
        end is None or _release(found) < _release(end))


def _release(text):
    """The leading numbers of a version: '1.0.9.dev3' gives (1, 0, 9)."""
    numbers = []
    for part in text.split('.'):
        if not part.isdigit():
            break
        numbers.append(int(part))
    return tuple(numbers)


def user_flags(environment):
    """The Theano flags that the user set.

    Parameters
    ----------
    environment : mapping
        Usually ``os.environ``; THEANO_FLAGS and THEANORC are read from it.

    Returns
    -------
    dict
        Flag to value, sections written ``section.flag``.

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
    except configparser.Error:
        pass                        # Theano reports it, with the place
    for section in parser.sections():
        prefix = '' if section == 'global' else section + '.'
        flags.update((prefix + key, value) for key, value in parser.items(section))
    words = shlex.shlex(environment.get('THEANO_FLAGS', ''), posix=True)
    words.whitespace = ','
    words.whitespace_split = True
    for word in words:
        key, _, value = word.strip().partition('=')
        flags[key] = value
    return flags


def default_flags():
    """The flags that suit this machine, before the user's own are respected.

    Returns
    -------
    dict
        ``cxx`` where there is no compiler; else ``blas.ldflags`` and ``openmp``.
    """
    if find_compiler() is None:
        return {'cxx': '', 'blas.ldflags': ''}
    cores = len(os.sched_getaffinity(0))
    threads = os.environ.get('OMP_NUM_THREADS', '')
    several = int(threads) > 1 if threads.isdigit() else cores > 1
    return {'blas.ldflags': find_blas()[1], 'openmp': str(several)}


def find_compiler():
    """Path of the C++ compiler that Theano will call, or None.

    Returns
    -------
    str or None
    """
    return shutil.which('g++')


def find_blas():
    """Find a BLAS library to link with; nothing is compiled or loaded.

    A system library that is made for speed comes first, then the OpenBLAS inside
    scipy's wheel, then the system's plain one.

    Returns
    -------
    library : str
        Path of the library, or its name for the linker; '' where there is none.
    flags : str
        What ``blas.ldflags`` must be to link with it.
    """
    system = [(name, path) for name in SYSTEM_LIBRARIES
              for folder in _library_folders()
              for path in glob.glob(os.path.join(folder, 'lib%s.so' % name))]
    for name, path in system:
        if name != 'blas' or 'openblas' in os.path.realpath(path):
            return path, '-L%s -l%s' % (os.path.dirname(path), name)
    for path in _scipy_libraries():
        folder = os.path.dirname(path)
        # The path itself, because Theano warns of a library in a folder (-L)
        # whose name is not lib + NAME + .so.
        return path, '-Wl,--no-as-needed -Wl,%s -Wl,-rpath,%s' % (path, folder)
    for name, path in system:
        return path, '-L%s -l%s' % (os.path.dirname(path), name)
    return '', ''


def _library_folders():
    multiarch = sys.implementation._multiarch
    return [os.path.join(sys.prefix, 'lib'), '/usr/local/lib', '/usr/lib64',
            '/usr/lib/' + multiarch, '/usr/lib']


def _scipy_libraries():
    """The OpenBLAS files in scipy's wheel that have plain Fortran names."""
    package = importlib.util.find_spec('scipy').submodule_search_locations[0]
    found = []
    for folder in (package + '.libs', os.path.join(package, '.libs')):
        found += glob.glob(os.path.join(folder, 'libopenblas*.so*'))
    return [path for path in sorted(found)
            if 'openblas64' not in path and not set(path) & set(' ,"\'')]


def _import_theano(flags):
    """Import Theano with `flags` in front of the user's; the environment stays."""
    before = os.environ.get('THEANO_FLAGS')
    ours = ['%s="%s"' % item for item in flags.items()]
    os.environ['THEANO_FLAGS'] = ','.join(ours + ([before] if before else []))
    try:
        with quiet():
            import theano                                             # noqa: F401
    finally:
        if before is None:
            del os.environ['THEANO_FLAGS']
        else:
            os.environ['THEANO_FLAGS'] = before


@contextmanager
def quiet():
    """Silence warnings of the dependencies; errors still show."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
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
