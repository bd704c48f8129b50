"""The doctor on machines where something is broken, each in a process of its own."""

import os
import pathlib
import resource
import subprocess
import sys
from typing import NamedTuple

import pytest

from lasagne_stn import doctor
from lasagne_stn._platform import toolchain
from lasagne_stn.doctor.device import missing_parts

ROOT = str(pathlib.Path(__file__).resolve().parents[2])
pytest.importorskip('rich', reason='the report is a table')
needs_compiler = pytest.mark.skipif(
    not toolchain.find_compiler(), reason='needs a C++ compiler'
)


class Report(NamedTuple):
    """What the doctor printed: state and text by part; exit status; the end."""

    states: dict
    texts: dict
    status: int
    output: str


@pytest.fixture
def examine(environment, tmp_path):
    """Run ``lasagne-stn doctor`` with a changed environment."""

    def run(*options, path=(), flags='', before=None, **changes):
        changes = dict(
            environment,
            PYTHONPATH=os.pathsep.join([*map(str, path), ROOT]),
            THEANO_FLAGS=environment['THEANO_FLAGS'] + flags,
            THEANORC=str(tmp_path / 'theanorc'),
            COLUMNS='1000',
            **changes,
        )
        done = subprocess.run(
            [sys.executable, '-m', 'lasagne_stn', 'doctor', *options],
            env=changes,
            cwd=str(tmp_path),
            capture_output=True,
            text=True,
            preexec_fn=before,
        )
        assert done.stderr == ''
        states, texts, name = {}, {}, ''
        for line in done.stdout.splitlines():
            cells = [cell.strip() for cell in line.split('│')[1:-1]]
            if len(cells) == 3:
                name = cells[0] or name  # further lines of a cell have no name
                states[name] = states.get(name) or cells[1]
                texts[name] = texts.get(name, '') + cells[2] + '\n'
        return Report(states, texts, done.returncode, done.stdout)

    return run


def broken_package(tmp_path, name, text='raise ImportError("this is broken")\n'):
    (tmp_path / name).mkdir()
    (tmp_path / name / '__init__.py').write_text(text)
    return tmp_path


def broken(report):
    return {name for name, state in report.states.items() if state == 'broken'}


def test_nothing_needs_setuptools(examine, tmp_path):
    for name in ('setuptools', 'pkg_resources', 'distutils'):
        broken_package(tmp_path, name)
    report = examine(path=[tmp_path])
    assert report.status == 0 and broken(report) == set()
    assert report.output.endswith('lasagne_stn works on this machine.\n')


def test_another_theano_installed_over_theano_pymc(examine, tmp_path):
    broken_package(tmp_path, 'theano')
    (tmp_path / 'theano' / '_version.py').write_text('{"version": "1.0.5"}')
    report = examine(path=[tmp_path])
    assert report.status == 1 and broken(report) == {'Theano-PyMC', 'Theano'}
    assert 'files of Theano 1.0.5 were installed over it' in report.texts['Theano-PyMC']
    assert 'pip uninstall -y Theano Theano-PyMC; pip ' in report.texts['Theano-PyMC']
    assert 'correct what is broken above (Theano-PyMC)' in report.texts['Theano']


@pytest.mark.parametrize(
    'name, line, error',
    [
        ('numpy', 'numpy', 'this is broken'),
        ('scipy', 'scipy', 'this is broken'),
        ('lasagne', 'Lasagne', 'lasagne_stn cannot patch lasagne of Lasagne 0.1'),
    ],
)
def test_a_package_that_cannot_be_imported(examine, tmp_path, name, line, error):
    report = examine(path=[broken_package(tmp_path, name)])
    assert report.status == 1 and broken(report) == {line, 'Theano'}
    assert 'cannot be imported: ' + error in report.texts[line]
    assert 'pip install --force-reinstall --no-deps "' + line in report.texts[line]


def test_the_device_of_an_old_theanorc(examine, tmp_path):
    (tmp_path / 'theanorc').write_text('[global]\ndevice = gpu0\n')
    report = examine()
    assert report.status == 1 and broken(report) == {'Theano flags', 'Theano'}
    assert report.texts['Theano flags'] == (
        'Theano has no device gpu0 any more\n'
        'in %s, replace device=gpu0 by device=cuda0 or device=cpu\n'
        % (tmp_path / 'theanorc')
    )


@pytest.mark.skipif(not missing_parts('cuda'), reason='this machine has all of CUDA')
def test_a_device_without_its_parts(examine):
    report = examine(flags=',device=cuda0')
    assert report.status == 0 and report.states['device'] == 'degraded'
    assert 'the CPU is used instead of cuda0; missing: ' in report.texts['device']
    for remedy in missing_parts('cuda').values():
        assert remedy in report.texts['device']


@pytest.mark.parametrize(
    'flags, found, remedy',
    [
        (',floatX=float33', 'Invalid value ("float33")', 'correct floatX in THEANO_FL'),
        (',device=toaster', '"toaster"', 'correct device in THEANO_FLAGS'),
        (',openmp="yes', 'No closing quotation', 'correct THEANO_FLAGS'),
    ],
)
def test_an_invalid_flag(examine, flags, found, remedy):
    report = examine(flags=flags)
    assert report.status == 1 and broken(report) == {'Theano flags', 'Theano'}
    assert found in report.texts['Theano flags']
    assert remedy in report.texts['Theano flags']


def test_a_flag_that_theano_does_not_know(examine):
    report = examine(flags=',flaotX=float32')
    assert report.status == 0
    assert 'Theano does not know flaotX' in report.texts['Theano flags']
    assert 'correct flaotX in THEANO_FLAGS' in report.texts['Theano flags']


def test_a_theanorc_that_cannot_be_parsed(examine, tmp_path):
    (tmp_path / 'theanorc').write_text('floatX = float32\n')
    report = examine()
    assert report.status == 1 and broken(report) == {'Theano flags', 'Theano'}
    assert 'no section headers' in report.texts['Theano flags']
    assert 'correct %s\n' % (tmp_path / 'theanorc') in report.texts['Theano flags']


def test_an_invalid_number_of_threads(examine):
    report = examine(OMP_NUM_THREADS='two')
    assert broken(report) == {'Theano flags', 'Theano'}
    assert 'unset OMP_NUM_THREADS' in report.texts['Theano flags']


def test_no_compiler(examine, tmp_path):
    report = examine(PATH=str(tmp_path))
    assert report.status == 0 and report.states['C++ compiler'] == 'degraded'
    assert 'not found; Theano computes in Python' in report.texts['C++ compiler']
    assert 'apt-get install g++' in report.texts['C++ compiler']


NO_HEADERS = """
import sysconfig
real = sysconfig.get_paths
sysconfig.get_paths = lambda *names: dict(real(*names), include='/nowhere')
"""


@needs_compiler
def test_no_headers_of_python(examine, tmp_path):
    (tmp_path / 'sitecustomize.py').write_text(NO_HEADERS)
    report = examine(path=[tmp_path])
    assert report.status == 0 and report.states['C++ compiler'] == 'degraded'
    assert 'Python.h not found' in report.texts['C++ compiler']
    package = 'apt-get install python%d.%d-dev' % sys.version_info[:2]
    assert package in report.texts['C++ compiler']


@pytest.mark.parametrize(
    'changes',
    [
        {'flags': ',base_compiledir=/proc/none'},
        {'HOME': '/proc/none', 'environment_flags': False},
    ],
    ids=['base_compiledir', 'HOME'],
)
def test_a_cache_that_cannot_be_written(examine, environment, changes):
    if not changes.pop('environment_flags', True):
        environment['THEANO_FLAGS'], before = '', environment['THEANO_FLAGS']
    try:
        report = examine(**changes)
    finally:
        if 'HOME' in changes:
            environment['THEANO_FLAGS'] = before
    assert report.status == 1 and broken(report) == {'compile cache', 'Theano'}
    assert '/proc/none' in report.texts['compile cache']
    assert 'not writable: No such file' in report.texts['compile cache']
    assert 'base_compiledir=/tmp/theano"' in report.texts['compile cache']


def allow_no_writing():
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def test_a_full_disk(examine, tmp_path):
    report = examine(
        flags=',base_compiledir=%s' % (tmp_path / 'cache'), before=allow_no_writing
    )
    assert report.status == 1 and broken(report) == {'compile cache', 'Theano'}
    assert 'it needs a compile cache' in report.texts['Theano']
    assert 'not writable: File too large' in report.texts['compile cache']


def test_python_without_any_package(environment, tmp_path):
    done = subprocess.run(
        [sys.executable, '-S', '-m', 'lasagne_stn', 'doctor', '--fix'],
        env=dict(environment, PYTHONPATH=ROOT),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (1, '')
    for line in (
        'broken    numpy: not installed\n          pip install "numpy>=',
        'broken    Lasagne: not installed\n          pip install "Lasagne>=0.1"',
        'ok        commands: without click, rich, ',
        'broken: numpy, scipy, Theano-PyMC, Lasagne, Theano\n',
        'Nothing was changed, because ',
        "  pip install 'Lasagne>=0.1'\n",
    ):
        assert line in done.stdout


PIP = """
import json, os, shutil, sys
with open(%r, 'a') as file:
    file.write(json.dumps(sys.argv[1:]) + '\\n')
shutil.rmtree(%r, ignore_errors=True)
"""


def test_fix_replaces_theano_and_checks_again(examine, tmp_path):
    broken_package(tmp_path, 'theano')
    (tmp_path / 'theano' / '_version.py').write_text('{"version": "1.0.5"}')
    (tmp_path / 'pip').mkdir()
    (tmp_path / 'pip' / '__init__.py').touch()
    (tmp_path / 'pip' / '__main__.py').write_text(
        PIP % (str(tmp_path / 'calls'), str(tmp_path / 'theano'))
    )
    report = examine('--fix', path=[tmp_path])
    calls = (tmp_path / 'calls').read_text().splitlines()
    assert calls[0] == '["uninstall", "-y", "Theano", "Theano-PyMC"]'
    assert calls[1].startswith('["install", ')
    assert report.output.count('part ') == 2


def test_ask_is_part_of_the_public_api():
    assert doctor.ask_theano.__module__ == 'lasagne_stn.doctor.process'
