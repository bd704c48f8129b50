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
        ['%(network)s, %(batch)d' % result, *row] for result, row in zip(results, cells)
    ]
    return Table(
        'Milliseconds for a training step, ' + conditions(results[0]),
        ['network, batch'] + header,
        rows,
    )


def profile_table(results: Sequence[Mapping[str, Any]]) -> Table:
    """Return the milliseconds that our steps spend on each kind of operation.

    Parameters
    ----------
    results : list of dict
        See :func:`lasagne_stn.bench.training_times.measure_training`.

    Returns
    -------
    Table
    """
    kinds = [kind for kind, _ in KINDS] + ['others', 'whole step']
    rows = []
    for result in results:
        profile = result['profile']
        times = ['%.2f' % (1e3 * profile.get(kind, 0)) for kind in kinds]
        convolution = profile.get('convolution')
        ratio = '%.2f' % (profile['whole step'] / convolution) if convolution else ''
        rows.append([result['network'], *times, ratio])
    return Table(
        "Milliseconds by kind of operation, from Theano's profile of ours, "
        + conditions(results[0]),
        ['network', *kinds, 'whole step / convolution'],
        rows,
    )
