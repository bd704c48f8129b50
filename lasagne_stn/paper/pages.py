"""The paper's tables as text, page, spreadsheet and picture, with their commands."""

import csv
import io

from .. import viz
from ..tables import Table, to_markdown
from .colocalisation import FIRST, SETS, START
from .experiments import EXPERIMENTS
from .search import EXPERIMENT, Search
from .tables import TABLES
from .training import SCHEDULES, Run

__all__ = [
    'DATA_SETS',
    'data_words',
    'command',
    'text_table',
    'to_page',
    'to_csv',
    'draw_table',
]

DATA_SETS = {  # from a fingerprint to a name, and to the option that gives it
    '70000 images, checksum 02e91ca3': ('MNIST', ' --data mnist'),
    '1797 images, checksum 300afcf8': ('the digits of scikit-learn', ''),
}
HEADER = ('model', 'paper', 'ours', 'gap', 'iterations', 'seeds', 'params')
COLOURS = {'paper': '#8a8a8a', 'ours': '#c2410c'}
# Of a picture, in inches: width; a panel's left edge and width; above, a row, below.
WIDTH, LEFT, BROAD, ABOVE, ROW, BELOW = 8.6, 1.4, 2.9, 0.65, 0.24, 0.35
LABEL = 0.2  # of the lowest axis
ENDS = (1.2, 1.55, 1.75, 2.02, 2.18, 2.42)  # of the words, in widths of the panel


def _units(kind):
    """From fewest to most units of the tables' networks, as words."""
    counts = [
        units
        for experiment in EXPERIMENTS.values()
        if experiment.published
        for model, units in experiment.units.items()
        if model.endswith(kind)
    ]
    return '%d to %d' % (min(counts), max(counts))


OURS = """Ours: the mean over seeds ± the standard deviation, where there are several.
"""
NOTE = (
    OURS
    + """\
Gap: ours minus the paper's, in percentage points. Params: learnable parameters. The
paper trains for 150,000 iterations; a shorter schedule has the same steps in the same
proportions. Where the paper is silent: momentum 0.9; distortions drawn anew for every
batch; in P a corner moves as far along x as along y, and in E the control points stand
over the result, which may be easier than what the paper did; affine transformers in TC;
in the addition a transformer's output is pooled as on RTS. Other than in the paper: one
seed or two where it has three; outside the image a transformer reads the nearest pixel,
not zero (the images are dark there); for equal numbers of parameters, a fully connected
layer has %s units, not 128 to 256, and a convolution %s filters, not 32 to
64; on RTS an ST-CNN's transformer gives 56 x 56 pixels, so that pooling leaves enough
of them. On 28 x 28 pixels the paper's largest fully connected network has 269,000
parameters, fewer than its 400,000; the other models there have as many."""
    % (_units('fcn'), _units('cnn'))
)
SEARCH_NOTE = (
    OURS
    + """\
Found: intersection over union above 0.5. Gap: to the nearest end of the paper's range,
in percentage points. Params: of the localisation network. Where the paper is silent:
Adam; filters are padded by 4 pixels; the search starts with a crop of %g of the canvas
in its middle; clutter of test images comes from test images. Other than in the paper,
the distance to the random crop counts %g times at first, and ever less until the last
third, there %s; while learning,
crops are shaken by %s; of the encoder's layers the
activations after the pooling and the class scores count, each layer as much as another.
Weights and shaking were chosen by what they find of the digits 0, 3 and 7 in these test
images."""
    % (
        START,
        FIRST,
        ' and '.join(
            '%g times on %s' % (each.repulsion, name) for name, each in SETS.items()
        ),
        ', '.join(
            '%g pixels on %s' % (each.shake, name) if each.shake else 'none on ' + name
            for name, each in SETS.items()
        ),
    )
)


def data_words(data):
    """A data set by its name, if it is known.

    >>> data_words('1797 images, checksum 300afcf8'), data_words('5 images')
    ('the digits of scikit-learn', '5 images')
    >>> data_words(None)
    'nothing is trained yet'
    """
    return DATA_SETS.get(data, (data or 'nothing is trained yet',))[0]


def command(run, seeds=None):
    """The command that does a run again.

    Parameters
    ----------
    run : Run or Search
    seeds : sequence of int, optional
        Several, instead of the run's own.

    Returns
    -------
    str

    Examples
    --------
    >>> command(Run('R', 'st-fcn', 'tps', iterations=15000))
    'lasagne-stn train --experiment R --model st-fcn --transform tps --schedule short
    --seed 1 --data DIR'
    >>> command(Run(iterations=600, momentum=.5), [1, 3])
    'for seed in 1 3; do lasagne-stn train --experiment R --model fcn --iterations 600
    --momentum 0.5 --seed $seed --data DIR; done'
    >>> command(Search('TC', 7, seed=2, shake=.5))
    'lasagne-stn colocalise --clutter TC --digit 7 --shake 0.5 --seed 2 --data DIR'
    """
    seeds = list(seeds or [run.seed])
    if isinstance(run, Search):
        words = 'lasagne-stn colocalise --clutter %s --digit %d' % run[:2]
        options, usual = (
            ('iterations', 'repulsion', 'shake', 'encoder_iterations'),
            Search(run.clutter),
        )
    else:
        words = 'lasagne-stn train --experiment %s --model %s' % run[:2]
        if run.transform:
            words += ' --transform ' + run.transform
        options, usual = (
            ('batch_size', 'learning_rate', 'momentum', 'localisation_rate'),
            Run(),
        )
        if run.iterations == SCHEDULES['short']:
            words += ' --schedule short'
        else:
            options = ('iterations',) + options
    for name in options:
        if getattr(run, name) != getattr(usual, name):
            words += ' --%s %s' % (name.replace('_', '-'), getattr(run, name))
    words += ' --seed %s' % (seeds[0] if len(seeds) == 1 else '$seed')
    words += DATA_SETS.get(run.data, ('', ' --data DIR'))[1]
    if len(seeds) == 1:
        return words
    return 'for seed in %s; do %s; done' % (' '.join(map(str, seeds)), words)


def _figures(result):
    """The words of a row, as in ``HEADER``."""
    low, high = result.cell.low, result.cell.high
    row = [result.cell.name, '%.1f' % low if low == high else '%g to %g' % (low, high)]
    if not result.values:
        return row + ['no result', '', '', '', '']
    ours = '%.2f' % result.mean
    if result.spread is not None:
        ours += ' ± %.2f' % result.spread
    return row + [
        ours,
        '%+.2f' % result.gap,
        format(result.run.iterations, ','),
        str(len(result.values)),
        format(result.num_params, ','),
    ]


def _title(table, data):
    return '%s, %s; %s' % (TABLES[table].title, TABLES[table].measure, data_words(data))


def _grouped(table, outcomes):
    """The outcomes of each group of rows, with its name."""
    return [
        (name, [result for result in outcomes if result.cell.group == name])
        for name in TABLES[table].groups
    ]


def text_table(table, outcomes, data):
    """A table in words, group by group.

    Parameters
    ----------
    table : str
        One of ``TABLES``.
    outcomes : list of Outcome
        Of its cells.
    data : str or None
        Fingerprint of the data set, if there is one.

    Returns
    -------
    Table
    """
    rows = []
    for name, group in _grouped(table, outcomes):
        rows.append([name] + [''] * (len(HEADER) - 1))
        rows += [_figures(result) for result in group]
    return Table(_title(table, data), list(HEADER), rows)


def to_page(table, outcomes, data):
    """A table as a page of Markdown: picture, figures, and how to repeat each cell.

    Parameters
    ----------
    table, outcomes, data
        As for :func:`text_table`; the picture is the PNG of that name beside the page.

    Returns
    -------
    str
    """
    title = TABLES[table].title
    lines = [
        '# ' + title,
        '',
        "![The paper's figures beside ours](%s.png)" % table,
        '',
        to_markdown(text_table(table, outcomes, data)),
        '',
        SEARCH_NOTE if table == EXPERIMENT else NOTE,
        '',
    ]
    found = [result for result in outcomes if result.values]
    if found:
        lines += ['## Each cell again', '', '```sh']
        for result in found:
            lines += [
                '# %s, %s' % (result.cell.group, result.cell.name),
                command(result.run, result.values),
            ]
        lines += ['```', '']
    return '\n'.join(lines)


def to_csv(outcomes):
    """The table for a spreadsheet: a line for each cell, mostly empty without results.

    Parameters
    ----------
    outcomes : list of Outcome

    Returns
    -------
    str
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator='\n')
    writer.writerow(
        [
            'group',
            'name',
            'paper low',
            'paper high',
            'ours',
            'spread',
            'gap',
            'iterations',
            'seeds',
            'parameters',
            'command',
        ]
    )
    for result in outcomes:
        cell, run = result.cell, result.run
        numbers = [result.mean, result.spread, result.gap]
        writer.writerow(
            [cell.group, cell.name, cell.low, cell.high]
            + ['' if number is None else '%.3f' % number for number in numbers]
            + [
                run and run.iterations,
                len(result.values),
                result.num_params,
                run and command(run, result.values),
            ]
        )
    return file.getvalue()


def draw_table(table, outcomes, data):
    """Draw a table: a panel for each group, the paper's figures beside ours.

    Parameters
    ----------
    table, outcomes, data
        As for :func:`text_table`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    groups = _grouped(table, outcomes)
    heights = [ABOVE + ROW * len(group) + BELOW for _, group in groups]
    height = sum(heights) + ABOVE / 2 + LABEL
    figure = viz.new_figure(WIDTH, height)
    figure.suptitle(_title(table, data), y=1 - 0.18 / height)
    shorter = ', ○ ours in fewer iterations' if any(map(_is_shorter, outcomes)) else ''
    figure.text(
        0.5,
        1 - 0.5 / height,
        '◇ paper, ● ours' + shorter,
        fontsize=8,
        ha='center',
        va='top',
    )
    top, first = height - ABOVE / 2, None
    for (name, group), tall in zip(groups, heights):
        first = figure.add_axes(
            [
                LEFT / WIDTH,
                (top - tall + BELOW) / height,
                BROAD / WIDTH,
                ROW * len(group) / height,
            ],
            sharex=first,
        )
        _draw_panel(first, name, group)
        top -= tall
    label = TABLES[table].measure
    if label.startswith('test error'):
        viz.scale_logarithmically(first.xaxis)
        label += ', logarithmic'
    first.set_xlabel(label, fontsize=8)
    return figure


def _is_shorter(result):
    return bool(result.values) and result.run.iterations < result.cell.run.iterations


def _draw_panel(axes, name, group):
    """Dots, and the figures right of them."""
    beside = axes.get_yaxis_transform()
    for place, result in enumerate(group):
        axes.plot(
            [result.cell.low, result.cell.high],
            [place] * 2,
            'D-',
            color=COLOURS['paper'],
            fillstyle='none',
        )
        if result.values:
            axes.errorbar(
                result.mean,
                place,
                xerr=result.spread,
                fmt='o',
                capsize=3,
                color=COLOURS['ours'],
                markersize=5,
                fillstyle='none' if _is_shorter(result) else 'full',
            )
        for x, head, word in zip(ENDS, HEADER[1:], _figures(result)[1:]):
            axes.text(
                x,
                place,
                word,
                transform=beside,
                ha='right',
                va='center',
                fontsize=8,
                color=COLOURS.get(head, 'black'),
            )
    for x, head in zip(ENDS, HEADER[1:]):
        axes.text(
            x,
            -1,
            head,
            transform=beside,
            ha='right',
            va='center',
            fontsize=8,
            fontweight='bold',
            color=COLOURS.get(head, 'black'),
        )
    axes.text(0, -1, name, transform=beside, va='center', fontweight='bold')
    axes.set_yticks(range(len(group)))
    axes.set_yticklabels([result.cell.name for result in group], fontsize=8)
    axes.set_ylim(len(group) - 0.5, -0.5)
    axes.tick_params(axis='x', labelsize=8)
    axes.grid(True, alpha=0.3)
