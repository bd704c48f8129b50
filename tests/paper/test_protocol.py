"""What a training of the paper's does in each step, against the same in numpy."""

import lasagne
import numpy as np
import pytest
import theano

from lasagne_stn import paper
from lasagne_stn.paper import EXPERIMENTS, Run, learner, training

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
def drawn(monkeypatch):
    """What a small experiment was asked to draw, and its answers, in turn."""
    calls = []

    def draw(images, labels, chosen, rng):
        noise = rng.uniform(size=(len(chosen), 1, 28, 28)).astype('float32')
        calls.append((images, labels, chosen, noise))
        return images[chosen][:, np.newaxis] + noise, labels[chosen]

    monkeypatch.setitem(
        EXPERIMENTS, 'R', EXPERIMENTS['R']._replace(draw=draw, units={'fcn': 9})
    )
    return calls


def scores_of(weights, images):
    """Of a network with two hidden layers: its layers' inputs, and the scores."""
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
    data, drawn, monkeypatch
):
    monkeypatch.setattr(learner, 'BATCH', 7)  # 40 test images in six pieces
    start = learner.build_learner(EXPERIMENTS['R'], RUN).network
    weights = [
        np.array(one, float) for one in lasagne.layers.get_all_param_values(start)
    ]
    found = paper.train(RUN, data, every=6)
    tests, *batches = [
        (images[chosen][:, np.newaxis] + noise, labels[chosen])
        for images, labels, chosen, noise in drawn
    ]
    velocities, losses = [0.0] * 6, []
    for batch, rate in zip(batches, (0.2, 0.2, 0.02, 0.02, 0.002, 0.002)):
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
    """Stands for a learner where only its batches count."""

    state = learner.TrainingState({})

    def learn(self, images, labels, rate):
        return 1.0

    def error(self, images, labels):
        return 0.5

    def look(self, images):
        return np.zeros(len(images)), []


def test_seed_and_iteration_decide_what_is_drawn_of_the_training_images(
    data, drawn, monkeypatch
):
    monkeypatch.setattr(training, 'build_learner', lambda experiment, run: Idle())
    noises = {}
    for name, seed in (('first', 3), ('again', 3), ('other', 4)):
        del drawn[:]
        paper.train(RUN._replace(seed=seed), data)
        tests, *batches = drawn
        assert tests[0] is data[2] and tests[1] is data[3] and len(batches) == 6
        assert all(
            images is data[0] and labels is data[1] and len(chosen) == 9
            for images, labels, chosen, _ in batches
        )
        noises[name] = [noise for _, _, _, noise in batches]
    np.testing.assert_array_equal(noises['again'], noises['first'])
    every = np.concatenate([noises['first'], noises['other']]).reshape(12, -1)
    assert len(np.unique(every, axis=0)) == 12


def test_the_seed_decides_the_weights_and_others_keep_their_chance(drawn, monkeypatch):
    monkeypatch.setattr(learner, 'Learner', lambda network, *options: network)
    before = lasagne.random.get_rng()
    networks = [
        learner.build_learner(EXPERIMENTS['R'], RUN._replace(seed=seed))
        for seed in (3, 3, 4)
    ]
    assert lasagne.random.get_rng() is before
    first, again, other = [
        lasagne.layers.get_all_param_values(network)[0] for network in networks
    ]
    np.testing.assert_array_equal(again, first)
    assert (other != first).mean() > 0.99


def test_clutter_comes_from_all_images(data):
    images = np.ones((20, 28, 28), 'float32')
    images[:4] = 0  # what is chosen is empty
    cluttered, _ = EXPERIMENTS['TC'].draw(
        images, np.zeros(20, 'int32'), np.arange(4), np.random.default_rng(5)
    )
    assert (cluttered.max(axis=(1, 2, 3)) > 0.5).all()
