"""A step of a convolutional network with a transformer, by finite differences."""

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import (
    Conv2DLayer,
    DenseLayer,
    InputLayer,
    MaxPool2DLayer,
    get_all_params,
    get_output,
)

from lasagne_stn import Affine, TransformerLayer, localisation_head
from lasagne_stn._platform.flags import quiet

RATE, STEP = 0.5, 1e-6


@pytest.fixture(scope='module')
def step():
    """Functions for the loss and for a step of gradient descent, and the parameters."""
    lasagne.random.set_rng(np.random.RandomState(3))
    with theano.configparser.change_flags(floatX='float64'), quiet():
        return build()


def build():
    images = T.tensor4(dtype='float64')
    incoming = InputLayer((None, 1, 13, 11), images)
    hidden = DenseLayer(incoming, 5, nonlinearity=T.tanh)
    theta = localisation_head(hidden, Affine())
    warped = TransformerLayer(incoming, theta, downsample_factor=1.2)
    features = Conv2DLayer(warped, 3, (3, 2), nonlinearity=T.tanh)
    network = DenseLayer(MaxPool2DLayer(features, 2), 4, nonlinearity=T.nnet.softmax)
    params = get_all_params(network)
    # Off the identity, where a coordinate on a pixel's centre has two slopes.
    theta.b.set_value(np.array([0.93, 0.08, 0.03, -0.06, 0.88, -0.05]))
    labels = T.ivector()
    loss = T.nnet.categorical_crossentropy(get_output(network), labels).mean()
    updates = lasagne.updates.sgd(loss, params, RATE)
    mode = theano.compile.get_mode('FAST_RUN')
    return (
        theano.function([images, labels], loss, mode=mode),
        theano.function([images, labels], loss, updates=updates, mode=mode),
        params,
    )


@pytest.mark.smoke
def test_a_step_follows_the_slope_of_the_loss(step, rng):
    loss, train, params = step
    images = rng.uniform(0, 1, (6, 1, 13, 11))
    labels = (np.arange(6) % 4).astype('int32')
    before = [param.get_value() for param in params]
    slopes = {}
    for number, value in enumerate(before):
        for index in rng.integers(value.size, size=3):
            losses = []
            for sign in (1, -1):
                moved = value.copy()
                moved.flat[index] += sign * STEP
                params[number].set_value(moved)
                losses.append(float(loss(images, labels)))
            slopes[number, index] = (losses[0] - losses[1]) / (2 * STEP)
        params[number].set_value(value)
    first = train(images, labels)
    for (number, index), slope in slopes.items():
        moved = params[number].get_value().flat[index] - before[number].flat[index]
        assert abs(moved + RATE * slope) < 1e-6, (params[number].name, index)
    for _ in range(30):
        last = train(images, labels)
    assert last < 0.8 * first
