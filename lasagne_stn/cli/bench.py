"""The command that measures speed and memory."""

import click
from click.core import ParameterSource

from .options import PICTURES, file_option, new_console

__all__ = ['COMMANDS', 'bench']


class _Shape(click.ParamType):
    """Sizes with commas between them."""

    name = 'shape'

    def convert(self, value, parameter, context):
        from ..bench import Shape

        try:
            return Shape.parse(value)
        except ValueError as problem:
            self.fail(str(problem), parameter, context)


def _device(context, parameter, name):
    """Refuse what is no device's name."""
    from ..bench import DEVICES

    if name is not None and not DEVICES.fullmatch(name):
        raise click.BadParameter(
            'must be cuda, cuda0 or opencl0:0, with numbers of your own, got %r.' % name
        )
    return name


@click.command()
@click.option(
    '--what',
    type=click.Choice(['sampler', 'memory', 'compile', 'training']),
    default='sampler',
    show_default=True,
    help='The sampler by itself; its peak memory; the time to a first '
    "result; a training step of the paper's networks.",
)
@click.option(
    '--threads',
    type=click.IntRange(1),
    multiple=True,
    help='Can be given several times.  [default: 1 and all cores]',
)
@click.option(
    '--runs',
    type=click.IntRange(1),
    default=15,
    show_default=True,
    help='Rounds in which each contender has a turn.',
)
@click.option(
    '--theta',
    type=click.Choice(['noise', 'identity', 'rotation']),
    default='noise',
    show_default=True,
    help='The identity plus noise, the identity, or 45 degrees.',
)
@click.option(
    '--shape',
    'shapes',
    type=_Shape(),
    multiple=True,
    metavar='BATCH,CHANNELS,ROWS,COLUMNS[,DOWN]',
    help='Of the images, and a factor of down-sampling; can be given several '
    'times.  [default: nine shapes]',
)
@click.option(
    '--work',
    'works',
    type=click.Choice(['forward', 'both', 'theta']),
    multiple=True,
    help='Without gradients, with both, or with that to theta; can be given '
    'several times.  [default: all three]',
)
@click.option(
    '--skip',
    type=click.Choice(['explicit', 'torch', 'copy']),
    multiple=True,
    help='Contenders to leave out, explicit takes longest; can be given several times.',
)
@click.option(
    '--portable',
    is_flag=True,
    help='Compile kernels as for a processor without AVX-512.',
)
@click.option(
    '--device',
    metavar='DEVICE',
    callback=_device,
    help='Measure the sampler on an OpenCL or CUDA device, such as opencl0:0 '
    'or cuda0, as Theano names it.',
)
@file_option('--json', 'Write all figures.')
@file_option('--plot', 'Draw cost against size; takes more measurements.', PICTURES)
@file_option('--markdown', 'Write the tables in Markdown.')
@click.pass_context
def bench(context, json, plot, markdown, **options):
    """Compare the fused layer with the explicit one, PyTorch, and a memory copy.

    For figures that count, let nothing else run on the machine.
    """
    from .. import bench as job

    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name)
        if source is ParameterSource.COMMANDLINE and parameter.name in job.UNREAD.get(
            options['what'], ()
        ):
            raise click.BadParameter(
                'nothing reads it with --what %s.' % options['what'], param=parameter
            )
    try:
        job.run(new_console(), job.Options(**options), json, plot, markdown)
    except RuntimeError as problem:
        raise click.ClickException(str(problem)) from problem


COMMANDS = (bench,)
