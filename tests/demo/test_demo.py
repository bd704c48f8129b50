"""The demo in small: networks, training, interruption, table and picture."""

import io

import lasagne
import numpy as np
import pytest
import theano
from rich.console import Console

from lasagne_stn import demo
from lasagne_stn.demo import command
from lasagne_stn.paper import Learner

TINY = demo.Settings(epochs=2, batch_size=8, num_units=12, seed=5)


@pytest.fixture(autouse=True)
def single_precision():
    """The demo may choose floatX for the process; here for one test."""
    with theano.configparser.change_flags(floatX='float32'):
        yield


@pytest.fixture
def data(rng):
    """20 training and 6 test images of two classes: a bar that lies or stands."""
    labels = np.arange(26, dtype='int32') % 2
    images = np.zeros((26, 8, 8), 'float32')
    images[labels == 0, 3:5, 1:7] = 1
    images[labels == 1, 1:7, 3:5] = 1
    return images[:20], labels[:20], images[20:], labels[20:]


def state(result):
    return [result.errors, result.epochs, result.before, result.after, result.test]


def assert_same(first, second):
    if isinstance(first, (list, tuple)):
        for one, other in zip(first, second):
            assert_same(one, other)
    else:
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize('units', [64, 256])
def test_both_networks_have_as_many_parameters(units):
    plain, warping, transformer = demo.build_networks(
        (42, 42), 10, demo.Settings(num_units=units)
    )
    counts = [lasagne.layers.count_params(network) for network in (plain, warping)]
    assert abs(counts[0] / counts[1] - 1) < 0.01
    assert transformer.output_shape == (None, 1, 28, 28)
    assert transformer in lasagne.layers.get_all_layers(warping)
    assert transformer not in lasagne.layers.get_all_layers(plain)
    # counted by hand: 1764 inputs, localisation 32, 32, 32, 6, classifier on 784
    assert counts[1] == (
        (1764 + 1) * 32
        + 2 * 33 * 32
        + 33 * 6
        + 785 * units
        + (units + 1) * units
        + (units + 1) * 10
    )


def test_training_starts_from_the_identity_and_moves(data):
    seen = []
    result = demo.train(data, TINY, lambda *args: seen.append(args))
    (points, warped), (moved, _) = result.before, result.after
    assert points.shape == (2, 8, 8, 2) and warped.shape == (2, 8, 8)
    corners = points[:, ::7, ::7]
    np.testing.assert_allclose(
        corners, [[[[-1, -1], [1, -1]], [[-1, 1], [1, 1]]]] * 2, atol=1e-6
    )
    assert abs(moved - points).max() > 1e-3
    assert [done for done, _, _ in seen] == list(range(1, 7)) and seen[0][1] == 6
    assert all(np.isfinite(losses).all() for _, _, losses in seen)
    assert result.epochs == 2 and not result.interrupted
    assert list(result.test[1]) == [0, 1]
    assert len(result.seconds) == 2 and min(result.seconds) > 0


def test_training_learns(data):
    losses = []
    settings = TINY._replace(epochs=40, learning_rate=1e-2, localisation_rate=0.3)
    demo.train(data, settings, lambda done, total, both: losses.append(both))
    first, last = np.mean(losses[:10], axis=0), np.mean(losses[-10:], axis=0)
    assert (last < 0.8 * first).all()


def test_the_seed_decides_bit_for_bit(data):
    before = lasagne.random.get_rng()
    first, again = demo.train(data, TINY), demo.train(data, TINY)
    assert_same(state(first), state(again))
    other = demo.train(data, TINY._replace(seed=6))
    assert abs(other.after[1] - first.after[1]).max() > 0
    assert lasagne.random.get_rng() is before


def test_the_error_counts_wrong_classes_of_all_parts(data, monkeypatch):
    learner = demo.train(data, TINY).transformer
    images = np.zeros((5, 1, 12, 12), 'float32')
    classes = learner.predict(images)[0]
    labels = classes.astype('int32')
    labels[3] += 1
    monkeypatch.setattr('lasagne_stn.paper.learner.BATCH', 2)
    assert learner.error(images, labels) == 1 / 5


def test_an_interruption_ends_with_what_there_is(data):
    def stop(done, total, losses):
        if done == 4:
            raise KeyboardInterrupt

    result = demo.train(data, TINY, stop)
    assert result.interrupted and result.epochs == 1
    assert len(result.errors) == 2 and len(result.after) == 2


def test_few_test_images_are_distorted_in_four_ways(data, monkeypatch):
    asked = []
    monkeypatch.setattr(
        Learner,
        'error',
        lambda self, images, labels: asked.append(len(images)) or 0.0,
    )
    demo.train(data, TINY)
    monkeypatch.setattr('lasagne_stn.demo.comparison.FEW', 6)
    demo.train(data, TINY)
    assert asked == [24, 24, 6, 6]


def test_the_learning_rate_falls_twice(data, monkeypatch):
    rates = []
    monkeypatch.setattr(
        Learner,
        'train_step',
        lambda self, images, labels, rate: rates.append(rate) or 0.0,
    )
    demo.train(data, TINY._replace(epochs=20, batch_size=20, learning_rate=1.0))
    assert rates == [1] * 24 + [0.3] * 10 + [0.1] * 6


def test_the_command_prints_a_table_and_writes_the_picture(data, tmp_path):
    text, path = io.StringIO(), tmp_path / 'picture.png'
    result = demo.run(Console(file=text, width=100), data, str(path), epochs=1, seed=3)
    printed = text.getvalue()
    for learner, error in zip((result.plain, result.transformer), result.errors):
        assert format(learner.num_params, ',') in printed
        assert '%.2f %%' % (100 * error) in printed
    assert 'Epochs 1, seed 3' in printed and str(path) in printed
    assert path.read_bytes().startswith(b'\x89PNG')


def test_an_interrupted_run_says_so(data, tmp_path, monkeypatch):
    def interrupted(data, settings, report):
        return demo.train(data, settings._replace(epochs=0))._replace(interrupted=True)

    monkeypatch.setattr(command, 'train', interrupted)
    text = io.StringIO()
    demo.run(Console(file=text, width=100), data, str(tmp_path / 'a.png'), epochs=7)
    assert 'Stopped after 0 of 7 epochs' in text.getvalue()


@pytest.mark.parametrize(
    'flags, chosen', [({}, 'float32'), ({'floatX': 'float64'}, 'float64')]
)
def test_the_users_float_type_wins(data, tmp_path, monkeypatch, flags, chosen):
    seen = []
    monkeypatch.setattr(command, 'user_flags', lambda environment: flags)
    monkeypatch.setattr(
        command, 'train', lambda *args: seen.append(theano.config.floatX) or 1 / 0
    )
    console = Console(file=io.StringIO())
    with theano.configparser.change_flags(floatX='float64'), pytest.raises(
        ZeroDivisionError
    ):
        demo.run(console, data, str(tmp_path / 'a.png'))
    assert seen == [chosen]


def test_the_data_are_named(tmp_path, monkeypatch, data):
    images, description = demo.read_data()
    assert description == (
        'digits from scikit-learn: 1347 to train, 450 to test, in 42 x 42 pixels'
    )
    assert images[0].shape == (1347, 28, 28)
    monkeypatch.setattr('lasagne_stn.data.sources.load_mnist', lambda folder: data)
    assert demo.read_data('some/folder')[1] == (
        'IDX files in some/folder: 20 to train, 6 to test, in 12 x 12 pixels'
    )
