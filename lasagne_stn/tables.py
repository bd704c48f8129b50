"""Tables of words: for a terminal, and in Markdown for a page."""

from collections import namedtuple

__all__ = ['Table', 'to_rich', 'to_markdown']

Table = namedtuple('Table', 'title header rows')
Table.__doc__ = """Words in rows; the first column is text, the others are figures."""


def to_rich(table):
    """A table for a terminal; the name of a group of rows is bold."""
    from rich.table import Table as RichTable
    from rich.text import Text

    rich = RichTable(title=table.title)
    for number, word in enumerate(table.header):
        rich.add_column(word, justify='right' if number else 'left')
    for row in table.rows:
        group = len(row) > 1 and not any(row[1:])
        rich.add_row(*[Text(word, style='bold' if group else '') for word in row])
    return rich


def to_markdown(table):
    """A table for a README.

    >>> print(to_markdown(Table('Times', ['what', 'ms'], [['ours', '1.5']])))
    Times
    <BLANKLINE>
    | what | ms |
    |---|---:|
    | ours | 1.5 |
    """
    lines = [table.header] + table.rows
    lines = ['| %s |' % ' | '.join(line) for line in lines]
    lines.insert(1, '|---|' + '---:|' * (len(table.header) - 1))
    return '\n'.join([table.title, ''] + lines)
