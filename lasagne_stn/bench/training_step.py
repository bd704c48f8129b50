"""The contenders in training: each takes steps on one batch and times them.

They run in separate processes, see :mod:`lasagne_stn.bench.remote`.
"""

from __future__ import annotations

import gc
import time
from typing import Any, Sequence

import lasagne
import numpy as np
import theano
import theano.tensor as T
from theano.compile.profiling import ProfileStats

from .. import config
from ..paper.networks import build_network, input_layer, transformers
from .contenders import fused_convolutions, keep_large_blocks
from .remote import seconds_per_call
from .torch_networks import build_torch, copy_to_torch
from .training_networks import TrainingNetwork
from .training_tables import kind_of_op

__all__ = ['TheanoTraining', 'TorchTraining', 'make_batch', 'COMPARED_STEPS']

RATE, MOMENTUM = 0.01, 0.9
COMPARED_STEPS = 3
# Transformers do not start from the identity: it reads pixels at their centres, where
# bilinear interpolation has a kink, and the libraries round in different directions.
FIRST_THETA = (0.9, 0.1, 0.02, -0.2, 0.8, 0.01)


def make_batch(network: TrainingNetwork) -> tuple[np.ndarray, np.ndarray]:
    """Return random images and labels, the same in every process."""
    rng = np.random.default_rng(1)
    shape = network.batch, network.channels, network.size, network.size
    images = rng.random(shape, dtype=np.float32)
    return images, rng.integers(network.classes, size=network.batch)


class _Training:
    """Steps on one batch; `load` sets the function of a step."""

    _step: Any = None

    def step(self) -> float:
        """Train for one step and return the loss before it."""
        return float(self._step())

    def losses(self) -> list[float]:
        """Train for the first steps and return their losses."""
        return [self.step() for _ in range(COMPARED_STEPS)]

    def time(self) -> float:
        """Return the seconds that a step takes."""
        return seconds_per_call(self.step, 5e-2)


class TheanoTraining(_Training):
    """Steps of SGD with momentum on one batch, compiled by Theano.

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
        self._arguments: dict[str, Any] = {}

    def load(self, network: TrainingNetwork) -> list[np.ndarray]:
        """Compile the training step of a network after freeing the previous one.

        Parameters
        ----------
        network : TrainingNetwork

        Returns
        -------
        list of numpy array
            The initial parameters.
        """
        self._step, self._arguments = None, {}
        gc.collect()
        images, labels = make_batch(network)
        images, labels = theano.shared(images), theano.shared(labels.astype('int32'))
        lasagne.random.set_rng(np.random.RandomState(1))
        incoming = input_layer(network.size, images, network.channels)
        output = build_network(network.spec, incoming, network.classes, 'nearest')
        for layer in transformers(output):
            layer.input_layers[1].b.set_value(np.array(FIRST_THETA, 'float32'))
        probability = T.nnet.softmax(lasagne.layers.get_output(output))
        loss = lasagne.objectives.categorical_crossentropy(probability, labels).mean()
        parameters = lasagne.layers.get_all_params(output, trainable=True)
        self._arguments = dict(
            inputs=[],
            outputs=loss,
            mode=self._mode,
            updates=lasagne.updates.momentum(loss, parameters, RATE, MOMENTUM),
        )
        values = lasagne.layers.get_all_param_values(output)
        self._step = theano.function(**self._arguments)
        return values

    def fused_convolutions(self) -> int:
        """Return how many fused convolutions and gradients a step has."""
        return fused_convolutions(self._step)

    def profile(self, steps: int = 5) -> dict[str, float]:
        """Measure the time of each kind of operation.

        Parameters
        ----------
        steps : int, optional
            Number of steps to average over.

        Returns
        -------
        dict
            Maps each kind of operation, and 'whole step', to seconds per step.
        """
        stats = ProfileStats(atexit_print=False)
        function = theano.function(profile=stats, **self._arguments)
        function()
        stats.reset()
        start = time.perf_counter()
        for _ in range(steps):
            function()
        found = {'whole step': (time.perf_counter() - start) / steps}
        for op, seconds in stats.class_time().items():
            kind = kind_of_op(op.__name__)
            found[kind] = found.get(kind, 0) + seconds / steps
        return found


class TorchTraining(_Training):
    """The same steps in PyTorch.

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

    def load(self, network: TrainingNetwork, values: Sequence[np.ndarray]) -> None:
        """Build a network and its training step after freeing the previous one.

        Parameters
        ----------
        network : TrainingNetwork
        values : list of numpy array
            Initial parameters, as Theano's `load` returns them.
        """
        import torch

        self._step = None
        gc.collect()
        images, labels = map(torch.from_numpy, make_batch(network))
        module = build_torch(network.spec, images.shape[1:], network.classes)
        copy_to_torch(values, module)
        optimizer = torch.optim.SGD(module.parameters(), RATE, MOMENTUM)

        def step():
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(module(images), labels)
            loss.backward()
            optimizer.step()
            return loss.item()

        self._step = step
