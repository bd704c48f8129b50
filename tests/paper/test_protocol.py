"""Each step of the paper's training, against the same in numpy."""

import lasagne
import numpy as np
import pytest
import theano

from lasagne_stn import paper
from lasagne_stn.paper import DIGITS, EXPERIMENTS, Run, learner
from lasagne_stn.paper.tasks import digits

RUN = Run(
    'R', 'fcn', seed=3, iterations=6, batch_size=9, learning_rate=0.2, momentum=0.7
)


@pytest.fixture(autouse=True)
def single_precision():
    """The commands choose floatX for the process; here for one test."""
    with theano.configparser.change_flags(floatX='float32'):
        yield


@pytest.fixture
def data(rng):
    """50 training and 10 test images."""
    images = rng.uniform(size=(60, 28, 28)).astype('float32')
    labels = rng.integers(0, 3, size=60).astype('int32')
    return images[:50], labels[:50], images[50:], labels[50:]


@pytest.fixture
def batches(monkeypatch):
    """The arguments of each call that samples a batch, and the noise it added."""
    calls = []

    def sample_batch(images, labels, chosen, rng):
        noise = rng.uniform(size=(len(chosen), 1, 28, 28)).astype('float32')
        calls.append((images, labels, chosen, noise))
        return images[chosen][:, np.newaxis] + noise, labels[chosen]

    monkeypatch.setitem(
        EXPERIMENTS,
        'R',
        EXPERIMENTS['R']._replace(sample_batch=sample_batch, units={'fcn': 9}),
    )
    return calls


def scores_of(weights, images):
    """Return the inputs of each layer, and the scores, with two hidden layers."""
    inputs = [images.reshape(len(images), -1).astype(float)]
    for number in (0, 2):
        inputs.append(np.maximum(inputs[-1] @ weights[number] + weights[number + 1], 0))
    return inputs, inputs[-1] @ weights[4] + weights[5]


def loss_and_gradients(weights, images, labels):
    """Mean cross entropy, and its gradients layer by layer."""
    inputs, scores = scores_of(weights, images)
    chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    hits = np.arange(10) == labels[:, np.newaxis]
    upper, gradients = (chances - hits) / len(labels), []
    for number in (4, 2, 0):
        below = inputs[number // 2]
        gradients = [below.T @ upper, upper.sum(axis=0)] + gradients
        upper = upper @ weights[number].T * (below > 0)
    return -np.log(chances[hits]).mean(), gradients


def test_training_is_gradient_descent_with_momentum_at_three_rates(
    data, batches, monkeypatch
):
    monkeypatch.setattr(learner, 'BATCH', 7)  # 40 test images in six pieces
    start = DIGITS.build_learner(RUN).network
    weights = [
        np.array(one, float) for one in lasagne.layers.get_all_param_values(start)
    ]
    found = paper.train(RUN, data, every=6)
    tests, *steps = [
        (images[chosen][:, np.newaxis] + noise, labels[chosen])
        for images, labels, chosen, noise in batches
    ]
    velocities, losses = [0.0] * 6, []
    for batch, rate in zip(steps, (0.2, 0.2, 0.02, 0.02, 0.002, 0.002)):
        loss, gradients = loss_and_gradients(weights, *batch)
        losses.append(loss)
        velocities = [
            0.7 * velocity - rate * gradient
            for velocity, gradient in zip(velocities, gradients)
        ]
        weights = [one + velocity for one, velocity in zip(weights, velocities)]
    got = lasagne.layers.get_all_param_values(found.learner.network)
    for one, expected in zip(got, weights):
        np.testing.assert_allclose(one, expected, rtol=1e-4, atol=1e-5)
    assert found.history[0][1] == pytest.approx(np.mean(losses), rel=1e-5)
    classes = np.argmax(scores_of(weights, tests[0])[1], axis=1)
    assert found.error == np.mean(classes != tests[1]) and 0 < found.error < 1


class Idle:
    """A learner that learns nothing: only its batches count."""

    state = learner.TrainingState({})

    def train_step(self, images, labels, rate):
        return 1.0

    def error(self, images, labels):
        return 0.5

    def predict(self, images):
        return np.zeros(len(images)), []


def test_seed_and_iteration_decide_the_batch(data, batches, monkeypatch):
    monkeypatch.setattr(digits.Digits, 'build_learner', lambda task, run: Idle())
    noises = {}
    for name, seed in (('first', 3), ('again', 3), ('other', 4)):
        del batches[:]
        paper.train(RUN._replace(seed=seed), data)
        tests, *steps = batches
        assert tests[0] is data[2] and tests[1] is data[3] and len(steps) == 6
        assert all(
            images is data[0] and labels is data[1] and len(chosen) == 9
            for images, labels, chosen, _ in steps
        )
        noises[name] = [noise for _, _, _, noise in steps]
    np.testing.assert_array_equal(noises['again'], noises['first'])
    every = np.concatenate([noises['first'], noises['other']]).reshape(12, -1)
    assert len(np.unique(every, axis=0)) == 12


def test_only_the_seed_decides_the_weights(batches, monkeypatch):
    monkeypatch.setattr(digits, 'Learner', lambda network, *options: network)
    before = lasagne.random.get_rng()
    networks = [DIGITS.build_learner(RUN._replace(seed=seed)) for seed in (3, 3, 4)]
    assert lasagne.random.get_rng() is before
    first, again, other = [
        lasagne.layers.get_all_param_values(network)[0] for network in networks
    ]
    np.testing.assert_array_equal(again, first)
    assert (other != first).mean() > 0.99


def test_clutter_comes_from_all_images(data):
    images = np.ones((20, 28, 28), 'float32')
    images[:4] = 0  # what is chosen is empty
    cluttered, _ = EXPERIMENTS['TC'].sample_batch(
        images, np.zeros(20, 'int32'), np.arange(4), np.random.default_rng(5)
    )
    assert (cluttered.max(axis=(1, 2, 3)) > 0.5).all()
