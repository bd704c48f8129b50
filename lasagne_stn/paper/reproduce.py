"""Reproduces the paper's tables: trains missing runs, then writes the tables."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple, Sequence

from .. import checks
from .checkpoint import read_lines
from .dask_workers import train_on_dask
from .outcomes import cells_of, runs_in
from .progress_bars import Board
from .result_lines import RESULTS, add_result
from .single_run import load_data
from .table_files import write_table
from .tasks import Dataset, task_of_table
from .workers import QueuedRun, train_on_cores

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ['Options', 'make_tables', 'planned', 'train_missing']


class Options(NamedTuple):
    """Which runs a table is made of.

    Attributes
    ----------
    seeds : int
        Number of runs of each cell; their seeds are 1, 2, and so on.
    schedule : str
        One of ``lasagne_stn.paper.tasks.SCHEDULE_NAMES``. A task without schedules,
        such as co-localisation, ignores it.
    iterations : int or None
        Number of iterations, instead of a schedule.
    groups, rows : sequence of str
        Names in the table; all by default.
    every : int
        Iterations from one checkpoint to the next.
    """

    seeds: int = 3
    schedule: str = 'paper'
    iterations: int | None = None
    groups: Sequence[str] = ()
    rows: Sequence[str] = ()
    every: int = 1000


def make_tables(
    console: Console,
    names: Sequence[str],
    folder: str,
    source: str | None = None,
    options: Options = Options(),
    scheduler: str | None = None,
    missing: bool = True,
) -> list[str]:
    """Train the missing runs of tables, and write the tables.

    Parameters
    ----------
    console : rich.console.Console
    names : sequence of str
        Names of the tables.
    folder : str
        Folder of ``results.jsonl``, checkpoints and tables.
    source : str, optional
        Where the data are; see :meth:`lasagne_stn.paper.tasks.Dataset.find`.
    options : Options, optional
    scheduler : str, optional
        Address of a Dask scheduler; by default the cores of this machine are used.
    missing : bool, optional
        Whether to train missing runs.

    Returns
    -------
    list of str
        The failures, each with its reason.

    Raises
    ------
    ValueError
        If there is no such group or row; or if nothing is trained, no source is given,
        and there are results of several data sets.
    """
    found: dict[Dataset, str] = {}
    failures: list[str] = []
    if missing or source is not None:
        for name in names:
            dataset = task_of_table(name).dataset
            if dataset not in found:
                arrays, description = load_data(dataset, source)
                console.print('Data: ' + description, soft_wrap=True)
                found[dataset] = dataset.fingerprint(arrays)
                del arrays
    os.makedirs(folder, exist_ok=True)
    if missing:
        queue = [
            QueuedRun(
                task,
                run,
                task.dataset.resolve(source),
                os.path.abspath(folder),
                options.every,
            )
            for name, task in ((name, task_of_table(name)) for name in names)
            for run in planned(name, found[task.dataset], options)
        ]
        failures = train_missing(console, queue, folder, scheduler)
    for name in names:
        write_table(console, name, folder, found.get(task_of_table(name).dataset))
    return failures


def planned(table: str, data: str, options: Options = Options()) -> list[Any]:
    """Return the runs of a table: all with the first seed, then with the next.

    Parameters
    ----------
    table : str
        Name of the table.
    data : str
        Fingerprint of the data set.
    options : Options, optional

    Returns
    -------
    list of namedtuple
        Settings of the table's task.

    Raises
    ------
    ValueError
        If there is no such group or row.
    """
    task, cells = task_of_table(table), cells_of(table)
    for argument, chosen, known in (
        ('group', options.groups, task.tables[table].groups),
        ('row', options.rows, tuple(sorted({cell.name for cell in cells}))),
    ):
        for each in chosen:
            checks.choice(table, argument, each, known)
    runs = []
    for seed in range(1, options.seeds + 1):
        for cell in cells:
            if cell.group in (options.groups or [cell.group]) and cell.name in (
                options.rows or [cell.name]
            ):
                run = cell.run._replace(seed=seed, data=data)
                run = task.scheduled(run, options.schedule)
                if options.iterations:
                    run = run._replace(iterations=options.iterations)
                runs.append(run)
    return runs


def train_missing(
    console: Console,
    queue: Sequence[QueuedRun],
    folder: str,
    scheduler: str | None = None,
) -> list[str]:
    """Train the runs that have no result yet, with progress bars.

    Parameters
    ----------
    console : rich.console.Console
    queue : sequence of QueuedRun
    folder : str
        Folder of ``results.jsonl``, to which each result is added as it arrives.
    scheduler : str, optional
        Address of a Dask scheduler.

    Returns
    -------
    list of str
        The failures, each with its reason. A failure does not stop other runs.
    """
    lines = read_lines(os.path.join(folder, RESULTS))
    # Runs of different tasks may be equal as tuples.
    done = {(type(run), run) for run, _ in runs_in(lines)}
    queue = [each for each in queue if (type(each.run), each.run) not in done]
    if not queue:
        console.print('Nothing is missing.')
        return []
    failures = []
    with Board(console, len(queue)) as board:
        results = (
            train_on_dask(queue, scheduler, board.report)
            if scheduler
            else train_on_cores(queue, board.report)
        )
        with closing(results):
            for queued, result in results:
                text = 'failed'
                if isinstance(result, dict):
                    text = '%.2f %%' % result[queued.task.figure]
                    try:
                        add_result(folder, result)
                    except (OSError, ValueError) as problem:
                        result, text = problem, 'failed'
                if isinstance(result, Exception):
                    reason = str(result) or repr(result)
                    failures.append('%s: %s' % (queued.name, reason))
                board.end(queued, text)
    return failures
