"""Measures a training step of the paper's networks in Theano and in PyTorch."""

from __future__ import annotations

import time
from statistics import median
from typing import Any, Callable, Mapping, Sequence

import lasagne
import numpy as np
import theano
import theano.tensor as T
from theano.compile.profiling import ProfileStats

from .. import config
from ..paper.networks import build_network, input_layer
from .remote import Remote, seconds_per_call
from .rounds import NO_COMPILER, close_all, take_turns
from .torch_networks import CLASSES, NETWORKS, build_torch, copy_to_torch
from .training_tables import kind_of_op

__all__ = ['TheanoTraining', 'TorchTraining', 'make_batch', 'measure_training']

RATE, MOMENTUM = 0.01, 0.9


def make_batch(batch: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return random images and labels, the same in every process."""
    rng = np.random.default_rng(1)
    images = rng.random((batch, 1, size, size), dtype=np.float32)
    return images, rng.integers(CLASSES, size=batch)


class TheanoTraining:
    """Steps of SGD with momentum on one batch, compiled by Theano.

    Parameters
    ----------
    fast_path : bool, optional
        See :mod:`lasagne_stn.config`.
    mode : str or theano.Mode, optional
        Mode that functions are compiled in.
    """

    def __init__(self, fast_path: bool = True, mode: Any = 'FAST_RUN'):
        theano.config.floatX = 'float32'
        config.fast_path = fast_path
        self._mode = mode

    def load(self, name: str, batch: int = 256, size: int = 42) -> list[np.ndarray]:
        """Compile the training step of a network.

        Parameters
        ----------
        name : str
            A key of ``NETWORKS``.
        batch : int, optional
            Number of images.
        size : int, optional
            Rows and columns of each image.

        Returns
        -------
        list of numpy array
            The initial parameters.
        """
        images, labels = make_batch(batch, size)
        images, labels = theano.shared(images), theano.shared(labels.astype('int32'))
        lasagne.random.set_rng(np.random.RandomState(1))
        network = build_network(
            NETWORKS[name], input_layer(size, images), CLASSES, 'nearest'
        )
        probability = T.nnet.softmax(lasagne.layers.get_output(network))
        loss = lasagne.objectives.categorical_crossentropy(probability, labels).mean()
        parameters = lasagne.layers.get_all_params(network, trainable=True)
        self._arguments = dict(
            inputs=[],
            outputs=loss,
            mode=self._mode,
            updates=lasagne.updates.momentum(loss, parameters, RATE, MOMENTUM),
        )
        values = lasagne.layers.get_all_param_values(network)
        self._step = theano.function(**self._arguments)
        return values

    def step(self) -> float:
        """Train for one step and return the loss before it."""
        return float(self._step())

    def time(self) -> float:
        """Return the seconds that a step takes."""
        return seconds_per_call(self.step, 5e-2)

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


class TorchTraining:
    """The same steps in PyTorch.

    Parameters
    ----------
    threads : int
        Number of threads.
    """

    def __init__(self, threads: int):
        import torch

        torch.set_num_threads(threads)
        torch.manual_seed(1)

    def load(
        self,
        name: str,
        batch: int = 256,
        size: int = 42,
        values: Sequence[np.ndarray] | None = None,
    ) -> None:
        """Build a network and its training step.

        Parameters
        ----------
        name, batch, size
            See :meth:`TheanoTraining.load`.
        values : list of numpy array, optional
            Initial parameters, as Theano's `load` returns them.
        """
        import torch

        images, labels = map(torch.from_numpy, make_batch(batch, size))
        module = build_torch(NETWORKS[name], (1, size, size))
        if values is not None:
            copy_to_torch(values, module)
        optimizer = torch.optim.SGD(module.parameters(), RATE, MOMENTUM)

        def step():
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(module(images), labels)
            loss.backward()
            optimizer.step()
            return loss.item()

        self._step = step

    def step(self) -> float:
        """Train for one step and return the loss before it."""
        return self._step()

    def time(self) -> float:
        """Return the seconds that a step takes."""
        return seconds_per_call(self.step, 5e-2)


def measure_training(
    threads: int,
    runs: int,
    torch: bool = True,
    names: Sequence[str] = tuple(NETWORKS),
    batch: int = 256,
    size: int = 42,
    fast_path: bool = True,
    report: Callable[[Mapping[str, Any]], None] | None = None,
) -> list[dict[str, Any]]:
    """Time training steps, and profile Theano's.

    Parameters
    ----------
    threads : int
        Number of threads of each contender.
    runs : int
        Number of rounds in which each contender is measured once.
    torch : bool, optional
        Whether to measure PyTorch as well.
    names : sequence of str, optional
        Keys of ``NETWORKS``.
    batch, size : int, optional
        See :meth:`TheanoTraining.load`.
    fast_path : bool, optional
        See :mod:`lasagne_stn.config`.
    report : callable, optional
        Called with each result.

    Returns
    -------
    list of dict
        One for each network: 'network', 'batch', 'size', 'threads', the median 'ms' and
        all 'runs_ms' of each contender, and Theano's 'profile' in seconds.
    """
    results: list[dict[str, Any]] = []
    contenders: dict[str, Remote] = {}
    try:
        contenders['fused'] = Remote(TheanoTraining, fast_path, threads=threads)
        if torch:
            contenders['torch'] = Remote(
                TorchTraining, threads, threads=threads, flags=NO_COMPILER
            )
        for name in names:
            for contender in contenders.values():
                contender.ask('load', name, batch, size)
            ms = {
                key: [1e3 * seconds for seconds in column]
                for key, column in take_turns(contenders, runs).items()
            }
            results.append(
                {
                    'network': name,
                    'batch': batch,
                    'size': size,
                    'threads': threads,
                    'runs_ms': ms,
                    'ms': {key: median(column) for key, column in ms.items()},
                    'profile': contenders['fused'].ask('profile'),
                }
            )
            if report:
                report(results[-1])
    finally:
        close_all(contenders)
    return results
