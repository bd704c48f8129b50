"""Tables of text, for a terminal and for Markdown pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import rich.table

__all__ = ['Table', 'to_rich', 'to_markdown']


class Table(NamedTuple):
    """A table of text; the first column is text, the others are numbers."""

    title: str
    header: list[str]
    rows: list[list[str]]


def to_rich(table: Table) -> rich.table.Table:
    """Return a table for a terminal; headings of groups of rows are bold."""
    from rich.table import Table as RichTable
    from rich.text import Text

    rich = RichTable(title=table.title)
    for number, text in enumerate(table.header):
        rich.add_column(text, justify='right' if number else 'left')
    for row in table.rows:
        is_heading = len(row) > 1 and not any(row[1:])
        rich.add_row(*[Text(text, style='bold' if is_heading else '') for text in row])
    return rich


def to_markdown(table: Table) -> str:
    """Return a table for a Markdown page.

    >>> print(to_markdown(Table('Times', ['what', 'ms'], [['ours', '1.5']])))
    Times
    <BLANKLINE>
    | what | ms |
    |---|---:|
    | ours | 1.5 |
    """
    lines = ['| %s |' % ' | '.join(row) for row in [table.header] + table.rows]
    lines.insert(1, '|---|' + '---:|' * (len(table.header) - 1))
    return '\n'.join([table.title, ''] + lines)
