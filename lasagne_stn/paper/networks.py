"""The paper's networks: lists of layer specifications, built with Lasagne.

A specification is a tuple: ``('dense', units)``, ``('conv', filters, width)`` or
``('conv', filters, width, padding)`` with pixels of padding on each side, ``('max',
n)`` and ``('mean', n)`` for pooling, and ``('warp', transform, layers, side)`` for a
transformer: the list `layers` specifies its localisation network, and its output has
`side` x `side` pixels (its input's size if None). ``('beside', [layer, layer])`` feeds
all of them the same input and concatenates their channels.

Source: Jaderberg et al. (2015): Spatial Transformer Networks, appendix A.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Sequence

import lasagne
from lasagne.layers import (
    ConcatLayer,
    Conv2DLayer,
    DenseLayer,
    InputLayer,
    Layer,
    MaxPool2DLayer,
    Pool2DLayer,
)
from theano import Variable

from .. import checks
from ..layers import TransformerLayer
from ..localisation import localisation_head, tag_localisation
from ..transforms import Affine, Projective, ThinPlateSpline

if TYPE_CHECKING:
    from .tasks.digits_experiments import Experiment

__all__ = [
    'MODELS',
    'TRANSFORMS',
    'LOCALISATION',
    'network_spec',
    'build_network',
    'transformers',
    'input_layer',
]

MODELS = ('fcn', 'cnn', 'st-fcn', 'st-cnn', '2-st-fcn')
TRANSFORMS = {
    'affine': Affine(),
    'projective': Projective(),
    'tps': ThinPlateSpline(16),
}
LOCALISATION: dict[str, list[tuple]] = {
    'fcn': [('dense', 32)] * 3,
    'cnn': [('mean', 2), ('conv', 20, 5), ('max', 2), ('conv', 20, 5), ('dense', 20)],
}


def network_spec(
    experiment: Experiment, model: str, transform: str | None = None
) -> list[tuple]:
    """Return the layer specifications of a model in an experiment.

    Parameters
    ----------
    experiment : Experiment
        Gives the number of units of each model.
    model : str
        One of ``MODELS``.
    transform : str, optional
        One of ``TRANSFORMS``; for models with a transformer.

    Returns
    -------
    list of tuple

    Raises
    ------
    ValueError
        If the experiment has no such model, or `transform` is missing or not allowed.

    Examples
    --------
    >>> from lasagne_stn.paper import EXPERIMENTS
    >>> network_spec(EXPERIMENTS['R'], 'fcn')
    [('dense', 256), ('dense', 256)]
    """
    checks.choice('network_spec', 'model', model, tuple(experiment.units))
    units, kind = experiment.units[model], model[-3:]
    classifier: list[tuple] = [('dense', units), ('dense', units)]
    if kind == 'cnn':
        classifier = [('conv', units, 9), ('max', 2), ('conv', units, 7), ('max', 2)]
    if 'st-' not in model:
        if transform is not None:
            raise checks.argument_error(
                'network_spec', 'transform', 'be None for %s' % model, transform
            )
        return classifier
    checks.choice('network_spec', 'transform', transform, tuple(TRANSFORMS))
    side = experiment.warped.get(kind, experiment.size)
    warp: tuple = 'warp', transform, LOCALISATION[kind], side
    if model.startswith('2-'):
        warp = 'beside', [warp, warp]
    pool = [('mean', experiment.pool)] if experiment.pool > 1 else []
    return [warp, *pool, *classifier]


def build_network(
    spec: Sequence[tuple],
    incoming: Layer,
    num_units: int,
    border_mode: str = 'nearest',
) -> Layer:
    """Build a network of rectified linear layers and a linear last layer.

    Parameters
    ----------
    spec : sequence of tuple
        Layer specifications, see this module.
    incoming : Layer
        Images, ``(batch, channels, rows, columns)``.
    num_units : int
        Number of units of the last layer.
    border_mode : str, optional
        Border mode of the transformers. The paper's eq. 5 is 'constant'. Around digits,
        where images are dark, 'nearest' reads almost the same and has a faster kernel.

    Returns
    -------
    Layer
        Shape ``(batch, num_units)``.
    """
    layer = _stack(spec, incoming, border_mode)
    return DenseLayer(layer, num_units, nonlinearity=lasagne.nonlinearities.linear)


def _stack(spec, layer, border_mode):
    for each in spec:
        layer = _layer(layer, border_mode, *each)
    return layer


def _layer(incoming, border_mode, kind, *sizes):
    if kind == 'dense':
        return DenseLayer(incoming, sizes[0])
    if kind == 'conv':
        filters, width, *padding = sizes
        return Conv2DLayer(incoming, filters, width, pad=padding[0] if padding else 0)
    if kind == 'max':
        return MaxPool2DLayer(incoming, sizes[0])
    if kind == 'mean':
        return Pool2DLayer(incoming, sizes[0], mode='average_exc_pad')
    if kind == 'beside':
        return ConcatLayer([_layer(incoming, border_mode, *each) for each in sizes[0]])
    name, spec, side = sizes
    transform = TRANSFORMS[name]
    theta = localisation_head(_stack(spec, incoming, border_mode), transform)
    tag_localisation(theta, [incoming])
    return TransformerLayer(
        incoming,
        theta,
        transform=transform,
        border_mode=border_mode,
        output_size=side and (side, side),
    )


def transformers(network: Layer) -> list[TransformerLayer]:
    """Return the transformers in a network, in the order of its layers.

    Parameters
    ----------
    network : Layer

    Returns
    -------
    list of TransformerLayer
    """
    return [
        layer
        for layer in lasagne.layers.get_all_layers(network)
        if isinstance(layer, TransformerLayer)
    ]


def input_layer(
    size: int, input_var: Variable | None = None, channels: int = 1
) -> InputLayer:
    """Return an input layer for square images.

    Parameters
    ----------
    size : int
        Pixels along a side.
    input_var : Theano variable, optional
    channels : int, optional

    Returns
    -------
    InputLayer
        Shape ``(batch, channels, size, size)``.
    """
    return InputLayer((None, channels, size, size), input_var)
