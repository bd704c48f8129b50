"""The paper's networks, each a list of words, built of Lasagne's layers and ours [1]_.

A word is a tuple: ``('dense', units)``, ``('conv', filters, width)``, ``('max', n)``
and ``('mean', n)`` for pooling, and ``('warp', transform, words, side)`` for a
transformer whose localisation network is `words`, whose output has `side` x `side`
pixels (those of its input if None). ``('beside', [word, word])`` feeds all of them
with the same input and joins their channels.

References
----------
.. [1] Jaderberg et al. (2015): Spatial Transformer Networks, appendix A.
"""

import lasagne
from lasagne.layers import (
    ConcatLayer,
    Conv2DLayer,
    DenseLayer,
    InputLayer,
    MaxPool2DLayer,
    Pool2DLayer,
)

from .. import checks
from ..layers import TransformerLayer
from ..localisation import localisation_head, tag_localisation
from ..transforms import Affine, Projective, ThinPlateSpline

__all__ = [
    'MODELS',
    'TRANSFORMS',
    'LOCALISATION',
    'network_words',
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
LOCALISATION = {
    'fcn': [('dense', 32)] * 3,
    'cnn': [('mean', 2), ('conv', 20, 5), ('max', 2), ('conv', 20, 5), ('dense', 20)],
}


def network_words(experiment, model, transform=None):
    """The words of a model in an experiment.

    Parameters
    ----------
    experiment : Experiment
        With the number of units of each model.
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
        If the experiment has no such model, or `transform` is missing or too much.

    Examples
    --------
    >>> from lasagne_stn.paper import EXPERIMENTS
    >>> network_words(EXPERIMENTS['R'], 'fcn')
    [('dense', 256), ('dense', 256)]
    """
    checks.choice('network_words', 'model', model, tuple(experiment.units))
    units, kind = experiment.units[model], model[-3:]
    if kind == 'fcn':
        classifier = [('dense', units), ('dense', units)]
    else:
        classifier = [('conv', units, 9), ('max', 2), ('conv', units, 7), ('max', 2)]
    if 'st-' not in model:
        if transform is not None:
            raise checks.argument_error(
                'network_words', 'transform', 'be None for %s' % model, transform
            )
        return classifier
    checks.choice('network_words', 'transform', transform, tuple(TRANSFORMS))
    warp = (
        'warp',
        transform,
        LOCALISATION[kind],
        experiment.warped.get(kind, experiment.size),
    )
    if model.startswith('2-'):
        warp = ('beside', [warp, warp])
    pool = [('mean', experiment.pool)] if experiment.pool > 1 else []
    return [warp] + pool + classifier


def build_network(words, incoming, num_units, border_mode='nearest'):
    """A network of Lasagne's layers and ours; rectified linear, the last layer linear.

    Parameters
    ----------
    words : list of tuple
        See this module.
    incoming : Layer
        Images, ``(batch, channels, rows, columns)``.
    num_units : int
        Of the last layer.
    border_mode : str, optional
        Of the transformers. The paper's eq. 5 is 'constant'; round digits, whose edges
        are dark, 'nearest' reads almost the same, by a faster kernel.

    Returns
    -------
    Layer
        Shape ``(batch, num_units)``.
    """
    layer = _stack(words, incoming, border_mode)
    return DenseLayer(layer, num_units, nonlinearity=lasagne.nonlinearities.linear)


def _stack(words, layer, border_mode):
    for word in words:
        layer = _layer(layer, border_mode, *word)
    return layer


def _layer(incoming, border_mode, kind, *sizes):
    if kind == 'dense':
        return DenseLayer(incoming, sizes[0])
    if kind == 'conv':
        return Conv2DLayer(incoming, sizes[0], sizes[1])
    if kind == 'max':
        return MaxPool2DLayer(incoming, sizes[0])
    if kind == 'mean':
        return Pool2DLayer(incoming, sizes[0], mode='average_exc_pad')
    if kind == 'beside':
        return ConcatLayer([_layer(incoming, border_mode, *word) for word in sizes[0]])
    name, words, side = sizes
    transform = TRANSFORMS[name]
    theta = localisation_head(_stack(words, incoming, border_mode), transform)
    tag_localisation(theta, [incoming])
    return TransformerLayer(
        incoming,
        theta,
        transform=transform,
        border_mode=border_mode,
        output_size=side and (side, side),
    )


def transformers(network):
    """The transformers in a network, in the order of its layers.

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


def input_layer(size, input_var=None, channels=1):
    """The layer that images of `size` pixels square come from."""
    return InputLayer((None, channels, size, size), input_var)
