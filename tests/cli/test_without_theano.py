"""The command line in processes where Theano, or a package that it needs, is broken."""

import os
import pathlib
import subprocess
import sys

import pytest

import lasagne_stn

ROOT = str(pathlib.Path(__file__).resolve().parents[2])
BROKEN = 'raise ImportError("this is broken")\n'
PACKAGES = 'theano', 'lasagne', 'numpy', 'scipy', 'setuptools', 'pkg_resources'
SCRIPT = 'import sys\nfrom lasagne_stn.cli import main\nsys.exit(main())\n'


@pytest.fixture
def all_broken(tmp_path):
    """Return a folder of packages that cannot be imported."""
    for name in PACKAGES:
        (tmp_path / 'broken' / name).mkdir(parents=True)
        (tmp_path / 'broken' / name / '__init__.py').write_text(BROKEN)
    return str(tmp_path / 'broken')


@pytest.fixture(params=['module', 'script'])
def run(request, environment, tmp_path):
    """Run the command line as a module and as the script that pip writes."""
    script = tmp_path / 'lasagne-stn'
    script.write_text(SCRIPT)
    starts = {'module': ['-m', 'lasagne_stn'], 'script': [str(script)]}

    def run(*arguments, path=(), **more):
        return subprocess.run(
            [sys.executable, *starts[request.param], *arguments],
            env=dict(environment, PYTHONPATH=os.pathsep.join([*path, ROOT]), **more),
            cwd=str(tmp_path),
            capture_output=True,
            text=True,
        )

    return run


@pytest.mark.parametrize(
    'arguments, output',
    [
        (['--version'], 'lasagne-stn %s\n' % lasagne_stn.__version__),
        (['--help'], '  reproduce '),
        (['doctor', '--help'], 'Check this machine and show how to fix'),
    ],
)
def test_help_and_version_need_no_package(run, all_broken, arguments, output):
    done = run(*arguments, path=[all_broken])
    assert (done.returncode, done.stderr) == (0, '')
    assert output in done.stdout


def test_a_command_without_theano_prints_the_error_and_names_the_doctor(
    run, all_broken
):
    done = run('demo', path=[all_broken])
    assert done.returncode == 1
    assert done.stderr == 'Error: this is broken\nRun: lasagne-stn doctor\n'


def test_a_command_prepares_theano_when_it_is_run(run):
    done = run('gallery', '--output', '.')
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('.png') > 4


COMPLETE = """
import sys
from lasagne_stn._platform import command_line
import lasagne_stn
assert command_line.is_command_line() and command_line.waits()
assert 'theano' not in sys.modules and not hasattr(lasagne_stn, 'Affine')
command_line.import_package()
assert not command_line.waits() and lasagne_stn.__all__ == lasagne_stn.public.__all__
assert lasagne_stn.Affine.__module__ == 'lasagne_stn.transforms.matrix'
command_line.import_package()
"""
SPAWNING = """
import multiprocessing, sys

def child(queue):
    import lasagne_stn
    queue.put(hasattr(lasagne_stn, 'Affine'))

import lasagne_stn
if __name__ == '__main__':
    assert 'theano' not in sys.modules
    context = multiprocessing.get_context(sys.argv[1])
    queue = context.Queue()
    process = context.Process(target=child, args=(queue,))
    process.start()
    assert queue.get(timeout=60)
    process.join()
"""


def assert_runs(environment, *arguments):
    done = subprocess.run(
        [sys.executable, *arguments],
        env=dict(environment, PYTHONPATH=ROOT),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, '')


def test_the_package_is_complete_after_it_waited(environment, tmp_path):
    script = tmp_path / 'lasagne-stn'
    script.write_text(COMPLETE)
    assert_runs(environment, str(script))


@pytest.mark.parametrize('method', ['spawn', 'forkserver'])
def test_processes_of_a_command_do_not_wait(environment, tmp_path, method):
    script = tmp_path / 'lasagne-stn'
    script.write_text(SPAWNING)
    assert_runs(environment, str(script), method)


@pytest.mark.parametrize(
    'name, text',
    [
        ('program', 'import lasagne_stn; lasagne_stn.Affine'),
        ('lasagne-stn.py', 'import lasagne_stn; lasagne_stn.Affine'),
    ],
)
def test_other_programs_do_not_wait(environment, tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert_runs(environment, str(tmp_path / name), 'lasagne-stn', '-m')
