"""The contenders in convolving: each builds a function for a case and times it.

They run in separate processes, see :mod:`lasagne_stn.bench.remote`.
"""

from __future__ import annotations

import gc
from typing import Any, Callable, Mapping, Sequence

import numpy as np
import theano
import theano.tensor as T
from lasagne.layers import Conv2DLayer, InputLayer, MaxPool2DLayer, get_output

from .. import config
from .contenders import fused_convolutions, keep_large_blocks
from .convolution_cases import ConvolutionCase, make_convolution_inputs
from .remote import seconds_per_call

__all__ = ['RESULTS', 'TheanoConvolution', 'TorchConvolution']

RESULTS = ('output', 'images', 'weights', 'bias')  # the last three are gradients
SAMPLE = 1000  # elements of each result


class _Convolution:
    """One way to compute a case; `load` sets the function."""

    _function: Any = None

    def load(self, case: ConvolutionCase, work: str) -> None:
        """Build the function of a case after freeing the previous one's memory.

        Parameters
        ----------
        case : ConvolutionCase
        work : str
            A key of ``CONVOLUTION_WORKS``.
        """
        self._function = None
        gc.collect()
        self._function = self.make(case, work, make_convolution_inputs(case))

    def make(
        self, case: ConvolutionCase, work: str, inputs: Mapping[str, np.ndarray]
    ) -> Callable[[], Sequence[Any]]:
        """Return a function without arguments that returns the results."""
        raise NotImplementedError

    def time(self) -> float:
        """Return the seconds of one call after warming up."""
        return seconds_per_call(self._function, 2e-2)

    def results(self) -> list[np.ndarray]:
        """Return the output and, if computed, the gradients in ``RESULTS``' order."""
        return [np.asarray(array) for array in self._function()]

    def samples(self) -> list[np.ndarray]:
        """Return some elements of each result, the same of every contender."""
        rng = np.random.default_rng(2)
        return [
            array.ravel()[rng.integers(array.size, size=SAMPLE)]
            for array in self.results()
        ]


class TheanoConvolution(_Convolution):
    """Lasagne's layers, compiled by Theano.

    Parameters
    ----------
    fused_convolution, fast_path : bool, optional
        See :mod:`lasagne_stn.config`.
    mode : str or theano.Mode, optional
        Mode that functions are compiled in.
    """

    def __init__(
        self,
        fused_convolution: bool = True,
        fast_path: bool = True,
        mode: Any = 'FAST_RUN',
    ):
        theano.config.floatX = 'float32'
        config.fused_convolution, config.fast_path = fused_convolution, fast_path
        self._mode = mode

    def make(
        self, case: ConvolutionCase, work: str, inputs: Mapping[str, np.ndarray]
    ) -> Callable[[], Sequence[Any]]:
        """See :class:`_Convolution`."""
        shared = {name: theano.shared(each, name) for name, each in inputs.items()}
        layer = Conv2DLayer(
            InputLayer((None,) + case[1:4], shared['images']),
            case.filters,
            case.kernel,
            pad=case.padding,
            W=shared['weights'],
            b=shared['bias'],
        )
        if case.pool > 1:
            layer = MaxPool2DLayer(layer, case.pool)
        outputs = [get_output(layer)]
        if work == 'gradients':
            wrt = [shared[name] for name in RESULTS[1:]]
            outputs += T.grad(None, wrt, known_grads={outputs[0]: shared['cotangent']})
        return theano.function(
            [], [theano.Out(each, borrow=True) for each in outputs], mode=self._mode
        )

    def fused_convolutions(self) -> int:
        """Return how many fused convolutions and gradients the function has."""
        return fused_convolutions(self._function)


class TorchConvolution(_Convolution):
    """The same layers in PyTorch.

    Parameters
    ----------
    threads : int
        Number of threads.
    keep : bool, optional
        Whether malloc keeps large blocks.
    """

    def __init__(self, threads: int, keep: bool = False):
        if keep:
            keep_large_blocks()
        import torch

        torch.set_num_threads(threads)

    def make(
        self, case: ConvolutionCase, work: str, inputs: Mapping[str, np.ndarray]
    ) -> Callable[[], Sequence[Any]]:
        """See :class:`_Convolution`."""
        import torch
        from torch.nn import functional

        arrays = dict(inputs, weights=_flipped(inputs['weights']))
        images, weights, bias, cotangent = map(torch.from_numpy, arrays.values())

        def forward():
            output = functional.conv2d(images, weights, bias, padding=case.padding)
            output = functional.relu(output)
            return functional.max_pool2d(output, case.pool) if case.pool > 1 else output

        def without_gradients():
            with torch.no_grad():
                return [forward()]

        def with_gradients():
            output = forward()
            return [output, *torch.autograd.grad(output, wrt, grad_outputs=cotangent)]

        if work == 'forward':
            return without_gradients
        wrt = [each.requires_grad_() for each in (images, weights, bias)]
        return with_gradients

    def results(self) -> list[np.ndarray]:
        """See :class:`_Convolution`."""
        found = [tensor.detach().numpy() for tensor in self._function()]
        return [
            _flipped(array) if name == 'weights' else array
            for name, array in zip(RESULTS, found)
        ]


def _flipped(weights):
    """Return filters for a library that does not flip them, unlike Lasagne."""
    return np.ascontiguousarray(weights[:, :, ::-1, ::-1])
