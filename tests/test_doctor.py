"""The doctor's lines, each state with its remedy, and the table."""
import collections
import ctypes.util
import os
import re
import shutil
import sys
import types

import pytest
import theano

from lasagne_stn import doctor, runtime
from lasagne_stn.doctor import Line


@pytest.fixture
def console(tmp_path):
    rich_console = pytest.importorskip('rich.console', reason='needs rich')
    with open(str(tmp_path / 'printed'), 'w+', encoding='utf8') as file:
        yield rich_console.Console(width=90, file=file, color_system=None)


def printed(console):
    console.file.seek(0)
    return console.file.read()


def test_a_package_is_ok_in_its_range_only():
    assert doctor.package_line('scipy', '1.10.1') == Line('scipy', 'ok', '1.10.1')
    assert doctor.package_line('scipy', '1.11.0') == Line(
        'scipy', 'broken', '1.11.0', 'pip install "scipy>=1.5,<1.11"')
    assert doctor.package_line('scipy', None).found == 'none'


def test_a_compiler_that_runs_is_ok():
    line = doctor.compiler_line(sys.executable, None, 'Python.h')
    python = 'Python %d.%d.%d' % sys.version_info[:3]
    assert line == Line('C++ compiler', 'ok', sys.executable + ': ' + python)


@pytest.mark.parametrize('used, installed, headers, state, found, remedy', [
    ('', None, 'Python.h', 'degraded', 'none: .*slower', r'apt-get install g\+\+'),
    ('', 'g++', 'Python.h', 'degraded', 'by the Theano flag cxx', 'THEANO_FLAGS=cxx='),
    ('', 'g++', None, 'degraded', 'no Python.h', r'apt-get install python3\.\d+-dev'),
    ('g++', 'g++', None, 'broken', 'no Python.h', r'apt-get install python3\.\d+-dev'),
    ('/no/g++', None, 'Python.h', 'broken', r'/no/g\+\+ does not run', 'reinstall'),
    ('false', None, 'Python.h', 'broken', 'does not run: .*exit status 1', 'reinstall'),
])
def test_a_compiler_that_is_missing_or_fails(used, installed, headers, state, found,
                                             remedy):
    line = doctor.compiler_line(used, installed, headers)
    assert line.state == state
    assert re.search(found, line.found)
    assert re.search(remedy, line.remedy)


@pytest.mark.parametrize('theanos, state, remedy', [
    (60, 'ok', ''), (40, 'degraded', 'apt-get install libopenblas-dev')])
def test_blas_is_ok_if_not_much_slower_than_numpy(monkeypatch, theanos, state, remedy):
    monkeypatch.setattr(runtime, 'find_blas', lambda: ('/lib/libx.so', '-lx'))
    line = doctor.blas_line('-lx', 'float32', lambda float_type: (theanos, 100))
    assert line == Line('BLAS', state, '/lib/libx.so: %d GFLOP/s, numpy 100, '
                        'floatX=float32' % theanos, remedy)


def test_blas_of_numpy_or_of_the_user_is_named(monkeypatch):
    monkeypatch.setattr(runtime, 'find_blas', lambda: ('/lib/libx.so', '-Wl,/libx.so'))
    line = doctor.blas_line('', 'float64', lambda float_type: (9, 10))
    assert line.found.startswith("numpy's own, through its C interface: 9 GFLOP/s")
    line = doctor.blas_line('-ly', 'float64', lambda float_type: (1, 10))
    assert line.found.startswith('-ly: 1 GFLOP/s')
    assert line.remedy == "export THEANO_FLAGS='blas.ldflags=\"-Wl,/libx.so\"'"


@pytest.mark.parametrize('error, text', [
    (OSError('cannot find -ly\nmore'), '-ly: cannot find -ly$'),
    (ValueError(), r'-ly: ValueError\(\)$')])
def test_blas_that_fails_is_broken(error, text):
    def speeds(float_type):
        raise error
    line = doctor.blas_line('-ly', 'float32', speeds)
    assert line.state == 'broken' and line.remedy
    assert re.search(text, line.found)


@pytest.mark.parametrize('float_type', ['float32', 'float64'])
def test_blas_is_measured(float_type):
    assert min(doctor.blas_speeds(float_type, size=20, repeats=2)) > 0


def test_a_wrong_product_is_an_error(monkeypatch):
    monkeypatch.setattr(theano, 'function', lambda *_, **__: lambda x, y: x.dot(y) + 1)
    with pytest.raises(ArithmeticError, match='a matrix product is wrong'):
        doctor.blas_speeds('float64', size=20, repeats=1)


@pytest.mark.parametrize('switched_on, compiler, threads, works, state, found', [
    (True, 'g++', 2, True, 'ok', 'on, 2 threads'),
    (True, 'g++', 2, False, 'degraded', 'the compiler does not support it'),
    (True, '', 2, True, 'ok', 'off: without a C++ compiler'),
    (False, 'g++', 1, True, 'ok', 'off: one core'),
    (False, 'g++', 2, True, 'ok', 'off: by a Theano flag or OMP_NUM_THREADS'),
])
def test_openmp(monkeypatch, switched_on, compiler, threads, works, state, found):
    monkeypatch.setattr(theano.gof.OpenMPOp, 'test_gxx_support', lambda: works)
    line = doctor.openmp_line(switched_on, compiler, threads)
    assert (line.state, line.found) == (state, found)
    assert bool(line.remedy) == (state != 'ok')


def test_the_cache_folder_is_measured(tmp_path):
    (tmp_path / 'inner').mkdir()
    (tmp_path / 'inner' / 'module.so').write_bytes(bytes(3 * 2 ** 20))
    (tmp_path / 'link').symlink_to(tmp_path / 'nothing')
    assert doctor.cache_line(str(tmp_path)) == Line(
        'compile cache', 'ok', '%s, 3 MB, writable' % tmp_path)


def test_a_cache_folder_without_space_or_rights(tmp_path, monkeypatch):
    assert doctor.cache_line(str(tmp_path)).state == 'ok'
    usage = collections.namedtuple('usage', 'free')
    monkeypatch.setattr(shutil, 'disk_usage', lambda folder: usage(5))
    line = doctor.cache_line(str(tmp_path))
    assert line.state == 'degraded' and 'the disk is full' in line.found
    monkeypatch.setattr(os, 'access', lambda folder, mode: False)
    line = doctor.cache_line(str(tmp_path))
    assert line.state == 'broken' and 'not writable' in line.found
    assert 'base_compiledir=' in line.remedy


@pytest.mark.parametrize('device, pygpu, active, state, found, remedy', [
    ('cpu', False, False, 'ok', r'none \(optional\): no pygpu', 'apt-get install pocl'),
    ('cpu', True, False, 'ok', 'the CPU is used', 'device=opencl0:0'),
    ('opencl0:0', True, True, 'ok', 'opencl0:0, pygpu 0.7.6', '^$'),
    ('cuda', False, False, 'degraded', 'cuda was asked for.*no pygpu', 'apt-get'),
    ('cuda', True, False, 'degraded', 'the device does not start', 'apt-get'),
])
def test_gpu(monkeypatch, device, pygpu, active, state, found, remedy):
    module = types.SimpleNamespace(pygpu_activated=active,
                                   pygpu=types.SimpleNamespace(__version__='0.7.6'))
    monkeypatch.setattr(theano, 'gpuarray', module, raising=False)
    monkeypatch.setattr(ctypes.util, 'find_library', lambda name: None)
    line = doctor.gpu_line(device, {'libgpuarray': True, 'pygpu': pygpu})
    assert line.state == state
    assert re.search(found, line.found)
    assert re.search(remedy, line.remedy)


def test_a_machine_that_imports_the_package_has_nothing_broken():
    lines = doctor.examine()
    assert [line.name for line in lines] == [
        'Python', 'numpy', 'scipy', 'Theano-PyMC', 'Lasagne', 'setuptools',
        'C++ compiler', 'BLAS', 'OpenMP', 'compile cache', 'GPU']
    assert {line.state for line in lines} <= {'ok', 'degraded'}


@pytest.mark.parametrize('states, code, verdict', [
    ('ok ok', 0, 'lasagne_stn can run here.'),
    ('ok degraded', 0, 'part1: degraded: works, but slowly\nlasagne_stn can run here.'),
    ('broken degraded', 1, 'part0: broken\npart1: degraded: works, but slowly'),
])
def test_report_prints_all_and_gives_an_exit_code(monkeypatch, console, states, code,
                                                  verdict):
    lines = [Line('part%d' % number, state, 'found [%d]' % number,
                  'pip install ".[paper]"' if state == 'broken' else '')
             for number, state in enumerate(states.split())]
    monkeypatch.setattr(doctor, 'examine', lambda: lines)
    assert doctor.report(console) == code
    text = printed(console)
    assert text.endswith(verdict + '\n')
    assert 'found [0]' in text and 'found [1]' in text
    assert ('pip install ".[paper]"' in text) == (code == 1)
