"""The command ``bench``, which measures speed and memory."""

from __future__ import annotations

from typing import Any

import click
from click.core import ParameterSource

from .console import new_console
from .options import PICTURES, file_option

__all__ = ['bench']


class _Shape(click.ParamType):
    """Sizes separated by commas."""

    name = 'shape'

    def convert(self, value, parameter, context):
        from ..bench import Shape

        try:
            return Shape.parse(value)
        except ValueError as error:
            self.fail(str(error), parameter, context)


class _Case(click.ParamType):
    """Sizes of a convolution separated by commas."""

    name = 'case'

    def convert(self, value, parameter, context):
        from ..bench import ConvolutionCase

        try:
            return ConvolutionCase.parse(value)
        except ValueError as error:
            self.fail(str(error), parameter, context)


def _check_networks(context, parameter, names):
    """Check that `names` are names of measured networks."""
    from ..bench import TRAINING_NETWORKS

    for name in names:
        if name not in TRAINING_NETWORKS:
            raise click.BadParameter(
                'must be one of %s, got %r.' % (', '.join(TRAINING_NETWORKS), name)
            )
    return names


def _check_device(context, parameter, name):
    """Check that `name` is the name of an OpenCL or CUDA device."""
    from ..bench import DEVICES

    if name is not None and not DEVICES.fullmatch(name):
        raise click.BadParameter(
            'must be cuda, or like cuda0 or opencl0:0 with other numbers, got %r.'
            % name
        )
    return name


@click.command()
@click.option(
    '--what',
    type=click.Choice(['sampler', 'memory', 'compile', 'training', 'convolution']),
    default='sampler',
    show_default=True,
    help='Measure the time of the sampler, its peak memory, the time until its first '
    "result, the time of a training step of the paper's networks, or that of single "
    'convolutions.',
)
@click.option(
    '--threads',
    type=click.IntRange(1),
    multiple=True,
    help='Number of threads; can be given several times.  [default: 1 and all cores]',
)
@click.option(
    '--runs',
    type=click.IntRange(1),
    default=15,
    show_default=True,
    help='Rounds in which each contender is measured once.',
)
@click.option(
    '--theta',
    type=click.Choice(['noise', 'identity', 'rotation']),
    default='noise',
    show_default=True,
    help='Transform: the identity with noise, the identity, or a rotation by 45 '
    'degrees.',
)
@click.option(
    '--shape',
    'shapes',
    type=_Shape(),
    multiple=True,
    metavar='BATCH,CHANNELS,ROWS,COLUMNS[,DOWN]',
    help='Shape of the images, and the down-sampling factor; can be given several '
    'times.  [default: nine shapes]',
)
@click.option(
    '--work',
    'works',
    type=click.Choice(['forward', 'both', 'theta']),
    multiple=True,
    help='Compute no gradients, both, or that of theta only; can be given several '
    'times.  [default: all three]',
)
@click.option(
    '--network',
    'networks',
    multiple=True,
    metavar='NAME',
    callback=_check_networks,
    help="A network whose training step is measured, such as 'R ST-CNN'; can be given "
    'several times.  [default: ten networks]',
)
@click.option(
    '--batch',
    type=click.IntRange(1),
    help="Number of images in a training step.  [default: each network's own, 256 for "
    'the paper]',
)
@click.option(
    '--case',
    'cases',
    type=_Case(),
    multiple=True,
    metavar='N,C,H,W,F,K,PAD,POOL',
    help='A convolution: the shape of its images, number of filters, rows of a filter, '
    'pixels of padding, and rows of a pooling window (1 for no pooling); can be given '
    "several times.  [default: the layers of training's networks and others]",
)
@click.option(
    '--skip',
    type=click.Choice(['explicit', 'theano', 'torch', 'copy']),
    multiple=True,
    help='Leave out a contender: of the sampler explicit, torch or copy; of training '
    "and convolution theano (Theano's own convolutions) or torch. explicit and theano "
    'take longest. Can be given several times.',
)
@click.option(
    '--isa',
    type=click.Choice(['avx2']),
    help='Limit all contenders in training and convolution to these instructions.',
)
@click.option(
    '--portable',
    is_flag=True,
    help='Compile the kernels for processors without AVX-512.',
)
@click.option(
    '--device',
    metavar='DEVICE',
    callback=_check_device,
    help='Measure the sampler on an OpenCL or CUDA device, named as in Theano: '
    'opencl0:0 or cuda0, for example.',
)
@file_option('--json', 'Save all results as JSON.')
@file_option(
    '--plot', 'Plot time against size; this takes additional measurements.', PICTURES
)
@file_option('--markdown', 'Save the tables as Markdown.')
@click.pass_context
def bench(
    context: click.Context,
    json: str | None,
    plot: str | None,
    markdown: str | None,
    **options: Any,
) -> None:
    """Measure the speed or the memory of the layer.

    Compares the fused layer with the explicit graph, PyTorch and a memory copy; and in
    training, fused convolutions with Theano's own and PyTorch's. For reliable results,
    run nothing else on the machine.
    """
    from .. import bench as benchmark

    ignored = benchmark.IGNORED_OPTIONS[options['what']]
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name)
        if source is ParameterSource.COMMANDLINE and parameter.name in ignored:
            raise click.BadParameter(
                'has no effect with --what %s.' % options['what'], param=parameter
            )
    for name in options['skip']:
        if name not in benchmark.SKIPPABLE[options['what']]:
            raise click.BadParameter(
                '%s is not a contender with --what %s.' % (name, options['what']),
                param_hint="'--skip'",
            )
    try:
        benchmark.run(new_console(), benchmark.Options(**options), json, plot, markdown)
    except RuntimeError as error:
        raise click.ClickException(str(error)) from error
