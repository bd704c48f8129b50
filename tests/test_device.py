"""Run the device suite, ``tests/device``, in a process that uses a device."""

import os
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DEVICE = os.environ.get('LASAGNE_STN_DEVICE', 'opencl0:0')
PROBE = 'import lasagne_stn, theano; assert theano.gpuarray.pygpu_activated'


@pytest.fixture(scope='session')
def suite_of_the_device(environment, request, tmp_path_factory):
    """Start the suite, which runs beside the other tests; return process and output."""
    # A separate cache, or each process would wait for the other's compiler. C++ code
    # only launches kernels here, so it is not optimised.
    names = {
        name: value
        for name, value in environment.items()
        if name != 'THEANO_GPU_IS_ALREADY_ACTIVE'
    }
    names['THEANO_FLAGS'] += '/device,floatX=float32,gcc.cxxflags=-O0,device=' + DEVICE
    probe = subprocess.run(
        [sys.executable, '-c', PROBE],
        env=names,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if probe.returncode and 'CI' not in os.environ:
        pytest.skip(
            '%s does not start here; lasagne-stn doctor says what to install' % DEVICE
        )
    assert probe.returncode == 0, probe.stdout
    covered = request.config.pluginmanager.hasplugin('_cov')
    measure = ['-m', 'coverage', 'run', '--parallel-mode'] if covered else []
    output = tmp_path_factory.mktemp('device') / 'output'
    with open(output, 'w') as file:
        process = subprocess.Popen(
            [sys.executable, *measure, '-m', 'pytest', '-q', 'tests/device'],
            env=names,
            cwd=ROOT,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    yield process, output
    process.kill()
    process.wait()


def test_the_device_starts(suite_of_the_device):
    process, _ = suite_of_the_device
    assert process.poll() is None


def test_the_suite_of_the_device(suite_of_the_device):
    process, output = suite_of_the_device
    status = process.wait()
    print(output.read_text())
    assert status == 0
