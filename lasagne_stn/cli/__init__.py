"""The command ``lasagne-stn``: argument parsing only."""

from __future__ import annotations

import sys

__all__ = ['main', 'commands']

PACKAGES = {  # optional packages: name of the module, and name for pip
    'click': 'click',
    'rich': 'rich',
    'matplotlib': 'matplotlib',
    'sklearn': 'scikit-learn',
    'distributed': 'distributed',
    'pooch': 'pooch',
}
MISSING = (
    'lasagne-stn needs %s, which is not installed.\n'
    'Run: pip install "lasagne-stn[paper]"'
)

try:
    import click
except ImportError:
    sys.exit(MISSING % PACKAGES['click'])

from . import bench, general, paper  # noqa: E402


def main() -> None:
    """Run the command line.

    If an optional package is missing, exit with a message instead of a traceback.
    """
    try:
        commands(prog_name='lasagne-stn')
    except ModuleNotFoundError as error:
        package = (error.name or '').split('.')[0]
        if package not in PACKAGES:
            raise
        sys.exit(MISSING % PACKAGES[package])


@click.group()
def commands() -> None:
    """Spatial Transformer Networks for Theano and Lasagne."""


for command in general.COMMANDS + bench.COMMANDS + paper.COMMANDS:
    commands.add_command(command)
