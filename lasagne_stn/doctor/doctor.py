"""All lines of the report, and the report."""

import sys

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

__all__ = ['examine', 'report']

STYLES = {'ok': 'green', 'degraded': 'yellow', 'broken': 'red'}


def examine():
    """Look at everything; takes a few seconds, most of them for the BLAS.

    Returns
    -------
    list of Line
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


def report(console):
    """Print what this machine has as a table.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.

    Returns
    -------
    int
        0, or 1 if something that is needed is broken.
    """
    from rich.table import Table
    from rich.text import Text

    lines = examine()
    table = Table('what', 'state', 'found and remedy')
    for line in lines:
        found = Text(line.found, overflow='fold')
        if line.remedy:
            found.append('\n' + line.remedy, style='bold')
        table.add_row(line.name, Text(line.state, style=STYLES[line.state]), found)
    console.print(table)
    broken = [line.name for line in lines if line.state == 'broken']
    slow = [line.name for line in lines if line.state == 'degraded']
    for names, verdict in ((broken, 'broken'), (slow, 'degraded: works, but slowly')):
        if names:
            console.print(Text('%s: %s' % (', '.join(names), verdict)))
    if not broken:
        console.print(Text('lasagne_stn can run here.'))
    return int(bool(broken))
