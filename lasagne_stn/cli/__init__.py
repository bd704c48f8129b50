"""The command ``lasagne-stn``: argument parsing only."""

from __future__ import annotations

import sys
from typing import Any

from ..doctor.packages import FOR_COMMANDS

__all__ = ['main', 'commands']

PACKAGES = {module: name for name, module in FOR_COMMANDS.items()}
MISSING = (
    'lasagne-stn needs %s, which is not installed.\n'
    'Run: pip install "lasagne-stn[paper]"'
)


def _without_click(**options: Any) -> None:
    """Run ``doctor``, which needs no click, or raise the error about click."""
    if sys.argv[1:2] == ['doctor']:
        from ..doctor import report

        sys.exit(report(fix='--fix' in sys.argv[2:]))
    raise ModuleNotFoundError(name='click')


try:
    from .group import commands
except ModuleNotFoundError as error:
    if error.name != 'click':
        raise
    commands: Any = _without_click  # type: ignore[no-redef]


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
