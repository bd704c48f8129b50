"""Runs all checks and prints the report."""

from __future__ import annotations

import os
import sys
import textwrap
from typing import TYPE_CHECKING, Any, Callable, Sequence

from .._platform.flags import user_flags
from .._platform.threads import thread_count
from .._platform.toolchain import find_compiler, find_headers
from .._platform.versions import REQUIREMENTS, check_python, installed_version
from .device import device_line, missing_parts
from .fix import fix_packages
from .kernels import kernels_line, processor_features
from .lines import Line, blas_line, cache_line, compiler_line, openmp_line
from .packages import commands_line, package_line
from .process import ask_theano, broken_package
from .settings import error_line, flags_line

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ['examine', 'report']

STYLES = {'ok': 'green', 'degraded': 'yellow', 'broken': 'red'}
WIDTH = 88
OTHER_MODULES = ('six', 'filelock')  # which Theano imports


def examine(ask: Callable[[], dict[str, Any]] = ask_theano) -> list[Line]:
    """Check everything.

    Takes a few seconds, mostly to start Theano in another process and to measure the
    speed of its BLAS. Nothing that fails there stops this process.

    Parameters
    ----------
    ask : callable, optional
        Returns what Theano says, like :func:`~lasagne_stn.doctor.process.ask_theano`.

    Returns
    -------
    list of Line
        Python, its packages, Theano's flags, compiler, BLAS, OpenMP, kernels, compile
        cache and device. If Theano does not start, a line says why, and what only
        Theano knows is left out.
    """
    given = user_flags(os.environ)
    cache = _checked('compile cache', _cache_line, given)
    if cache is not None and cache.state == 'broken':
        # On a full disk, Theano waits without end for a lock that it cannot write.
        error = 'it needs a compile cache that it can write to'
        answer: dict[str, Any] = {'error': error}
    else:
        answer = ask()
    facts, error = answer.get('facts'), answer.get('error', '')
    culprit = broken_package(answer)
    found = [_checked('Python', _python_line)]
    for name in REQUIREMENTS:
        reason = _without_kind(error) if name == culprit else ''
        found.append(_checked(name, _package_line, name, reason))
    found.append(_checked('commands', commands_line))
    found.append(_checked('Theano flags', _flags_line, facts, error))
    found += _machine_lines(facts) if facts else _lines_without_theano(given, cache)
    lines = [line for line in found if line is not None]
    if not facts:
        lines.append(_theano_line(error, answer.get('module', ''), lines))
    return lines


def _machine_lines(facts):
    """Return the lines about what Theano uses of this machine."""
    return [
        _checked(
            'C++ compiler',
            compiler_line,
            facts['cxx'],
            find_compiler(),
            find_headers(),
        ),
        _checked(
            'BLAS',
            blas_line,
            facts['blas'],
            facts['floatX'],
            facts['speeds'],
            facts['blas_error'],
        ),
        _checked(
            'OpenMP',
            openmp_line,
            facts['openmp'],
            facts['cxx'],
            thread_count(),
            facts['openmp_works'],
        ),
        _checked('kernels', _kernels_line, facts['cxx']),
        _checked('compile cache', cache_line, facts['compiledir']),
        _checked(
            'device', device_line, facts['device'], missing_parts, facts['active']
        ),
    ]


def _lines_without_theano(given, cache):
    """Return what can be said about this machine where Theano does not start."""
    compiler, headers = find_compiler(), find_headers()
    used = given.get('cxx', (headers and compiler) or '')
    return [
        _checked('C++ compiler', compiler_line, used, compiler, headers),
        cache,
        _checked('device', _device_alone_line, given.get('device', 'cpu')),
    ]


def _checked(name: str, check: Callable[..., Line | None], *args: Any) -> Line | None:
    """Return the line of a check, even if the check itself fails."""
    try:
        return check(*args)
    except Exception as error:
        return Line(name, 'broken', 'cannot be checked: %r' % error)


def _python_line():
    found = '%d.%d.%d, %s' % (*sys.version_info[:3], sys.executable)
    try:
        check_python()
    except ImportError as error:
        return Line('Python', 'broken', found, str(error))
    return Line('Python', 'ok', found)


def _package_line(name, error):
    return package_line(name, installed_version(name), error)


def _kernels_line(compiler):
    return kernels_line(compiler, processor_features())


def _cache_line(given):
    folder = given.get('compiledir') or given.get('base_compiledir') or '~/.theano'
    return cache_line(os.path.expanduser(folder))


def _without_kind(error):
    return (error.partition(': ')[2] or error).partition(' Run: ')[0]


def _flags_line(facts, error):
    line = flags_line(os.environ, facts and facts['known'])
    if line.state == 'ok' and not facts:
        return error_line(error, os.environ) or line
    return line


def _device_alone_line(device):
    """Return what a device lacks if Theano, which does not start, was to use one."""
    line = device_line(device, missing_parts)
    if device == 'cpu':
        return line
    if not line.remedy or not device.startswith(('cuda', 'opencl')):
        return None
    return line._replace(state='broken', found=line.found.partition('; ')[2])


def _theano_line(error, module, others):
    """Return why Theano does not start, and a remedy unless another line has it."""
    name, found = 'Theano', 'does not start'
    if not any(error in line.found for line in others):
        found += ': ' + error
    broken = [line.name for line in others if line.state == 'broken']
    if module in OTHER_MODULES:
        remedy = 'pip install ' + module
    elif broken:
        remedy = 'correct what is broken above (%s), then run lasagne-stn doctor again'
        remedy %= ', '.join(broken)
    else:
        remedy = 'to see the whole error: %s -c "import lasagne_stn"' % sys.executable
    return Line(name, 'broken', found, remedy)


def report(console: Console | None = None, fix: bool = False) -> int:
    """Print a table of all checks.

    Parameters
    ----------
    console : rich.console.Console, optional
        Where to print; plain text by default.
    fix : bool, optional
        Whether to install or replace broken packages first, see
        :func:`~lasagne_stn.doctor.fix.fix_packages`.

    Returns
    -------
    int
        Exit status: 1 if something is broken, otherwise 0.
    """
    lines = examine()
    _print(lines, console)
    if fix and fix_packages(lines):
        lines = examine()
        _print(lines, console)
    return int(any(line.state == 'broken' for line in lines))


def _print(lines, console):
    if console is None:
        print('\n'.join(map(_plain, lines)))
    else:
        console.print(_table(lines))
    broken = [line.name for line in lines if line.state == 'broken']
    slow = [line.name for line in lines if line.state == 'degraded']
    summary = [
        '%s: %s' % (state, ', '.join(names))
        for state, names in (
            ('broken', broken),
            ('degraded (works, but slowly)', slow),
        )
        if names
    ]
    if not broken:
        summary.append('lasagne_stn works on this machine.')
    for text in summary:
        if console is None:
            print(text)
        else:
            console.print(text)


def _plain(line: Line) -> str:
    """Return a line as text, with its remedy below it.

    >>> print(_plain(Line('Mako', 'broken', 'not installed', 'pip install mako')))
    broken    Mako: not installed
              pip install mako
    """
    indent = ' ' * 10
    found = textwrap.wrap(
        '%-9s %s: %s' % (line.state, line.name, line.found),
        WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    remedy = [indent + text for text in line.remedy.split('\n') if text]
    return '\n'.join(found + remedy)


def _table(lines: Sequence[Line]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table('part', 'state', 'what was found, and how to fix it')
    for line in lines:
        found = Text(line.found, overflow='fold')
        if line.remedy:
            found.append('\n' + line.remedy, style='bold')
        table.add_row(line.name, Text(line.state, style=STYLES[line.state]), found)
    return table
