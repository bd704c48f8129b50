"""The command line: options, errors, and running it as a module."""

import importlib
import runpy
import sys

import pytest
import theano
from click.testing import CliRunner

from lasagne_stn import cli, demo, doctor
from lasagne_stn.data import load_digits


@pytest.fixture
def invoke():
    """Run the command line; floatX is restored after the test."""

    def run(*arguments):
        return CliRunner().invoke(cli.commands, arguments)

    with theano.configparser.change_flags(floatX='float32'):
        yield run


@pytest.fixture
def demo_calls(monkeypatch):
    """Replace the demo by a function that records its calls."""
    calls = []
    monkeypatch.setattr(demo, 'run', lambda *args: calls.append(args[2:]))
    return calls


def test_help_lists_the_commands(invoke):
    result = invoke('--help')
    assert result.exit_code == 0
    assert 'demo' in result.output and 'doctor' in result.output


def test_demo_trains_and_saves_a_picture(invoke, tmp_path, monkeypatch):
    images, labels, *test = load_digits()
    few = images[:60], labels[:60], test[0][:40], test[1][:40]
    monkeypatch.setattr('lasagne_stn.data.sources.load_digits', lambda: few)
    path = tmp_path / 'out.png'
    result = invoke('demo', '--epochs', '1', '--seed', '2', '--output', str(path))
    assert result.exit_code == 0, result.output
    assert 'digits from scikit-learn: 60 to train' in result.output
    assert 'with transformer' in result.output and 'seed 2' in result.output
    assert path.stat().st_size > 10000


def test_options_reach_the_demo(invoke, demo_calls):
    assert invoke('demo').exit_code == 0
    assert (
        invoke('demo', '--epochs', '3', '--seed', '4', '--output', 'a.png').exit_code
        == 0
    )
    assert demo_calls == [('lasagne-stn-demo.png', None, 1), ('a.png', 3, 4)]


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['--epochs', '0'], "'--epochs': 0 is not in the range"),
        (['--seed', '-1'], "'--seed': -1 is not in the range"),
        (['--data', 'no/such/folder'], "'no/such/folder' does not exist"),
        (['--output', 'no/such/a.png'], 'does not exist or cannot be written to'),
        (['--output', 'a.jpeg'], "must end in .png or .pdf or .svg, got 'a.jpeg'"),
    ],
)
def test_invalid_options_are_rejected(invoke, demo_calls, arguments, message):
    result = invoke('demo', *arguments)
    assert result.exit_code == 2 and demo_calls == []
    assert message in ' '.join(result.output.split())


def test_a_folder_without_mnist_prints_an_error(invoke, demo_calls, tmp_path):
    result = invoke('demo', '--data', str(tmp_path))
    assert result.exit_code == 1 and demo_calls == []
    assert 'has neither train-images-idx3-ubyte nor' in result.output


@pytest.mark.parametrize('code', [0, 1])
def test_doctor_returns_the_exit_code_of_the_report(invoke, monkeypatch, code):
    monkeypatch.setattr(doctor, 'report', lambda console: code)
    assert invoke('doctor').exit_code == code


@pytest.mark.parametrize(
    'package, name',
    [('rich', 'rich'), ('matplotlib', 'matplotlib'), ('sklearn', 'scikit-learn')],
)
def test_a_missing_optional_package_prints_an_error(monkeypatch, package, name):
    def missing(*args, **kwargs):
        raise ModuleNotFoundError(name=package + '.part')

    monkeypatch.setattr(cli, 'commands', missing)
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert str(stop.value) == (
        'lasagne-stn needs %s, which is not installed.\n'
        'Run: pip install "lasagne-stn[paper]"' % name
    )


def test_missing_scikit_learn_prints_an_error(monkeypatch):
    monkeypatch.setitem(sys.modules, 'sklearn', None)
    monkeypatch.setattr(sys, 'argv', ['lasagne-stn', 'demo'])
    with pytest.raises(SystemExit, match='needs scikit-learn'):
        cli.main()


def test_other_missing_modules_raise_errors(monkeypatch):
    def missing(*args, **kwargs):
        raise ModuleNotFoundError(name='secret')

    monkeypatch.setattr(cli, 'commands', missing)
    with pytest.raises(ModuleNotFoundError):
        cli.main()


def test_missing_click_prints_an_error(monkeypatch):
    monkeypatch.setitem(sys.modules, 'click', None)
    with pytest.raises(SystemExit, match='needs click, which is not installed'):
        importlib.reload(cli)
    monkeypatch.undo()
    importlib.reload(cli)


def test_the_package_runs_as_a_module(monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['lasagne_stn', 'demo', '--help'])
    with pytest.raises(SystemExit) as stop:
        runpy.run_module('lasagne_stn', run_name='__main__')
    assert stop.value.code == 0
    assert '--seed' in capsys.readouterr().out
