"""The scripts that carry the device's tests to a machine without a network."""

import os
import shutil
import subprocess

import pytest

FOLDER = os.path.dirname(os.path.abspath(__file__))


@pytest.fixture
def run(tmp_path):
    """Run a bundle's script with the libraries of the bundle."""
    shutil.copy(os.path.join(FOLDER, 'run.sh'), str(tmp_path))

    def run(*arguments, **environment):
        done = subprocess.run(
            ['bash', str(tmp_path / 'run.sh'), *arguments],
            env=dict(environment, PATH=os.environ['PATH']),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.returncode, done.stdout

    return run


@pytest.mark.parametrize(
    'name', sorted(name for name in os.listdir(FOLDER) if name.endswith('.sh'))
)
def test_bash_can_read_the_scripts(name):
    subprocess.run(['bash', '-n', os.path.join(FOLDER, name)], check=True)


def test_a_command_finds_the_device_and_only_the_bundle(run, tmp_path):
    status, output = run('opencl0:0', 'env', THEANORC='x', PYTHONPATH='y')
    assert status == 0
    found = dict(line.split('=', 1) for line in output.splitlines())
    assert found['THEANO_FLAGS'].endswith(
        'floatX=float32,dnn.enabled=False,device=opencl0:0'
    )
    assert found['PYTHONHOME'] == str(tmp_path)
    assert found['PYTHONPATH'] == str(tmp_path / 'site')
    assert found['LD_LIBRARY_PATH'] == str(tmp_path / 'lib')
    assert 'THEANORC' not in found


def test_cudas_libraries_get_the_names_that_are_asked_for(run, tmp_path):
    for name in ('libcuda.so.1', 'libnvrtc.so.12', 'libcublas.so.12'):
        (tmp_path / name).write_text('')
    status, output = run('cuda0', 'env', CUDA_HOME=str(tmp_path))
    assert status == 0
    assert '\nLD_LIBRARY_PATH=%s:%s:' % (tmp_path / 'lib', tmp_path / 'cuda') in (
        '\n' + output
    )
    for name in ('libcuda.so', 'libnvrtc.so', 'libcublas.so'):
        assert (tmp_path / 'cuda' / name).exists()


def test_what_is_missing_is_named(run, tmp_path):
    for tool in ('bash', 'dirname'):
        (tmp_path / tool).symlink_to(shutil.which(tool))
    done = subprocess.run(
        [shutil.which('bash'), str(tmp_path / 'run.sh')],
        env={'PATH': str(tmp_path)},
        stdout=subprocess.PIPE,
    )
    assert done.returncode == 1 and b'apt-get install g++' in done.stdout
