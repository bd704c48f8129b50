"""The command line: options, errors, and running it as a module."""

import importlib
import runpy
import sys

import pytest
import theano
from click.testing import CliRunner

import lasagne_stn
from lasagne_stn import cli, demo, doctor
from lasagne_stn._platform import command_line
from lasagne_stn.cli import group
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
    calls = []
    monkeypatch.setattr(
        doctor, 'report', lambda console, fix: calls.append((console, fix)) or code
    )
    assert invoke('doctor').exit_code == code
    monkeypatch.setitem(sys.modules, 'rich.console', None)
    assert invoke('doctor', '--fix').exit_code == code
    assert calls[0][0] is not None and calls[0][1] is False
    assert calls[1] == (None, True)


@pytest.mark.parametrize('name', group.COMMANDS)
def test_the_list_of_commands_has_each_commands_own_help(name):
    stand_in = group.commands.commands[name]
    command = stand_in.load()
    assert command is not stand_in and command.name == name
    assert stand_in.help == command.get_short_help_str(limit=200)


def test_the_version_is_that_of_the_package(invoke):
    result = invoke('--version')
    assert result.output == 'lasagne-stn %s\n' % lasagne_stn.__version__


@pytest.mark.parametrize('error', [ImportError('No pow\nRun: pip'), KeyError()])
def test_a_command_that_cannot_import_the_package_names_the_doctor(
    invoke, monkeypatch, error
):
    def fail():
        raise error

    monkeypatch.setattr(command_line, 'import_package', fail)
    result = invoke('demo')
    assert result.exit_code == 1
    assert result.output == 'Error: %s\nRun: lasagne-stn doctor\n' % (
        str(error) or 'KeyError()'
    )
    assert invoke('--help').exit_code == 0


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


@pytest.fixture
def without_click(monkeypatch):
    monkeypatch.setitem(sys.modules, 'click', None)
    monkeypatch.delitem(sys.modules, 'lasagne_stn.cli.group')
    importlib.reload(cli)
    yield
    monkeypatch.undo()
    importlib.reload(cli)


def test_missing_click_prints_an_error(without_click, monkeypatch):
    monkeypatch.setattr(sys, 'argv', ['lasagne-stn', 'demo'])
    with pytest.raises(SystemExit, match='needs click, which is not installed'):
        cli.main()


@pytest.mark.parametrize('options', [[], ['--fix']])
def test_doctor_runs_without_click(without_click, monkeypatch, options):
    monkeypatch.setattr(doctor, 'report', lambda fix: 5 + fix)
    monkeypatch.setattr(sys, 'argv', ['lasagne-stn', 'doctor', *options])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 5 + bool(options)


def test_the_package_runs_as_a_module(monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['lasagne_stn', 'demo', '--help'])
    with pytest.raises(SystemExit) as stop:
        runpy.run_module('lasagne_stn', run_name='__main__')
    assert stop.value.code == 0
    assert '--seed' in capsys.readouterr().out
