"""The main job: a classifier with a transformer against the same one without."""
import os
import time
from collections import namedtuple

import lasagne
import numpy as np
import theano
import theano.tensor as T
from lasagne.init import Constant
from lasagne.layers import (
    DenseLayer, InputLayer, count_params, get_all_layers, get_all_params, get_output)
from lasagne.nonlinearities import softmax
from lasagne.utils import floatX

from . import runtime, viz
from .data import distort_rts, load_digits, load_mnist
from .grid import regular_grid
from .layers import TransformerLayer
from .transforms import Affine

__all__ = ['Settings', 'Result', 'Classifier', 'build_networks', 'train', 'draw',
           'run']

TEST_COPIES = 4             # distorted copies of each test image of a small set
SMALL = 10000               # images; below that a set is trained with more epochs
BATCH = 1000                # images in one call where nothing is learnt

Settings = namedtuple('Settings', 'epochs batch_size learning_rate localization_rate '
                      'num_units seed', defaults=[60, 128, 2e-3, .3, 256, 1])
Settings.__doc__ = """How the demo trains; equal for both networks.

`learning_rate` is Adam's; the localisation network learns `localization_rate` times
as fast, which keeps it stable. `num_units` is the width of the transformer's
classifier, the plain one is as wide as makes the numbers of parameters equal.
"""

Result = namedtuple('Result', 'plain transformer errors epochs interrupted test before '
                    'after')
Result.__doc__ = """What training gave.

The two `Classifier` objects, their `errors` (fractions, in the same order), the whole
`epochs` done, whether the user `interrupted`, the distorted `test` images and labels,
and the transformer's view of ten of them `before` and `after`: indices, points, output.
"""


class Classifier:
    """A network with its compiled training step.

    Parameters
    ----------
    network : Layer
        Probability of each class, ``(batch, classes)``; one input of images.
    settings : Settings
    transformer : TransformerLayer, optional
        The one in `network`; its localisation network learns more slowly.

    Attributes
    ----------
    num_params : int
        Learnable numbers.
    seconds : float
        Spent in training so far.
    """

    def __init__(self, network, settings, transformer=None):
        self.num_params = count_params(network, trainable=True)
        self.seconds = 0.
        self._rate = theano.shared(floatX(settings.learning_rate))
        images, labels = get_all_layers(network)[0].input_var, T.ivector('labels')
        probability = get_output(network)
        loss = lasagne.objectives.categorical_crossentropy(probability, labels).mean()
        params = get_all_params(network, trainable=True)
        gradients = dict(zip(params, T.grad(loss, params)))
        slow = get_all_params(transformer.input_layers[1]) if transformer else []
        updates = {}
        for group, rate in (([param for param in params if param not in slow], 1),
                            (slow, settings.localization_rate)):
            if group:
                updates.update(lasagne.updates.adam(
                    [gradients[param] for param in group], group,
                    self._rate * floatX(rate)))
        self._step = theano.function([images, labels], loss, updates=updates)
        outputs = [T.argmax(probability, axis=1)]
        if transformer:
            theta, warped = get_output([transformer.input_layers[1], transformer])
            size = transformer.output_shape[2:]
            points = transformer.transform.apply(
                theta, regular_grid(size, dtype=theta.dtype))
            outputs += [points.reshape((-1, 2) + size).dimshuffle(0, 2, 3, 1),
                        warped[:, 0]]
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
        wrong = sum(np.sum(self.look(images[start:start + BATCH])[0]
                           != labels[start:start + BATCH])
                    for start in range(0, len(images), BATCH))
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
    affine = Affine()
    theta = DenseLayer(hidden, num_units=affine.num_params, W=Constant(0),
                       b=floatX(affine.identity), nonlinearity=None)
    transformer = TransformerLayer(images, theta, downsample_factor=1.5)
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


def train(data, settings, report=lambda done, total, losses: None):
    """Train both networks on the same distorted images.

    Every epoch distorts the training images anew; the test images are distorted once.
    Ctrl-C ends training, and what was learnt until then is judged.

    Parameters
    ----------
    data : tuple of numpy array
        Training images and labels, test images and labels, as
        :func:`lasagne_stn.data.load_digits` returns them.
    settings : Settings
    report : callable, optional
        Called after each batch with the number of batches done, that of all, and the
        losses of the plain and the transformer's network in this batch.

    Returns
    -------
    Result
    """
    images, labels, test_images, test_labels = data
    copies = TEST_COPIES if len(test_images) < SMALL // TEST_COPIES else 1
    order, noise, held_out = (np.random.default_rng([settings.seed, use])
                              for use in range(3))
    canvas = tuple(3 * pixels // 2 for pixels in images.shape[1:])
    test = (distort_rts(np.repeat(test_images, copies, axis=0), held_out, canvas),
            np.repeat(test_labels, copies))
    plain, warping = _classifiers(canvas, 1 + labels.max(), settings)
    ten = [int(np.argmax(test[1] == digit)) for digit in np.unique(test[1])[:10]]
    before = warping.look(test[0][ten])[1:]

    starts = range(0, len(images), settings.batch_size)
    total, done, interrupted = settings.epochs * len(starts), 0, False
    try:
        for epoch in range(settings.epochs):
            chosen = order.permutation(len(images))
            distorted = distort_rts(images[chosen], noise, canvas)
            rate = settings.learning_rate * _decay(epoch / settings.epochs)
            for start in starts:
                part = slice(start, start + settings.batch_size)
                losses = [network.learn(distorted[part], labels[chosen[part]], rate)
                          for network in (plain, warping)]
                done += 1
                report(done, total, losses)
    except KeyboardInterrupt:
        interrupted = True
    errors = [network.error(*test) for network in (plain, warping)]
    after = warping.look(test[0][ten])[1:]
    return Result(plain, warping, errors, done // len(starts), interrupted,
                  (test[0][ten], test[1][ten]), before, after)


def _classifiers(canvas, num_classes, settings):
    """Both classifiers, their initial weights drawn from the seed."""
    before = lasagne.random.get_rng()
    lasagne.random.set_rng(np.random.RandomState(settings.seed))
    try:
        plain, warping, transformer = build_networks(canvas, num_classes, settings)
    finally:
        lasagne.random.set_rng(before)
    return Classifier(plain, settings), Classifier(warping, settings, transformer)


def _decay(progress):
    """Factor of the learning rate at a fraction of all epochs."""
    return 1 if progress < .6 else .3 if progress < .85 else .1


