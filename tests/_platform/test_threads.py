"""The number of OpenMP threads, how long they spin, and forks."""

import os
import subprocess
import sys

import pytest

from lasagne_stn._platform import threads


@pytest.mark.parametrize(
    'value, expected',
    [('1', 1), ('3', 3), ('0', 0), ('', 5), ('4,2', 5), ('two', 5), ('\u00b2', 5)],
)
def test_threads_are_counted(monkeypatch, value, expected):
    monkeypatch.setattr(os, 'sched_getaffinity', lambda process: set(range(5)))
    monkeypatch.setenv('OMP_NUM_THREADS', value)
    assert threads.thread_count() == expected


@pytest.mark.parametrize(
    'given', [{'OMP_WAIT_POLICY': 'active'}, {'GOMP_SPINCOUNT': '7'}]
)
def test_the_users_settings_of_waiting_are_kept(given):
    environment = dict(given, HOME='/')
    threads.limit_spinning(environment)
    assert environment == dict(given, HOME='/')


def test_importing_the_package_limits_spinning(environment):
    for name in ('OMP_WAIT_POLICY', 'GOMP_SPINCOUNT'):
        environment.pop(name, None)
    output = subprocess.check_output(
        [
            sys.executable,
            '-c',
            'import os, lasagne_stn; print(os.environ["GOMP_SPINCOUNT"], end="")',
        ],
        env=environment,
        universal_newlines=True,
    )
    assert output == '10000'


FORK = """
import lasagne_stn, os, signal, numpy as np, theano, theano.tensor as T
theano.config.floatX = 'float32'
x, theta = T.ftensor4(), T.fmatrix()
layer = lasagne_stn.TransformerLayer((None, 1, 28, 28), (None, 6))
function = theano.function([x, theta], layer.get_output_for([x, theta]),
                           mode=theano.compile.get_mode('FAST_COMPILE').including(
                               'lasagne_stn_fuse'))
images = np.ones((64, 1, 28, 28), 'float32')
thetas = np.tile([1, .1, 0, 0, 1, 0], (64, 1)).astype('float32')
before = function(images, thetas)
child = os.fork()
if child == 0:
    signal.alarm(20)                # ends the child if it hangs
    os._exit(0 if np.array_equal(function(images, thetas), before) else 3)
assert os.waitpid(child, 0)[1] == 0
"""


def test_a_forked_process_can_compute(environment):
    subprocess.run(
        [sys.executable, '-c', FORK],
        check=True,
        env=dict(environment, OMP_NUM_THREADS='2'),
    )
