"""Contenders on an OpenCL or CUDA device, each in a separate process.

A call returns before the device has finished. Therefore several calls are timed until
the last one has finished, or between two events on the device's own clock.
"""

from __future__ import annotations

import re
from typing import Any, Callable

import theano

from .remote import ContenderError, Remote, seconds_per_call
from .rounds import NO_COMPILER
from .samplers import TheanoSampler, TorchSampler

__all__ = [
    'DEVICES',
    'DeviceSampler',
    'DeviceTorch',
    'device_name',
    'runs_torch',
    'start_on',
]

DEVICES = re.compile(r'cuda\d*|opencl\d+:\d+')  # values of Theano's flag `device`


class DeviceSampler(TheanoSampler):
    """The layer compiled for the device, where its inputs and outputs stay.

    Parameters
    ----------
    fused : bool
        Whether to use the fused ops instead of the explicit graph.

    Raises
    ------
    ContenderError
        If the device did not start.
    """

    kernels = 'lasagne_stn.kernels.sampling.gpu'

    def __init__(self, fused: bool):
        if not theano.gpuarray.pygpu_activated:
            raise ContenderError(
                'the device %s did not start; run lasagne-stn doctor to see what is '
                'missing' % theano.config.device
            )
        super().__init__(fused)

    def to_output(self, value: Any) -> Any:
        """See :class:`lasagne_stn.bench.samplers.TheanoSampler`."""
        return theano.gpuarray.as_gpuarray_variable(value, None)

    def time(self) -> float:
        """Measure the seconds of one call after warming up."""
        return seconds_per_call(self._function, finish=_wait)

    def name(self) -> str:
        """Return the name that the device reports."""
        name = theano.gpuarray.get_context(None).devname
        return name.decode() if isinstance(name, bytes) else name


def _wait(arrays):
    for array in arrays:
        array.sync()


class DeviceTorch(TorchSampler):
    """PyTorch on a CUDA device.

    Parameters
    ----------
    device : str
        Value of Theano's flag ``device``.

    Raises
    ------
    ContenderError
        If PyTorch does not find the device.
    """

    def __init__(self, device: str):
        super().__init__(1)
        import torch

        number = int(device[len('cuda') :] or 0)
        if number >= torch.cuda.device_count():
            raise ContenderError(
                'PyTorch does not find the device %s; use --skip torch to leave '
                'PyTorch out' % device
            )
        self.device = 'cuda:%d' % number

    def time(self, at_least: float = 5e-3) -> float:
        """Measure the seconds of one call between two events after warming up."""
        import torch

        with torch.cuda.device(self.device):
            calls = max(1, int(at_least / self._seconds(3)))
            return self._seconds(calls)

    def _seconds(self, calls):
        import torch

        self._function()
        start, stop = [torch.cuda.Event(enable_timing=True) for _ in range(2)]
        start.record()
        for _ in range(calls):
            self._function()
        stop.record()
        torch.cuda.synchronize()
        return 1e-3 * start.elapsed_time(stop) / calls


def runs_torch(device: str) -> bool:
    """Return whether PyTorch, if installed, can use the device.

    >>> runs_torch('cuda0'), runs_torch('opencl0:0')
    (True, False)
    """
    return device.startswith('cuda')


def device_name(device: str) -> str:
    """Return the name that a device reports.

    Parameters
    ----------
    device : str
        Value of Theano's flag ``device``.

    Raises
    ------
    RuntimeError
        If the device does not start.
    """
    with Remote(DeviceSampler, True, threads=1, flags=_flags(device)) as process:
        return process.ask('name')


def _flags(device):
    return 'device=%s,floatX=float32' % device


def start_on(device: str) -> Callable[[str, int], Remote]:
    """Return a function that starts contenders on a device.

    Parameters
    ----------
    device : str
        Value of Theano's flag ``device``.

    Returns
    -------
    callable
        Like :func:`lasagne_stn.bench.rounds.start_on_the_cpu`.
    """

    def start(name, threads):
        if name == 'torch':
            return Remote(
                DeviceTorch, device, threads=threads, flags='device=cpu,' + NO_COMPILER
            )
        return Remote(
            DeviceSampler, name == 'fused', threads=threads, flags=_flags(device)
        )

    return start
