"""Writes a table of the results in a folder: printed, as page, CSV and PNG."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .. import viz
from ..files import atomic_write
from ..tables import to_rich
from . import pages
from .checkpoint import read_lines
from .outcomes import cells_of, data_sets, outcome, runs_in
from .result_lines import RESULTS
from .table_picture import draw_table
from .tasks import task_of_table

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ['write_table']


def write_table(
    console: Console, table: str, folder: str, data: str | None = None
) -> None:
    """Print a table of the results in a folder, and write it as page, CSV and PNG.

    Parameters
    ----------
    console : rich.console.Console
    table : str
        Name of the table.
    folder : str
        Folder of ``results.jsonl``; ``NAME.md``, ``NAME.csv`` and ``NAME.png`` are
        written there.
    data : str, optional
        Fingerprint of the data set; by default the only one with results.

    Raises
    ------
    ValueError
        If there are results of several data sets, and `data` is not given.
    """
    task = task_of_table(table)
    runs = runs_in(read_lines(os.path.join(folder, RESULTS)))
    found = data_sets(table, runs)
    if data is None and len(found) > 1:
        raise ValueError(
            '%s: there are results of several data sets: %s.\nChoose one with --data.'
            % (table, ', '.join(map(task.dataset.title, found)))
        )
    if data is None and found:
        data = found[0]
    outcomes = [outcome(cell, runs, data) for cell in cells_of(table)]
    console.print(to_rich(pages.text_table(table, outcomes, data)))
    for result in outcomes:
        if result.values:
            names = result.cell.group, result.cell.name
            command = task.command(result.run, list(result.values))
            console.print('%s, %s: %s' % (*names, command), soft_wrap=True)
    path = os.path.join(folder, table)
    viz.save_figure(draw_table(table, outcomes, data), path + '.png')
    for ending, text in (
        ('.md', pages.to_page(table, outcomes, data)),
        ('.csv', pages.to_csv(outcomes)),
    ):
        with atomic_write(path + ending) as new, open(
            new, 'w', encoding='utf8'
        ) as file:
            file.write(text)
    console.print('Written: %s.md, .csv and .png' % path, soft_wrap=True)
