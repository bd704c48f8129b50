"""Peak memory of a compiled call with both gradients, fused and explicit."""

import ctypes
import gc

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
    """The layer in a process of its own, whose memory is watched."""

    def peak(self, shape, theta='noise'):
        """Memory of one call; the process must be new.

        Parameters
        ----------
        shape : Shape
        theta : str, optional
            One of ``THETAS``.

        Returns
        -------
        dict
            In bytes: 'inputs', 'outputs', and 'peak', the most that was resident
            during the call beside what was there before the inputs.

        Raises
        ------
        OSError
            Where the system is not Linux, or does not let its counter be reset.
        """
        # One channel of one image first: then threads and libraries are there, and no
        # buffer that the kernels keep has the size that is wanted.
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
            file.write('5')  # the high-water mark starts anew
        outputs = function()
        inputs = sum(array.nbytes for array in arrays)
        return {
            'inputs': inputs,
            'outputs': sum(array.nbytes for array in outputs),
            'peak': inputs + _resident('VmHWM') - before,
        }


def _return_free_memory():
    """Let the C library give what is free back to the system."""
    trim = getattr(ctypes.CDLL(None), 'malloc_trim', None)
    if trim:
        trim(0)


def _resident(field):
    with open('/proc/self/status') as file:
        for line in file:
            if line.startswith(field + ':'):
                return 1024 * int(line.split()[1])
    raise OSError('/proc/self/status has no ' + field)


def measure_memory(threads, shapes=MEMORY_SHAPES, theta='noise', fast_path=True):
    """Peak memory of calls, each in a process of its own.

    Parameters
    ----------
    threads : int
    shapes : sequence of Shape, optional
    theta : str, optional
        One of ``THETAS``.
    fast_path : bool, optional
        See :mod:`lasagne_stn.config`.

    Returns
    -------
    list of dict
        A shape's sizes, 'contender', and what :meth:`MemoryProbe.peak` gives.
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


def memory_table(results):
    """Peak memory against inputs + outputs.

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
        must = fused['inputs'] + fused['outputs']
        rows.append(
            [str(shape)]
            + [
                '%.1f' % (size / 2**20)
                for size in (must, fused['peak'], explicit['peak'])
            ]
            + ['%.2f' % (which['peak'] / must) for which in (fused, explicit)]
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
