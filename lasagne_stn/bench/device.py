"""Contenders on an OpenCL or CUDA device, each in a process of its own.

A call gives back before the device is done. So a time is that of some calls in a row
and of waiting for the last one, or between two events on the device's own clock.
"""

import re

import theano

from .remote import Refusal, Remote, seconds_per_call
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

DEVICES = re.compile(r'cuda\d*|opencl\d+:\d+')  # as Theano's flag names them


class DeviceSampler(TheanoSampler):
    """The layer, compiled for the device; its inputs and outputs stay there.

    Parameters
    ----------
    fused : bool
        Whether by the fused ops, or else as the explicit graph.

    Raises
    ------
    Refusal
        If the device did not start.
    """

    kernels = 'lasagne_stn.kernels.sampling.gpu'

    def __init__(self, fused):
        if not theano.gpuarray.pygpu_activated:
            raise Refusal(
                'the device %s did not start; the command lasagne-stn doctor '
                'says what is missing' % theano.config.device
            )
        super().__init__(fused)

    def give_out(self, value):
        """See :class:`lasagne_stn.bench.samplers.TheanoSampler`."""
        return theano.gpuarray.as_gpuarray_variable(value, None)

    def time(self):
        """Seconds for one call, warmed up."""
        return seconds_per_call(self._function, finish=_wait)

    def name(self):
        """What the device calls itself."""
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
        As Theano's flag has it.

    Raises
    ------
    Refusal
        If PyTorch finds no such device.
    """

    def __init__(self, device):
        super().__init__(1)
        import torch

        number = int(device[len('cuda') :] or 0)
        if number >= torch.cuda.device_count():
            raise Refusal(
                'PyTorch finds no device %s; --skip torch leaves it out' % device
            )
        self.device = 'cuda:%d' % number

    def time(self, at_least=5e-3):
        """Seconds for one call, warmed up, between two events."""
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


def runs_torch(device):
    """Whether PyTorch can compute there, if it is installed.

    >>> runs_torch('cuda0'), runs_torch('opencl0:0')
    (True, False)
    """
    return device.startswith('cuda')


def device_name(device):
    """What a device calls itself.

    Parameters
    ----------
    device : str
        As Theano's flag has it.

    Raises
    ------
    RuntimeError
        If it does not start.
    """
    with Remote(DeviceSampler, True, threads=1, flags=_flags(device)) as process:
        return process.ask('name')


def _flags(device):
    return 'device=%s,floatX=float32' % device


def start_on(device):
    """What starts contenders there, like
    :func:`lasagne_stn.bench.rounds.start_on_the_cpu`.

    Parameters
    ----------
    device : str
        As Theano's flag has it.
    """

    def maker(name, threads):
        if name == 'torch':
            return Remote(
                DeviceTorch, device, threads=threads, flags='device=cpu,' + NO_COMPILER
            )
        return Remote(
            DeviceSampler, name == 'fused', threads=threads, flags=_flags(device)
        )

    return maker
