"""Measures a convolution with bias, rectifier and max-pooling, and its gradients."""

from __future__ import annotations

from statistics import median
from typing import Any, Callable, Mapping, Sequence

import numpy as np

from ..tables import Table
from .contenders import (
    CONTENDERS,
    comparison,
    conditions,
    contenders_in,
    start_contenders,
)
from .convolution_cases import (
    CONVOLUTION_CASES,
    CONVOLUTION_WORKS,
    ConvolutionCase,
    case_of,
)
from .convolvers import RESULTS, TheanoConvolution, TorchConvolution
from .rounds import close_all, take_turns
from .sampler_tables import geometric_mean

__all__ = [
    'CONVOLVING',
    'measure_convolutions',
    'check_samples',
    'convolution_table',
]

CONVOLVING = ('fused', 'theano', 'torch-kept')  # see contenders.CONTENDERS
# Relative to a sample's norm. Where a pixel is close to the rectifier's kink or two are
# close to a tie, rounding moves a gradient; such pixels are few.
TOLERANCE = 1e-2


def measure_convolutions(
    names: Sequence[str],
    threads: int,
    runs: int,
    cases: Sequence[ConvolutionCase] = CONVOLUTION_CASES,
    fast_path: bool = True,
    isa: str | None = None,
    report: Callable[[Mapping[str, Any]], None] | None = None,
    start: Callable[..., Mapping[str, Any]] = start_contenders,
) -> list[dict[str, Any]]:
    """Time convolutions, forward alone and with all gradients.

    Parameters
    ----------
    names : sequence of str
        A part of ``CONVOLVING``, with 'fused'.
    threads : int
        Number of threads of each contender.
    runs : int
        Number of rounds in which each contender is measured once, Theano's own
        convolutions in every third round.
    cases : sequence of ConvolutionCase, optional
    fast_path, isa
        See :func:`lasagne_stn.bench.contenders.start_contenders`.
    report : callable, optional
        Called with each result.
    start : callable, optional
        Like ``start_contenders``.

    Returns
    -------
    list of dict
        One for each case and kind of work: the sizes of the case, 'work', 'threads',
        'isa', the number of our 'fused_convolutions', and the median 'ms' and all
        'runs_ms' of each contender.

    Raises
    ------
    RuntimeError
        If samples of the results of two contenders differ by more than 1 %.
    """
    results: list[dict[str, Any]] = []
    contenders = start(
        names, threads, TheanoConvolution, TorchConvolution, fast_path, isa
    )
    try:
        for work in CONVOLUTION_WORKS:
            for case in cases:
                for contender in contenders.values():
                    contender.ask('load', case, work)
                check_samples(
                    '%s, %s' % (case, work),
                    {key: each.ask('samples') for key, each in contenders.items()},
                )
                ms = {
                    key: [1e3 * seconds for seconds in column]
                    for key, column in take_turns(contenders, runs).items()
                }
                result = dict(
                    case._asdict(),
                    work=work,
                    threads=threads,
                    isa=isa,
                    fused_convolutions=contenders['fused'].ask('fused_convolutions'),
                    runs_ms=ms,
                    ms={key: median(column) for key, column in ms.items()},
                )
                results.append(result)
                if report:
                    report(result)
    finally:
        close_all(contenders)
    return results


def check_samples(title: str, samples: Mapping[str, Sequence[np.ndarray]]) -> None:
    """Raise an error if results differ between contenders.

    Parameters
    ----------
    title : str
        Name of the case, for the message.
    samples : mapping
        From keys of ``CONTENDERS`` to samples of each result.

    Raises
    ------
    RuntimeError
    """
    for name, arrays in samples.items():
        for result, ours, theirs in zip(RESULTS, samples['fused'], arrays):
            error = np.linalg.norm(ours - theirs)
            if not error <= TOLERANCE * np.linalg.norm(theirs):
                raise RuntimeError(
                    '%s: %s of ours and of %s must agree within %g, got a difference '
                    'of %.2g relative to the norm'
                    % (
                        title,
                        result if result == 'output' else 'gradients of ' + result,
                        CONTENDERS[name],
                        TOLERANCE,
                        error / np.linalg.norm(theirs),
                    )
                )


def convolution_table(results: Sequence[Mapping[str, Any]]) -> Table:
    """Return times and ratios for each case, grouped by work, and geometric means.

    Parameters
    ----------
    results : list of dict
        From :func:`measure_convolutions`, with one number of threads.

    Returns
    -------
    Table
    """
    header, cells = comparison(results)
    others = [name for name in contenders_in(results) if name != 'fused']
    rows = []
    for work, description in CONVOLUTION_WORKS.items():
        group = [
            (result, row)
            for result, row in zip(results, cells)
            if result['work'] == work
        ]
        if not group:
            continue
        rows.append([description] + [''] * (len(header) + 1))
        for result, row in group:
            fused = 'yes' if result['fused_convolutions'] else 'no'
            rows.append([str(case_of(result)), *row, fused])
        means = [
            geometric_mean(
                [each['ms']['fused'] / each['ms'][name] for each, _ in group]
            )
            for name in others
        ]
        empty = [''] * (len(header) - len(means))
        rows.append(['geometric mean', *empty, *['%.2f' % mean for mean in means], ''])
    return Table(
        'Milliseconds for convolution, bias, rectifier and max-pooling, '
        + conditions(results[0]),
        ['images x channels x rows x columns, filters'] + header + ['fused'],
        rows,
    )
