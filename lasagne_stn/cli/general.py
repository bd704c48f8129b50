"""Commands that need no experiment: demo, doctor and gallery."""

import sys

import click

from .options import PICTURES, data_option, file_option, new_console

__all__ = ['COMMANDS', 'demo', 'doctor', 'gallery']


@click.command()
@data_option
@click.option(
    '--seed',
    type=click.IntRange(0, 2**32 - 1),
    default=1,
    show_default=True,
    help='Of weights, batches and distortions.',
)
@click.option(
    '--epochs',
    type=click.IntRange(1),
    help='Passes through the training images.  [default: 100; 4 for a large '
    'set such as MNIST]',
)
@file_option(
    '--output',
    'The picture.',
    PICTURES,
    default='lasagne-stn-demo.png',
    show_default=True,
)
def demo(data, seed, epochs, output):
    """Teach a transformer to find distorted digits, and to turn them.

    Trains a classifier with a spatial transformer and the same one without, prints
    both errors, and draws what the transformer does. Ctrl-C stops early.
    """
    from .. import demo as job

    console = new_console()
    try:
        images, words = job.read_data(data)
    except (OSError, ValueError) as problem:
        raise click.ClickException(str(problem)) from problem
    console.print('Data: ' + words, soft_wrap=True)
    job.run(console, images, output, epochs, seed)


@click.command()
def doctor():
    """Say what this machine has, and what to do about the rest."""
    from ..doctor import report

    sys.exit(report(new_console()))


@click.command()
@click.option(
    '--output',
    metavar='DIR',
    default='.',
    type=click.Path(file_okay=False, writable=True),
    help='Where the pictures go.  [default: the current folder]',
)
def gallery(output):
    """Draw each transform: a digit, its sampling grid, and the result."""
    from .. import gallery as job

    try:
        for path in job.draw_gallery(output):
            click.echo(path)
    except OSError as problem:
        raise click.ClickException(str(problem)) from problem


COMMANDS = (demo, doctor, gallery)
