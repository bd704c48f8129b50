"""Measures the peak memory of a call with both gradients, fused and explicit."""

from __future__ import annotations

import ctypes
import gc
from typing import Any, Mapping, Sequence

from ..tables import Table
from .cases import Shape, make_inputs
from .remote import Remote
from .samplers import TheanoSampler

__all__ = ['MEMORY_SHAPES', 'MemoryProbe', 'measure_memory', 'memory_table']

MEMORY_SHAPES = (
    Shape(64, 3, 128, 128, 1),
    Shape(8, 32, 128, 128, 1),
    Shape(8, 3, 448, 448, 2),
    Shape(1, 3, 1080, 1920, 1),
)


class MemoryProbe(TheanoSampler):
    """The layer in a separate process whose memory is measured."""

    def peak(self, shape: Shape, theta: str = 'noise') -> dict[str, int]:
        """Measure the memory of one call; the process must be new.

        Parameters
        ----------
        shape : Shape
            Sizes of the images and the output.
        theta : str, optional
            One of ``THETAS``.

        Returns
        -------
        dict
            Bytes of the 'inputs', of the 'outputs', and at the 'peak': the inputs and
            the largest increase of resident memory during the call.

        Raises
        ------
        OSError
            If the system is not Linux or does not allow its counter to be reset.
        """
        # A first call with one channel of one image starts threads and loads libraries,
        # while buffers that the kernels keep stay too small for the measured call.
        arrays = make_inputs(shape, theta)
        function = self.make(
            shape,
            'both',
            *[array[:1, : 1 if array.ndim == 4 else None].copy() for array in arrays],
        )
        function()
        for shared, array in zip(self.inputs, arrays):
            shared.set_value(array, borrow=True)
        gc.collect()
        _return_free_memory()
        before = _resident('VmRSS')
        with open('/proc/self/clear_refs', 'w') as file:
            file.write('5')  # resets the high-water mark
        outputs = function()
        inputs = sum(array.nbytes for array in arrays)
        return {
            'inputs': inputs,
            'outputs': sum(array.nbytes for array in outputs),
            'peak': inputs + _resident('VmHWM') - before,
        }


def _return_free_memory():
    """Make the C library return free memory to the system."""
    trim = getattr(ctypes.CDLL(None), 'malloc_trim', None)
    if trim:
        trim(0)


def _resident(field):
    with open('/proc/self/status') as file:
        for line in file:
            if line.startswith(field + ':'):
                return 1024 * int(line.split()[1])
    raise OSError('/proc/self/status has no ' + field)


def measure_memory(
    threads: int,
    shapes: Sequence[Shape] = MEMORY_SHAPES,
    theta: str = 'noise',
    fast_path: bool = True,
) -> list[dict[str, Any]]:
    """Measure the peak memory of calls, each in a separate process.

    Parameters
    ----------
    threads : int
        Number of threads.
    shapes : sequence of Shape, optional
        Sizes of the images and outputs.
    theta : str, optional
        One of ``THETAS``.
    fast_path : bool, optional
        See :mod:`lasagne_stn.config`.

    Returns
    -------
    list of dict
        The sizes of the shape, 'contender', 'threads', 'theta', and the result of
        :meth:`MemoryProbe.peak`.
    """
    results = []
    for shape in shapes:
        for name in ('fused', 'explicit'):
            with Remote(
                MemoryProbe, name == 'fused', fast_path, threads=threads
            ) as probe:
                results.append(
                    dict(
                        shape._asdict(),
                        contender=name,
                        threads=threads,
                        theta=theta,
                        **probe.ask('peak', shape, theta),
                    )
                )
    return results


def memory_table(results: Sequence[Mapping[str, Any]]) -> Table:
    """Return the peak memory compared with that of inputs and outputs.

    Parameters
    ----------
    results : list of dict
        See :func:`measure_memory`.

    Returns
    -------
    Table
    """
    shapes = list(
        dict.fromkeys(
            Shape(*[result[field] for field in Shape._fields]) for result in results
        )
    )
    peaks = {
        (tuple(result[field] for field in Shape._fields), result['contender']): result
        for result in results
    }
    rows = []
    for shape in shapes:
        fused, explicit = (peaks[tuple(shape), name] for name in ('fused', 'explicit'))
        minimum = fused['inputs'] + fused['outputs']
        rows.append(
            [str(shape)]
            + [
                '%.1f' % (size / 2**20)
                for size in (minimum, fused['peak'], explicit['peak'])
            ]
            + ['%.2f' % (result['peak'] / minimum) for result in (fused, explicit)]
        )
    return Table(
        'Peak memory, forward + both gradients, MiB',
        [
            'batch x channels x rows x columns / down-sampling',
            'inputs + outputs',
            'ours',
            'explicit',
            'ours / (inputs + outputs)',
            'explicit / (inputs + outputs)',
        ],
        rows,
    )
