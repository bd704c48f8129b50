"""A new kind of task needs a file and a line in the registry, and nothing else."""

from __future__ import annotations

import csv
import os
from typing import NamedTuple

import numpy as np
import pytest
from click.testing import CliRunner

import lasagne_stn
from lasagne_stn import cli
from lasagne_stn.paper import COLOCALISATION, DIGITS, Run, read_lines, reproduce, tasks
from lasagne_stn.paper.learner import TrainingState
from lasagne_stn.paper.outcomes import runs_in
from lasagne_stn.paper.single_run import train_and_record
from lasagne_stn.paper.tasks import (
    Cell,
    Dataset,
    KnownData,
    SupervisedTask,
    TableSpec,
    Task,
    task_of_line,
    task_of_run,
    task_of_table,
)
from lasagne_stn.paper.training import batch_indices


class CubesDataset(Dataset):
    """Volumes of 4 x 5 x 6 numbers, with names instead of digits."""

    keywords = ('cubes',)
    known = {'8 images, checksum 897171f3': KnownData('the cubes', ' --data cubes')}

    def find(self, source=None):
        volumes = np.arange(8 * 120, dtype='float32').reshape(8, 4, 5, 6)
        names = np.array([ord(letter) for letter in 'abcdefgh'])
        return (volumes[:5], names[:5], volumes[5:], names[5:]), 'eight cubes'

    def check(self, owner, data):
        assert data[0].shape[1:] == (4, 5, 6)


class CubeRun(NamedTuple):
    edge: int = 1
    seed: int = 1
    iterations: int = 20
    data: str = ''


class Cubes(Task):
    """Learns nothing, but says all that a task must say."""

    name = 'cubes'
    settings = CubeRun
    dataset = CubesDataset()
    tables = {
        'cubes': TableSpec('Cubes', 'volume in percent', ('small', 'large')),
        'more': TableSpec('More cubes', 'volume in percent', ('huge',), True),
    }
    cell_fields = ('edge',)
    figure = 'volume'
    note = 'A cube is a cube.'
    schedules = {'paper': 20, 'short': 2}

    def cells(self, table):
        edges = {'small': (1, 2), 'large': (7,), 'huge': (9,)}
        return [
            Cell(group, 'edge %d' % edge, CubeRun(edge), 50, 60)
            for group in self.tables[table].groups
            for edge in edges[group]
        ]

    def file_name(self, run):
        return 'cubes-%d-seed%d' % (run.edge, run.seed)

    def arguments(self, run):
        return 'cube --edge %d' % run.edge

    def sample_batch(self, run, data, iteration):
        return (data[0][[iteration % 5]],)

    def measure(self, run, data, folder, open_bar, every):
        self.dataset.check('cubes', data)
        os.makedirs(folder, exist_ok=True)
        with open_bar(run.iterations, 1) as bar:
            for iteration in range(run.iterations):
                (batch,) = self.sample_batch(run, data, iteration)
                bar.report(iteration + 1, float(batch.mean()), None)
        open(os.path.join(folder, self.file_name(run) + '.npz'), 'w').close()
        return dict(
            run._asdict(),
            experiment='cubes',
            volume=50.0 + run.edge + run.seed,
            num_params=1234,
        )

    def summary(self, run, line, folder):
        return ['A cube of %g %%' % line['volume']]


@pytest.fixture
def cubes(monkeypatch):
    """The task of cubes, in the registry, and where worker processes find it."""
    task = Cubes()
    monkeypatch.setattr(tasks, 'TASKS', tasks.TASKS + [task])
    root = os.path.dirname(os.path.dirname(lasagne_stn.__file__))
    folders = [root, os.path.dirname(__file__)]
    monkeypatch.setenv('PYTHONPATH', os.pathsep.join(folders))
    return task


def invoke(*arguments):
    return CliRunner().invoke(cli.commands, [str(each) for each in arguments])


def test_a_new_task_is_trained_printed_and_written(cubes, tmp_path):
    arguments = 'reproduce', 'cubes', '--seeds', 2, '--output', tmp_path
    result = invoke(*arguments)
    assert result.exit_code == 0, result.output
    assert 'Data: eight cubes' in result.output
    assert 'cubes-7-seed2: 59.00 %' in result.output
    repeat = 'for seed in 1 2; do lasagne-stn cube --edge 7 --seed $seed --data cubes'
    assert 'large, edge 7: ' + repeat in result.output
    lines = read_lines(tmp_path / 'results.jsonl')
    assert sorted((line['edge'], line['seed']) for line in lines) == [
        (edge, seed) for edge in (1, 2, 7) for seed in (1, 2)
    ]
    page = (tmp_path / 'cubes.md').read_text(encoding='utf8')
    assert 'Cubes, volume in percent; the cubes' in page
    assert '| edge 2 | 50 to 60 | 53.50 ± 0.71 | +0.00 | 20 | 2 | 1,234 |' in page
    assert '\nA cube is a cube.\n' in page and repeat in page
    with open(tmp_path / 'cubes.csv', encoding='utf8') as file:
        rows = list(csv.DictReader(file))
    assert [row['ours'] for row in rows] == ['52.500', '53.500', '58.500']
    assert rows[2]['command'].startswith(repeat)
    assert (tmp_path / 'cubes.png').read_bytes().startswith(b'\x89PNG')
    assert 'Nothing is missing.' in invoke(*arguments).output
    result = invoke('reproduce', 'more', '--row', 'edge 9', '--no-run')
    assert result.exit_code == 0, result.output


def test_each_task_has_data_of_its_own(cubes, tmp_path, monkeypatch):
    queues = []
    monkeypatch.setattr(
        reproduce, 'train_missing', lambda console, queue, *more: queues.append(queue)
    )
    arguments = '--seeds', 1, '--schedule', 'short', '--output', tmp_path
    invoke('reproduce', 'tc', 'cubes', 'more', *arguments)
    (queue,) = queues
    assert {(queued.task, queued.run.data) for queued in queue} == {
        (DIGITS, '1797 images, checksum 300afcf8'),
        (cubes, '8 images, checksum 897171f3'),
    }
    assert [queued.run.iterations for queued in queue] == [15000] * 4 + [2] * 4


def test_a_run_of_a_new_task_is_recorded(cubes, tmp_path):
    from rich.console import Console

    data, _ = cubes.dataset.find()
    with open(tmp_path / 'log', 'w') as file:
        console = Console(file=file, width=100)
        line = train_and_record(console, CubeRun(3), data, str(tmp_path))
    assert 'A cube of 54 %' in (tmp_path / 'log').read_text()
    (kept,) = read_lines(tmp_path / 'results.jsonl')
    assert kept == line and runs_in([kept]) == [(CubeRun(3), kept)]
    with pytest.raises(FileExistsError, match='cubes-3-seed1.npz exists'):
        train_and_record(console, CubeRun(3), data, str(tmp_path))


def test_unknown_tables_runs_and_lines_are_errors(cubes):
    assert task_of_table('more') is task_of_run(CubeRun()) is cubes
    assert task_of_line({'experiment': 'cubes'}) is cubes
    assert task_of_line({'experiment': 'colocalisation'}) is COLOCALISATION
    with pytest.raises(
        ValueError, match="must be one of 'table1', .*'more', got 'mor'"
    ):
        task_of_table('mor')
    with pytest.raises(TypeError, match=r"settings of a task's run, got \(1, 2\)"):
        task_of_run((1, 2))
    with pytest.raises(
        ValueError, match="line 1 .* has the unknown experiment 'balls'"
    ):
        runs_in([{'experiment': 'balls'}])


def test_names_in_the_registry_are_unique(cubes):
    tables = tasks.table_names()
    experiments = [name for task in tasks.TASKS for name in task.experiments]
    for names in (tables, experiments, [task.name for task in tasks.TASKS]):
        assert len(names) == len(set(names))
    assert repr(cubes) == "Cubes('cubes', tables cubes, more)"
    assert repr(cubes.dataset) == 'CubesDataset(the cubes)'


class NumberRun(NamedTuple):
    seed: int = 1
    iterations: int = 4
    batch_size: int = 3
    data: str = ''


class Reader:
    """Reads five digits of each image, and always the same ones."""

    state = TrainingState({})
    num_params = 0

    def train_step(self, images, labels, rate):
        assert images.shape == (3, 3, 64, 70) and labels.shape == (3, 5)
        return rate

    def predict(self, images):
        return np.zeros((len(images), 5)), []

    def error(self, images, labels):
        return float(np.mean((labels != self.predict(images)[0]).any(axis=1)))


class Numbers(SupervisedTask, Cubes):
    """Colour images of several digits each."""

    name = 'numbers'
    settings = NumberRun

    def check(self, run, data):
        assert data[1].shape[1:] == (5,)

    def file_name(self, run):
        return 'numbers'

    def build_learner(self, run):
        return Reader()

    def sample_batch(self, run, data, iteration):
        chosen = batch_indices(run, iteration, len(data[0]))
        return data[0][chosen], data[1][chosen]

    def test_set(self, run, data):
        return data[2:]

    def rate_at(self, run, iteration):
        return 0.5**iteration


def test_a_supervised_task_may_have_several_labels_for_an_image(rng, tmp_path):
    labels = np.zeros((9, 5), int)
    labels[6, 4] = 1
    images = rng.uniform(size=(9, 3, 64, 70))
    data = images[:6], labels[:6], images[6:], labels[6:]
    task, run = Numbers(), NumberRun()
    result = task.train(run, data, str(tmp_path / 'numbers.npz'), every=2)
    assert result.history == [[2, 0.75, 1 / 3], [4, 0.1875, 1 / 3]]
    line = task.result_line(task.load_run(str(tmp_path / 'numbers.npz')))
    assert line['experiment'] == 'numbers' and line['error'] == pytest.approx(100 / 3)
    assert list(task.evaluate(str(tmp_path / 'numbers.npz'), data))[0] == (
        'numbers, 4 of 4 iterations'
    )
    with pytest.raises(ValueError, match='something other than a training'):
        DIGITS.load_run(str(tmp_path / 'numbers.npz'))


def test_a_run_of_another_task_never_counts():
    assert not DIGITS.same_cell(CubeRun(), Run())
    assert DIGITS.same_cell(Run(seed=4, momentum=0.1), Run())
