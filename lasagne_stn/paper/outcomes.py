"""From lines of results to the cells of the paper's tables."""

from __future__ import annotations

from statistics import mean, stdev
from typing import Any, Mapping, NamedTuple, Sequence

from .tasks import Cell, task_of_line, task_of_run, task_of_table

__all__ = ['Outcome', 'cells_of', 'runs_in', 'data_sets', 'outcome']


class Outcome(NamedTuple):
    """The results of a cell.

    Attributes
    ----------
    cell : Cell
    run : namedtuple or None
        The settings, with the first seed; None without results.
    num_params : int or None
        None without results.
    values : mapping
        From seeds to figures in percent.
    """

    cell: Cell
    run: Any
    num_params: int | None
    values: Mapping[int, float]

    @property
    def mean(self) -> float | None:
        """Mean of the figures, in percent; None without results."""
        return mean(self.values.values()) if self.values else None

    @property
    def spread(self) -> float | None:
        """Standard deviation (of a sample); None for fewer than two figures."""
        return stdev(self.values.values()) if len(self.values) > 1 else None

    @property
    def gap(self) -> float | None:
        """Our figure minus the paper's, or its nearest end; None without results."""
        average = self.mean
        if average is None:
            return None
        return average - min(max(average, self.cell.low), self.cell.high)


def cells_of(table: str) -> list[Cell]:
    """Return the cells of a table, group by group.

    Parameters
    ----------
    table : str
        Name of the table.

    Returns
    -------
    list of Cell

    Examples
    --------
    >>> [cell.name for cell in cells_of('tc')]
    ['FCN', 'CNN', 'ST-FCN Aff', 'ST-CNN Aff']
    """
    return task_of_table(table).cells(table)


def runs_in(lines: Sequence[dict]) -> list[tuple[Any, dict]]:
    """Return the settings of the runs in lines of results.

    Parameters
    ----------
    lines : sequence of dict
        What :meth:`lasagne_stn.paper.tasks.Task.measure` returned.

    Returns
    -------
    list of (namedtuple, dict)
        The settings and the line, in their order.

    Raises
    ------
    ValueError
        If a line is incomplete or belongs to no task; the message gives its number.
    """
    found = []
    for number, line in enumerate(lines, start=1):
        task = task_of_line(line)
        if task is None:
            raise ValueError(
                'runs_in: line %d of the results has the unknown experiment %r.\n'
                'Remove that line.' % (number, line.get('experiment'))
            )
        missing = task.missing_key(line)
        if missing:
            raise ValueError(
                'runs_in: line %d of the results lacks %r.\nRemove that line.'
                % (number, missing)
            )
        found.append((task.read(line), line))
    return found


def data_sets(table: str, runs: Sequence[tuple[Any, dict]]) -> list[str]:
    """Return the data sets that the runs of a table were trained on.

    Parameters
    ----------
    table : str
        Name of the table.
    runs : sequence of (namedtuple, dict)
        See :func:`runs_in`.

    Returns
    -------
    list of str
        Their fingerprints, sorted.
    """
    task, cells = task_of_table(table), cells_of(table)
    return sorted(
        {
            run.data
            for run, _ in runs
            if any(task.same_cell(run, cell.run) for cell in cells)
        }
    )


def outcome(cell: Cell, runs: Sequence[tuple[Any, dict]], data: str | None) -> Outcome:
    """Return the results of a cell.

    If there are several settings, those with the most iterations count, then those of
    `cell`, then those with the most seeds, but never those with the best figures.

    Parameters
    ----------
    cell : Cell
    runs : sequence of (namedtuple, dict)
        See :func:`runs_in`.
    data : str or None
        Fingerprint of the data set.

    Returns
    -------
    Outcome
    """
    task = task_of_run(cell.run)
    groups: dict[Any, dict[int, dict]] = {}
    for run, line in runs:
        if task.same_cell(run, cell.run) and run.data == data:
            groups.setdefault(run._replace(seed=None), {}).setdefault(run.seed, line)
    if not groups:
        return Outcome(cell, None, None, {})

    def preference(run):
        usual = cell.run._replace(seed=None, iterations=run.iterations, data=data)
        return run.iterations, run == usual, len(groups[run])

    settings = max(groups, key=preference)
    group = dict(sorted(groups[settings].items()))
    first, line = next(iter(group.items()))
    return Outcome(
        cell,
        settings._replace(seed=first),
        line['num_params'],
        {seed: each[task.figure] for seed, each in group.items()},
    )
