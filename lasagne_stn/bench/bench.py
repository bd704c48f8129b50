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
from .cases import CONTENDERS as SAMPLING
from .cases import SHAPES, WORKS
from .compiling import compiling_table, measure_compiling
from .contenders import CONTENDERS, conditions
from .convolution_cases import CONVOLUTION_CASES, case_of
from .convolving import CONVOLVING, convolution_table, measure_convolutions
from .device import device_name, runs_torch, start_on
from .memory import MEMORY_SHAPES, measure_memory, memory_table
from .rounds import has_torch, measure_samplers, start_samplers
from .sampler_tables import sampler_table
from .scaling import SWEEPS, draw_scaling
from .training_networks import TRAINING_NETWORKS
from .training_tables import profile_table, training_table
from .training_times import measure_training

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ['Options', 'WHAT', 'IGNORED_OPTIONS', 'SKIPPABLE', 'run']

MAX_BUSY_CORES = 0.1  # with more, results are not reliable

Options = namedtuple(
    'Options',
    'what threads runs theta shapes works networks batch cases skip isa portable '
    'device',
    defaults=['sampler', (), 15, 'noise', (), (), (), None, (), (), None, False, None],
)
Options.__doc__ = """What to measure.

Attributes
----------
what : str
    A key of ``WHAT``.
threads : sequence of int
    Numbers of threads, by default 1 and all cores. Only the largest is used for memory
    and compile.
runs : int
    Number of rounds in which each contender is measured once.
theta : str
    One of ``THETAS``.
shapes : sequence of Shape
    By default all of ``SHAPES``.
works : sequence of str
    Kinds of work, by default all of ``WORKS``.
networks : sequence of str
    Keys of ``TRAINING_NETWORKS``, by default all of them.
batch : int or None
    Number of images in a training step, by default each network's own.
cases : sequence of ConvolutionCase
    By default all of ``CONVOLUTION_CASES``.
skip : sequence of str
    Contenders to leave out.
isa : str or None
    The instructions that all contenders in training and convolving are limited to, a
    key of ``ISAS``.
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
    skipped = set(options.skip) | ({'copy'} if options.device else set())
    if 'torch' not in skipped:
        problem = None
        if options.device and not runs_torch(options.device):
            problem = 'it does not support %s.' % options.device
        elif not has_torch():
            problem = 'it is not installed. Run: pip install torch'
        if problem:
            skipped.add('torch')
            console.print('PyTorch is left out: ' + problem)
    everyone = {'training': CONTENDERS, 'convolution': CONVOLVING}
    return [
        name
        for name in everyone.get(options.what, SAMPLING)
        if name.split('-')[0] not in skipped  # torch-kept is skipped with torch
    ]


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
    report = _reporter(console, SAMPLING, _sampler_title)
    results = record['results'] = []
    for count in threads:
        results += measure(cases, names, count, options.runs, options.theta, report)
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
            report,
        )
        figure, powers = draw_scaling(sweep)
        save_figure(figure, plot_file)
        record['powers'] = {', '.join(key): power for key, power in powers.items()}
        for key, power in record['powers'].items():
            console.print('fitted power, %s: %.2f' % (key, power))
    return [sampler_table(results, count, options.device) for count in threads]


def _reporter(console, labels, title):
    """Return a function that prints a line for each result, to show progress.

    `labels` are the contenders', and `title` returns a result's.
    """

    def report(result):
        times = ['%s %.3g ms' % (labels[name], ms) for name, ms in result['ms'].items()]
        console.print('%s: %s' % (title(result), ', '.join(times)))

    return report


def _sampler_title(result):
    return (
        '%(batch)d x %(channels)d x %(rows)d x %(columns)d / '
        '%(downsample)d, %(work)s, threads %(threads)d' % result
    )


def _training_title(result):
    return '%s, %s' % (result['network'], conditions(result))


def _convolution_title(result):
    return '%s, %s, %s' % (case_of(result), result['work'], conditions(result))


def _measure_memory(console, options, names, threads, record, plot_file):
    record['results'] = measure_memory(
        max(threads), options.shapes or MEMORY_SHAPES, options.theta, config.fast_path
    )
    return [memory_table(record['results'])]


def _measure_compiling(console, options, names, threads, record, plot_file):
    record['results'] = measure_compiling(max(threads), fast_path=config.fast_path)
    return [compiling_table(record['results'])]


def _measure_training(console, options, names, threads, record, plot_file):
    batch = {'batch': options.batch} if options.batch else {}
    networks = {
        name: TRAINING_NETWORKS[name]._replace(**batch)
        for name in options.networks or TRAINING_NETWORKS
    }
    record['results'], tables = [], []
    for count in threads:
        results = measure_training(
            names,
            count,
            options.runs,
            networks,
            config.fast_path,
            options.isa,
            _reporter(console, CONTENDERS, _training_title),
        )
        record['results'] += results
        tables += [training_table(results), profile_table(results)]
    return tables


def _measure_convolutions(console, options, names, threads, record, plot_file):
    record['results'], tables = [], []
    for count in threads:
        results = measure_convolutions(
            names,
            count,
            options.runs,
            options.cases or CONVOLUTION_CASES,
            config.fast_path,
            options.isa,
            _reporter(console, CONTENDERS, _convolution_title),
        )
        record['results'] += results
        tables.append(convolution_table(results))
    return tables


WHAT = {
    'sampler': _measure_samplers,
    'memory': _measure_memory,
    'compile': _measure_compiling,
    'training': _measure_training,
    'convolution': _measure_convolutions,
}
SKIPPABLE = {  # contenders that can be left out of a measurement
    'sampler': ('explicit', 'torch', 'copy'),
    'training': ('theano', 'torch'),
    'convolution': ('theano', 'torch'),
}
_SAMPLER_ONLY = {'works', 'device', 'plot'}
_TRAINING_ONLY = {'networks', 'batch'}
_NOT_FOR_SAMPLERS = _TRAINING_ONLY | {'cases', 'isa'}
IGNORED_OPTIONS = {  # options of the command that have no effect on a measurement
    'sampler': _NOT_FOR_SAMPLERS,
    'memory': _SAMPLER_ONLY | _NOT_FOR_SAMPLERS | {'runs', 'skip'},
    'compile': _SAMPLER_ONLY | _NOT_FOR_SAMPLERS | {'runs', 'skip', 'theta', 'shapes'},
    'training': _SAMPLER_ONLY | {'theta', 'shapes', 'cases'},
    'convolution': _SAMPLER_ONLY | _TRAINING_ONLY | {'theta', 'shapes'},
}
