"""How many OpenMP threads there are, and how long they wait."""
import os
import subprocess
import sys

import pytest

from lasagne_stn import threads


@pytest.mark.parametrize('value, expected', [
    ('1', 1), ('3', 3), ('0', 0), ('', 5), ('4,2', 5), ('two', 5), ('\u00b2', 5)])
def test_threads_are_counted(monkeypatch, value, expected):
    monkeypatch.setattr(os, 'sched_getaffinity', lambda process: set(range(5)))
    monkeypatch.setenv('OMP_NUM_THREADS', value)
    assert threads.thread_count() == expected


@pytest.mark.parametrize('given', [{'OMP_WAIT_POLICY': 'active'},
                                   {'GOMP_SPINCOUNT': '7'}])
def test_what_the_user_set_about_waiting_stays(given):
    environment = dict(given, HOME='/')
    threads.limit_waiting(environment)
    assert environment == dict(given, HOME='/')


def test_the_package_limits_waiting_before_the_library_is_loaded(environment):
    for name in ('OMP_WAIT_POLICY', 'GOMP_SPINCOUNT'):
        environment.pop(name, None)
    found = subprocess.check_output(
        [sys.executable, '-c', 'import os, lasagne_stn; '
         'print(os.environ["GOMP_SPINCOUNT"], end="")'],
        env=environment, universal_newlines=True)
    assert found == '10000'
