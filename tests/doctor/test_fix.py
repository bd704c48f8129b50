"""What ``doctor --fix`` runs, and what it leaves to the user."""

import os
import sys

import pytest

from lasagne_stn import doctor
from lasagne_stn.doctor import Line, fix
from lasagne_stn.doctor import doctor as command

LINES = [
    Line('numpy', 'ok', '1.23.5'),
    Line('scipy', 'broken', 'not installed', 'pip install "scipy>=1.5,<1.19"'),
    Line('C++ compiler', 'broken', 'no', 'apt-get install g++'),
    Line('Theano', 'broken', 'does not start', 'correct what is broken above'),
    Line('device', 'ok', 'CPU', 'pip install "mako>=1.1"'),
]


@pytest.fixture
def pip(monkeypatch):
    """Replace processes by a recorder."""

    class Recorder:
        calls = []
        returncode = 0
        DEVNULL = None

        def run(self, arguments, **options):
            self.calls.append(arguments)
            return self

    monkeypatch.setattr(fix, 'subprocess', Recorder())
    monkeypatch.setattr(fix, 'why_not', lambda: '')
    Recorder.calls.clear()
    return fix.subprocess


def test_only_broken_packages_are_replaced(pip, capsys):
    assert fix.fix_packages(LINES) is True
    command = [sys.executable, '-m', 'pip', 'install', 'scipy>=1.5,<1.19']
    assert pip.calls == [command]
    assert capsys.readouterr().out == (
        'pip cannot fix: C++ compiler.\n'
        "scipy: pip install 'scipy>=1.5,<1.19'\n"
        'scipy: done\n'
    )


def test_a_failure_of_pip_is_reported(pip, capsys):
    pip.returncode = 1
    assert fix.fix_packages(LINES) is True
    assert capsys.readouterr().out.endswith('scipy: pip failed, see above\n')


def test_nothing_is_run_where_nothing_is_broken(pip, capsys):
    assert fix.fix_packages(LINES[:1]) is False and pip.calls == []
    assert capsys.readouterr().out == 'No package has to be replaced.\n'


def test_nothing_is_changed_outside_an_environment(pip, capsys, monkeypatch):
    monkeypatch.setattr(fix, 'why_not', lambda: '/usr is no environment')
    assert fix.fix_packages(LINES) is False and pip.calls == []
    assert capsys.readouterr().out.endswith(
        'Nothing was changed, because /usr is no environment. Run yourself:\n'
        "  pip install 'scipy>=1.5,<1.19'\n"
    )


@pytest.mark.parametrize(
    'remedy, commands',
    [
        ('', []),
        ('pip install a; rm b', []),
        ('apt-get install g++', []),
        ('install it again', []),
        # There is no shell: these are arguments of pip.
        ('pip install a && rm b', [['install', 'a', '&&', 'rm', 'b']]),
        (
            "pip install --no-deps --editable 'file:///a b'",
            [['install', '--no-deps', '--editable', 'file:///a b']],
        ),
        (
            'pip uninstall -y A B; pip install C',
            [['uninstall', '-y', 'A', 'B'], ['install', 'C']],
        ),
    ],
)
def test_only_remedies_made_of_pip_commands_are_run(remedy, commands):
    assert fix.pip_commands(remedy) == commands


@pytest.mark.parametrize(
    'prefix, is_conda, has_pip, reason',
    [
        ('venv', False, True, ''),
        ('base', False, True, 'is no virtual or conda environment'),
        ('base', True, True, ''),
        ('venv', False, False, 'pip is not installed'),
    ],
)
def test_pip_runs_in_environments_only(
    monkeypatch, tmp_path, prefix, is_conda, has_pip, reason
):
    monkeypatch.setattr(sys, 'base_prefix', str(tmp_path / 'base'))
    monkeypatch.setattr(sys, 'prefix', str(tmp_path / prefix))
    monkeypatch.setattr(fix, 'find_spec', lambda name: has_pip or None)
    if is_conda:
        os.makedirs(str(tmp_path / prefix / 'conda-meta'))
    assert (reason in fix.why_not()) and bool(fix.why_not()) == bool(reason)


@pytest.mark.parametrize('changed', [False, True])
def test_the_report_checks_again_after_a_change(monkeypatch, capsys, changed):
    reports = [[LINES[1]], [LINES[0]]]
    monkeypatch.setattr(command, 'examine', lambda: reports.pop(0))
    monkeypatch.setattr(command, 'fix_packages', lambda lines: changed)
    assert doctor.report(fix=True) == int(not changed)
    assert ('ok        numpy: 1.23.5' in capsys.readouterr().out) == changed
