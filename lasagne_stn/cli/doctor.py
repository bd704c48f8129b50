"""The command ``doctor``, which imports neither Theano nor numpy."""

from __future__ import annotations

import sys

import click

__all__ = ['doctor']


@click.command()
@click.option(
    '--fix',
    is_flag=True,
    help='Install or replace broken Python packages with pip, if this is a virtual or '
    'conda environment, and check again. Nothing else is changed.',
)
def doctor(fix: bool) -> None:
    """Check this machine and show how to fix what is missing."""
    from ..doctor import report

    sys.exit(report(_console(), fix))


def _console():
    """Return a console that can draw a table, or None where rich does not work."""
    try:
        from rich.console import Console
    except ImportError:
        return None
    return Console(highlight=False, markup=False)
