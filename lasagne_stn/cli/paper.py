"""The command that reproduces the paper's tables: argument parsing and nothing else."""

from __future__ import annotations

from typing import Any

import click

from ..paper.tasks import TASKS, table_names
from .console import new_console
from .options import (
    checkpoint_option,
    data_option_for,
    errors_as_messages,
    folder_option,
    iterations_option,
    schedule_option,
)

__all__ = ['reproduce']


class TableName(click.ParamType):
    """The name of a table of any task."""

    name = 'table'

    def convert(self, value: Any, parameter: Any, context: Any) -> str:
        """Return the name, or fail with a message."""
        if value not in table_names():
            known = ', '.join(map(repr, table_names()))
            self.fail('%r is not one of %s.' % (value, known), parameter, context)
        return value


KEYWORDS = sorted({word for task in TASKS for word in task.dataset.keywords})
HELP = """Make a TABLE of the paper: %s.

    Trains missing runs, several at a time, and continues from checkpoints; prints the
    table, the paper's figures beside ours, with the command that repeats each cell; and
    writes it as Markdown, CSV and PNG. After Ctrl-C the same command continues from the
    last checkpoints.
    """ % ', '.join(table_names())


@click.command(help=HELP)
@click.argument('tables', metavar='TABLE...', nargs=-1, required=True, type=TableName())
@click.option(
    '--seeds',
    type=click.IntRange(1),
    default=3,
    show_default=True,
    help='Runs of each cell, with the seeds 1, 2, and so on.',
)
@schedule_option
@iterations_option
@click.option(
    '--group',
    'groups',
    multiple=True,
    help='Train only this group of rows, such as RTS; may be repeated.',
)
@click.option(
    '--row',
    'rows',
    multiple=True,
    help='Train only rows of this name, such as "ST-FCN Aff"; may be repeated.',
)
@click.option(
    '--scheduler',
    metavar='ADDRESS',
    help='Train on the workers of the Dask scheduler at this address, such as '
    'tcp://192.168.0.1:8786; checkpoints stay in their folder of the same name.  '
    '[default: the cores of this machine]',
)
@data_option_for(
    KEYWORDS,
    "Data of the tables' tasks: a folder; a file; or a word such as mnist, to download "
    'them.  [default: for digits $LASAGNE_STN_DATA, or else those that scikit-learn '
    'ships]',
)
@folder_option
@checkpoint_option
@click.option(
    '--add',
    metavar='FILE',
    multiple=True,
    type=click.Path(exists=True, dir_okay=False),
    help='Add the results in this results.jsonl, for example from another machine; '
    'may be repeated.',
)
@click.option('--no-run', is_flag=True, help='Train nothing; use existing results.')
def reproduce(
    tables: tuple[str, ...],
    data: str | None,
    output: str,
    scheduler: str | None,
    add: tuple[str, ...],
    no_run: bool,
    **options: Any,
) -> None:
    """Make tables of the paper; see ``HELP``."""
    from ..paper.reproduce import Options, make_tables
    from ..paper.result_lines import import_results

    with errors_as_messages():
        for path in add:
            import_results(output, path)
        failures = make_tables(
            new_console(),
            tuple(dict.fromkeys(tables)),
            output,
            data,
            Options(**options),
            scheduler,
            not no_run,
        )
        if failures:
            raise click.ClickException('\n'.join(failures))
