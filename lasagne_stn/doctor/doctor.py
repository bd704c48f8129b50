"""Runs all checks and prints the report."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import theano

from .._platform.threads import thread_count
from .._platform.toolchain import find_compiler, find_headers
from .._platform.versions import REQUIREMENTS, installed_version
from .device import device_line, missing_parts
from .lines import (
    Line,
    blas_line,
    blas_speeds,
    cache_line,
    compiler_line,
    openmp_line,
    package_line,
)

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ['examine', 'report']

STYLES = {'ok': 'green', 'degraded': 'yellow', 'broken': 'red'}


def examine() -> list[Line]:
    """Check everything.

    Takes a few seconds, mostly to measure the speed of the BLAS.

    Returns
    -------
    list of Line
        Python, its packages, compiler, BLAS, OpenMP, compile cache and device.
    """
    lines = [
        Line(
            'Python', 'ok', '%d.%d.%d, %s' % (sys.version_info[:3] + (sys.executable,))
        )
    ]
    lines += [package_line(name, installed_version(name)) for name in REQUIREMENTS]
    config = theano.config
    return lines + [
        compiler_line(config.cxx, find_compiler(), find_headers()),
        blas_line(config.blas.ldflags, config.floatX, blas_speeds),
        openmp_line(config.openmp, config.cxx, thread_count()),
        cache_line(config.compiledir),
        device_line(config.init_gpu_device or config.device, missing_parts),
    ]


def report(console: Console) -> int:
    """Print a table of all checks.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.

    Returns
    -------
    int
        Exit status: 1 if something is broken, otherwise 0.
    """
    from rich.table import Table
    from rich.text import Text

    lines = examine()
    table = Table('part', 'state', 'what was found, and how to fix it')
    for line in lines:
        found = Text(line.found, overflow='fold')
        if line.remedy:
            found.append('\n' + line.remedy, style='bold')
        table.add_row(line.name, Text(line.state, style=STYLES[line.state]), found)
    console.print(table)
    broken = [line.name for line in lines if line.state == 'broken']
    slow = [line.name for line in lines if line.state == 'degraded']
    for state, names in (('broken', broken), ('degraded (works, but slowly)', slow)):
        if names:
            console.print(Text('%s: %s' % (state, ', '.join(names))))
    if not broken:
        console.print(Text('lasagne_stn works on this machine.'))
    return int(bool(broken))
