"""The paper's experiments: networks, batches, and the training that can be killed."""

import io
import json
import os
import signal
import subprocess
import sys
import time

import lasagne
import numpy as np
import pytest
import theano
from rich.console import Console

from lasagne_stn import paper
from lasagne_stn.data import (
    distort_e,
    distort_p,
    distort_r,
    distort_rts,
    place_on_canvas,
)
from lasagne_stn.paper import EXPERIMENTS, TRANSFORMS, Run
from lasagne_stn.paper.checkpoint import check_same
from lasagne_stn.paper.networks import input_layer, transformers
from lasagne_stn.paper.single_run import train_and_record
from lasagne_stn.paper.training import batch_indices

TINY = Run('R', 'st-fcn', 'affine', seed=3, iterations=6, batch_size=8)


@pytest.fixture(autouse=True)
def single_precision():
    """The commands choose floatX for the process; here for one test."""
    with theano.configparser.change_flags(floatX='float32'):
        yield


@pytest.fixture
def small(monkeypatch):
    """The experiments with few units."""
    for name, experiment in EXPERIMENTS.items():
        monkeypatch.setitem(
            EXPERIMENTS,
            name,
            experiment._replace(units=dict.fromkeys(experiment.units, 5)),
        )


@pytest.fixture
def data(rng):
    """50 training and 10 test images: small and dim squares, or large and bright."""
    labels = np.arange(60, dtype='int32') % 2
    images = np.zeros((60, 28, 28), 'float32')
    for image, label in zip(images, labels):
        edge = 11 - 3 * label
        image[edge:-edge, edge:-edge] = rng.uniform(0.5 * label, 0.5 + 0.5 * label)
    return images[:50], labels[:50], images[50:], labels[50:]


def all_models(experiment):
    return [
        (model, transform)
        for model in experiment.units
        for transform in (TRANSFORMS if 'st-' in model else [None])
    ]


def network_of(experiment, model, transform):
    return paper.build_network(
        paper.network_spec(experiment, model, transform),
        input_layer(experiment.size, channels=experiment.channels),
        experiment.classes,
    )


@pytest.mark.parametrize('name', [name for name in EXPERIMENTS if name != 'digits'])
def test_the_models_of_an_experiment_have_as_many_parameters(name):
    experiment = EXPERIMENTS[name]
    counts = {
        key: lasagne.layers.count_params(network_of(experiment, *key))
        for key in all_models(experiment)
    }
    assert max(counts.values()) < 1.05 * min(counts.values()), counts
    if experiment.size > 28:
        assert min(counts.values()) > 380e3 and max(counts.values()) < 420e3
    else:
        assert experiment.units['fcn'] == 256  # the paper's widest
    assert set(experiment.published) >= {('fcn', None), ('cnn', None)}
    if len(experiment.published) == len(counts):
        assert set(experiment.published) == set(counts)


def test_parameters_counted_by_hand():
    """Layer by layer, on 28 x 28 pixels."""
    fcn = network_of(EXPERIMENTS['R'], 'st-fcn', 'projective')
    assert lasagne.layers.count_params(fcn) == (
        785 * 32
        + 33 * 32
        + 33 * 32
        + 33 * 8  # localisation
        + 785 * 234
        + 235 * 234
        + 235 * 10
    )
    cnn = network_of(EXPERIMENTS['R'], 'st-cnn', 'tps')
    assert lasagne.layers.count_params(cnn) == (
        26 * 20
        + (25 * 20 + 1) * 20
        + 21 * 20
        + 21 * 32  # localisation
        + 82 * 71
        + (49 * 71 + 1) * 71
        + (2 * 2 * 71 + 1) * 10
    )


@pytest.mark.parametrize(
    'name, model, shape',
    [
        ('R', 'st-fcn', (None, 1, 28, 28)),
        ('RTS', 'st-cnn', (None, 1, 56, 56)),
        ('addition', '2-st-fcn', (None, 2, 42, 42)),
    ],
)
def test_a_transformer_starts_at_the_identity(small, name, model, shape):
    experiment = EXPERIMENTS[name]
    network = network_of(experiment, model, 'tps')
    warps = transformers(network)
    assert [warp.output_shape for warp in warps] == [shape] * len(warps)
    assert len(warps) == (2 if model.startswith('2-') else 1)
    for warp in warps:
        head = warp.input_layers[1]
        assert not head.W.get_value().any() and not head.b.get_value().any()
        assert warp.border_mode == 'nearest'
        assert {head.W, head.b} < set(
            lasagne.layers.get_all_params(network, localisation=True)
        )


@pytest.mark.parametrize(
    'model, transform, message',
    [
        ('2-st-fcn', 'affine', "model must be one of 'fcn', 'cnn', 'st-fcn', 'st-cnn'"),
        ('st-fcn', None, "transform must be one of 'affine'"),
        ('cnn', 'tps', "transform must be None for cnn, got 'tps'"),
    ],
)
def test_an_unknown_model_is_an_error(model, transform, message):
    with pytest.raises(ValueError, match='network_spec: ' + message):
        paper.network_spec(EXPERIMENTS['R'], model, transform)


def test_each_experiment_samples_its_images(data, small):
    for name, experiment in EXPERIMENTS.items():
        images, labels = experiment.sample_batch(
            data[0], data[1], np.arange(7, 11), np.random.default_rng(5)
        )
        assert images.shape == (4, experiment.channels) + (experiment.size,) * 2
        assert images.dtype == np.float32 and labels.dtype == np.int32
        assert images.min() >= 0 and 0.3 < images.max() <= 1 + 1e-6
        if name != 'addition':
            np.testing.assert_array_equal(labels, [1, 0, 1, 0])


@pytest.mark.parametrize(
    'name, distort',
    [('R', distort_r), ('RTS', distort_rts), ('P', distort_p), ('E', distort_e)],
)
def test_an_experiment_has_the_distortion_of_its_name(data, name, distort):
    images, _ = EXPERIMENTS[name].sample_batch(
        *data[:2], np.arange(7, 11), np.random.default_rng(5)
    )
    np.testing.assert_array_equal(
        images[:, 0], distort(data[0][7:11], np.random.default_rng(5))
    )


def test_clutter_is_six_pieces_of_any_images(data):
    images, _ = EXPERIMENTS['TC'].sample_batch(
        *data[:2], np.arange(7, 11), np.random.default_rng(5)
    )
    np.testing.assert_array_equal(
        images[:, 0],
        place_on_canvas(data[0][7:11], np.random.default_rng(5), (60, 60), 6, data[0])[
            0
        ],
    )


def test_pooling_behind_a_transformer_takes_the_mean(small):
    network = network_of(EXPERIMENTS['RTS'], 'st-fcn', 'affine')
    (pool,) = [
        layer
        for layer in lasagne.layers.get_all_layers(network)
        if isinstance(layer, lasagne.layers.Pool2DLayer)
    ]
    rows = np.arange(16, dtype='float32').reshape(1, 1, 4, 4)
    pooled = theano.function(
        [], pool.get_output_for(theano.shared(rows)), mode='FAST_RUN'
    )  # Theano's pooling in Python fails
    np.testing.assert_array_equal(pooled()[0, 0], [[2.5, 4.5], [10.5, 12.5]])


def test_the_label_of_a_pair_is_the_sum():
    """Images that are their label all over, so that the pixels tell it."""
    labels = np.arange(10, dtype='int32')
    images = np.ones((10, 28, 28), 'float32') * labels[:, np.newaxis, np.newaxis]
    pairs, sums = EXPERIMENTS['addition'].sample_batch(
        images, labels, np.arange(10), np.random.default_rng(5)
    )
    np.testing.assert_allclose(pairs.max(axis=(2, 3)).sum(axis=1), sums, atol=1e-4)
    assert len(set(sums - labels)) > 3 and sums.dtype == np.int32


def test_an_epoch_goes_through_all_images_in_an_order_of_its_own():
    epochs = [
        [batch_indices(TINY, iteration, 50) for iteration in range(first, first + 6)]
        for first in (0, 6)
    ]
    for epoch in epochs:
        assert len(set(np.concatenate(epoch))) == 48  # 50 // 8 whole batches
    assert (np.concatenate(epochs[0]) != np.concatenate(epochs[1])).any()
    other = batch_indices(TINY._replace(seed=4), 0, 50)
    assert (other != epochs[0][0]).any()
    assert len(batch_indices(TINY, 0, 5)) == 5  # fewer than a batch


def test_test_images_of_another_size_are_an_error(small, data):
    wrong = data[:2] + (np.zeros((5, 20, 20), 'float32'), data[3][:5])
    with pytest.raises(
        ValueError,
        match=r'train: data must have images of 28 x 28 '
        r'pixels, .* got \(20, 20\)',
    ):
        paper.train(TINY, wrong)


def test_the_test_images_are_those_of_every_seed(data):
    images, labels = paper.test_set(TINY, data)
    assert images.shape == (40, 1, 28, 28)
    np.testing.assert_array_equal(labels, np.repeat(data[3], 4))
    again, _ = paper.test_set(TINY._replace(seed=8, model='fcn'), data)
    np.testing.assert_array_equal(again, images)
    assert abs(images[4] - images[5]).max() > 0.1


def test_training_learns_and_reports(small, data):
    seen = []
    run = TINY._replace(iterations=60, learning_rate=0.1)
    result = paper.train(run, data, every=25, report=lambda *args: seen.append(args))
    assert [record[0] for record in result.history] == [25, 50, 60]
    assert result.history[-1][2] == result.error and 0 <= result.error <= 1
    assert result.history[-1][1] < 0.9 * result.history[0][1]
    assert result.thetas.shape == (3, 1, 10, 6) and result.seconds > 0
    assert [done for done, _, _ in seen] == list(range(1, 61))
    assert seen[3][2] is None and seen[-1][2] == result.error


def test_the_localisation_rate_is_a_factor(small, data):
    still = paper.train(TINY._replace(localisation_rate=0.0), data, every=6)
    np.testing.assert_array_equal(
        still.thetas, np.broadcast_to([1, 0, 0, 0, 1, 0], (1, 1, 10, 6))
    )
    moved = paper.train(TINY, data, every=6)
    assert abs(moved.thetas - still.thetas).max() > 1e-4


def test_a_loss_that_is_not_finite_ends_the_training(small, data):
    message = 'the loss of iteration [1-6] is'
    with pytest.raises(FloatingPointError, match=message), np.errstate(all='ignore'):
        paper.train(TINY._replace(learning_rate=1e30), data)


def arrays_in(path):
    facts, arrays = paper.load_checkpoint(path)
    del facts['seconds']
    return facts, arrays


def assert_same_checkpoint(path, other):
    (facts, arrays), (facts2, arrays2) = arrays_in(path), arrays_in(other)
    assert facts == facts2 and arrays.keys() == arrays2.keys() and len(arrays) > 20
    for name, array in arrays.items():
        assert array.tobytes() == arrays2[name].tobytes(), name


CHILD = """
import sys
import numpy as np
import lasagne_stn
from lasagne_stn import paper
experiment = paper.EXPERIMENTS['R']
paper.EXPERIMENTS['R'] = experiment._replace(units={'st-fcn': 5})
images = np.random.default_rng(1).uniform(size=(60, 28, 28)).astype('float32')
labels = np.arange(60, dtype='int32') % 10
run = paper.Run('R', 'st-fcn', 'affine', iterations=40, batch_size=8)
paper.train(run, (images[:50], labels[:50], images[50:], labels[50:]), sys.argv[1], 3,
            resume=True, report=lambda done, *rest: print(done, flush=True))
"""


def test_a_killed_training_continues_bit_for_bit(environment, tmp_path, rng):
    """One run goes through; the other is killed without warning, three times."""
    environment = dict(
        environment,
        OMP_NUM_THREADS='1',
        THEANO_FLAGS='mode=FAST_COMPILE,floatX=float32,cxx=',
    )

    def start(name):
        return subprocess.Popen(
            [sys.executable, '-c', CHILD, str(tmp_path / name)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )

    whole, starts = start('whole.npz'), []
    for _ in range(3):
        process = start('killed.npz')
        starts.append(int(process.stdout.readline()))
        for _ in range(rng.integers(5, 12)):
            process.stdout.readline()
        time.sleep(rng.uniform(0, 0.02))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    process = start('killed.npz')
    last = process.communicate()[0].split()
    assert process.returncode == 0 and last[-1] == '40'
    assert starts[0] == 1 and 1 < starts[1] < starts[2] < int(last[0])
    whole.communicate()
    assert_same_checkpoint(tmp_path / 'whole.npz', tmp_path / 'killed.npz')


def test_a_checkpoint_is_written_atomically(tmp_path, monkeypatch):
    path = tmp_path / 'a.npz'
    paper.save_checkpoint(path, {'iteration': 7}, {'weights': np.arange(3)})

    def half(file, **arrays):
        file.write(b'PK half of it')
        raise KeyboardInterrupt

    monkeypatch.setattr(np, 'savez', half)
    with pytest.raises(KeyboardInterrupt):
        paper.save_checkpoint(path, {'iteration': 8}, {'weights': np.arange(4)})
    facts, arrays = paper.load_checkpoint(path)
    assert facts == {'iteration': 7} and arrays['weights'].tolist() == [0, 1, 2]
    assert os.listdir(tmp_path) == ['a.npz']


@pytest.mark.parametrize(
    'change',
    [
        lambda old: old[:-9],
        lambda old: b'',
        lambda old: b'text\n',
        lambda old: old[:90] + bytes([old[90] ^ 1]) + old[91:],
    ],
)
def test_a_damaged_checkpoint_is_named(tmp_path, change):
    path = tmp_path / 'a.npz'
    paper.save_checkpoint(path, {'iteration': 7}, {'weights': np.arange(3)})
    paper.load_checkpoint(path)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ValueError, match=r'a\.npz is not a checkpoint, or is damaged'):
        paper.load_checkpoint(path)


def test_a_plain_array_is_not_a_checkpoint(tmp_path):
    with open(tmp_path / 'a.npz', 'wb') as file:
        np.save(file, np.arange(3))
    with pytest.raises(ValueError, match=r'a\.npz is not a checkpoint, or is damaged'):
        paper.load_checkpoint(tmp_path / 'a.npz')


def test_a_checkpoint_of_another_version_is_named(tmp_path):
    settings = dict(TINY._asdict(), weight_decay=0.1)
    paper.save_checkpoint(tmp_path / 'a.npz', {'run': settings}, {})
    with pytest.raises(ValueError, match=r'a\.npz is .* another version'):
        paper.load_run(tmp_path / 'a.npz')


def test_a_checkpoint_of_another_run_is_an_error(small, data, tmp_path):
    path = str(tmp_path / 'a.npz')
    paper.train(TINY._replace(iterations=1), data, path)
    with pytest.raises(ValueError, match=r'has other settings: seed is 3, not 4\.'):
        paper.train(TINY._replace(iterations=1, seed=4), data, path, resume=True)
    with pytest.raises(
        ValueError, match="has other settings: experiment is None, not 'R'"
    ):
        check_same(path, {}, Run())
    facts, arrays = paper.load_checkpoint(path)
    paper.save_checkpoint(path, facts, dict(arrays, state_0=np.zeros(3)))
    with pytest.raises(
        ValueError, match='belongs to another network: state_0 must have shape'
    ):
        paper.train(TINY._replace(iterations=1), data, path, resume=True)
    paper.save_checkpoint(
        path, facts, dict(arrays, state_1=arrays['state_1'].astype('float64'))
    )
    with pytest.raises(
        ValueError,
        match="numbers are float64, Theano's floatX is float"
        '32.\nSet floatX in THEANO_FLAGS',
    ):
        paper.train(TINY._replace(iterations=1), data, path, resume=True)


def test_a_checkpoint_of_a_search_is_not_a_training(tmp_path):
    paper.save_checkpoint(tmp_path / 'a.npz', {'search': {}, 'history': []}, {})
    with pytest.raises(
        ValueError, match='a.npz is the checkpoint of something other than a training'
    ):
        paper.load_run(tmp_path / 'a.npz')


def test_a_localisation_rate_needs_a_localisation_network(data):
    with pytest.raises(
        ValueError,
        match='localisation_rate must be 1 for fcn, which '
        'has no localisation network, got 0.1',
    ):
        paper.train(Run('R', 'fcn', localisation_rate=0.1), data)


def test_lines_are_appended_and_a_damaged_one_is_named(tmp_path):
    path = tmp_path / 'results.jsonl'
    assert paper.read_lines(path) == []
    for number in range(3):
        paper.append_line(path, {'number': number})
    assert paper.read_lines(path) == [{'number': number} for number in range(3)]
    path.write_text('{"number": 1}\n{"numb')
    with pytest.raises(ValueError, match=r'line 2 of .*results\.jsonl is damaged'):
        paper.read_lines(path)
    paper.append_line(path, {'number': 3})  # spoils no other line
    assert path.read_text() == '{"number": 1}\n{"numb\n{"number": 3}\n'


def test_a_line_that_does_not_fit_on_the_disk_is_removed(tmp_path, monkeypatch):
    path, write = tmp_path / 'results.jsonl', os.write
    paper.append_line(path, {'number': 1})
    monkeypatch.setattr(os, 'write', lambda handle, text: write(handle, text[:5]))
    with pytest.raises(OSError, match=r'No space left.*results\.jsonl'):
        paper.append_line(path, {'number': 2})
    monkeypatch.undo()
    assert paper.read_lines(path) == [{'number': 1}]


def test_a_run_leaves_a_line_and_a_checkpoint(small, data, tmp_path):
    text = io.StringIO()
    console = Console(file=text, width=200)
    line = train_and_record(console, TINY, data, str(tmp_path / 'new'))
    assert 'R-st-fcn-affine-6-seed3: test error' in text.getvalue()
    with pytest.raises(FileExistsError, match='exists.\nContinue it with --resume'):
        train_and_record(console, TINY, data, str(tmp_path / 'new'))
    train_and_record(console, TINY, data, str(tmp_path / 'new'), resume=True)
    (kept,) = (tmp_path / 'new' / 'results.jsonl').read_text().splitlines()
    kept = json.loads(kept)
    assert kept == line and kept['machine']['versions']['python']
    assert kept['error'] == pytest.approx(
        100
        * paper.load_checkpoint(tmp_path / 'new' / 'R-st-fcn-affine-6-seed3.npz')[0][
            'history'
        ][-1][2]
    )
    assert {name: kept[name] for name in Run._fields} == TINY._asdict()
    paper.append_line(tmp_path / 'new' / 'results.jsonl', {'of': 'another program'})
    train_and_record(console, TINY._replace(seed=4), data, str(tmp_path / 'new'))
    assert len(paper.read_lines(tmp_path / 'new' / 'results.jsonl')) == 3


def test_damaged_results_are_found_before_the_training(data, tmp_path):
    (tmp_path / 'results.jsonl').write_text('{"numb')
    with pytest.raises(ValueError, match=r'line 1 of .*results\.jsonl is damaged'):
        train_and_record(Console(file=io.StringIO()), TINY, data, str(tmp_path))
    assert os.listdir(tmp_path) == ['results.jsonl']
