"""The registry of tasks. To add one, write a file with a `Task` and list it here."""

from __future__ import annotations

from typing import Any

from ... import checks
from .base import SCHEDULE_NAMES, Cell, TableSpec, Task
from .colocalisation import COLOCALISATION
from .dataset import Dataset, KnownData
from .digits import DIGITS
from .supervised import SupervisedTask

__all__ = [
    'TASKS',
    'SCHEDULE_NAMES',
    'Task',
    'SupervisedTask',
    'TableSpec',
    'Cell',
    'Dataset',
    'KnownData',
    'DIGITS',
    'COLOCALISATION',
    'table_names',
    'task_of_table',
    'task_of_run',
    'task_of_line',
]

TASKS: list[Task] = [DIGITS, COLOCALISATION]


def table_names() -> list[str]:
    """Return the names of all tables.

    >>> table_names()
    ['table1', 'tc', 'addition', 'colocalisation']
    """
    return [table for task in TASKS for table in task.tables]


def task_of_table(table: str) -> Task:
    """Return the task that fills a table.

    Parameters
    ----------
    table : str
        One of :func:`table_names`.

    Returns
    -------
    Task

    Raises
    ------
    ValueError
        If there is no such table.
    """
    checks.choice('task_of_table', 'table', table, tuple(table_names()))
    return next(task for task in TASKS if table in task.tables)


def task_of_run(run: Any) -> Task:
    """Return the task that a run's settings belong to.

    Parameters
    ----------
    run : namedtuple
        An instance of a task's ``settings``.

    Returns
    -------
    Task

    Raises
    ------
    TypeError
        If `run` is something else.

    Examples
    --------
    >>> from lasagne_stn.paper import Run
    >>> task_of_run(Run())
    Digits('digits', tables table1, tc, addition)
    """
    for task in TASKS:
        if isinstance(run, task.settings):
            return task
    raise checks.argument_error(
        'task_of_run', 'run', "be the settings of a task's run", run, error=TypeError
    )


def task_of_line(line: dict) -> Task | None:
    """Return the task that wrote a line of results; None if no task did."""
    experiment = line.get('experiment')
    return next((task for task in TASKS if experiment in task.experiments), None)
