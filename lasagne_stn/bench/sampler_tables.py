"""From measured times to a table of the samplers."""

import math

from ..tables import Table
from .cases import WORKS, Shape

__all__ = ['sampler_table', 'ratios', 'geometric_mean']

TIMES = (
    ('ours', 'fused'),
    ('explicit', 'explicit'),
    ('PyTorch', 'torch'),
    ('copy', 'copy'),
)
RATIOS = ('PyTorch / ours', 'explicit / ours', 'ours / copy', '1 thread / all')
BEST_IS_LOW = ('ours / copy',)


def geometric_mean(values):
    """The n-th root of the product of n numbers.

    >>> geometric_mean([1, 10, 100])
    10.0
    """
    return round(math.exp(sum(map(math.log, values)) / len(values)), 12)


def ratios(result, single=None):
    """How often one time goes into another.

    Parameters
    ----------
    result : dict
        See :func:`lasagne_stn.bench.rounds.measure_samplers`.
    single : dict, optional
        The same case with one thread.

    Returns
    -------
    dict
        From a name in ``RATIOS`` to the ratio, where both times are known.
    """
    ms = result['ms']
    pairs = {
        'PyTorch / ours': (ms.get('torch'), ms.get('fused')),
        'explicit / ours': (ms.get('explicit'), ms.get('fused')),
        'ours / copy': (ms.get('fused'), ms.get('copy')),
        '1 thread / all': (single and single['ms'].get('fused'), ms.get('fused')),
    }
    return {
        name: above / below for name, (above, below) in pairs.items() if above and below
    }


def sampler_table(results, threads, device=None):
    """The samplers' times and ratios, for one number of threads.

    Parameters
    ----------
    results : list of dict
        See :func:`lasagne_stn.bench.rounds.measure_samplers`; others may be among
        them.
    threads : int
    device : str, optional
        Where they ran, if not on the CPU.

    Returns
    -------
    Table
        For each kind of work its shapes, the geometric mean of their ratios, and the
        worst.
    """
    chosen = [result for result in results if result['threads'] == threads]
    singles = {
        _case(result): result
        for result in results
        if result['threads'] == 1 and threads != 1
    }
    times = [
        (word, name)
        for word, name in TIMES
        if any(name in result['ms'] for result in chosen)
    ]
    found = [(result, ratios(result, singles.get(_case(result)))) for result in chosen]
    columns = [name for name in RATIOS if any(name in row for _, row in found)]
    rows = []
    for work, words in WORKS.items():
        group = [(result, row) for result, row in found if result['work'] == work]
        if not group:
            continue
        rows.append([words] + [''] * (len(times) + len(columns)))
        for result, row in group:
            shape = Shape(*[result[field] for field in Shape._fields])
            rows.append(
                [str(shape)]
                + [_figure(result['ms'].get(name)) for _, name in times]
                + [_figure(row.get(name)) for name in columns]
            )
        for summary, of_all in (('geometric mean', geometric_mean), ('worst', _worst)):
            rows.append(
                [summary]
                + [''] * len(times)
                + [_figure(_over(group, name, of_all)) for name in columns]
            )
    where = device or '%d thread%s' % (threads, 's'[threads == 1 :])
    title = 'Milliseconds, %s, theta: %s' % (
        where,
        ', '.join(sorted({r['theta'] for r in chosen})),
    )
    return Table(
        title,
        ['batch x channels x rows x columns / down-sampling']
        + [word for word, _ in times]
        + columns,
        rows,
    )


def _case(result):
    return tuple(result[field] for field in Shape._fields + ('work', 'theta'))


def _worst(values, name=''):
    return max(values) if name in BEST_IS_LOW else min(values)


def _over(group, name, of_all):
    """A summary of one ratio over the shapes where it is known."""
    values = [row[name] for _, row in group if name in row]
    if not values:
        return None
    return of_all(values, name) if of_all is _worst else of_all(values)


def _figure(value):
    """Three digits that count.

    >>> _figure(12.345), _figure(.01234), _figure(1234.5), _figure(None)
    ('12.3', '0.0123', '1234', '')
    """
    if value is None:
        return ''
    digits = max(0, 2 - int(math.floor(math.log10(abs(value))))) if value else 0
    return '%.*f' % (digits, value)
