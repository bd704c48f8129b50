"""From lines of results to the paper's tables: what it found, and what came out."""

from collections import OrderedDict, namedtuple
from statistics import mean, stdev

from .colocalisation import SETS
from .experiments import EXPERIMENTS
from .search import EXPERIMENT, Search
from .training import Run

__all__ = [
    'TABLES',
    'Plan',
    'Cell',
    'Outcome',
    'cells_of',
    'runs_in',
    'data_sets',
    'outcome',
]

Plan = namedtuple('Plan', 'title measure groups')
Plan.__doc__ = """What a table is about: title, what its figures are, groups of rows."""

ERROR = 'test error in percent'
TABLES = OrderedDict(
    [
        ('table1', Plan('Table 1: distorted digits', ERROR, ('R', 'RTS', 'P', 'E'))),
        ('tc', Plan('Cluttered digits', ERROR, ('TC',))),
        ('addition', Plan('The sum of two digits', ERROR, ('addition',))),
        (
            'colocalisation',
            Plan('Co-localisation', 'digits found in percent', tuple(SETS)),
        ),
    ]
)
SHORT = {None: '', 'affine': ' Aff', 'projective': ' Proj', 'tps': ' TPS'}
UNNAMED = 'affine'  # our transform where the paper does not name its own
FOUND = {'T': (100, 100), 'TC': (75, 93)}  # by the paper, according to the digit

Cell = namedtuple('Cell', 'group name run low high')
Cell.__doc__ = """A row of a table.

Attributes
----------
group, name : str
    The experiment, and what the paper calls the model.
run : Run or Search
    What is trained, whatever its seed, schedule and data.
low, high : float
    The paper's figure in percent; they differ where it gives only a range.
"""


class Outcome(namedtuple('Outcome', 'cell run num_params values')):
    """What came out for a cell.

    Attributes
    ----------
    cell : Cell
    run : Run, Search or None
        The settings, with the first seed; None without results.
    num_params : int or None
        None without results.
    values : dict
        From seeds to figures in percent.
    """

    @property
    def mean(self):
        """Of the figures, in percent; None without results."""
        return mean(self.values.values()) if self.values else None

    @property
    def spread(self):
        """The figures' standard deviation (of a sample); None for fewer than two."""
        return stdev(self.values.values()) if len(self.values) > 1 else None

    @property
    def gap(self):
        """Ours minus the paper's, or its nearest end; None without results."""
        if not self.values:
            return None
        return self.mean - min(max(self.mean, self.cell.low), self.cell.high)


def cells_of(table):
    """The cells of a table, group by group.

    Parameters
    ----------
    table : str
        One of ``TABLES``.

    Returns
    -------
    list of Cell

    Examples
    --------
    >>> for cell in cells_of('tc'):
    ...     print(cell.name, cell.run.model, cell.run.transform, cell.low)
    FCN fcn None 13.2
    CNN cnn None 3.5
    ST-FCN Aff st-fcn affine 2.0
    ST-CNN Aff st-cnn affine 1.7
    """
    groups = TABLES[table].groups
    if table == 'colocalisation':
        return [
            Cell(clutter, 'digit %d' % digit, Search(clutter, digit), *FOUND[clutter])
            for clutter in groups
            for digit in range(10)
        ]
    cells = []
    for name in groups:
        for (model, transform), error in EXPERIMENTS[name].published.items():
            transform = UNNAMED if transform == 'best' else transform
            words = model.upper().replace('2-', '2 x ') + SHORT[transform]
            cells.append(Cell(name, words, Run(name, model, transform), error, error))
    return cells


def runs_in(lines):
    """The runs and searches that lines of results tell of.

    Parameters
    ----------
    lines : list of dict
        See :func:`lasagne_stn.paper.job.result_line` and
        :func:`lasagne_stn.paper.search.find_digits`.

    Returns
    -------
    list of (Run or Search, dict)
        Each with its line, in their order.

    Raises
    ------
    ValueError
        If a line lacks something; it is named by its number.
    """
    found = []
    for number, line in enumerate(lines, start=1):
        kind, needed = Run, ('num_params', 'error')
        if line.get('experiment') == EXPERIMENT:
            kind, needed = Search, ('num_params', 'found')
        lacking = [name for name in kind._fields + needed if name not in line]
        if lacking:
            raise ValueError(
                'runs_in: line %d of the results lacks %r.\nRemove that '
                'line.' % (number, lacking[0])
            )
        found.append((kind(**{name: line[name] for name in kind._fields}), line))
    return found


def data_sets(table, runs):
    """The data sets that the runs of a table learnt from.

    Parameters
    ----------
    table : str
        One of ``TABLES``.
    runs : list of (Run or Search, dict)
        See :func:`runs_in`.

    Returns
    -------
    list of str
        Their fingerprints.
    """
    cells = cells_of(table)
    return sorted(
        {run.data for run, _ in runs if any(_belongs(run, cell) for cell in cells)}
    )


def _belongs(run, cell):
    names = (
        ('experiment', 'model', 'transform')
        if isinstance(run, Run)
        else ('clutter', 'digit')
    )
    return type(run) is type(cell.run) and all(
        getattr(run, name) == getattr(cell.run, name) for name in names
    )


def outcome(cell, runs, data):
    """What runs came to in a cell.

    Of several settings those with the most iterations count, then those of `cell`,
    then those with the most seeds; never those with the best figures.

    Parameters
    ----------
    cell : Cell
    runs : list of (Run or Search, dict)
        See :func:`runs_in`.
    data : str
        Fingerprint of the data set.

    Returns
    -------
    Outcome
    """
    groups = OrderedDict()
    for run, line in runs:
        if _belongs(run, cell) and run.data == data:
            group = groups.setdefault(run._replace(seed=None), OrderedDict())
            group.setdefault(run.seed, line)
    if not groups:
        return Outcome(cell, None, None, {})

    def worth(run):
        usual = cell.run._replace(seed=None, iterations=run.iterations, data=data)
        return run.iterations, run == usual, len(groups[run])

    settings = max(groups, key=worth)
    group = OrderedDict(sorted(groups[settings].items()))
    first, line = next(iter(group.items()))
    key = 'error' if isinstance(settings, Run) else 'found'
    return Outcome(
        cell,
        settings._replace(seed=first),
        line['num_params'],
        OrderedDict((seed, line[key]) for seed, line in group.items()),
    )
