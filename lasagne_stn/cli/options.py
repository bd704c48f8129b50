"""Options that several commands share, checked before any long work begins."""

from __future__ import annotations

import math
import os
from typing import Any, Callable, Sequence

import click

from ..data import MNIST

__all__ = [
    'data_option',
    'data_option_for',
    'folder_option',
    'seed_option',
    'iterations_option',
    'schedule_option',
    'checkpoint_option',
    'resume_option',
    'file_option',
    'check_file',
    'PICTURES',
    'Finite',
    'errors_as_messages',
]

PICTURES = '.png', '.pdf', '.svg'


class errors_as_messages:
    """Context that prints errors about files and arguments without a traceback."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, problem: BaseException | None, trace: Any) -> None:
        if isinstance(problem, (OSError, ValueError, FloatingPointError)):
            raise click.ClickException(str(problem)) from problem


class Finite(click.FloatRange):
    """A number in a range that is neither infinite nor NaN."""

    def convert(self, value: Any, parameter: Any, context: Any) -> float:
        """Return the number, or fail with a message."""
        number = super().convert(value, parameter, context)
        if not math.isfinite(number):
            self.fail('must be a finite number, got %s.' % value, parameter, context)
        return number


def data_option_for(keywords: Sequence[str], help_text: str) -> Callable:
    """Return a ``--data`` option.

    Parameters
    ----------
    keywords : sequence of str
        What it takes beside existing paths.
    help_text : str

    Returns
    -------
    callable
        A decorator.
    """

    def check(context, parameter, source):
        if source not in (None, *keywords) and not os.path.exists(source):
            raise click.BadParameter("'%s' does not exist." % source)
        return source

    return click.option(
        '--data',
        metavar='|'.join(['DIR', 'FILE', *keywords]),
        callback=check,
        help=help_text,
    )


data_option = data_option_for(
    [MNIST],
    "Folder with MNIST's four IDX files, gzipped or not; an .npz file; or the word "
    'mnist, to download them.  [default: $LASAGNE_STN_DATA, or else the digits that '
    'scikit-learn ships]',
)
folder_option = click.option(
    '--output',
    metavar='DIR',
    default='lasagne-stn-results',
    show_default=True,
    type=click.Path(file_okay=False, writable=True),
    help='Folder of checkpoints and results.jsonl.',
)
schedule_option = click.option(
    '--schedule',
    type=click.Choice(['paper', 'short']),
    default='paper',
    show_default=True,
    help="The paper's iterations (150000 for digits), or a tenth of them.",
)
iterations_option = click.option(
    '--iterations',
    type=click.IntRange(1),
    help='Number of iterations, instead of a schedule.',
)
checkpoint_option = click.option(
    '--checkpoint-every',
    'every',
    metavar='N',
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help='Iterations from one checkpoint to the next.',
)
resume_option = click.option(
    '--resume', is_flag=True, help='Continue from the checkpoint, if there is one.'
)


def seed_option(what: str) -> Callable:
    """Return a ``--seed`` option.

    Parameters
    ----------
    what : str
        What the seed decides, for the help text.

    Returns
    -------
    callable
        A decorator.
    """
    return click.option(
        '--seed',
        type=click.IntRange(0, 2**32 - 1),
        default=1,
        show_default=True,
        help='Random seed for %s.' % what,
    )


def file_option(
    name: str, help_text: str, endings: Sequence[str] = (), **more: Any
) -> Callable:
    """Return an option that takes the path of a file to write.

    Parameters
    ----------
    name : str
        Name of the option.
    help_text : str
    endings : sequence of str, optional
        Allowed endings of the path; any by default.
    **more
        Further arguments of :func:`click.option`.

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
        help=help_text,
        type=click.Path(dir_okay=False, writable=True),
        **more,
    )


def check_file(path: str, endings: Sequence[str] = ()) -> None:
    """Raise an error if a file cannot be written, or has the wrong ending.

    Parameters
    ----------
    path : str
    endings : sequence of str, optional
        In lower case, with the dot; any ending is allowed by default.

    Raises
    ------
    click.BadParameter
        The message names the folder or the endings.
    """
    folder = os.path.dirname(os.path.abspath(path))
    if not os.access(folder, os.W_OK):
        raise click.BadParameter(
            'the folder %s does not exist or cannot be written to: choose another '
            'FILE.' % folder
        )
    if endings and os.path.splitext(path)[1].lower() not in endings:
        raise click.BadParameter(
            'must end in %s, got %r.' % (' or '.join(endings), path)
        )
