"""Runs a benchmark: measures, prints tables and writes files."""

from __future__ import annotations

import json
from collections import namedtuple
from functools import partial
from typing import TYPE_CHECKING, Any

from .. import config
from .._platform.machine import describe, sentence
from .._platform.threads import thread_count
from ..files import atomic_write
from ..tables import to_markdown, to_rich
from ..viz import save_figure
from .cases import CONTENDERS, SHAPES, WORKS
from .compiling import compiling_table, measure_compiling
from .device import device_name, runs_torch, start_on
from .memory import MEMORY_SHAPES, measure_memory, memory_table
from .rounds import has_torch, measure_samplers, start_samplers
from .sampler_tables import sampler_table
from .scaling import SWEEPS, draw_scaling
from .training_step import measure_training
from .training_tables import profile_table, training_table

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ['Options', 'WHAT', 'IGNORED_OPTIONS', 'run']

MAX_BUSY_CORES = 0.1  # with more, results are not reliable

Options = namedtuple(
    'Options',
    'what threads runs theta shapes works skip portable device',
    defaults=['sampler', (), 15, 'noise', (), (), (), False, None],
)
Options.__doc__ = """What to measure.

Attributes
----------
what : str
    A key of ``WHAT``.
threads : sequence of int
    Numbers of threads, by default 1 and all cores. Only the largest is used for memory,
    compile and training.
runs : int
    Number of rounds in which each contender is measured once.
theta : str
    One of ``THETAS``.
shapes : sequence of Shape
    By default all of ``SHAPES``.
works : sequence of str
    Kinds of work, by default all of ``WORKS``.
skip : sequence of str
    Contenders to leave out.
portable : bool
    Whether to compile the kernels without the AVX-512 path.
device : str or None
    Name of an OpenCL or CUDA device in Theano's flags, for 'sampler' only.
"""


def run(
    console: Console,
    options: Options,
    json_file: str | None = None,
    plot_file: str | None = None,
    markdown_file: str | None = None,
) -> dict[str, Any]:
    """Measure, print tables and write files.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    options : Options
        What to measure.
    json_file, plot_file, markdown_file : str, optional
        Paths of files to write. The plot is for 'sampler' only.

    Returns
    -------
    dict
        All results, as in the JSON file.
    """
    config.fast_path = not options.portable
    machine = describe()
    console.print(sentence(machine), soft_wrap=True)
    if machine['busy_cores'] > MAX_BUSY_CORES:
        console.print(
            'Warning: other programs are using %.1f cores, so these results are not '
            'reliable.' % machine['busy_cores']
        )
    names = _contenders(console, options)
    threads = sorted(set(options.threads or (1, thread_count())))
    measure = WHAT[options.what]
    record: dict[str, Any] = {'machine': machine, 'options': options._asdict()}
    if options.device:
        threads = threads[-1:]
        record['device'] = device_name(options.device)
        console.print('%s: %s' % (options.device, record['device']), soft_wrap=True)
    tables = measure(console, options, names, threads, record, plot_file)
    for table in tables:
        console.print(to_rich(table))
    if json_file:
        with atomic_write(json_file) as path, open(path, 'w') as file:
            json.dump(record, file, indent=1)
    if markdown_file:
        with atomic_write(markdown_file) as path, open(path, 'w') as file:
            file.write(
                '\n\n'.join(
                    [sentence(machine)] + [to_markdown(table) for table in tables]
                )
                + '\n'
            )
    return record


def _contenders(console, options):
    """Return the contenders to measure; print why PyTorch is left out if it is."""
    names = [
        name
        for name in CONTENDERS
        if name not in options.skip and not (options.device and name == 'copy')
    ]
    if 'torch' in names and options.device and not runs_torch(options.device):
        names.remove('torch')
        console.print('PyTorch is left out: it does not support %s.' % options.device)
    elif 'torch' in names and not has_torch():
        names.remove('torch')
        console.print(
            'PyTorch is left out: it is not installed. Run: pip install torch'
        )
    return names


def _measure_samplers(console, options, names, threads, record, plot_file):
    measure = measure_samplers
    if options.device:
        measure = partial(
            measure_samplers,
            start=partial(start_samplers, start=start_on(options.device)),
        )
    cases = [
        (shape, work)
        for work in options.works or WORKS
        for shape in options.shapes or SHAPES
    ]
    results = record['results'] = []
    for count in threads:
        results += measure(
            cases, names, count, options.runs, options.theta, _reporter(console)
        )
    if plot_file:
        cases = list(
            dict.fromkeys(
                (shape, work)
                for shapes in SWEEPS.values()
                for shape in shapes
                for work in ('forward', 'both')
            )
        )
        plotted = [name for name in ('fused', 'torch') if name in names]
        sweep = record['scaling'] = measure(
            cases,
            plotted,
            max(threads),
            options.runs,
            options.theta,
            _reporter(console),
        )
        figure, powers = draw_scaling(sweep)
        save_figure(figure, plot_file)
        record['powers'] = {', '.join(key): power for key, power in powers.items()}
        for key, power in record['powers'].items():
            console.print('fitted power, %s: %.2f' % (key, power))
    return [sampler_table(results, count, options.device) for count in threads]


def _reporter(console):
    """Return a function that prints a line for each result, to show progress."""

    def report(result):
        console.print(
            '%(batch)d x %(channels)d x %(rows)d x %(columns)d / '
            '%(downsample)d, %(work)s, threads %(threads)d: '
            % result
            + ', '.join(
                '%s %.3g ms' % (CONTENDERS[name], ms)
                for name, ms in result['ms'].items()
            )
        )

    return report


def _measure_memory(console, options, names, threads, record, plot_file):
    record['results'] = measure_memory(
        max(threads), options.shapes or MEMORY_SHAPES, options.theta, config.fast_path
    )
    return [memory_table(record['results'])]


def _measure_compiling(console, options, names, threads, record, plot_file):
    record['results'] = measure_compiling(max(threads), fast_path=config.fast_path)
    return [compiling_table(record['results'])]


def _measure_training(console, options, names, threads, record, plot_file):
    record['results'] = measure_training(
        max(threads),
        options.runs,
        'torch' in names,
        fast_path=config.fast_path,
        report=lambda result: console.print('%s: done' % result['network']),
    )
    return [training_table(record['results']), profile_table(record['results'])]


WHAT = {
    'sampler': _measure_samplers,
    'memory': _measure_memory,
    'compile': _measure_compiling,
    'training': _measure_training,
}
_SAMPLER_ONLY = {'works', 'device', 'plot'}
IGNORED_OPTIONS = {  # options of the command that have no effect on a measurement
    'memory': _SAMPLER_ONLY | {'runs', 'skip'},
    'compile': _SAMPLER_ONLY | {'runs', 'skip', 'theta', 'shapes'},
    'training': _SAMPLER_ONLY | {'theta', 'shapes'},
}
