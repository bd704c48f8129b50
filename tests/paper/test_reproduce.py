"""The command that makes the paper's tables: what is missing, and what is written."""

import io
import json
import pathlib

import pytest
from click.testing import CliRunner
from rich.console import Console

from lasagne_stn import cli
from lasagne_stn.paper import DIGITS, Run, Search, append_line, read_lines, reproduce
from lasagne_stn.paper.reproduce import (
    Options,
    make_tables,
    planned,
    train_missing,
)
from lasagne_stn.paper.result_lines import import_results
from lasagne_stn.paper.tasks import table_names
from lasagne_stn.paper.tasks.digits_data import DigitsDataset
from lasagne_stn.paper.workers import QueuedRun

SKLEARN = '1797 images, checksum 300afcf8'


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=200)


@pytest.fixture
def trained(monkeypatch):
    """The runs that were started, in place of processes; those with seed 2 fail."""
    started = []

    def train_on_cores(queue, report):
        started.extend(queue)
        for queued in queue:
            report(queued, 1, 2.5, None)
            report(queued, queued.length, 0.5, 0.25)
            line = queued.run._asdict()
            if queued.run.seed == 2:
                yield queued, RuntimeError('the loss is nan.')
            elif isinstance(queued.run, Search):
                line.update(experiment='colocalisation', found=90.0, num_params=6531)
                yield queued, line
            else:
                yield queued, dict(line, error=3.0, num_params=7)

    monkeypatch.setattr(reproduce, 'train_on_cores', train_on_cores)
    return started


def invoke(*arguments):
    return CliRunner().invoke(cli.commands, ['reproduce', *map(str, arguments)])


def test_all_cells_are_planned_seed_by_seed():
    runs = planned('table1', 'd', Options(seeds=2))
    assert len(runs) == len(set(runs)) == 2 * 32
    assert [run.seed for run in runs] == [1] * 32 + [2] * 32
    assert runs[2] == Run('R', 'st-fcn', 'affine', 1, 150000, data='d')
    assert planned('tc', 'd', Options(schedule='short'))[0].iterations == 15000
    assert planned('tc', 'd', Options(iterations=77))[0].iterations == 77
    (one,) = planned('table1', 'd', Options(1, groups=['E'], rows=['ST-CNN TPS']))
    assert one[:3] == ('E', 'st-cnn', 'tps')
    searches = planned('colocalisation', 'd', Options(1, groups=['TC']))
    assert searches == [Search('TC', digit, data='d') for digit in range(10)]


def test_only_what_is_missing_is_trained(console, trained, tmp_path):
    make_tables(console, ['tc'], str(tmp_path), None, Options(1))
    assert [queued.run.model for queued in trained] == [
        'fcn',
        'cnn',
        'st-fcn',
        'st-cnn',
    ]
    assert trained[0].run.data == SKLEARN and trained[0].folder == str(tmp_path)
    assert len(read_lines(tmp_path / 'results.jsonl')) == 4
    make_tables(console, ['tc'], str(tmp_path), None, Options(1))
    assert len(trained) == 4 and 'Nothing is missing.' in console.file.getvalue()
    make_tables(console, ['tc'], str(tmp_path), None, Options(1, schedule='short'))
    assert len(trained) == 8  # that they are there longer is no matter
    assert (
        '| FCN | 13.2 | 3.00 | -10.20 | 150,000 | 1 | 7 |'
        in (tmp_path / 'tc.md').read_text()
    )


def test_a_failure_is_reported_and_other_runs_continue(trained, tmp_path):
    arguments = 'tc', '--seeds', 3, '--row', 'CNN', '--output', tmp_path
    result = invoke(*arguments)
    assert result.exit_code == 1
    assert 'TC-cnn-150000-seed2: the loss is nan.' in result.output
    assert 'TC-cnn-150000-seed3: 3.00 %' in result.output
    assert [line['seed'] for line in read_lines(tmp_path / 'results.jsonl')] == [1, 3]
    assert '| CNN | 3.5 | 3.00 ± 0.00 |' in (tmp_path / 'tc.md').read_text()
    result = invoke(*arguments)
    assert [queued.run.seed for queued in trained] == [
        1,
        2,
        3,
        2,
    ] and result.exit_code == 1


def test_results_of_other_data_do_not_count(console, trained, tmp_path):
    for data in ('5 images', SKLEARN):
        append_line(
            tmp_path / 'results.jsonl',
            dict(Run('TC', 'fcn', data=data)._asdict(), error=3.0, num_params=7),
        )
        make_tables(console, ['tc'], str(tmp_path), None, Options(1, rows=['FCN']))
        assert len(trained) == 1  # of the first time


def test_a_result_that_cannot_be_written_is_reported(
    console, trained, tmp_path, monkeypatch
):
    def fail(folder, line):
        raise OSError('no space left')

    monkeypatch.setattr(reproduce, 'add_result', fail)
    queue = [QueuedRun(DIGITS, Run(seed=seed), '', str(tmp_path), 9) for seed in (1, 3)]
    assert train_missing(console, queue, str(tmp_path)) == [
        'R-fcn-150000-seed%d: no space left' % seed for seed in (1, 3)
    ]


def test_queued_runs_have_absolute_paths(console, trained, tmp_path, monkeypatch):
    """A worker of Dask starts elsewhere, and without this process's variables."""
    monkeypatch.setattr(DigitsDataset, 'find', lambda self, source: ((), str(source)))
    monkeypatch.setattr(DigitsDataset, 'fingerprint', lambda self, data: 'd')
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'images').mkdir()
    options = Options(1, rows=['FCN'], every=7)
    make_tables(console, ['tc'], 'one', 'images', options)
    monkeypatch.setenv('LASAGNE_STN_DATA', 'images')
    make_tables(console, ['tc'], 'two', None, options)
    make_tables(console, ['tc'], 'three', 'mnist', options)
    assert [queued[2:] for queued in trained] == [
        (str(tmp_path / 'images'), str(tmp_path / 'one'), 7),
        (str(tmp_path / 'images'), str(tmp_path / 'two'), 7),
        ('mnist', str(tmp_path / 'three'), 7),
    ]


def test_searches_are_trained_too(console, trained, tmp_path):
    make_tables(
        console,
        ['colocalisation'],
        str(tmp_path),
        None,
        Options(1, groups=['T'], rows=['digit 4']),
    )
    ((queued),) = trained
    assert queued.name == 'colocalisation-T-4-5000-seed1' and queued.length == 8000
    assert 'colocalisation-T-4-5000-seed1: 90.00 %' in console.file.getvalue()
    assert (
        '| digit 4 | 100.0 | 90.00 | -10.00 | 5,000 | 1 | 6,531 |'
        in (tmp_path / 'colocalisation.md').read_text()
    )


def test_a_scheduler_gets_the_queue(console, monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(
        reproduce,
        'train_on_dask',
        lambda queue, address, report: (
            asked.append((queue, address)) or (item for item in ())
        ),
    )
    queue = [QueuedRun(DIGITS, Run(), None, str(tmp_path), 9)]
    assert train_missing(console, queue, str(tmp_path), 'tcp://host:8786') == []
    assert asked == [(queue, 'tcp://host:8786')]


def test_a_table_of_existing_results(trained, tmp_path):
    append_line(
        tmp_path / 'results.jsonl',
        dict(Run(data='a')._asdict(), error=2.0, num_params=9),
    )
    result = invoke('table1', 'tc', 'table1', '--no-run', '--output', tmp_path)
    assert result.exit_code == 0 and trained == [], result.output
    assert result.output.count('Written:') == 2
    assert 'R, FCN: lasagne-stn train --experiment R --model fcn' in result.output
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        'results.jsonl',
        'table1.csv',
        'table1.md',
        'table1.png',
        'tc.csv',
        'tc.md',
        'tc.png',
    ]
    assert '| FCN | 2.1 | 2.00 | -0.10 |' in (tmp_path / 'table1.md').read_text()
    assert 'nothing is trained yet' in (tmp_path / 'tc.md').read_text()
    assert (tmp_path / 'table1.png').read_bytes().startswith(b'\x89PNG')
    append_line(
        tmp_path / 'results.jsonl',
        dict(Run(data=SKLEARN)._asdict(), error=3.0, num_params=9),
    )
    result = invoke('table1', '--no-run', '--output', tmp_path)
    assert result.exit_code == 1
    assert 'several data sets: the digits of scikit-learn, a.' in result.output


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['--group', 'RTX'], "table1: group must be one of 'R', 'RTS', 'P', 'E'"),
        (['--row', 'FC'], "Did you mean 'FCN'?"),
        (['--no-run', '--add', '{}'], 'line 2 of'),
        (['table9'], "'table9' is not one of"),
        (['--seeds', '0'], 'not in the range'),
    ],
)
def test_wrong_arguments_and_damaged_lines_are_errors(
    trained, tmp_path, arguments, message
):
    damaged = tmp_path / 'damaged.jsonl'
    damaged.write_text(
        json.dumps(dict(Run()._asdict(), error=2.0, num_params=9))
        + '\n{"experiment": "R", "mod\n'
    )
    result = invoke(
        'table1',
        '--output',
        tmp_path / 'new',
        *[each.format(damaged) for each in arguments],
    )
    assert result.exit_code != 0 and message in result.output
    assert trained == [] and not (tmp_path / 'new' / 'table1.md').exists()


def test_results_of_another_machine_come_without_its_paths(tmp_path):
    line = dict(
        Run()._asdict(),
        error=2.0,
        num_params=9,
        seconds=1.0,
        history=[[1, 0.5]],
        machine={
            'blas': '-Wl,/home/me/lib/libblas.so -Wl,-rpath,/home/me/lib',
            'versions': {'numpy': '1.23.5'},
            'cores': 2,
        },
    )
    append_line(tmp_path / 'theirs.jsonl', line)
    for _ in range(2):
        import_results(str(tmp_path), str(tmp_path / 'theirs.jsonl'))
    (kept,) = read_lines(tmp_path / 'results.jsonl')
    assert kept['machine'] == {
        'blas': '-Wl,libblas.so -Wl,-rpath,lib',
        'versions': {'numpy': '1.23.5'},
        'cores': 2,
    }
    assert dict(kept, machine=None) == dict(line, machine=None)
    append_line(tmp_path / 'theirs.jsonl', dict(line, seed=2))
    import_results(str(tmp_path), str(tmp_path / 'theirs.jsonl'))
    assert len(read_lines(tmp_path / 'results.jsonl')) == 2


@pytest.mark.parametrize('line', ['5', '{"name": "something else"}'])
def test_a_file_with_other_lines_is_not_imported(tmp_path, line):
    path = tmp_path / 'theirs.jsonl'
    path.write_text(
        json.dumps(dict(Run()._asdict(), error=2.0, num_params=9)) + '\n' + line + '\n'
    )
    with pytest.raises(ValueError, match='line 2 of') as error:
        import_results(str(tmp_path), str(path))
    assert 'theirs.jsonl' in str(error.value)
    assert not (tmp_path / 'results.jsonl').exists()


def test_the_pages_in_the_repository_belong_to_its_results(tmp_path):
    """The command alone makes the pages, and none is older than the results."""
    there = pathlib.Path(__file__).parents[2] / 'lasagne_stn' / 'paper' / 'results'
    import_results(str(tmp_path), str(there / 'results.jsonl'))
    assert (tmp_path / 'results.jsonl').read_text() == (
        there / 'results.jsonl'
    ).read_text()
    assert invoke(*table_names(), '--no-run', '--output', tmp_path).exit_code == 0
    for name in table_names():
        for ending in ('.md', '.csv'):
            assert (tmp_path / (name + ending)).read_text(encoding='utf8') == (
                there / (name + ending)
            ).read_text(encoding='utf8'), name
