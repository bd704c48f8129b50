"""Options that several commands have, and what they refuse before hours of work."""

import math
import os

import click

from ..data import MNIST

__all__ = [
    'data_option',
    'folder_option',
    'file_option',
    'check_file',
    'PICTURES',
    'Finite',
    'new_console',
]

PICTURES = '.png', '.pdf', '.svg'


def new_console():
    """Where a command prints: paths as they are, with no colours nor markup in them."""
    from rich.console import Console

    return Console(highlight=False, markup=False)


class Finite(click.FloatRange):
    """A number of a range, neither infinite nor NaN."""

    def convert(self, value, parameter, context):
        number = super().convert(value, parameter, context)
        if not math.isfinite(number):
            self.fail('must be a finite number, got %s.' % value, parameter, context)
        return number


def _existing(context, parameter, source):
    if source not in (None, MNIST) and not os.path.exists(source):
        raise click.BadParameter("'%s' does not exist." % source)
    return source


data_option = click.option(
    '--data',
    metavar='DIR|FILE|mnist',
    callback=_existing,
    help="Folder with MNIST's four IDX files, gzipped or not; an .npz file; or the "
    'word mnist, to fetch them.  [default: $LASAGNE_STN_DATA, else the digits '
    'that scikit-learn ships]',
)
folder_option = click.option(
    '--output',
    metavar='DIR',
    default='lasagne-stn-results',
    show_default=True,
    type=click.Path(file_okay=False, writable=True),
    help='Where checkpoints and results.jsonl go.',
)


def file_option(name, words, endings=(), **more):
    """An option that takes the path of a file to write.

    Parameters
    ----------
    name : str
        Of the option.
    words : str
        Its help.
    endings : sequence of str, optional
        Those that the path may have; any by default.
    **more
        For :func:`click.option`.

    Returns
    -------
    callable
        A decorator.
    """

    def check(context, parameter, path):
        if path is not None:
            check_file(path, endings)
        return path

    return click.option(
        name,
        metavar='FILE',
        callback=check,
        help=words,
        type=click.Path(dir_okay=False, writable=True),
        **more,
    )


def check_file(path, endings=()):
    """Refuse the path of a file that cannot be written, or has another ending.

    Parameters
    ----------
    path : str
    endings : sequence of str, optional
        Lower case, with the dot; any ending by default.

    Raises
    ------
    click.BadParameter
        With the folder, or the endings.
    """
    folder = os.path.dirname(os.path.abspath(path))
    if not os.access(folder, os.W_OK):
        raise click.BadParameter(
            'the folder %s does not exist or cannot be written '
            'to: give another FILE.' % folder
        )
    if endings and os.path.splitext(path)[1].lower() not in endings:
        raise click.BadParameter(
            'must end in %s, got %r.' % (' or '.join(endings), path)
        )
