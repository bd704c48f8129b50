"""The demo's two networks, and what is compiled from them."""

import time
from collections import OrderedDict, namedtuple

import lasagne
import numpy as np
import theano
import theano.tensor as T
from lasagne.layers import (
    DenseLayer,
    InputLayer,
    count_params,
    get_all_layers,
    get_all_params,
    get_output,
)
from lasagne.nonlinearities import softmax
from lasagne.utils import floatX

from ..layers import SamplingGridLayer, TransformerLayer
from ..localisation import localisation_head
from ..transforms import Affine

__all__ = ['Settings', 'Classifier', 'build_networks']

BATCH = 1000  # images in one call where nothing is learnt

Settings = namedtuple(
    'Settings',
    'epochs batch_size learning_rate localisation_rate num_units seed',
    defaults=[100, 128, 1e-3, 2.0, 256, 1],
)
Settings.__doc__ = """How the demo trains; equal for both networks.

`learning_rate` is Adam's; the localisation network learns `localisation_rate` times
as fast: above 1 it straightens images before the classifier knows them tilted.
`num_units` is the width of the transformer's classifier, the plain one is as wide as
makes the numbers of parameters equal.
"""


class Classifier:
    """A network with its compiled training step.

    Parameters
    ----------
    network : Layer
        Probability of each class, ``(batch, classes)``; one input of images.
    settings : Settings
    transformer : TransformerLayer, optional
        The one in `network`; its localisation network has a rate of its own.

    Attributes
    ----------
    num_params : int
        Learnable numbers.
    seconds : float
        Spent in training so far.
    """

    def __init__(self, network, settings, transformer=None):
        self.num_params = count_params(network, trainable=True)
        self.seconds = 0.0
        self._rate = theano.shared(floatX(settings.learning_rate))
        images, labels = get_all_layers(network)[0].input_var, T.ivector('labels')
        probability = get_output(network)
        loss = lasagne.objectives.categorical_crossentropy(probability, labels).mean()
        params = get_all_params(network, trainable=True)
        gradients = dict(zip(params, T.grad(loss, params)))
        locating = get_all_params(transformer.input_layers[1]) if transformer else []
        updates = OrderedDict()
        for group, rate in (
            ([param for param in params if param not in locating], 1),
            (locating, settings.localisation_rate),
        ):
            if group:
                updates.update(
                    lasagne.updates.adam(
                        [gradients[param] for param in group],
                        group,
                        self._rate * floatX(rate),
                    )
                )
        self._step = theano.function([images, labels], loss, updates=updates)
        outputs = [T.argmax(probability, axis=1)]
        if transformer:
            points, warped = get_output([SamplingGridLayer(transformer), transformer])
            outputs += [points, warped[:, 0]]
        self._look = theano.function([images], outputs)

    def learn(self, images, labels, rate):
        """One step on a batch.

        Parameters
        ----------
        images : numpy array
            Shape ``(batch, rows, columns)``.
        labels : numpy array
            int32, ``(batch,)``.
        rate : float
            The learning rate.

        Returns
        -------
        float
            The loss before the step.
        """
        start = time.perf_counter()
        self._rate.set_value(floatX(rate))
        loss = float(self._step(floatX(images[:, np.newaxis]), labels))
        self.seconds += time.perf_counter() - start
        return loss

    def look(self, images):
        """Classes of images, and for a transformer also its points and output."""
        return self._look(floatX(images[:, np.newaxis]))

    def error(self, images, labels):
        """Fraction of images that are put into a wrong class."""
        wrong = sum(
            np.sum(
                self.look(images[start : start + BATCH])[0]
                != labels[start : start + BATCH]
            )
            for start in range(0, len(images), BATCH)
        )
        return float(wrong) / len(images)


def build_networks(image_size, num_classes, settings):
    """The paper's two fully connected networks, ST-FCN and FCN [1]_.

    Parameters
    ----------
    image_size : pair of int
        Rows and columns in pixels.
    num_classes : int
    settings : Settings

    Returns
    -------
    plain, warping : Layer
        Probability of each class; numbers of parameters as close as can be.
    transformer : TransformerLayer
        At the input of `warping`; it samples two thirds as many rows and columns.

    References
    ----------
    .. [1] Jaderberg et al. (2015): Spatial Transformer Networks, appendix A.4.
    """
    images = InputLayer((None, 1) + tuple(image_size))
    hidden = images
    for _ in range(3):
        hidden = DenseLayer(hidden, num_units=32)
    transformer = TransformerLayer(
        images, localisation_head(hidden, Affine()), downsample_factor=1.5
    )
    warping = _fully_connected(transformer, num_classes, settings.num_units)
    width = _matching_units(count_params(warping), np.prod(image_size), num_classes)
    images = InputLayer((None, 1) + tuple(image_size))
    return _fully_connected(images, num_classes, width), warping, transformer


def _fully_connected(incoming, num_classes, num_units):
    for _ in range(2):
        incoming = DenseLayer(incoming, num_units=num_units)
    return DenseLayer(incoming, num_units=num_classes, nonlinearity=softmax)


def _matching_units(num_params, num_inputs, num_classes):
    """Width that gives a fully connected network about `num_params` parameters."""
    units = np.arange(1, num_params // num_inputs + 2)
    counts = units * (num_inputs + 1 + units + 1 + num_classes) + num_classes
    return int(units[np.argmin(abs(counts - num_params))])
