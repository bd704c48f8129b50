"""Co-localisation: boxes, pairs, the loss against numpy, and the command."""

import os
import pickle
from types import SimpleNamespace

import lasagne
import numpy as np
import pytest
import theano
from click.testing import CliRunner
from lasagne.layers import DenseLayer, InputLayer, MaxPool2DLayer, get_all_layers

from lasagne_stn import Attention, cli, localisation_head
from lasagne_stn.data import place_on_canvas
from lasagne_stn.paper import COLOCALISATION, DIGITS, Search, read_lines
from lasagne_stn.paper.learner import TrainingState
from lasagne_stn.paper.tasks.colocalisation import (
    CLUTTER,
    Colocaliser,
    boxes_of,
    colocaliser,
    draw_found,
    overlap,
    sample_pairs,
    search,
)
from lasagne_stn.paper.tasks.colocalisation.colocaliser import encode
from lasagne_stn.warping import warp_images

CROP = Attention()  # one object: what is compiled for it is kept


@pytest.fixture(autouse=True)
def single_precision():
    """The command chooses floatX for the process; here for one test."""
    with theano.configparser.change_flags(floatX='float32'):
        yield


def test_overlap_counts_pixels(rng):
    """Boxes on whole pixels, counted one by one."""
    low = rng.integers(0, 6, size=(2, 30, 2))
    boxes, others = np.concatenate(
        [low, low + rng.integers(1, 6, size=low.shape)], axis=2
    )
    for box, other, got in zip(boxes, others, overlap(boxes, others)):
        inside = [
            {(x, y) for x in range(one[0], one[2]) for y in range(one[1], one[3])}
            for one in (box, other)
        ]
        assert got == pytest.approx(
            len(inside[0] & inside[1]) / len(inside[0] | inside[1])
        )


def test_random_crops_have_the_size_of_a_digit_and_stay_on_the_canvas(rng):
    digits = rng.uniform(0.1, 1, size=(5, 28, 28)).astype('float32')
    first, second, random_theta, _ = sample_pairs(digits, 0, 0.0, digits, 200, rng)
    assert first.shape == second.shape == (200, 1, 84, 84)
    assert (first != second).any(axis=(1, 2, 3)).mean() > 0.9
    boxes = boxes_of(random_theta)
    np.testing.assert_allclose(boxes[:, 2:] - boxes[:, :2], 27, atol=1e-3)
    assert -1e-3 < boxes.min() < 1 and 82 < boxes.max() < 83 + 1e-3


@pytest.mark.parametrize('shake', [0, 0.6, 1.5])
def test_shifts_are_as_large_as_asked_and_change_no_scale(rng, shake):
    digits = np.ones((3, 28, 28), 'float32')
    shifts = sample_pairs(digits, 0, shake, digits, 400, rng)[3]
    assert shifts.shape == (800, 3) and not shifts[:, 0].any()
    pixels = 41.5 * shifts[:, 1:]
    np.testing.assert_allclose(pixels.std(axis=0), shake, rtol=0.1)
    np.testing.assert_allclose(pixels.mean(axis=0), 0, atol=0.15 * shake)


def test_a_search_has_the_settings_of_its_set_or_its_own():
    for clutter, usual in CLUTTER.items():
        asked = Search(clutter, 7, repulsion=0.0)
        assert (asked.repulsion, asked.shake) == (0, usual.shake)
        assert Search(clutter).repulsion == usual.repulsion > 1
        for copy in (
            pickle.loads(pickle.dumps(asked)),
            Search(**asked._asdict()),
            asked._replace(digit=8)._replace(digit=7),
        ):
            assert copy == asked


def test_the_box_of_a_crop_is_what_the_transformer_reads(rng):
    canvas = np.zeros((1, 84, 84), 'float32')
    canvas[0, 20:48, 41:69] = rng.uniform(size=(28, 28))
    theta = np.array([[27 / 83, (54.5 - 41.5) / 41.5, (33.5 - 41.5) / 41.5]])
    np.testing.assert_allclose(boxes_of(theta), [[41, 20, 68, 47]])
    np.testing.assert_allclose(
        warp_images(canvas, CROP, theta, (28, 28)), canvas[:, 20:48, 41:69], atol=1e-4
    )


class EverySecond(MaxPool2DLayer):
    """A pooling layer that needs no compiled code."""

    def get_output_for(self, input, **kwargs):
        return input[:, :, ::2, ::2]


def test_codes_are_of_all_pooling_layers_and_the_scores(rng):
    first = EverySecond(InputLayer((None, 2, 8, 12)), 2)
    last = DenseLayer(EverySecond(first, 2), 5, nonlinearity=None)
    images = theano.tensor.ftensor4()
    values = rng.uniform(size=(3, 2, 8, 12)).astype('float32')
    pooled, twice, scores = theano.function([images], encode(last, images))(values)
    np.testing.assert_array_equal(pooled, values[:, :, ::2, ::2].reshape(3, -1))
    np.testing.assert_array_equal(twice, values[:, :, ::4, ::4].reshape(3, -1))
    np.testing.assert_allclose(scores, twice @ last.W.get_value(), rtol=1e-5)


def test_the_localisation_network_sees_every_part():
    head = colocaliser._localisation()
    shapes = [layer.output_shape[1:] for layer in get_all_layers(head)]
    assert shapes == [(1, 84, 84), (8, 21, 21), (8, 6, 6), (8, 3, 3), (8,), (8,), (3,)]


def test_the_loss_is_the_papers(rng, monkeypatch):
    """Crops by another transformer, hinge in numpy; codes are squares and cubes."""
    monkeypatch.setattr(
        colocaliser,
        'encode',
        lambda network, images: [images.flatten(2) ** 2, 9 * images.flatten(2) ** 3],
    )
    head = localisation_head(InputLayer((None, 1, 84, 84)), Attention())
    head.b.set_value(np.float32([0.8, 0, 0]))  # no crop reaches the border
    monkeypatch.setattr(colocaliser, '_localisation', lambda: head)
    digits = rng.uniform(size=(6, 28, 28)).astype('float32')
    batch = sample_pairs(digits, 2, 0.8, digits, 4, rng)
    first, second, random_theta, shifts = batch
    found = Colocaliser(None, digits, margin=0.01)
    start = found.predict(first)
    ours, theirs, other = (
        warp_images(canvases[:, 0], CROP, theta, (28, 28)).reshape(4, -1)
        for canvases, theta in (
            (first, start + shifts[:4]),
            (second, start + shifts[4:]),
            (first, random_theta),
        )
    )
    units = [
        2 * np.mean(np.sum(digits.reshape(6, -1) ** (2 * power), axis=1))
        for power in (2, 3)
    ]

    def distance(one, another):
        return sum(
            ((one**power - another**power) ** 2).sum() / unit
            for power, unit in zip((2, 3), units)
        )

    hinges = [
        max(0, distance(a, b) - 1.5 * distance(a, c) + 0.01)
        for a, b, c in zip(ours, theirs, other)
    ]
    assert np.mean(hinges) > 0 and 0 in hinges
    np.testing.assert_allclose(
        found.train_step(batch, 1.5, 0), np.mean(hinges), rtol=1e-4
    )
    np.testing.assert_array_equal(found.predict(first), start)  # the rate was 0
    found.train_step(batch, 1.5, 1e-3)
    assert (found.predict(first) != start).any()


def test_the_picture_has_both_boxes_dashed_where_the_digit_is_not_found(rng):
    low = rng.integers(0, 50, size=(93, 2))
    true = np.hstack([low, low + 27])
    away = np.arange(93)[:, np.newaxis] % 3  # overlaps: 1, .61 and .38
    boxes = true + np.array([3, -4, 3, -4]) * away
    axes = draw_found(np.zeros((93, 84, 84)), true, boxes).axes
    assert len(axes) == 24
    for number, each in zip(range(0, 93, 4), axes):
        assert [line.get_linestyle() for line in each.lines] == [
            '-',
            '--' if number % 3 == 2 else '-',
        ]
        for line, box in zip(each.lines, (true[number], boxes[number])):
            left, top, right, bottom = box
            np.testing.assert_allclose(
                line.get_xydata(),
                [
                    (left, top),
                    (right, top),
                    (right, bottom),
                    (left, bottom),
                    (left, top),
                ],
            )


class HalfRight:
    """Stands for the localisation network: it finds every second digit, and sums up
    all that it was given."""

    def __init__(self, network, digits, margin):
        assert network == 'the encoder' and digits.shape == (4, 28, 28)
        self.num_params = 1
        self.sum = theano.shared(np.zeros(1))
        self.state = TrainingState([self.sum])

    def train_step(self, batch, weight, rate):
        first, second, random_theta, shifts = batch
        assert first.shape == second.shape == (64, 1, 84, 84)
        assert shifts.shape == (128, 3)
        self.sum.set_value(
            self.sum.get_value() + first.mean() + random_theta.mean() * weight * rate
        )
        return 1 / (1 + self.sum.get_value()[0])

    def predict(self, canvases):
        theta = np.full((len(canvases), 3), 9.0)
        for canvas, numbers in zip(canvases[::2, 0], theta[::2]):
            middle = [
                np.flatnonzero(canvas.any(axis=axis))[[0, -1]].mean() for axis in (0, 1)
            ]
            numbers[:] = [27 / 83] + [(pixel - 41.5) / 41.5 for pixel in middle]
        return theta


@pytest.fixture
def pretended(rng, monkeypatch):
    """Digits of noise, and pretended networks; the encoder's trainings are listed."""
    images = rng.uniform(0.1, 1, size=(80, 28, 28)).astype('float32')
    labels = np.arange(80, dtype='int32') % 10
    data = images[:40], labels[:40], images[40:], labels[40:]
    monkeypatch.setattr('lasagne_stn.data.sources.load_digits', lambda: data)
    monkeypatch.setattr(search, 'Colocaliser', HalfRight)
    asked = []
    encoder = SimpleNamespace(network='the encoder')

    def train(run, data, path, **options):
        asked.append((run, path))
        return SimpleNamespace(error=0.25, learner=encoder)

    monkeypatch.setattr(DIGITS, 'train', train, raising=False)
    return SimpleNamespace(data=data, labels=labels, asked=asked)


def test_the_command_searches_and_resumes(pretended, tmp_path):
    arguments = [
        'colocalise',
        '--digit',
        '7',
        '--iterations',
        '3',
        '--encoder-iterations',
        '2',
        '--shake',
        '.5',
        '--output',
        str(tmp_path),
    ]
    result = CliRunner().invoke(cli.commands, arguments)
    assert result.exit_code == 0, result.output
    ((run, path),) = pretended.asked
    assert run[:5] == ('digits', 'cnn', None, 1, 2)
    assert path == str(tmp_path / 'digits-cnn-2-seed1.npz')
    assert 'digits from scikit-learn: 40 to train' in result.output
    assert 'Encoder: test error 25.00 %' in result.output
    assert 'colocalisation-T-7-3-seed1: found 50.0 % of 4 digits' in result.output
    (line,) = read_lines(tmp_path / 'results.jsonl')
    assert line['found'] == 50 and line['history'][-1][0] == 3
    assert line['shake'] == 0.5 and line['repulsion'] == CLUTTER['T'].repulsion
    picture = tmp_path / 'colocalisation-T-7-3-seed1.png'
    assert picture.read_bytes().startswith(b'\x89PNG')
    result = CliRunner().invoke(cli.commands, arguments)
    assert result.exit_code == 1 and 'Continue it with --resume' in result.output
    result = CliRunner().invoke(cli.commands, arguments + ['--resume'])
    assert result.exit_code == 0 and len(read_lines(tmp_path / 'results.jsonl')) == 1
    arguments[-1] = str(tmp_path / 'other')
    pretended.labels[pretended.labels == 7] = 8
    result = CliRunner().invoke(cli.commands, arguments)
    assert result.exit_code == 1 and 'there is no digit 7' in result.output


def test_a_search_learns_from_the_training_images_of_its_digit(
    pretended, tmp_path, monkeypatch
):
    asked, steps, tests, starts = [], [], [], []

    def pairs(images, num_patches, shake, others, count, rng):
        asked.append((images, num_patches, shake, others, rng.integers(2**62)))
        return sample_pairs(images, 0, 0.0, others, count, rng)

    def canvases(images, rng, size, num_patches, others):
        tests.append((images, num_patches, others))
        return place_on_canvas(images, rng, size)

    class Watched(HalfRight):
        """Keeps weights and rates, and a random number drawn at its start."""

        def __init__(self, *args):
            super().__init__(*args)
            starts.append(lasagne.random.get_rng().uniform())

        def train_step(self, batch, weight, rate):
            steps.append((weight, rate))
            return super().train_step(batch, weight, rate)

    monkeypatch.setattr(search, 'sample_pairs', pairs)
    monkeypatch.setattr(search, 'place_on_canvas', canvases)
    monkeypatch.setattr(search, 'Colocaliser', Watched)
    images, labels, test_images, _ = pretended.data
    for folder, seed in (('first', 2), ('again', 2), ('other', 4)):
        run = Search(
            'TC', 7, seed, iterations=6, learning_rate=0.3, repulsion=1.2, shake=0.7
        )
        COLOCALISATION.measure(
            run, pretended.data, str(tmp_path / folder), killed_at(None), 1000
        )
    for own, num_patches, shake, others, _ in asked:
        np.testing.assert_array_equal(own, images[labels == 7])
        assert (num_patches, shake) == (16, 0.7) and others is images
    for own, num_patches, others in tests:
        np.testing.assert_array_equal(own, test_images[pretended.data[3] == 7])
        assert num_patches == 16 and others is test_images
    np.testing.assert_allclose(
        steps[:6],
        np.transpose([[4, 3.3, 2.6, 1.9, 1.2, 1.2], [0.3, 0.3, 0.3, 0.3, 0.3, 0.15]]),
    )
    drawn = [call[-1] for call in asked]
    assert drawn[:6] == drawn[6:12] and len(set(drawn)) == 12
    assert starts[0] == starts[1] != starts[2]
    assert [run.seed for run, _ in pretended.asked] == [2, 2, 4]


def test_a_loss_that_is_not_finite_ends_the_search(pretended, tmp_path, monkeypatch):
    monkeypatch.setattr(HalfRight, 'train_step', lambda *arguments: float('nan'))
    with pytest.raises(
        FloatingPointError,
        match='find_digits: the loss of iteration 1 is nan.\nUse a smaller repulsion',
    ):
        COLOCALISATION.measure(
            Search('TC', 7, iterations=6),
            pretended.data,
            str(tmp_path),
            killed_at(None),
            1000,
        )


def killed_at(at):
    """Return what opens bars that end the search, not the encoder, at an iteration."""
    return lambda iterations, batch_size, before=0: Killed(at if before else None)


class Killed:
    """A bar that ends the training at an iteration."""

    def __init__(self, at):
        self.at = at

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def report(self, iteration, loss, error):
        if iteration == self.at:
            raise KeyboardInterrupt


def test_a_killed_search_continues_bit_for_bit(pretended, tmp_path, monkeypatch):
    monkeypatch.setattr(search, 'EVERY', 2)
    asked = Search(digit=7, iterations=7)

    def run(folder, at=None):
        return COLOCALISATION.measure(
            asked, pretended.data, str(tmp_path / folder), killed_at(at), 1000
        )

    for at in (1, 5):  # before the first checkpoint, after the second
        with pytest.raises(KeyboardInterrupt):
            run('twice killed', at)
    line, whole = run('twice killed'), run('whole')
    assert [entry[0] for entry in line['history']] == [2, 4, 6, 7]
    for name in ('history', 'found', 'count'):
        assert line[name] == whole[name]
    path = tmp_path / 'whole' / 'colocalisation-T-7-7-seed1.npz'
    os.replace(path, tmp_path / 'whole' / 'colocalisation-T-7-7-seed2.npz')
    asked = asked._replace(seed=2)
    with pytest.raises(ValueError, match='has other settings: seed is 1, not 2'):
        run('whole')
