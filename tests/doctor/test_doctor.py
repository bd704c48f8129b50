"""The doctor's checks, their states and remedies, and the report."""

import collections
import ctypes
import importlib
import re
import shutil
import sys
import types
from importlib.machinery import EXTENSION_SUFFIXES

import pytest
import theano

from lasagne_stn import doctor
from lasagne_stn._platform import versions
from lasagne_stn.doctor import Line, device, lines, packages
from lasagne_stn.doctor import doctor as command


@pytest.fixture
def console(tmp_path):
    rich_console = pytest.importorskip('rich.console', reason='needs rich')
    with open(str(tmp_path / 'printed'), 'w+', encoding='utf8') as file:
        yield rich_console.Console(width=90, file=file, color_system=None)


def printed(console):
    console.file.seek(0)
    return console.file.read()


def test_a_package_is_ok_only_in_its_supported_range():
    assert doctor.package_line('scipy', '1.10.1') == Line('scipy', 'ok', '1.10.1')
    assert doctor.package_line('scipy', '1.19.0') == Line(
        'scipy', 'broken', '1.19.0', 'pip install "scipy>=1.5,<1.19"'
    )
    assert doctor.package_line('scipy', None).found == 'not installed'


def test_a_package_that_cannot_be_imported_is_broken():
    line = doctor.package_line('scipy', '1.10.1', 'no libopenblas')
    assert line == Line(
        'scipy',
        'broken',
        '1.10.1, but it cannot be imported: no libopenblas',
        'pip install --force-reinstall --no-deps "scipy>=1.5,<1.19"',
    )


def test_missing_packages_of_commands_are_named(monkeypatch):
    assert packages.commands_line() is None
    monkeypatch.setattr(
        packages, 'find_spec', lambda module: module != 'sklearn' or None
    )
    line = packages.commands_line()
    assert line.state == 'ok' and line.found.startswith('without scikit-learn')
    assert line.remedy == 'pip install scikit-learn'


def test_each_requirement_has_a_module():
    assert list(packages.MODULES) == list(versions.REQUIREMENTS)


def test_a_compiler_that_runs_is_ok():
    line = doctor.compiler_line(sys.executable, None, 'Python.h')
    python = 'Python %d.%d.%d' % sys.version_info[:3]
    assert line == Line('C++ compiler', 'ok', sys.executable + ': ' + python)


@pytest.mark.parametrize(
    'used, installed, headers, state, found, remedy',
    [
        (
            '',
            None,
            'Python.h',
            'degraded',
            'not found; .*slower',
            r'apt-get install g\+\+',
        ),
        (
            '',
            'g++',
            'Python.h',
            'degraded',
            'disabled by the Theano flag cxx',
            'THEANO_FLAGS=.*cxx=g',
        ),
        (
            '',
            'g++',
            None,
            'degraded',
            'Python.h not found',
            r'apt-get install python3\.\d+-dev',
        ),
        (
            'g++',
            'g++',
            None,
            'broken',
            'Python.h not found',
            r'apt-get install python3\.\d+-dev',
        ),
        ('/no/g++', None, 'Python.h', 'broken', r'/no/g\+\+ does not run', 'reinstall'),
        (
            'false',
            None,
            'Python.h',
            'broken',
            'does not run: .*exit status 1',
            'reinstall',
        ),
    ],
)
def test_a_missing_or_failing_compiler_is_not_ok(
    used, installed, headers, state, found, remedy
):
    line = doctor.compiler_line(used, installed, headers)
    assert line.state == state
    assert re.search(found, line.found)
    assert re.search(remedy, line.remedy)


@pytest.mark.parametrize(
    'speed, state, remedy',
    [(60, 'ok', ''), (40, 'degraded', 'apt-get install libopenblas-dev')],
)
def test_blas_is_ok_if_half_as_fast_as_numpy(monkeypatch, speed, state, remedy):
    monkeypatch.setattr(lines, 'find_blas', lambda: ('/lib/libx.so', '-lx'))
    line = doctor.blas_line('-lx', 'float32', (speed, 100))
    assert line == Line(
        'BLAS',
        state,
        '/lib/libx.so: %d GFLOP/s, numpy 100, floatX=float32' % speed,
        remedy,
    )


def test_blas_names_numpys_or_the_users_library(monkeypatch):
    monkeypatch.setattr(lines, 'find_blas', lambda: ('/lib/libx.so', '-Wl,/libx.so'))
    line = doctor.blas_line('', 'float64', (9, 10))
    assert line.found.startswith(
        "numpy's BLAS, called through its C interface: 9 GFLOP/s"
    )
    line = doctor.blas_line('-ly', 'float64', (1, 10))
    assert line.found.startswith('-ly: 1 GFLOP/s')
    assert line.remedy.endswith("blas.ldflags='-Wl,/libx.so'\"")


def test_a_failing_blas_is_broken():
    line = doctor.blas_line('-ly', 'float32', None, 'cannot find -ly')
    assert (line.state, line.found) == ('broken', '-ly: cannot find -ly')
    assert line.remedy


@pytest.mark.parametrize('float_type', ['float32', 'float64'])
def test_blas_speeds_are_positive(float_type):
    assert min(doctor.blas_speeds(float_type, size=20, repeats=2)) > 0


def test_a_wrong_product_raises_an_error(monkeypatch):
    monkeypatch.setattr(theano, 'function', lambda *_, **__: lambda x, y: x.dot(y) + 1)
    with pytest.raises(ArithmeticError, match="Theano's matrix product is wrong"):
        doctor.blas_speeds('float64', size=20, repeats=1)


@pytest.mark.parametrize(
    'enabled, compiler, threads, works, state, found',
    [
        (True, 'g++', 2, True, 'ok', 'on, 2 threads'),
        (True, 'g++', 2, False, 'degraded', 'the compiler does not support it'),
        (True, '', 2, True, 'ok', 'off: no C++ compiler'),
        (False, 'g++', 1, True, 'ok', 'off: one core, or OMP_NUM_THREADS=1'),
        (False, 'g++', 2, True, 'ok', 'off: disabled by a Theano flag'),
    ],
)
def test_openmp_says_whether_and_why_it_is_off(
    enabled, compiler, threads, works, state, found
):
    line = doctor.openmp_line(enabled, compiler, threads, works)
    assert (line.state, line.found) == (state, found)
    assert bool(line.remedy) == (state != 'ok')


def test_the_size_of_the_cache_is_measured(tmp_path):
    (tmp_path / 'inner').mkdir()
    (tmp_path / 'inner' / 'module.so').write_bytes(bytes(3 * 2**20))
    (tmp_path / 'link').symlink_to(tmp_path / 'nothing')
    assert doctor.cache_line(str(tmp_path)) == Line(
        'compile cache', 'ok', '%s, 3 MB, writable' % tmp_path
    )


def test_a_full_or_read_only_cache_is_not_ok(tmp_path, monkeypatch):
    assert doctor.cache_line(str(tmp_path)).state == 'ok'
    usage = collections.namedtuple('usage', 'free')
    monkeypatch.setattr(shutil, 'disk_usage', lambda folder: usage(5))
    line = doctor.cache_line(str(tmp_path))
    assert line.state == 'degraded' and 'the disk is almost full' in line.found
    line = doctor.cache_line('/proc/none/below')
    assert line.state == 'broken' and 'not writable: No such file' in line.found
    assert 'base_compiledir=' in line.remedy


def test_a_cache_that_does_not_exist_yet_is_ok(tmp_path):
    folder = str(tmp_path / 'new' / 'cache')
    assert doctor.cache_line(folder).found == folder + ', 0 MB, writable'
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    'given, command',
    [
        ('', 'export THEANO_FLAGS="cxx=g++"'),
        ('openmp=False', 'export THEANO_FLAGS="$THEANO_FLAGS,cxx=g++"'),
    ],
)
def test_a_command_that_sets_a_flag_keeps_the_others(monkeypatch, given, command):
    monkeypatch.setenv('THEANO_FLAGS', given)
    assert lines.set_flag('cxx', 'g++') == command


ACTIVE = 'Name, pygpu 0.7.6'


@pytest.mark.parametrize(
    'requested, missing, active, line',
    [
        (
            'cpu',
            {},
            '',
            Line(
                'device',
                'ok',
                'CPU, which is sufficient. To use an OpenCL device:',
                'export THEANO_FLAGS=device=opencl0:0,floatX=float32',
            ),
        ),
        (
            'cpu',
            {'a': 'get a', 'b': 'get b'},
            '',
            Line(
                'device',
                'ok',
                'CPU, which is sufficient. To use an OpenCL device, install a, b:',
                'get a\nget b',
            ),
        ),
        ('opencl0:0', {}, ACTIVE, Line('device', 'ok', 'opencl0:0: Name, pygpu 0.7.6')),
        (
            'opencl0:0',
            {'CLBlast': 'get it'},
            ACTIVE,
            Line(
                'device',
                'broken',
                'opencl0:0: Name, pygpu 0.7.6; missing: CLBlast',
                'get it',
            ),
        ),
        (
            'cuda0',
            {'pygpu': 'get it'},
            '',
            Line(
                'device',
                'degraded',
                'the CPU is used instead of cuda0; missing: pygpu',
                'get it',
            ),
        ),
        (
            'cuda',
            {},
            '',
            Line(
                'device',
                'degraded',
                'the CPU is used instead of cuda; the device does not start',
            ),
        ),
    ],
)
def test_the_device_line(monkeypatch, requested, missing, active, line):
    monkeypatch.setattr(ctypes, 'CDLL', no_library)
    right = 'cuda' if 'cuda' in requested else 'opencl'
    found = doctor.device_line(
        requested, lambda kind: missing if kind == right else {}, active
    )
    assert found == line


def no_library(name):
    raise OSError(name)


def test_nvidias_driver_suggests_cuda(monkeypatch):
    monkeypatch.setattr(ctypes, 'CDLL', lambda name: name)
    line = doctor.device_line('cpu', lambda kind: {})
    assert line.remedy == 'export THEANO_FLAGS=device=cuda0,floatX=float32'
    assert line.found == 'CPU, which is sufficient. To use a CUDA device:'


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A machine without anything that a device needs."""
    monkeypatch.setattr(ctypes, 'CDLL', no_library)
    monkeypatch.setattr(device, 'find_spec', lambda name: None)
    monkeypatch.setattr(device, 'DEBIAN_PYGPU', str(tmp_path / 'pygpu'))
    monkeypatch.setattr(sys, 'version_info', (3, 11))
    monkeypatch.setenv('OCL_ICD_VENDORS', str(tmp_path / 'vendors'))
    return tmp_path


@pytest.mark.parametrize(
    'kind, libraries',
    [
        ('opencl', ['libOpenCL.so', 'OpenCL driver', 'CLBlast']),
        ('cuda', ['libcuda.so', 'libnvrtc.so', 'libcublas.so']),
    ],
)
def test_each_missing_part_has_a_remedy(bare, kind, libraries):
    missing = device.missing_parts(kind)
    assert list(missing) == ['pygpu', 'Mako', 'libgpuarray'] + libraries
    assert all(
        re.match('apt-get install|pip install|install NVIDIA', remedy)
        for remedy in missing.values()
    )


def test_installed_parts_are_not_missing(bare, monkeypatch):
    (bare / 'vendors').mkdir()
    assert 'OpenCL driver' in device.missing_parts('opencl')
    (bare / 'vendors' / 'pocl.icd').write_text('libpocl.so')
    assert 'OpenCL driver' not in device.missing_parts('opencl')
    monkeypatch.setattr(ctypes, 'CDLL', lambda name: name)
    assert list(device.missing_parts('opencl')) == ['pygpu', 'Mako']
    assert list(device.missing_parts('cuda')) == ['pygpu', 'Mako']


def test_pygpu_must_be_built_for_this_python(bare, monkeypatch):
    package = bare / 'pygpu'
    assert device.missing_parts('cuda')['pygpu'].startswith('apt-get')
    package.mkdir()
    assert device.missing_parts('cuda')['pygpu'].startswith('ln -s %s ' % package)
    spec = types.SimpleNamespace(submodule_search_locations=[str(package)])
    monkeypatch.setattr(device, 'find_spec', lambda name: spec)
    assert list(device.missing_parts('cuda'))[0] == 'pygpu'
    (package / ('gpuarray' + EXTENSION_SUFFIXES[0])).write_bytes(b'')
    importlib.invalidate_caches()
    assert list(device.missing_parts('cuda'))[0] == 'libgpuarray'
    (package / ('gpuarray' + EXTENSION_SUFFIXES[0])).unlink()
    importlib.invalidate_caches()
    monkeypatch.setattr(sys, 'version_info', (3, 9))
    assert 'built for Python 3.11' in device.missing_parts('cuda')['pygpu']


def test_nothing_is_broken_where_the_package_can_be_imported():
    lines = doctor.examine()
    assert [line.name for line in lines] == [
        'Python',
        'numpy',
        'scipy',
        'Theano-PyMC',
        'Lasagne',
        'Theano flags',
        'C++ compiler',
        'BLAS',
        'OpenMP',
        'kernels',
        'compile cache',
        'device',
    ]
    assert {line.state for line in lines} <= {'ok', 'degraded'}


@pytest.mark.parametrize(
    'states, code, verdict',
    [
        ('ok ok', 0, 'lasagne_stn works on this machine.'),
        (
            'ok degraded',
            0,
            'degraded (works, but slowly): part1\nlasagne_stn works on this machine.',
        ),
        ('broken degraded', 1, 'broken: part0\ndegraded (works, but slowly): part1'),
    ],
)
def test_report_prints_all_lines_and_returns_an_exit_code(
    monkeypatch, console, states, code, verdict
):
    report = [
        Line(
            'part%d' % number,
            state,
            'found [%d]' % number,
            'pip install ".[paper]"' if state == 'broken' else '',
        )
        for number, state in enumerate(states.split())
    ]
    monkeypatch.setattr(command, 'examine', lambda: report)
    assert doctor.report(console) == code
    text = printed(console)
    assert text.endswith(verdict + '\n')
    assert 'found [0]' in text and 'found [1]' in text
    assert ('pip install ".[paper]"' in text) == (code == 1)
