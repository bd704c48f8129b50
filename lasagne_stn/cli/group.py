"""The group of all commands, which imports a command only when it is run.

Help, the version and ``doctor`` must work where Theano does not, and the modules of
most commands import Theano.
"""

from __future__ import annotations

import importlib
from typing import Any

import click

from .. import __version__
from .._platform import command_line

__all__ = ['COMMANDS', 'commands']

COMMANDS = {  # name: module here, and the first line of the command's own help
    'demo': ('general', 'Train a transformer to straighten distorted digits.'),
    'doctor': ('doctor', 'Check this machine and show how to fix what is missing.'),
    'gallery': ('general', 'Draw a small picture of each transform.'),
    'bench': ('bench', 'Measure the speed or the memory of the layer.'),
    'train': (
        'digits',
        'Train one model of the paper and record its test error.',
    ),
    'evaluate': ('digits', 'Test the network of a CHECKPOINT.'),
    'plot': ('digits', 'Draw learning curves, or animate sampling grids over time.'),
    'distortions': (
        'digits',
        'Draw a contact sheet of each distortion and measure its speed.',
    ),
    'colocalise': (
        'digits',
        'Find where the digit is in images of one class, without boxes.',
    ),
    'reproduce': (
        'paper',
        'Make a TABLE of the paper: table1, tc, addition, colocalisation.',
    ),
}
WITHOUT_THEANO = ('doctor',)


@click.group()
@click.version_option(__version__, message='lasagne-stn %(version)s')
def commands() -> None:
    """Spatial Transformer Networks for Theano and Lasagne."""


class _Command(click.Command):
    """Stands for a command until it is run or asked for its help."""

    def make_context(
        self, info_name: Any, args: Any, parent: Any = None, **extra: Any
    ) -> click.Context:
        """Import the real command and return its context."""
        return self.load().make_context(info_name, args, parent, **extra)

    def load(self) -> click.Command:
        """Return the real command."""
        name = str(self.name)
        if name not in WITHOUT_THEANO:
            _import_package()
        module = importlib.import_module('.' + COMMANDS[name][0], __package__)
        return getattr(module, name)


def _import_package() -> None:
    """Import Theano and the whole package, or fail with a message."""
    try:
        command_line.import_package()
    except Exception as error:  # Theano raises any kind
        message = str(error).strip() or repr(error)
        raise click.ClickException(message + '\nRun: lasagne-stn doctor') from error


for _name, (_, _help) in COMMANDS.items():
    commands.add_command(_Command(_name, help=_help))
