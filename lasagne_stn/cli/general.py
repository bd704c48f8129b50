"""The commands ``demo`` and ``gallery``."""

from __future__ import annotations

import click

from .console import new_console
from .options import PICTURES, data_option, file_option

__all__ = ['demo', 'gallery']


@click.command()
@data_option
@click.option(
    '--seed',
    type=click.IntRange(0, 2**32 - 1),
    default=1,
    show_default=True,
    help='Random seed for weights, batches and distortions.',
)
@click.option(
    '--epochs',
    type=click.IntRange(1),
    help='Number of passes through the training images.  [default: 100, or 4 for a '
    'large set such as MNIST]',
)
@file_option(
    '--output',
    'File for the picture.',
    PICTURES,
    default='lasagne-stn-demo.png',
    show_default=True,
)
def demo(data: str | None, seed: int, epochs: int | None, output: str) -> None:
    """Train a transformer to straighten distorted digits.

    Trains a classifier with a spatial transformer and one without it, prints both test
    errors, and draws what the transformer does. Press Ctrl-C to stop early.
    """
    from .. import demo as demonstration

    console = new_console()
    try:
        images, description = demonstration.read_data(data)
    except (OSError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    console.print('Data: ' + description, soft_wrap=True)
    demonstration.run(console, images, output, epochs, seed)


@click.command()
@click.option(
    '--output',
    metavar='DIR',
    default='.',
    type=click.Path(file_okay=False, writable=True),
    help='Folder for the pictures.  [default: the current folder]',
)
def gallery(output: str) -> None:
    """Draw a small picture of each transform.

    Each shows a digit with its sampling grid, and the result.
    """
    from .. import gallery as pictures

    try:
        for path in pictures.draw_gallery(output):
            click.echo(path)
    except OSError as error:
        raise click.ClickException(str(error)) from error
