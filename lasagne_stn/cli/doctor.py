"""The command ``doctor``, which imports neither Theano nor numpy."""

from __future__ import annotations

import sys

import click

from .console import new_console

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

    try:
        console = new_console()
    except ImportError:  # without rich, the report is plain text
        console = None
    sys.exit(report(console, fix))
