"""The paper's commands, in their shortest form, and the pictures they write."""

import numpy as np
import pytest
import theano
from click.testing import CliRunner
from PIL import Image

from lasagne_stn import cli
from lasagne_stn.paper import EXPERIMENTS, Run, pictures, read_lines


@pytest.fixture
def invoke():
    """Runs the command; the floatX that it chooses ends with the test."""

    def run(*arguments):
        return CliRunner().invoke(cli.commands, [str(each) for each in arguments])

    with theano.configparser.change_flags(floatX='float32'):
        yield run


@pytest.fixture
def few(monkeypatch, rng):
    """40 digits to train, 12 to test, and networks with few units."""
    images = np.zeros((52, 28, 28), 'float32')
    images[:, 8:20, 8:20] = rng.uniform(size=(52, 12, 12))
    labels = np.arange(52, dtype='int32') % 10
    data = images[:40], labels[:40], images[40:], labels[40:]
    monkeypatch.setattr('lasagne_stn.data.sources.load_digits', lambda: data)
    for name, experiment in EXPERIMENTS.items():
        monkeypatch.setitem(
            EXPERIMENTS,
            name,
            experiment._replace(units=dict.fromkeys(experiment.units, 4)),
        )
    return data


def train(invoke, folder, *arguments):
    return invoke(
        'train',
        '--experiment',
        'R',
        '--iterations',
        4,
        '--batch-size',
        8,
        '--checkpoint-every',
        2,
        '--output',
        folder,
        *arguments,
    )


def test_train_evaluate_and_plot(invoke, few, tmp_path, monkeypatch):
    for module in ('training', 'pictures'):
        monkeypatch.setattr('lasagne_stn.paper.%s.WATCHED' % module, 3)
    result = train(invoke, tmp_path, '--model', 'st-fcn', '--transform', 'affine')
    assert result.exit_code == 0, result.output
    assert 'digits from scikit-learn: 40 to train, 12 to test' in result.output
    checkpoint = tmp_path / 'R-st-fcn-affine-4-seed1.npz'
    (line,) = read_lines(tmp_path / 'results.jsonl')
    assert [record[0] for record in line['history']] == [2, 4]
    assert line['error'] == pytest.approx(100 * line['history'][-1][2])

    result = invoke('evaluate', checkpoint)
    assert result.exit_code == 0, result.output
    assert 'R-st-fcn-affine-4-seed1, 4 of 4 iterations' in result.output
    assert 'Test error %.2f %%' % line['error'] in result.output
    assert 'other data' not in result.output
    before, few[0][0, 0, 0] = few[0][0, 0, 0], 0.5
    assert (
        'It was trained on other data: 52 images'
        in invoke('evaluate', checkpoint).output
    )
    result = invoke('plot', checkpoint)
    assert result.exit_code == 1 and 'must be those of the training' in result.output
    few[0][0, 0, 0] = before

    result = invoke('plot', checkpoint)
    assert result.exit_code == 0, result.output
    with Image.open(tmp_path / 'R-st-fcn-affine-4-seed1.gif') as picture:
        assert picture.n_frames == 3  # the identity, and two records
        frames = []
        for number in range(3):
            picture.seek(number)
            frames.append(np.asarray(picture.convert('L')).astype(float))
    assert abs(frames[0] - frames[2]).max() > 50 and frames[0].std() > 20
    result = invoke('plot', tmp_path / 'results.jsonl')
    assert result.exit_code == 0, result.output
    assert (tmp_path / 'results.png').read_bytes().startswith(b'\x89PNG')
    for source, output, message in (
        (checkpoint, 'a.png', 'must end in .gif, got'),
        (tmp_path / 'results.jsonl', 'a.gif', 'must end in .png or .pdf or .svg'),
        (checkpoint, 'no/a.gif', 'does not exist or cannot be written to'),
    ):
        result = invoke('plot', source, '--output', tmp_path / output)
        assert result.exit_code == 2 and message in result.output


def test_the_legend_names_the_settings_that_differ():
    lines = [
        dict(
            Run(iterations=iterations, momentum=momentum)._asdict(),
            history=[[1, 2.0, 0.5], [2, 1.0, 0.25]],
        )
        for iterations, momentum in ((2, 0.9), (2, 0.5), (3, 0.9))
    ]
    figure = pictures.draw_learning(lines)
    names = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert names == [
        'fcn seed 1 iterations %d momentum %s' % pair
        for pair in ((2, 0.9), (2, 0.5), (3, 0.9))
    ]


def test_without_results_of_trainings_there_is_no_curve(invoke, tmp_path):
    path = tmp_path / 'other.jsonl'
    path.write_text('{"seed": 1}\n{"experiment": "colocalisation"}\n')
    result = invoke('plot', path)
    assert result.exit_code == 1 and 'no result of a training to draw' in result.output


@pytest.mark.parametrize(
    'arguments',
    [
        ('train', '--learning-rate', 'nan'),
        ('train', '--momentum', 'nan'),
        ('train', '--localisation-rate', 'inf'),
        ('colocalise', '--repulsion', 'inf'),
        ('colocalise', '--shake', 'nan'),
    ],
)
def test_a_number_must_be_finite(invoke, arguments):
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert 'must be a finite number, got %s.' % arguments[2] in result.output


def test_a_second_training_must_be_resumed(invoke, few, tmp_path):
    assert train(invoke, tmp_path).exit_code == 0
    result = train(invoke, tmp_path)
    assert result.exit_code == 1
    assert 'exists.\nContinue it with --resume' in result.output
    assert train(invoke, tmp_path, '--resume').exit_code == 0
    assert len(read_lines(tmp_path / 'results.jsonl')) == 1
    result = invoke('plot', tmp_path / 'R-fcn-4-seed1.npz')
    assert result.exit_code == 1 and 'which has no transformer' in result.output


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['--transform', 'tps'], "transform must be None for fcn, got 'tps'"),
        (
            ['--model', 'st-fcn'],
            "transform must be one of 'affine', 'projective', 'tps'",
        ),
        (['--model', '2-st-fcn', '--transform', 'tps'], "model must be one of 'fcn',"),
    ],
)
def test_an_unknown_model_is_a_message(invoke, few, tmp_path, arguments, message):
    result = train(invoke, tmp_path, *arguments)
    assert result.exit_code == 1 and message in result.output
    assert list(tmp_path.iterdir()) == []


def test_digits_of_another_size_are_a_message(invoke, tmp_path, mnist_folder):
    result = train(invoke, tmp_path, '--data', mnist_folder)
    assert result.exit_code == 1
    assert 'data must have images of 28 x 28 pixels, which the' in result.output


def test_a_sheet_of_each_distortion(invoke, few, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, 'TIMED', 96)
    for name in ('RTS', 'P', 'E'):  # sampled in other tests, slow to compile
        monkeypatch.delitem(EXPERIMENTS, name)
    result = invoke('distortions', '--output', tmp_path / 'new')
    assert result.exit_code == 0, result.output
    names = list(EXPERIMENTS) + ['T-84', 'TC-84']
    assert sorted(path.stem for path in (tmp_path / 'new').iterdir()) == sorted(names)
    for name in names:
        with Image.open(tmp_path / 'new' / (name + '.png')) as picture:
            assert np.asarray(picture.convert('L')).std() > 10
        assert '%s.png: ' % name in result.output
    assert 'TC.png: 60 x 60 pixels' in result.output
    assert 'addition.png: 42 x 84 pixels' in result.output
