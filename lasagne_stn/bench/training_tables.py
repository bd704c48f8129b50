"""Tables of training steps: their times, and where Theano spends them."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from ..tables import Table
from .contenders import comparison, conditions

__all__ = ['kind_of_op', 'training_table', 'profile_table']

KINDS = (
    ('convolution', ('Corr', 'ConvOp', 'AbstractConv', 'Convolution')),
    ('matrix product', ('Dot', 'Gemm', 'Gemv', 'Ger')),
    ('transformer', ('Fused',)),
    ('pooling', ('Pool', 'MaxPoolGrad', 'AveragePool', 'MeanPool')),
    (
        'element-wise and sums',
        ('Elemwise', 'Sum', 'CAReduce', 'MaxAndArgmax', 'Softmax', 'Crossentropy'),
    ),
)


def kind_of_op(name: str) -> str:
    """Return the row of the profile that an op's class belongs to.

    >>> kind_of_op('CorrMM_gradWeights'), kind_of_op('Reshape')
    ('convolution', 'others')
    """
    for kind, starts in KINDS:
        if name.startswith(starts):
            return kind
    return 'others'


def training_table(results: Sequence[Mapping[str, Any]]) -> Table:
    """Return the milliseconds of a training step of each network.

    Parameters
    ----------
    results : list of dict
        See :func:`lasagne_stn.bench.training_times.measure_training`.

    Returns
    -------
    Table
    """
    header, cells = comparison(results)
    rows = [
        [
            '%(network)s, %(batch)d x %(channels)d x %(size)d x %(size)d' % result,
            *row,
        ]
        for result, row in zip(results, cells)
    ]
    return Table(
        'Milliseconds for a training step, ' + conditions(results[0]),
        ['network, batch x channels x rows x columns'] + header,
        rows,
    )


def profile_table(results: Sequence[Mapping[str, Any]]) -> Table:
    """Return the milliseconds that Theano spends on each kind of operation.

    Parameters
    ----------
    results : list of dict
        See :func:`lasagne_stn.bench.training_times.measure_training`.

    Returns
    -------
    Table
    """
    kinds = [kind for kind, _ in KINDS] + ['others', 'whole step']
    rows = [
        [kind] + ['%.2f' % (1e3 * result['profile'].get(kind, 0)) for result in results]
        for kind in kinds
    ]
    rows.append(
        ['whole step / convolution']
        + [
            '%.2f'
            % (result['profile']['whole step'] / result['profile']['convolution'])
            if result['profile'].get('convolution')
            else ''
            for result in results
        ]
    )
    return Table(
        "Milliseconds by kind of operation, from Theano's profile of ours, "
        + conditions(results[0]),
        ['operation'] + [result['network'] for result in results],
        rows,
    )
