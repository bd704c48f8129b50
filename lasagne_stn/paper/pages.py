"""The paper's tables as text, page and spreadsheet, with commands to repeat them."""

from __future__ import annotations

import csv
import io
from typing import Sequence

from ..tables import Table, to_markdown
from .outcomes import Outcome
from .tasks import task_of_run, task_of_table

__all__ = [
    'HEADER',
    'title_of',
    'row_of',
    'by_group',
    'text_table',
    'to_page',
    'to_csv',
]

HEADER = ('model', 'paper', 'ours', 'gap', 'iterations', 'seeds', 'params')
COLUMNS = (
    'group',
    'name',
    'paper low',
    'paper high',
    'ours',
    'spread',
    'gap',
    'iterations',
    'seeds',
    'parameters',
    'command',
)
OURS = 'Ours: the mean over seeds ± the standard deviation, if there are several seeds.'


def title_of(table: str, data: str | None) -> str:
    """Return the title of a table, with its measure and its data.

    >>> title_of('tc', '5 images')
    'Cluttered digits, test error in percent; 5 images'
    """
    task = task_of_table(table)
    spec = task.tables[table]
    return '%s, %s; %s' % (spec.title, spec.measure, task.dataset.title(data))


def row_of(result: Outcome) -> list[str]:
    """Return the texts of a row, in the order of ``HEADER``."""
    low, high = result.cell.low, result.cell.high
    row = [result.cell.name, '%.1f' % low if low == high else '%g to %g' % (low, high)]
    if result.mean is None or result.gap is None:
        return row + ['no result', '', '', '', '']
    ours = '%.2f' % result.mean
    if result.spread is not None:
        ours += ' ± %.2f' % result.spread
    return row + [
        ours,
        '%+.2f' % result.gap,
        format(result.run.iterations, ','),
        str(len(result.values)),
        format(result.num_params, ','),
    ]


def by_group(
    table: str, outcomes: Sequence[Outcome]
) -> list[tuple[str, list[Outcome]]]:
    """Return each group of rows: its name and its outcomes."""
    return [
        (name, [result for result in outcomes if result.cell.group == name])
        for name in task_of_table(table).tables[table].groups
    ]


def text_table(table: str, outcomes: Sequence[Outcome], data: str | None) -> Table:
    """Return a table as text, group by group.

    Parameters
    ----------
    table : str
        Name of the table.
    outcomes : sequence of Outcome
        The outcomes of its cells.
    data : str or None
        Fingerprint of the data set, if there is one.

    Returns
    -------
    Table
    """
    rows = []
    for name, group in by_group(table, outcomes):
        rows.append([name] + [''] * (len(HEADER) - 1))
        rows += [row_of(result) for result in group]
    return Table(title_of(table, data), list(HEADER), rows)


def to_page(table: str, outcomes: Sequence[Outcome], data: str | None) -> str:
    """Return a page of Markdown: picture, figures, notes, and how to repeat each cell.

    Parameters
    ----------
    table, outcomes, data
        As for :func:`text_table`. The page shows the PNG of the table's name that lies
        in the same folder.

    Returns
    -------
    str
    """
    task = task_of_table(table)
    lines = [
        '# ' + task.tables[table].title,
        '',
        "![The paper's figures beside ours](%s.png)" % table,
        '',
        to_markdown(text_table(table, outcomes, data)),
        '',
        OURS,
        task.note,
        '',
    ]
    found = [result for result in outcomes if result.values]
    if found:
        lines += ['## Repeat a cell', '', '```sh']
        for result in found:
            lines += [
                '# %s, %s' % (result.cell.group, result.cell.name),
                task.command(result.run, list(result.values)),
            ]
        lines += ['```', '']
    return '\n'.join(lines)


def to_csv(outcomes: Sequence[Outcome]) -> str:
    """Return a table as CSV: a line for each cell, mostly empty without results.

    Parameters
    ----------
    outcomes : sequence of Outcome

    Returns
    -------
    str
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator='\n')
    writer.writerow(COLUMNS)
    for result in outcomes:
        cell, run = result.cell, result.run
        numbers = [result.mean, result.spread, result.gap]
        command = run and task_of_run(run).command(run, list(result.values))
        writer.writerow(
            [cell.group, cell.name, cell.low, cell.high]
            + ['' if number is None else '%.3f' % number for number in numbers]
            + [run and run.iterations, len(result.values), result.num_params, command]
        )
    return file.getvalue()
