"""The benchmark as a command: measures, prints tables, writes files."""

import json
from collections import namedtuple
from functools import partial

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
from .training_step import measure_training, profile_table, training_table

__all__ = ['Options', 'WHAT', 'UNREAD', 'run']

BUSY = 0.1  # cores; above, figures are worth little

Options = namedtuple(
    'Options',
    'what threads runs theta shapes works skip portable device',
    defaults=['sampler', (), 15, 'noise', (), (), (), False, None],
)
Options.__doc__ = """What is measured.

Attributes
----------
what : str
    One of ``WHAT``.
threads : sequence of int
    By default 1 and all; only the most of them for memory, compile and training.
runs : int
    Rounds in which each contender has a turn.
theta : str
    One of ``THETAS``.
shapes : sequence of Shape
    By default all of ``SHAPES``.
works, skip : sequence of str
    Kinds of work, by default all, and contenders that are left out.
portable : bool
    Whether kernels are compiled without the fast path, as for other processors.
device : str or None
    An OpenCL or CUDA device, as Theano's flag has it; of samplers only.
"""


def run(console, options, json_file=None, plot_file=None, markdown_file=None):
    """Measure, print, and write.

    Parameters
    ----------
    console : rich.console.Console
    options : Options
    json_file, plot_file, markdown_file : str, optional
        Paths; the picture is of samplers only.

    Returns
    -------
    dict
        All figures, as they stand in the JSON file.
    """
    config.fast_path = not options.portable
    machine = describe()
    console.print(sentence(machine), soft_wrap=True)
    if machine['busy_cores'] > BUSY:
        console.print(
            'Something else runs here, on %.1f cores: take these figures for '
            'nothing more than a trial.' % machine['busy_cores']
        )
    names = _contenders(console, options)
    threads = sorted(set(options.threads or (1, thread_count())))
    measure = WHAT[options.what]
    figures = {'machine': machine, 'options': options._asdict()}
    if options.device:
        threads = threads[-1:]
        figures['device'] = device_name(options.device)
        console.print('%s: %s' % (options.device, figures['device']), soft_wrap=True)
    tables = measure(console, options, names, threads, figures, plot_file)
    for table in tables:
        console.print(to_rich(table))
    if json_file:
        with atomic_write(json_file) as path, open(path, 'w') as file:
            json.dump(figures, file, indent=1)
    if markdown_file:
        with atomic_write(markdown_file) as path, open(path, 'w') as file:
            file.write(
                '\n\n'.join(
                    [sentence(machine)] + [to_markdown(table) for table in tables]
                )
                + '\n'
            )
    return figures


def _contenders(console, options):
    """Names of those who take part, and a word on PyTorch where it does not."""
    names = [
        name
        for name in CONTENDERS
        if name not in options.skip and not (options.device and name == 'copy')
    ]
    if 'torch' in names and options.device and not runs_torch(options.device):
        names.remove('torch')
        console.print(
            'PyTorch does not compute on %s and does not take part.' % options.device
        )
    elif 'torch' in names and not has_torch():
        names.remove('torch')
        console.print(
            'PyTorch is not installed and does not take part. Run: pip install torch'
        )
    return names


def _samplers(console, options, names, threads, figures, plot_file):
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
    results = figures['results'] = []
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
        two = [name for name in ('fused', 'torch') if name in names]
        sweep = figures['scaling'] = measure(
            cases, two, max(threads), options.runs, options.theta, _reporter(console)
        )
        figure, powers = draw_scaling(sweep)
        save_figure(figure, plot_file)
        figures['powers'] = {', '.join(key): power for key, power in powers.items()}
        for key, power in figures['powers'].items():
            console.print('fitted power, %s: %.2f' % (key, power))
    return [sampler_table(results, count, options.device) for count in threads]


def _reporter(console):
    """Prints a line for each result, so that one sees it going on."""

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


def _memory(console, options, names, threads, figures, plot_file):
    figures['results'] = measure_memory(
        max(threads), options.shapes or MEMORY_SHAPES, options.theta, config.fast_path
    )
    return [memory_table(figures['results'])]


def _compile(console, options, names, threads, figures, plot_file):
    figures['results'] = measure_compiling(max(threads), fast_path=config.fast_path)
    return [compiling_table(figures['results'])]


def _training(console, options, names, threads, figures, plot_file):
    figures['results'] = measure_training(
        max(threads),
        options.runs,
        'torch' in names,
        fast_path=config.fast_path,
        report=lambda result: console.print('%s: done' % result['network']),
    )
    return [training_table(figures['results']), profile_table(figures['results'])]


WHAT = {
    'sampler': _samplers,
    'memory': _memory,
    'compile': _compile,
    'training': _training,
}
_ONLY_SAMPLERS = {'works', 'device', 'plot'}
UNREAD = {
    'memory': _ONLY_SAMPLERS | {'runs', 'skip'},  # options of the command
    'compile': _ONLY_SAMPLERS | {'runs', 'skip', 'theta', 'shapes'},
    'training': _ONLY_SAMPLERS | {'theta', 'shapes'},
}
