"""The suite of the device, ``tests/device``, in a process that uses one."""
import os
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DEVICE = os.environ.get('LASAGNE_STN_DEVICE', 'opencl0:0')
PROBE = 'import lasagne_stn, theano; assert theano.gpuarray.pygpu_activated'


@pytest.fixture
def on_the_device(environment):
    """Run a command of Python's in a process of its own that uses the device."""
    def run(*command):
        names = {name: value for name, value in environment.items()
                 if name != 'THEANO_GPU_IS_ALREADY_ACTIVE'}
        # The compiler's work is only to launch kernels: the sooner it is done.
        names['THEANO_FLAGS'] += ',floatX=float32,gcc.cxxflags=-O0,device=' + DEVICE
        done = subprocess.run([sys.executable, *command], env=names, cwd=ROOT,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              universal_newlines=True)
        return done.returncode, done.stdout
    return run


def test_the_suite_of_the_device(on_the_device, request):
    status, output = on_the_device('-c', PROBE)
    if status and 'CI' not in os.environ:
        pytest.skip('%s does not start here; lasagne-stn doctor says what to install'
                    % DEVICE)
    assert status == 0, output
    measure = ['-m', 'coverage', 'run', '--parallel-mode']
    covered = request.config.pluginmanager.hasplugin('_cov')
    status, output = on_the_device(*measure if covered else [], '-m', 'pytest', '-q',
                                   'tests/device')
    print(output)
    assert status == 0
