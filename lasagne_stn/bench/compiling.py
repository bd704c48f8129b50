"""Time until a layer with gradients gives its first result."""

import tempfile
import time

from ..tables import Table
from .cases import Shape, make_inputs
from .remote import Remote
from .samplers import TheanoSampler

__all__ = ['FirstResult', 'measure_compiling', 'compiling_table']

SHAPE = Shape(64, 3, 128, 128, 1)


class FirstResult(TheanoSampler):
    """The layer in a process of its own, from its graph to its first result."""

    def first_result(self, shape):
        """Seconds to build, compile, and call forward + both gradients once.

        Parameters
        ----------
        shape : Shape
        """
        arrays = make_inputs(shape)
        start = time.perf_counter()
        self.make(shape, 'both', *arrays)()
        return time.perf_counter() - start


def measure_compiling(threads, shape=SHAPE, fast_path=True):
    """Time to first result, from an empty cache of compiled code and from a warm one.

    Parameters
    ----------
    threads : int
    shape : Shape, optional
    fast_path : bool, optional
        See :mod:`lasagne_stn.config`.

    Returns
    -------
    list of dict
        'contender', 'cache', and in seconds 'first_result', from the end of the import,
        and 'import', which from an empty cache compiles parts of Theano itself.
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


def compiling_table(results):
    """Seconds to the first result.

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
            'cache of compiled code',
            'import',
            'ours, after the import',
            'explicit, after the import',
            'ours / explicit',
        ],
        rows,
    )
