"""The runtime: versions, the user's flags, BLAS, and imports in fresh processes."""
import functools
import importlib.util
import os
import re
import subprocess
import sys
import sysconfig
import types
import warnings

import numpy as np
import pytest
import theano.tensor as T

from lasagne_stn import runtime

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SHOW = '; import theano; c = theano.config; print(c.floatX, c.openmp, c.cxx, '
needs_compiler = pytest.mark.skipif(not runtime.find_compiler(), reason='needs g++')


def python(environment, code, *options):
    """Output, errors and exit status of a fresh Python, warnings being errors."""
    environment = dict(environment, PYTHONPATH=ROOT)
    done = subprocess.run([sys.executable, '-W', 'error', *options, '-c', code],
                          env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True)
    return done.stdout, done.stderr, done.returncode


def with_flags(environment, flags):
    return dict(environment,
                THEANO_FLAGS=environment['THEANO_FLAGS'] + ',' + flags)


@pytest.mark.parametrize('float_type', ['float32', 'float64'])
def test_import_is_silent_and_leaves_the_flags_of_the_user(environment, float_type):
    environment = with_flags(environment, 'floatX=' + float_type)
    code = ('import os; before = dict(os.environ); import lasagne_stn, lasagne; '
            'before.setdefault("GOMP_SPINCOUNT", "10000"); '
            'assert dict(os.environ) == before; import theano; '
            'assert theano.config.floatX == "%s"' % float_type)
    assert python(environment, code) == ('', '', 0)


def test_import_without_a_compiler_is_silent_and_works(environment, tmp_path):
    environment = dict(environment, PATH=str(tmp_path),
                       THEANO_FLAGS='base_compiledir=' + str(tmp_path))
    out, error, status = python(
        environment, 'import lasagne_stn, theano, theano.tensor as T; x = T.matrix();'
        'print(repr(theano.config.cxx), theano.config.openmp,'
        ' theano.function([x], T.dot(x, x) + 1)([[1, 2], [3, 4]]).tolist())')
    assert (out, error, status) == ("'' False [[8.0, 11.0], [16.0, 23.0]]\n", '', 0)


@needs_compiler
def test_flags_of_the_user_win(environment, tmp_path):
    (tmp_path / 'rc').write_text('[global]\nfloatX = float32\nopenmp = False\n'
                                 '[blas]\nldflags = -lmine,%d\n')
    environment = dict(environment, THEANORC=str(tmp_path / 'rc'))
    out, error, status = python(environment, 'import lasagne_stn' + SHOW +
                                'c.blas.ldflags, lasagne_stn.runtime.chosen_flags)')
    assert (error, status) == ('', 0)
    assert out == 'float32 False %s -lmine,%%d {}\n' % runtime.find_compiler()
    environment = with_flags(environment, 'cxx=,blas.ldflags="-L/a b,c"')
    out, error, status = python(environment, 'import lasagne_stn' + SHOW +
                                'c.blas.ldflags)')
    assert (out, error, status) == ('float32 False  -L/a b,c\n', '', 0)


@needs_compiler
def test_theano_that_was_imported_before_keeps_its_flags(environment):
    flags = with_flags(environment, 'blas.ldflags=-lmine,openmp=False,floatX=float32')
    out, error, status = python(
        flags, 'import warnings; warnings.simplefilter("ignore"); import theano; '
        'warnings.simplefilter("error"); import lasagne_stn, lasagne' + SHOW +
        'lasagne_stn.runtime.chosen_flags)')
    assert (error, status) == ('', 0)
    assert out == 'float32 False %s {}\n' % runtime.find_compiler()


def test_preparing_twice_does_no_harm():
    before = dict(runtime.chosen_flags), set(sys.modules)
    runtime.prepare()
    assert (runtime.chosen_flags, set(sys.modules)) == before


@pytest.mark.parametrize('before, inside', [
    (None, 'cxx="",a="b c"'), ('', 'cxx="",a="b c"'), ('a=d', 'cxx="",a="b c",a=d')])
def test_flags_stand_in_front_of_the_users_for_a_while(monkeypatch, before, inside):
    monkeypatch.setenv('THEANO_FLAGS', before or '')
    if before is None:
        monkeypatch.delenv('THEANO_FLAGS')
    with pytest.raises(KeyError):
        with runtime._flags_in_front({'cxx': '', 'a': 'b c'}):
            assert os.environ['THEANO_FLAGS'] == inside
            raise KeyError
    assert os.environ.get('THEANO_FLAGS') == before


def test_only_the_parts_of_theano_are_forgotten():
    modules = dict.fromkeys(['theano.gof', 'theano.gof.op', 'theanos', 'numpy'])
    runtime._forget_failed_import(modules)
    assert set(modules) == {'theanos', 'numpy'}


def test_an_import_of_theano_that_failed_before_does_no_harm(environment):
    out, error, status = python(
        environment, 'import sys, types; sys.modules["theano.left"] = '
        'types.ModuleType("left"); import lasagne_stn; print("theano.left" in'
        ' sys.modules)')
    assert (out, error, status) == ('False\n', '', 0)


@pytest.mark.parametrize('flags, message', [
    ('floatX=float33', 'Invalid value .*float33.*floatX'),
    ('floatX="float32', 'No closing quotation'),
])
def test_flags_that_are_wrong_are_reported_by_theano(environment, flags, message):
    out, error, status = python(with_flags(environment, flags), 'import lasagne_stn')
    assert status and re.search(message, error)


def test_a_file_that_cannot_be_read_is_reported_by_theano(environment, tmp_path):
    (tmp_path / 'rc').write_text('floatX = float32\n')
    environment = dict(environment, THEANORC=str(tmp_path / 'rc'))
    out, error, status = python(environment, 'import lasagne_stn')
    assert status and 'MissingSectionHeaderError' in error
    assert 'theano/configparser.py' in error


@pytest.mark.parametrize('value', ['two', '4,2'])
def test_threads_that_are_no_number_are_reported_by_theano(environment, value):
    environment = dict(environment, OMP_NUM_THREADS=value)
    out, error, status = python(environment, 'import lasagne_stn')
    assert status and "OMP_NUM_THREADS should be a number, got '%s'" % value in error


def test_without_its_dependencies_the_pip_line_is_shown(environment):
    out, error, status = python(environment, 'import lasagne_stn', '-S')
    assert status and 'ImportError: lasagne_stn needs numpy>=1.20,<1.24, ' in error
    assert 'none is installed' in error
    assert 'Run: pip install "numpy>=1.20,<1.24"' in error


@pytest.mark.parametrize('name, found, wanted', [
    ('numpy', '1.24.0', 'numpy>=1.20,<1.24'),
    ('numpy', '2.0.0rc1', 'numpy>=1.20,<1.24'),
    ('scipy', '1.4.1', 'scipy>=1.5,<1.11'),
    ('Theano-PyMC', '1.0.10', 'Theano-PyMC>=1.0.5,<1.0.10'),
    ('Lasagne', None, 'Lasagne>=0.1'),
    ('setuptools', '81.0.0', 'setuptools>=0,<81'),
])
def test_a_version_outside_the_range_is_refused(monkeypatch, name, found, wanted):
    versions = {'numpy': '1.23.5', 'scipy': '1.10.1', 'Theano-PyMC': '1.0.9',
                'Lasagne': '0.2.dev1', 'setuptools': '80.9.0'}
    monkeypatch.setattr(runtime, 'installed_version', versions.get)
    runtime.check_versions()
    versions[name] = found
    installed = '%s %s' % (name, found) if found else 'none'
    message = 'needs %s, %s is installed.\nRun: pip install "%s"' % (
        wanted, installed, wanted)
    with pytest.raises(ImportError, match=re.escape(message)):
        runtime.check_versions()


@pytest.mark.parametrize('version', [(3, 7), (3, 12)])
def test_a_python_outside_the_range_is_refused(monkeypatch, version):
    runtime.check_versions()
    monkeypatch.setattr(sys, 'version_info', version + (0, 'final', 0))
    message = r'needs Python 3\.8 to 3\.11, this is 3\.%d\.\nMake .*python3.11 -m venv'
    with pytest.raises(ImportError, match=message % version[1]):
        runtime.check_versions()


@pytest.mark.parametrize('flags, expected', [
    ('', {}),
    ('openmp', {}),
    ('floatX=float32, device=cpu', {'floatX': 'float32', 'device': 'cpu'}),
    ('blas.ldflags="-L/a b -Wl,-rpath,/c",cxx=', {
        'blas.ldflags': '-L/a b -Wl,-rpath,/c', 'cxx': ''}),
    ('cxx=a,cxx=b=c', {'cxx': 'b=c'}),
    ('cxx="a', {}),
])
def test_flags_in_the_environment_are_read(flags, expected):
    assert runtime.user_flags({'THEANO_FLAGS': flags, 'THEANORC': ''}) == expected


def test_flags_in_files_are_read_and_those_in_the_environment_win(tmp_path):
    first, second = tmp_path / 'first', tmp_path / 'second'
    first.write_text('[global]\nfloatX = float32\ncxx = g\nblas.ldflags = unread\n')
    second.write_text('[blas]\nldflags = -lx %Y\n[global]\ncxx = h\n')
    environment = {'THEANORC': os.pathsep.join(map(str, [first, second, tmp_path]))}
    assert runtime.user_flags(environment) == {
        'floatx': 'float32', 'cxx': 'h', 'blas.ldflags': '-lx %Y'}
    environment['THEANO_FLAGS'] = 'cxx=i'
    assert runtime.user_flags(environment)['cxx'] == 'i'


@pytest.mark.parametrize('content', [b'[global\n', b'[global]\ncxx = \xff\n'])
def test_a_file_that_is_wrong_is_left_to_theano(content, tmp_path):
    path = tmp_path / 'rc'
    path.write_bytes(content)
    assert runtime.user_flags({'THEANORC': str(path)}) == {}


@pytest.mark.parametrize('given, compiler, headers, expected', [
    ({}, 'g++', 'Python.h', {'blas.ldflags': 'FLAGS', 'openmp': 'True'}),
    ({}, None, 'Python.h', {'blas.ldflags': '', 'cxx': ''}),
    ({}, 'g++', None, {'blas.ldflags': '', 'cxx': ''}),
    ({'cxx': 'c++'}, None, 'Python.h', {'blas.ldflags': 'FLAGS', 'openmp': 'True'}),
    ({'cxx': ''}, 'g++', 'Python.h', {'blas.ldflags': '', 'cxx': ''}),
])
def test_default_flags_suit_the_machine(monkeypatch, given, compiler, headers,
                                        expected):
    monkeypatch.setattr(runtime, 'find_compiler', lambda: compiler)
    monkeypatch.setattr(runtime, 'find_headers', lambda: headers)
    monkeypatch.setattr(runtime, 'find_blas', lambda: ('LIBRARY', 'FLAGS'))
    monkeypatch.setattr(runtime, 'thread_count', lambda: 2)
    assert runtime.default_flags(given) == expected


def test_headers_are_found(monkeypatch, tmp_path):
    monkeypatch.setattr(sysconfig, 'get_paths', lambda: {'include': str(tmp_path)})
    assert runtime.find_headers() is None
    (tmp_path / 'Python.h').write_text('')
    assert runtime.find_headers() == str(tmp_path / 'Python.h')


class Machine:
    """A folder of the system and one of scipy, made of empty files."""

    def __init__(self, folder, monkeypatch):
        self.system, self.scipy = folder / 'lib', folder / 'scipy'
        self.monkeypatch = monkeypatch
        monkeypatch.setattr(runtime, '_library_folders', lambda: [str(self.system)])
        self.scipy_is(self.scipy)

    def scipy_is(self, folder):
        package = types.SimpleNamespace(submodule_search_locations=[str(folder)])
        self.monkeypatch.setattr(importlib.util, 'find_spec', lambda name: package)

    def add(self, path):
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text('')
        return str(path)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    return Machine(tmp_path, monkeypatch)


def test_blas_of_the_system_then_of_scipy_then_a_plain_one(machine):
    assert runtime.find_blas() == ('', '')
    plain = machine.add(machine.system / 'libblas.so')
    assert runtime.find_blas()[0] == plain
    folder = machine.scipy.parent / 'scipy.libs'
    machine.add(folder / 'libopenblas64_p-r0.so')
    wheel = machine.add(folder / 'libopenblasp-r0.3.18.so')
    assert runtime.find_blas() == (wheel, '-Wl,--no-as-needed -Wl,%s -Wl,-rpath,%s' % (
        wheel, folder))
    fast = machine.add(machine.system / 'libopenblas.so')
    assert runtime.find_blas()[0] == fast


def test_a_plain_name_that_leads_to_openblas_is_fast(machine):
    wheel = machine.add(machine.scipy / '.libs' / 'libopenblasp-r0.3.18.so')
    assert runtime.find_blas()[0] == wheel
    real = machine.add(machine.system / 'openblas' / 'libblas.so.3')
    link = machine.system / 'libblas.so'
    link.symlink_to(real)
    assert runtime.find_blas()[0] == str(link)


@pytest.mark.parametrize('name', ['a b', 'a,b', 'a"b', "a'b", 'a\\b', 'a:b', 'ä'])
def test_a_library_in_a_folder_that_the_linker_would_split_is_left_out(machine, name):
    folder = machine.scipy.parent / name
    machine.scipy_is(folder / 'scipy')
    machine.add(folder / 'scipy.libs' / 'libopenblasp-r0.3.18.so')
    assert runtime.find_blas() == ('', '')


def test_a_folder_with_brackets_is_not_a_pattern(machine):
    folder = machine.scipy.parent / '[a]'
    machine.scipy_is(folder / 'scipy')
    wheel = machine.add(folder / 'scipy.libs' / 'libopenblasp-r0.3.18.so')
    assert runtime._scipy_libraries() == [wheel]


def test_library_folders_are_those_of_python_and_of_the_system():
    assert runtime._library_folders()[0] == os.path.join(sys.prefix, 'lib')
    assert '/usr/lib' in runtime._library_folders()


def test_downsample_pools_under_the_old_names(rng):
    from theano.tensor.signal.downsample import max_pool_2d
    image = rng.normal(size=(1, 1, 4, 6))
    blocks = image.reshape(1, 1, 2, 2, 3, 2)
    pool = functools.partial(max_pool_2d, ds=(2, 2), ignore_border=True)
    for mode, numpys in ('max', np.max), ('average_inc_pad', np.mean):
        graph = pool(T.constant(image), mode=mode)
        np.testing.assert_allclose(graph.eval(), numpys(blocks, axis=(3, 5)))
    wide = pool(T.constant(image), st=(3, 4), padding=(1, 0)).eval()
    assert wide.shape == (1, 1, 2, 2)
    assert wide[0, 0, 0, 1] == image[0, 0, 0, 4:].max()


def test_quiet_lets_only_unknown_flags_through():
    with warnings.catch_warnings(record=True) as seen:
        with runtime.quiet():
            warnings.warn('outdated', DeprecationWarning)
            warnings.warn("Config key 'openmp' has no value, ignoring it")
        assert ['Config key' in str(one.message) for one in seen] == [True]
