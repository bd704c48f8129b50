"""The paper's tables in one command: trains what is missing, writes what there is."""

import os
import re
from collections import namedtuple
from contextlib import closing

from .. import checks, viz
from ..data import sources
from ..files import atomic_write
from ..tables import to_rich
from . import pages
from .checkpoint import read_lines
from .dask_workers import train_on_dask
from .job import RESULTS, add_result, fingerprint, prepare
from .search import Search
from .tables import TABLES, cells_of, data_sets, outcome, runs_in
from .training import SCHEDULES
from .workers import Job, train_here

__all__ = [
    'Options',
    'make_tables',
    'planned',
    'train_missing',
    'write_table',
    'take_in',
]

Options = namedtuple(
    'Options',
    'seeds schedule iterations groups rows every',
    defaults=[3, 'paper', None, (), (), 1000],
)
Options.__doc__ = """Which trainings a table is made of.

Attributes
----------
seeds : int
    Trainings of each cell, with the seeds 1, 2, and so on.
schedule : str
    One of ``SCHEDULES``; co-localisation has one of its own.
iterations : int or None
    Instead of a schedule.
groups, rows : sequence of str
    Of the table, as it names them; all by default.
every : int
    Iterations from one checkpoint to the next.
"""


def make_tables(
    console, names, folder, source=None, options=Options(), scheduler=None, missing=True
):
    """Train what tables lack, and write them.

    Parameters
    ----------
    console : rich.console.Console
    names : sequence of str
        Among ``TABLES``.
    folder : str
        Where ``results.jsonl``, checkpoints and tables lie.
    source : str, optional
        See :func:`lasagne_stn.data.find_data`.
    options : Options, optional
    scheduler : str, optional
        Address of a Dask scheduler; by default the cores of this machine train.
    missing : bool, optional
        Whether to train at all.

    Returns
    -------
    list of str
        What failed, and why.

    Raises
    ------
    ValueError
        If there is no such group or row; if nothing shall be trained, no source is
        given, and there are results of several data sets.
    """
    data, failures = None, []
    if missing or source is not None:
        arrays, words = prepare(source)
        console.print('Data: ' + words, soft_wrap=True)
        data = fingerprint(arrays)
        del arrays
    os.makedirs(folder, exist_ok=True)
    if missing:
        if source is None:
            source = os.environ.get(sources.VARIABLE)
        if source not in (None, sources.MNIST) and os.path.exists(source):
            source = os.path.abspath(source)
        jobs = [
            Job(run, source, os.path.abspath(folder), options.every)
            for name in names
            for run in planned(name, data, options)
        ]
        failures = train_missing(console, jobs, folder, scheduler)
    for name in names:
        write_table(console, name, folder, data)
    return failures


def planned(name, data, options=Options()):
    """The trainings of a table: first all with the first seed, then with the next.

    Parameters
    ----------
    name : str
        One of ``TABLES``.
    data : str
        Fingerprint of the data set.
    options : Options, optional

    Returns
    -------
    list of Run or Search

    Raises
    ------
    ValueError
        If there is no such group or row.
    """
    cells = cells_of(name)
    for argument, words, known in (
        ('group', options.groups, TABLES[name].groups),
        ('row', options.rows, tuple(sorted({cell.name for cell in cells}))),
    ):
        for word in words:
            checks.choice(name, argument, word, known)
    runs = []
    for seed in range(1, options.seeds + 1):
        for cell in cells:
            if cell.group in (options.groups or [cell.group]) and cell.name in (
                options.rows or [cell.name]
            ):
                run = cell.run._replace(seed=seed, data=data)
                if not isinstance(run, Search):
                    run = run._replace(iterations=SCHEDULES[options.schedule])
                if options.iterations:
                    run = run._replace(iterations=options.iterations)
                runs.append(run)
    return runs


def train_missing(console, jobs, folder, scheduler=None):
    """Train those of which there is no result yet, with progress bars.

    Parameters
    ----------
    console : rich.console.Console
    jobs : list of Job
    folder : str
        Of ``results.jsonl``, to which each result is added when it comes.
    scheduler : str, optional
        Address of a Dask scheduler.

    Returns
    -------
    list of str
        What failed, and why; the others are trained all the same.
    """
    there = {run for run, _ in runs_in(read_lines(os.path.join(folder, RESULTS)))}
    jobs = [job for job in jobs if job.run not in there]
    if not jobs:
        console.print('Nothing is missing.')
        return []
    failures = []
    with _Board(console, len(jobs)) as board:
        outcomes = (
            train_on_dask(jobs, scheduler, board.report)
            if scheduler
            else train_here(jobs, board.report)
        )
        with closing(outcomes):
            for job, got in outcomes:
                if isinstance(got, dict):
                    try:
                        add_result(folder, got)
                    except (OSError, ValueError) as problem:
                        got = problem
                if isinstance(got, dict):
                    words = '%.2f %%' % (
                        got['found'] if 'found' in got else got['error']
                    )
                else:
                    words = 'failed'
                    failures.append('%s: %s' % (job.name, str(got) or repr(got)))
                board.end(job, words)
    return failures


class _Board:
    """A bar for all trainings, and one for each that is under way."""

    def __init__(self, console, count):
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._bars = Progress(
            TextColumn('{task.description}'),
            BarColumn(),
            TextColumn('{task.completed}/{task.total}'),
            TimeRemainingColumn(),
            console=console,
        )
        self._all = self._bars.add_task('trainings', total=count)
        self._tasks = {}

    def __enter__(self):
        self._bars.start()
        return self

    def __exit__(self, *error):
        self._bars.stop()

    def report(self, job, iteration, loss, error):
        if job not in self._tasks:
            self._tasks[job] = self._bars.add_task(job.name, total=job.length)
        words = '%s: loss %.4f' % (job.name, loss)
        if error is not None:
            words += ', test error %.2f %%' % (100 * error)
        self._bars.update(self._tasks[job], completed=iteration, description=words)

    def end(self, job, words):
        self._bars.console.print('%s: %s' % (job.name, words), soft_wrap=True)
        if job in self._tasks:
            self._bars.remove_task(self._tasks.pop(job))
        self._bars.advance(self._all)


def write_table(console, name, folder, data=None):
    """Print a table of the results in a folder, and write it as page, CSV and PNG.

    Parameters
    ----------
    console : rich.console.Console
    name : str
        One of ``TABLES``.
    folder : str
        Of ``results.jsonl``; ``NAME.md``, ``NAME.csv`` and ``NAME.png`` go there.
    data : str, optional
        Fingerprint of the data set; by default the only one there are results of.

    Raises
    ------
    ValueError
        If there are results of several data sets.
    """
    runs = runs_in(read_lines(os.path.join(folder, RESULTS)))
    found = data_sets(name, runs)
    if data is None and len(found) > 1:
        raise ValueError(
            '%s: there are results of several data sets: %s.\nChoose one '
            'with --data.' % (name, ', '.join(map(pages.data_words, found)))
        )
    if data is None and found:
        data = found[0]
    outcomes = [outcome(cell, runs, data) for cell in cells_of(name)]
    console.print(to_rich(pages.text_table(name, outcomes, data)))
    for result in outcomes:
        if result.values:
            console.print(
                '%s, %s: %s'
                % (
                    result.cell.group,
                    result.cell.name,
                    pages.command(result.run, result.values),
                ),
                soft_wrap=True,
            )
    path = os.path.join(folder, name)
    viz.save_figure(pages.draw_table(name, outcomes, data), path + '.png')
    for ending, text in (
        ('.md', pages.to_page(name, outcomes, data)),
        ('.csv', pages.to_csv(outcomes)),
    ):
        with atomic_write(path + ending) as beside:
            with open(beside, 'w', encoding='utf8') as file:
                file.write(text)
    console.print('Written: %s.md, .csv and .png' % path, soft_wrap=True)


def take_in(folder, path):
    """Add the results in a file to those in a folder, without the paths of a machine.

    Parameters
    ----------
    folder : str
    path : str
        Of a ``results.jsonl``, such as another machine's.

    Raises
    ------
    ValueError
        If a line is none of results; then nothing is taken in.
    """
    lines = read_lines(path)
    try:
        runs_in(lines)
    except ValueError as problem:
        raise ValueError(
            'take_in: %s cannot be taken in.\n%s' % (path, problem)
        ) from None
    for line in lines:
        if 'machine' in line:
            line['machine'] = _without_paths(line['machine'])
        add_result(folder, line)


def _without_paths(value):
    """The same with the names of files alone.

    >>> _without_paths({'blas': '-Wl,-rpath,/home/me/lib -L/opt/a.b/lib'})
    {'blas': '-Wl,-rpath,lib -Llib'}
    """
    if isinstance(value, dict):
        return {name: _without_paths(item) for name, item in value.items()}
    return re.sub(r'/(?:[^\s/,]+/)*', '', value) if isinstance(value, str) else value
