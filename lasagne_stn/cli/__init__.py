"""The command ``lasagne-stn``: argument parsing and nothing else."""

import sys

__all__ = ['main', 'commands']

PACKAGES = {
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


def main():
    """Run the command; a missing optional package is a message, not a traceback."""
    try:
        commands(prog_name='lasagne-stn')
    except ModuleNotFoundError as problem:
        package = (problem.name or '').split('.')[0]
        if package not in PACKAGES:
            raise
        sys.exit(MISSING % PACKAGES[package])


@click.group()
def commands():
    """Spatial Transformer Networks for Theano and Lasagne."""


for command in general.COMMANDS + bench.COMMANDS + paper.COMMANDS:
    commands.add_command(command)
