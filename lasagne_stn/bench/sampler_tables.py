"""Tables of the samplers' times and their ratios."""

from __future__ import annotations

import math
from typing import Any, Mapping, Sequence

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


def geometric_mean(values: Sequence[float]) -> float:
    """Return the n-th root of the product of n numbers.

    >>> geometric_mean([1, 10, 100])
    10.0
    """
    return round(math.exp(sum(map(math.log, values)) / len(values)), 12)


def ratios(
    result: Mapping[str, Any], single: Mapping[str, Any] | None = None
) -> dict[str, float]:
    """Return the ratios of the contenders' times.

    Parameters
    ----------
    result : dict
        See :func:`lasagne_stn.bench.rounds.measure_samplers`.
    single : dict, optional
        The result of the same case with one thread.

    Returns
    -------
    dict
        Maps names in ``RATIOS`` to ratios, if both times are known.
    """
    ms = result['ms']
    pairs = {
        'PyTorch / ours': (ms.get('torch'), ms.get('fused')),
        'explicit / ours': (ms.get('explicit'), ms.get('fused')),
        'ours / copy': (ms.get('fused'), ms.get('copy')),
        '1 thread / all': (single and single['ms'].get('fused'), ms.get('fused')),
    }
    return {
        name: first / second
        for name, (first, second) in pairs.items()
        if first and second
    }


def sampler_table(
    results: Sequence[Mapping[str, Any]], threads: int, device: str | None = None
) -> Table:
    """Return the samplers' times and ratios for one number of threads.

    Parameters
    ----------
    results : list of dict
        See :func:`lasagne_stn.bench.rounds.measure_samplers`. It may also contain
        results with other numbers of threads.
    threads : int
        Number of threads.
    device : str, optional
        The device that was measured, if not the CPU.

    Returns
    -------
    Table
        For each kind of work a row for each shape, the geometric mean of the ratios,
        and the worst ratio.
    """
    chosen = [result for result in results if result['threads'] == threads]
    singles = {
        _case(result): result
        for result in results
        if result['threads'] == 1 and threads != 1
    }
    times = [
        (title, name)
        for title, name in TIMES
        if any(name in result['ms'] for result in chosen)
    ]
    found = [(result, ratios(result, singles.get(_case(result)))) for result in chosen]
    columns = [name for name in RATIOS if any(name in row for _, row in found)]
    rows = []
    for work, description in WORKS.items():
        group = [(result, row) for result, row in found if result['work'] == work]
        if not group:
            continue
        rows.append([description] + [''] * (len(times) + len(columns)))
        for result, row in group:
            shape = Shape(*[result[field] for field in Shape._fields])
            rows.append(
                [str(shape)]
                + [_three_digits(result['ms'].get(name)) for _, name in times]
                + [_three_digits(row.get(name)) for name in columns]
            )
        for label, summary in (('geometric mean', geometric_mean), ('worst', _worst)):
            rows.append(
                [label]
                + [''] * len(times)
                + [_three_digits(_summarise(group, name, summary)) for name in columns]
            )
    processor = device or '%d thread%s' % (threads, 's'[threads == 1 :])
    thetas = ', '.join(sorted({result['theta'] for result in chosen}))
    return Table(
        'Milliseconds, %s, theta: %s' % (processor, thetas),
        ['batch x channels x rows x columns / down-sampling']
        + [title for title, _ in times]
        + columns,
        rows,
    )


def _case(result):
    return tuple(result[field] for field in Shape._fields + ('work', 'theta'))


def _worst(values, name=''):
    return max(values) if name in BEST_IS_LOW else min(values)


def _summarise(group, name, summary):
    """Summarise a ratio over the shapes for which it is known."""
    values = [row[name] for _, row in group if name in row]
    if not values:
        return None
    return summary(values, name) if summary is _worst else summary(values)


def _three_digits(value):
    """Format a number with three significant digits, and None as ''.

    >>> _three_digits(12.345), _three_digits(.01234), _three_digits(1234.5)
    ('12.3', '0.0123', '1234')
    """
    if value is None:
        return ''
    digits = max(0, 2 - int(math.floor(math.log10(abs(value))))) if value else 0
    return '%.*f' % (digits, value)
