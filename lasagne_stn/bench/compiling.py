"""Measures the time until a layer with gradients returns its first result."""

from __future__ import annotations

import tempfile
import time
from typing import Any, Mapping, Sequence

from ..tables import Table
from .cases import Shape, make_inputs
from .remote import Remote
from .samplers import TheanoSampler

__all__ = ['FirstResult', 'measure_compiling', 'compiling_table']

SHAPE = Shape(64, 3, 128, 128, 1)


class FirstResult(TheanoSampler):
    """The layer in a separate process, from its graph to its first result."""

    def first_result(self, shape: Shape) -> float:
        """Measure the seconds to build, compile and call it with both gradients.

        Parameters
        ----------
        shape : Shape
            Sizes of the images and the output.
        """
        arrays = make_inputs(shape)
        start = time.perf_counter()
        self.make(shape, 'both', *arrays)()
        return time.perf_counter() - start


def measure_compiling(
    threads: int, shape: Shape = SHAPE, fast_path: bool = True
) -> list[dict[str, Any]]:
    """Measure the time to the first result with an empty and a warm compile cache.

    Parameters
    ----------
    threads : int
        Number of threads.
    shape : Shape, optional
        Sizes of the images and the output.
    fast_path : bool, optional
        See :mod:`lasagne_stn.config`.

    Returns
    -------
    list of dict
        'contender', 'cache', 'threads', and in seconds 'import' and 'first_result',
        which starts after the import. With an empty cache the import compiles parts of
        Theano itself.
    """
    results = []
    for name in ('fused', 'explicit'):
        with tempfile.TemporaryDirectory() as folder:
            for cache in ('empty', 'warm'):
                with Remote(
                    FirstResult,
                    name == 'fused',
                    fast_path,
                    threads=threads,
                    flags='base_compiledir="%s"' % folder,
                ) as process:
                    seconds = process.ask('first_result', shape)
                results.append(
                    {
                        'contender': name,
                        'cache': cache,
                        'threads': threads,
                        'import': process.seconds,
                        'first_result': seconds,
                    }
                )
    return results


def compiling_table(results: Sequence[Mapping[str, Any]]) -> Table:
    """Return the seconds to the first result.

    Parameters
    ----------
    results : list of dict
        See :func:`measure_compiling`.

    Returns
    -------
    Table
    """
    seconds = {
        (result['contender'], result['cache']): result['first_result']
        for result in results
    }
    imports = {
        (result['contender'], result['cache']): result['import'] for result in results
    }
    rows = []
    for cache in ('empty', 'warm'):
        ours, explicit = seconds['fused', cache], seconds['explicit', cache]
        rows.append(
            [cache]
            + ['%.1f' % value for value in (imports['fused', cache], ours, explicit)]
            + ['%.2f' % (ours / explicit)]
        )
    return Table(
        'Seconds to the first result, forward + both gradients',
        [
            'compile cache',
            'import',
            'ours, after the import',
            'explicit, after the import',
            'ours / explicit',
        ],
        rows,
    )
