"""Asking Theano in another process, which may fail in any way."""

import json
import signal
import sys
import time

import psutil
import pytest

from lasagne_stn.doctor import child, process
from lasagne_stn.doctor import doctor as command


def ask(code, seconds=60):
    return process.ask_theano((sys.executable, '-c', code), seconds)


def answering(answer):
    return 'print(%r)' % ('noise\n' + child.MARK + json.dumps(answer) + '\nmore')


def test_the_answer_is_found_among_other_lines():
    assert ask(answering({'facts': {'cxx': 'g++'}})) == {'facts': {'cxx': 'g++'}}


@pytest.mark.parametrize(
    'code, error',
    [
        ('pass', 'it prints nothing'),
        ('print("garbage")', 'it prints nothing'),
        ('import os; os.write(1, bytes(range(256)))', 'it prints nothing'),
        ('print(%r)' % (child.MARK + '{'), 'it prints nothing'),
        (answering(['facts']), 'it prints nothing'),
        (answering({'facts': {}, 'error': 7}), '7'),
        ('raise KeyError("here")', "KeyError: 'here'"),
        ('import os; os.abort()', 'Python was ended by the signal SIGABRT'),
        ('import sys; sys.exit("x" * 999 + "\\n\\n")', 'x' * 300 + '...'),
    ],
)
def test_each_failure_is_one_line(code, error):
    assert ask(code)['error'] == error


def test_a_python_that_does_not_start_is_an_error():
    answer = process.ask_theano(('/no/python',))
    assert answer['error'].startswith('cannot start Python: ')


SLOW = """
import subprocess, sys, time
code = 'import time; time.sleep(60)'
pid = subprocess.Popen([sys.executable, '-c', code]).pid
print(pid, file=open(%r, 'w'), flush=True)
time.sleep(60)
"""


def test_a_slow_process_is_killed_with_its_own_processes(tmp_path):
    start = time.monotonic()
    answer = ask(SLOW % str(tmp_path / 'pid'), seconds=2)
    assert answer == {'error': 'no answer within 2 seconds'}
    assert time.monotonic() - start < 30
    for _ in range(100):
        if not is_running(int((tmp_path / 'pid').read_text())):
            return
        time.sleep(0.1)
    pytest.fail('the process of the process still runs')


def is_running(pid):
    try:
        with open('/proc/%d/stat' % pid) as file:
            return file.read().rpartition(')')[2].split()[0] != 'Z'
    except OSError:
        return False


def test_an_interrupted_doctor_leaves_no_process(monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    others = psutil.Process().children()  # such as the suite of the device
    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 1)
    try:
        with pytest.raises(KeyboardInterrupt):
            ask('import time; time.sleep(60)')
    finally:
        signal.signal(signal.SIGALRM, before)
    assert set(psutil.Process().children()) <= set(others)


def test_the_child_uses_the_doctors_search_path(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, 'path', list(sys.path))
    monkeypatch.setattr(child, 'describe', lambda: sys.path[0])
    child.main([str(tmp_path), *sys.path])
    answer = json.loads(capsys.readouterr().out.strip()[len(child.MARK) :])
    assert answer == {'facts': str(tmp_path)}


@pytest.mark.parametrize(
    'error, package',
    [
        (ImportError('no pow', name='scipy.linalg'), 'scipy'),
        (ImportError('no pow'), 'Lasagne'),
        (SyntaxError('no pow'), 'Lasagne'),
        (ImportError('lasagne_stn needs Python 3.8'), ''),
        (ValueError('no pow'), ''),
        (KeyboardInterrupt(), ''),
    ],
)
def test_the_package_that_cannot_be_imported_is_found(
    capsys, monkeypatch, error, package
):
    def fail():
        raise error

    monkeypatch.setattr(sys, 'path', list(sys.path))
    monkeypatch.setattr(child, 'describe', fail)
    monkeypatch.delitem(sys.modules, 'lasagne')
    child.main(sys.path)
    answer = json.loads(capsys.readouterr().out.strip()[len(child.MARK) :])
    assert process.broken_package(answer) == package


def test_a_crash_has_a_remedy():
    *_, line = command.examine(lambda: {'error': 'Python was ended by SIGSEGV'})
    assert line.name == 'Theano' and line.state == 'broken'
    assert line.found == 'does not start: Python was ended by SIGSEGV'
    assert line.remedy.endswith('-c "import lasagne_stn"')


def test_a_missing_module_of_theano_has_a_remedy():
    error = 'ModuleNotFoundError: No module named'
    *_, line = command.examine(
        lambda: {
            'error': error,
            'is_of_package': True,
            'module': 'filelock',
            'not_imported': ['theano', 'lasagne'],
        }
    )
    assert line.remedy == 'pip install filelock'


@pytest.mark.parametrize('given, state', [('cuda0', 'broken'), ('gpu0', None)])
def test_the_parts_of_a_device_are_checked_without_theano(monkeypatch, given, state):
    monkeypatch.setenv('THEANO_FLAGS', 'device=' + given)
    monkeypatch.setattr(command, 'missing_parts', lambda kind: {'pygpu': 'get it'})
    lines = command.examine(lambda: {'error': 'crash'})
    found = {line.name: line for line in lines}.get('device')
    assert (found and found.state) == state
    assert found is None or (found.found, found.remedy) == ('missing: pygpu', 'get it')


def test_a_check_that_fails_is_a_line(monkeypatch):
    def fail(name):
        raise TypeError('METADATA')

    monkeypatch.setattr(command, 'installed_version', fail)
    lines = {line.name: line for line in command.examine(lambda: {'error': 'crash'})}
    assert lines['scipy'].state == 'broken'
    assert lines['scipy'].found == "cannot be checked: TypeError('METADATA')"


def test_an_unsupported_python_is_broken(monkeypatch):
    monkeypatch.setattr(sys, 'version_info', (3, 7, 1, 'final', 0))
    line = command._python_line()
    assert line.state == 'broken' and 'python3.13 -m venv' in line.remedy
