"""Commands for experiments with digits: argument parsing and nothing else."""

from __future__ import annotations

import os
from typing import Any

import click

from ..paper.checkpoint import read_lines
from ..paper.networks import MODELS, TRANSFORMS
from ..paper.single_run import load_data, train_and_record
from ..paper.tasks.colocalisation import CLUTTER, COLOCALISATION, Search
from ..paper.tasks.digits import DIGITS, SCHEDULES, Run
from ..paper.tasks.digits_experiments import EXPERIMENTS
from ..viz import save_figure
from .console import new_console
from .options import (
    PICTURES,
    Finite,
    check_file,
    checkpoint_option,
    data_option,
    errors_as_messages,
    file_option,
    folder_option,
    iterations_option,
    resume_option,
    schedule_option,
    seed_option,
)

__all__ = ['train', 'evaluate', 'plot', 'distortions', 'colocalise']


@click.command()
@click.option(
    '--experiment',
    type=click.Choice(list(EXPERIMENTS)),
    default='R',
    show_default=True,
    help='Distortion or task.',
)
@click.option(
    '--model',
    type=click.Choice(MODELS),
    default='fcn',
    show_default=True,
    help='Fully connected or convolutional; with one transformer (st) or two (2-st).',
)
@click.option(
    '--transform',
    type=click.Choice(list(TRANSFORMS)),
    help='Transform, for models with a transformer.',
)
@seed_option('weights, batches and distortions')
@schedule_option
@iterations_option
@click.option(
    '--batch-size',
    type=click.IntRange(1),
    default=256,
    show_default=True,
    help='Images per iteration.',
)
@click.option(
    '--learning-rate',
    type=Finite(0),
    default=Run().learning_rate,
    show_default=True,
    help='Initial learning rate; divided by 10 after each third.',
)
@click.option(
    '--momentum',
    type=Finite(0, 1),
    default=0.9,
    show_default=True,
    help='Momentum of the gradient descent.',
)
@click.option(
    '--localisation-rate',
    type=Finite(0),
    default=1.0,
    show_default=True,
    help='Factor of the learning rate in localisation networks.',
)
@data_option
@folder_option
@checkpoint_option
@resume_option
def train(
    data: str | None,
    output: str,
    every: int,
    resume: bool,
    schedule: str,
    iterations: int | None,
    **options: Any,
) -> None:
    """Train one model of the paper and record its test error."""
    options['iterations'] = iterations or SCHEDULES[schedule]
    console = new_console()
    with errors_as_messages():
        arrays, description = load_data(DIGITS.dataset, data)
        console.print('Data: ' + description, soft_wrap=True)
        run = Run(data=DIGITS.dataset.fingerprint(arrays), **options)
        train_and_record(console, run, arrays, output, every, resume)


@click.command()
@click.argument('checkpoint', type=click.Path(exists=True, dir_okay=False))
@data_option
def evaluate(checkpoint: str, data: str | None) -> None:
    """Test the network of a CHECKPOINT."""
    with errors_as_messages():
        arrays, description = load_data(DIGITS.dataset, data)
        click.echo('Data: ' + description)
        for line in DIGITS.evaluate(checkpoint, arrays):
            click.echo(line)


@click.command()
@click.argument('source', type=click.Path(exists=True, dir_okay=False))
@file_option(
    '--output',
    'A PNG, PDF or SVG for results, a GIF for a checkpoint.  '
    '[default: SOURCE with .png or .gif]',
)
@data_option
def plot(source: str, output: str | None, data: str | None) -> None:
    """Draw learning curves, or animate sampling grids over time.

    SOURCE is a file of results, or the checkpoint of a model with transformers.
    """
    from ..paper import pictures

    curves = not source.endswith('.npz')
    endings = PICTURES if curves else ('.gif',)
    output = output or os.path.splitext(source)[0] + endings[0]
    check_file(output, endings)
    with errors_as_messages():
        if curves:
            save_figure(pictures.draw_learning(read_lines(source)), output)
        else:
            arrays, description = load_data(DIGITS.dataset, data)
            click.echo('Data: ' + description)
            pictures.animate_grids(source, arrays, output)
    click.echo(output)


@click.command()
@data_option
@click.option(
    '--output',
    metavar='DIR',
    default='.',
    type=click.Path(file_okay=False),
    help='Folder of the pictures.  [default: the current folder]',
)
@seed_option('the distortions')
def distortions(data: str | None, output: str, seed: int) -> None:
    """Draw a contact sheet of each distortion and measure its speed."""
    from ..paper.pictures import draw_distortions

    with errors_as_messages():
        arrays, description = load_data(DIGITS.dataset, data)
        click.echo('Data: ' + description)
        for path, size, speed in draw_distortions(arrays, output, seed):
            rows, columns = size
            click.echo(
                '%s: %d x %d pixels, %.0f images/s' % (path, rows, columns, speed)
            )


def _by_clutter(field):
    """Return the default of a setting for each set of images, as text."""
    return ', '.join(
        '%g on %s' % (getattr(clutter, field), name)
        for name, clutter in CLUTTER.items()
    )


@click.command()
@click.option(
    '--clutter',
    type=click.Choice(list(CLUTTER)),
    default='T',
    show_default=True,
    help='Without pieces of other digits (T), or with 16 (TC).',
)
@click.option(
    '--digit',
    type=click.IntRange(0, 9),
    default=3,
    show_default=True,
    help='The class whose images are searched.',
)
@seed_option('weights, batches and canvases')
@click.option(
    '--iterations',
    type=click.IntRange(1),
    default=Search().iterations,
    show_default=True,
    help='Iterations of the search, with 64 pairs of images each.',
)
@click.option(
    '--repulsion',
    type=Finite(0),
    help='Final weight of the distance to the random crop.  [default: %s]'
    % _by_clutter('repulsion'),
)
@click.option(
    '--shake',
    metavar='PIXELS',
    type=Finite(0),
    help="Standard deviation of a crop's random shifts in training.  [default: %s]"
    % _by_clutter('shake'),
)
@click.option(
    '--encoder-iterations',
    type=click.IntRange(1),
    show_default=True,
    default=Search().encoder_iterations,
    help='Iterations of the network that is trained on digits first.',
)
@data_option
@folder_option
@resume_option
def colocalise(data: str | None, output: str, resume: bool, **options: Any) -> None:
    """Find where the digit is in images of one class, without boxes."""
    console = new_console()
    with errors_as_messages():
        arrays, description = load_data(COLOCALISATION.dataset, data)
        console.print('Data: ' + description, soft_wrap=True)
        run = Search(data=COLOCALISATION.dataset.fingerprint(arrays), **options)
        train_and_record(console, run, arrays, output, resume=resume)
