"""The paper's tables: cells, what results come to, text, page, CSV and picture."""

import csv
import io

import pytest

from lasagne_stn.data import load_digits
from lasagne_stn.paper import (
    COLOCALISATION,
    DIGITS,
    EXPERIMENTS,
    SCHEDULES,
    Run,
    Search,
    pages,
)
from lasagne_stn.paper.outcomes import cells_of, data_sets, outcome, runs_in
from lasagne_stn.paper.table_picture import draw_table
from lasagne_stn.paper.tasks import table_names, task_of_run

DATA = '60 images, checksum 0badcafe'


def line_of(run, figure):
    """A line of results, as far as tables read it."""
    line = dict(run._asdict(), num_params=269322)
    if isinstance(run, Search):
        return dict(line, experiment='colocalisation', found=figure)
    return dict(line, error=figure)


def outcomes_of(table, *results, data=DATA):
    """The cells of a table, filled with pairs of a run and its figure."""
    runs = runs_in(
        [line_of(run._replace(data=data), figure) for run, figure in results]
    )
    return [outcome(cell, runs, data) for cell in cells_of(table)]


TC = outcomes_of(
    'tc',
    (Run('TC', 'fcn', iterations=15000, seed=2), 14.0),
    (Run('TC', 'fcn', iterations=15000), 12.0),
    (Run('TC', 'fcn', iterations=15000, seed=5), 10.0),
    (Run('TC', 'st-fcn', 'affine'), 2.25),
)


def test_the_tables_have_all_cells_of_the_paper():
    names = {
        table: [(cell.group, cell.name) for cell in cells_of(table)]
        for table in table_names()
    }
    rows = [
        'FCN',
        'CNN',
        'ST-FCN Aff',
        'ST-FCN Proj',
        'ST-FCN TPS',
        'ST-CNN Aff',
        'ST-CNN Proj',
        'ST-CNN TPS',
    ]
    assert names['table1'] == [
        (group, row) for group in ('R', 'RTS', 'P', 'E') for row in rows
    ]
    assert ('addition', '2 x ST-FCN TPS') in names['addition']
    assert len(names['addition']) == len(EXPERIMENTS['addition'].published) == 8
    assert len(names['colocalisation']) == 20
    figures = {(cell.group, cell.name): cell.low for cell in cells_of('table1')}
    assert figures['RTS', 'FCN'] == 5.2 and figures['E', 'ST-CNN TPS'] == 1.1


def test_mean_spread_and_gap():
    fcn, cnn, st_fcn, _ = TC
    assert fcn.values == {1: 12.0, 2: 14.0, 5: 10.0} and fcn.run.seed == 1
    assert (fcn.mean, fcn.spread) == (12.0, 2.0)
    assert fcn.gap == pytest.approx(12 - 13.2) and fcn.num_params == 269322
    assert (cnn.run, cnn.mean, cnn.spread, cnn.gap) == (None,) * 4
    assert (st_fcn.mean, st_fcn.spread, st_fcn.gap) == (2.25, None, 0.25)


@pytest.mark.parametrize('found, gap', [(60.0, -15.0), (80.0, 0.0), (97.0, 4.0)])
def test_the_gap_to_a_range_is_that_to_its_nearest_end(found, gap):
    result = outcomes_of('colocalisation', (Search('TC', 7), found))[17]
    assert (result.cell.group, result.cell.name) == ('TC', 'digit 7')
    assert (result.mean, result.gap, result.num_params) == (found, gap, 269322)


def test_the_longest_schedule_counts_then_the_papers_settings_then_the_seeds():
    base = Run('R', 'fcn', iterations=15000)

    def cell(*results):
        return outcomes_of('table1', *results)[0]

    few = [(base._replace(seed=seed), 1.0 * seed) for seed in (1, 2)]
    paper = base._replace(iterations=150000), 9.0
    other = [(base._replace(momentum=0.5, seed=seed), 0.5) for seed in (1, 2, 3)]
    third = [(base._replace(momentum=0.2, seed=seed), 0.1) for seed in (1, 2)]
    assert cell(*few).mean == 1.5
    assert cell(paper, *few).mean == 9 and cell(*few, paper).run.iterations == 150000
    assert cell(*other, *few).mean == 1.5
    assert cell(*third, *other).run.momentum == 0.5
    assert cell(few[0], (few[0][0], 7.0)).values == {1: 1.0}  # the first line counts


def test_results_of_other_data_and_tables_do_not_count():
    runs = runs_in(
        [
            line_of(Run('R', data='a'), 2.0),
            line_of(Run('E', data='b'), 3.0),
            line_of(Run('TC', data='c'), 4.0),
            line_of(Search('T', 3, data='d'), 5.0),
        ]
    )
    assert data_sets('table1', runs) == ['a', 'b'] and data_sets('tc', runs) == ['c']
    assert data_sets('colocalisation', runs) == ['d']
    assert outcome(cells_of('table1')[0], runs, 'b').values == {}
    assert outcome(cells_of('colocalisation')[3], runs, 'd').values == {1: 5.0}


@pytest.mark.parametrize(
    'run, name',
    [(Run(), 'error'), (Run(), 'model'), (Search(), 'found'), (Search(), 'digit')],
)
def test_a_line_that_lacks_something_is_named_by_its_number(run, name):
    good, bad = line_of(Run(), 2.0), line_of(run, 2.0)
    assert len(runs_in([good, bad])) == 2
    del bad[name]
    with pytest.raises(ValueError, match="line 2 of the results lacks '%s'" % name):
        runs_in([good, bad])


def test_the_page_of_a_table():
    page = pages.to_page('tc', TC, DATA)
    assert (
        """
Cluttered digits, test error in percent; 60 images, checksum 0badcafe

| model | paper | ours | gap | iterations | seeds | params |
|---|---:|---:|---:|---:|---:|---:|
| TC |  |  |  |  |  |  |
| FCN | 13.2 | 12.00 ± 2.00 | -1.20 | 15,000 | 3 | 269,322 |
| CNN | 3.5 | no result |  |  |  |  |
| ST-FCN Aff | 2.0 | 2.25 | +0.25 | 150,000 | 1 | 269,322 |
| ST-CNN Aff | 1.7 | no result |  |  |  |  |
"""
        in page
    )
    assert page.endswith("""
```sh
# TC, FCN
for seed in 1 2 5; do lasagne-stn train --experiment TC --model fcn --schedule short \
--seed $seed --data DIR; done
# TC, ST-FCN Aff
lasagne-stn train --experiment TC --model st-fcn --transform affine --seed 1 --data DIR
```
""")
    assert '![' in page and '](tc.png)' in page
    assert 'Repeat a cell' in page
    assert 'Repeat a cell' not in pages.to_page('tc', outcomes_of('tc'), None)
    assert 'momentum' in page and 'shaken' not in page
    outcomes = outcomes_of('colocalisation')
    assert 'shaken' in pages.to_page('colocalisation', outcomes, None)


def test_the_spreadsheet_of_a_table():
    rows = list(csv.DictReader(io.StringIO(pages.to_csv(TC))))
    assert [row['name'] for row in rows] == ['FCN', 'CNN', 'ST-FCN Aff', 'ST-CNN Aff']
    assert [
        rows[0][name] for name in ('ours', 'spread', 'gap', 'iterations', 'seeds')
    ] == ['12.000', '2.000', '-1.200', '15000', '3']
    assert rows[0]['command'].startswith('for seed in 1 2 5; do lasagne-stn train')
    assert [rows[1][name] for name in ('ours', 'seeds', 'command')] == ['', '0', '']


def test_known_data_sets_have_a_name_and_an_option():
    dataset = DIGITS.dataset
    digits = dataset.fingerprint(load_digits())
    assert dataset.title(digits) == 'the digits of scikit-learn'
    assert DIGITS.command(Run(data=digits)).endswith('--model fcn --seed 1')
    (mnist,) = (data for data, known in dataset.known.items() if known.name == 'MNIST')
    command = COLOCALISATION.command(Search(data=mnist))
    assert command.endswith('--seed 1 --data mnist')


@pytest.mark.parametrize(
    'run',
    [
        Run('RTS', '2-st-fcn', 'tps', 4, 600, 32, momentum=0.5, localisation_rate=0.1),
        Run('E', 'cnn', iterations=15000),
        Search('TC', 8, 3, 70, encoder_iterations=9),
    ],
)
def test_the_command_does_the_same_run(run):
    """The command line is parsed back by the command itself."""
    from lasagne_stn import cli

    text = task_of_run(run).command(run).replace(' --data DIR', '')
    _, name, *arguments = text.split()
    options = cli.commands.commands[name].make_context('command', arguments).params
    if options.get('schedule'):
        options['iterations'] = options['iterations'] or SCHEDULES[options['schedule']]
    options['data'] = ''
    assert run == type(run)(
        **{name: value for name, value in options.items() if name in run._fields}
    )


def test_the_picture_shows_each_figure_where_it_is():
    figure = draw_table('tc', TC, DATA)
    (axes,) = figure.axes
    texts = [text.get_text() for text in axes.texts]
    assert {'12.00 ± 2.00', '13.2', '2.25', 'no result', 'TC'} <= set(texts)
    dots = {tuple(line.get_xydata()[0]) for line in axes.lines}
    assert {(13.2, 0), (12.0, 0), (3.5, 1), (2.0, 2), (2.25, 2), (1.7, 3)} <= dots
    assert {(10.0, 0), (14.0, 0)} <= dots  # ends of the spread
    assert axes.get_xscale() == 'log' and axes.yaxis_inverted()
    assert axes.get_xlabel() == 'test error in percent, logarithmic'
    assert [text.get_text() for text in figure.texts[1:]] == [
        '◇ paper, ● ours, ○ ours in fewer iterations'
    ]
    filled = {
        line.get_fillstyle()
        for line in axes.lines
        if line.get_marker() == 'o' and line.get_xydata()[0, 0] == 2.25
    }
    hollow = {
        line.get_fillstyle()
        for line in axes.lines
        if line.get_marker() == 'o' and line.get_xydata()[0, 0] == 12.0
    }
    assert (filled, hollow) == ({'full'}, {'none'})
    assert len(draw_table('table1', outcomes_of('table1'), None).axes) == 4
    figure = draw_table(
        'colocalisation', outcomes_of('colocalisation', (Search('T', 2), 99.0)), DATA
    )
    assert [one.get_xscale() for one in figure.axes] == ['linear', 'linear']
    assert [text.get_text() for text in figure.texts[1:]] == ['◇ paper, ● ours']
