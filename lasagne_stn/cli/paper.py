"""The paper's part of the command line: argument parsing and nothing else."""

import os
from contextlib import contextmanager

import click

from ..paper import job
from ..paper.checkpoint import read_lines
from ..paper.colocalisation import SETS
from ..paper.experiments import EXPERIMENTS
from ..paper.networks import MODELS, TRANSFORMS
from ..paper.search import Search, run_search
from ..paper.tables import TABLES
from ..paper.training import SCHEDULES, Run
from ..viz import save_figure
from .options import (
    PICTURES,
    Finite,
    check_file,
    data_option,
    file_option,
    folder_option,
    new_console,
)

__all__ = [
    'COMMANDS',
    'train',
    'evaluate',
    'plot',
    'distortions',
    'colocalise',
    'reproduce',
]


@click.command()
@click.option(
    '--experiment',
    type=click.Choice(list(EXPERIMENTS)),
    default='R',
    show_default=True,
    help='Which distortion, or task.',
)
@click.option(
    '--model',
    type=click.Choice(MODELS),
    default='fcn',
    show_default=True,
    help='Fully connected or convolutional; with a transformer (st) or two.',
)
@click.option(
    '--transform',
    type=click.Choice(list(TRANSFORMS)),
    help='For models with a transformer.',
)
@click.option(
    '--seed',
    type=click.IntRange(0, 2**32 - 1),
    default=1,
    show_default=True,
    help='Of weights, batches and distortions.',
)
@click.option(
    '--schedule',
    type=click.Choice(list(SCHEDULES)),
    default='paper',
    show_default=True,
    help='150000 iterations, or a tenth of them.',
)
@click.option(
    '--iterations',
    type=click.IntRange(1),
    help='Instead of a schedule: as many, in the same proportions.',
)
@click.option(
    '--batch-size',
    type=click.IntRange(1),
    default=256,
    show_default=True,
    help='Images of one iteration.',
)
@click.option(
    '--learning-rate',
    type=Finite(0),
    default=Run().learning_rate,
    show_default=True,
    help='At first; a tenth of it after each third.',
)
@click.option(
    '--momentum',
    type=Finite(0, 1),
    default=0.9,
    show_default=True,
    help='What a step keeps of the one before.',
)
@click.option(
    '--localisation-rate',
    type=Finite(0),
    default=1.0,
    show_default=True,
    help='Factor for localisation networks.',
)
@data_option
@folder_option
@click.option(
    '--checkpoint-every',
    metavar='N',
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help='Iterations from one to the next.',
)
@click.option('--resume', is_flag=True, help='Continue from the checkpoint, if any.')
def train(data, output, checkpoint_every, resume, schedule, iterations, **options):
    """Train one model of the paper, and write its error down."""
    console = new_console()
    with _refusals():
        arrays, words = job.prepare(data)
        console.print('Data: ' + words, soft_wrap=True)
        run = Run(
            iterations=iterations or SCHEDULES[schedule],
            data=job.fingerprint(arrays),
            **options,
        )
        job.run_training(console, run, arrays, output, checkpoint_every, resume)


@click.command()
@click.argument('checkpoint', type=click.Path(exists=True, dir_okay=False))
@data_option
def evaluate(checkpoint, data):
    """Test the network of a CHECKPOINT."""
    with _refusals():
        arrays, words = job.prepare(data)
        click.echo('Data: ' + words)
        for line in job.evaluate(checkpoint, arrays):
            click.echo(line)


@click.command()
@click.argument('source', type=click.Path(exists=True, dir_okay=False))
@file_option(
    '--output',
    'A PNG, PDF or SVG for results, a GIF for a checkpoint.  '
    '[default: SOURCE with .png or .gif]',
)
@data_option
def plot(source, output, data):
    """Draw learning curves, or sampling grids over time.

    SOURCE is a file of results, or the checkpoint of a model with transformers.
    """
    from ..paper import pictures

    curves = not source.endswith('.npz')
    endings = PICTURES if curves else ('.gif',)
    output = output or os.path.splitext(source)[0] + endings[0]
    check_file(output, endings)
    with _refusals():
        if curves:
            save_figure(pictures.draw_learning(read_lines(source)), output)
        else:
            arrays, words = job.prepare(data)
            click.echo('Data: ' + words)
            pictures.animate_grids(source, arrays, output)
    click.echo(output)


@click.command()
@data_option
@click.option(
    '--output',
    metavar='DIR',
    default='.',
    type=click.Path(file_okay=False),
    help='Where the pictures go.  [default: the current folder]',
)
@click.option(
    '--seed',
    type=click.IntRange(0, 2**32 - 1),
    default=1,
    show_default=True,
    help='Of the distortions.',
)
def distortions(data, output, seed):
    """Draw a sheet of each distortion, and say how fast it is made."""
    from ..paper.pictures import draw_distortions

    with _refusals():
        arrays, words = job.prepare(data)
        click.echo('Data: ' + words)
        for path, size, speed in draw_distortions(arrays, output, seed):
            click.echo(
                '%s: %d x %d pixels, %.0f images/s' % ((path,) + size + (speed,))
            )


@click.command()
@click.option(
    '--clutter',
    type=click.Choice(list(SETS)),
    default='T',
    show_default=True,
    help='Without pieces of other digits, or with 16.',
)
@click.option(
    '--digit',
    type=click.IntRange(0, 9),
    default=3,
    show_default=True,
    help='The class whose images are searched.',
)
@click.option(
    '--seed',
    type=click.IntRange(0, 2**32 - 1),
    default=1,
    show_default=True,
    help='Of weights, batches and canvases.',
)
@click.option(
    '--iterations',
    type=click.IntRange(1),
    default=Search().iterations,
    show_default=True,
    help='Of the search, 64 pairs of images each.',
)
@click.option(
    '--repulsion',
    type=Finite(0),
    help=(
        'Weight of the distance to the random crop in the end.  [default: %s]'
        % ', '.join('%g on %s' % (each.repulsion, name) for name, each in SETS.items())
    ),
)
@click.option(
    '--shake',
    metavar='PIXELS',
    type=Finite(0),
    help=(
        "Standard deviation of a crop's shifts while learning.  [default: %s]"
        % ', '.join('%g on %s' % (each.shake, name) for name, each in SETS.items())
    ),
)
@click.option(
    '--encoder-iterations',
    type=click.IntRange(1),
    show_default=True,
    default=Search().encoder_iterations,
    help='Of the network that is trained on digits first.',
)
@data_option
@folder_option
@click.option('--resume', is_flag=True, help='Continue from the checkpoint, if any.')
def colocalise(data, output, resume, **options):
    """Find where the digit is in images of one class, without boxes."""
    console = new_console()
    with _refusals():
        arrays, words = job.prepare(data)
        console.print('Data: ' + words, soft_wrap=True)
        run_search(
            console,
            Search(data=job.fingerprint(arrays), **options),
            arrays,
            output,
            resume,
        )


@click.command()
@click.argument(
    'tables',
    metavar='TABLE...',
    nargs=-1,
    required=True,
    type=click.Choice(list(TABLES)),
)
@click.option(
    '--seeds',
    type=click.IntRange(1),
    default=3,
    show_default=True,
    help='Trainings of each cell, with the seeds 1, 2, and so on.',
)
@click.option(
    '--schedule',
    type=click.Choice(list(SCHEDULES)),
    default='paper',
    show_default=True,
    help='150000 iterations, or a tenth of them.',
)
@click.option(
    '--iterations',
    type=click.IntRange(1),
    help='Instead of a schedule: as many, in the same proportions.',
)
@click.option(
    '--group',
    'groups',
    multiple=True,
    help='Train only this group of rows, such as RTS; can be given several times.',
)
@click.option(
    '--row',
    'rows',
    multiple=True,
    help='Train only rows of this name, such as "ST-FCN Aff"; can be given '
    'several times.',
)
@click.option(
    '--scheduler',
    metavar='ADDRESS',
    help='Of a Dask scheduler, such as tcp://192.168.0.1:8786, whose workers '
    'train; their folder of the same name keeps the checkpoints.  '
    '[default: the cores of this machine]',
)
@data_option
@folder_option
@click.option(
    '--checkpoint-every',
    'every',
    metavar='N',
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help='Iterations from one to the next.',
)
@click.option(
    '--add',
    metavar='FILE',
    multiple=True,
    type=click.Path(exists=True, dir_okay=False),
    help='Take in the results of this results.jsonl, such as another '
    "machine's; can be given several times.",
)
@click.option('--no-run', is_flag=True, help='Train nothing, write what there is.')
def reproduce(tables, data, output, scheduler, add, no_run, **options):
    """Make a TABLE of the paper: table1, tc, addition, colocalisation.

    Trains what is missing in the results, several at a time, going on from checkpoints;
    prints the table, the paper's figures beside ours, with the command that repeats
    each cell; and writes it as Markdown, CSV and PNG. After Ctrl-C the same command
    goes on from the last checkpoints.
    """
    from ..paper import reproduce as task

    with _refusals():
        for path in add:
            task.take_in(output, path)
        failures = task.make_tables(
            new_console(),
            tuple(dict.fromkeys(tables)),
            output,
            data,
            task.Options(**options),
            scheduler,
            not no_run,
        )
        if failures:
            raise click.ClickException('\n'.join(failures))


@contextmanager
def _refusals():
    """A wrong file is a message, not a traceback."""
    try:
        yield
    except (OSError, ValueError, FloatingPointError) as problem:
        raise click.ClickException(str(problem)) from problem


COMMANDS = (train, evaluate, plot, distortions, colocalise, reproduce)
