"""One training step of the paper's networks, in Theano and in PyTorch."""

import time
from statistics import median

import lasagne
import numpy as np
import theano
import theano.tensor as T
from theano.compile.profiling import ProfileStats

from .. import config
from ..paper.networks import build_network, input_layer
from ..tables import Table
from .remote import Remote, seconds_per_call
from .rounds import NO_COMPILER, close_all, take_turns
from .torch_networks import CLASSES, NETWORKS, build_torch, copy_to_torch

__all__ = [
    'TheanoTraining',
    'TorchTraining',
    'kind_of_op',
    'measure_training',
    'training_table',
    'profile_table',
]

RATE, MOMENTUM = 0.01, 0.9
KINDS = (
    ('convolution', ('Corr', 'ConvOp', 'AbstractConv')),
    ('matrix product', ('Dot', 'Gemm', 'Gemv', 'Ger')),
    ('transformer', ('Fused',)),
    ('pooling', ('Pool', 'MaxPoolGrad', 'AveragePool')),
    (
        'element-wise and sums',
        ('Elemwise', 'Sum', 'CAReduce', 'MaxAndArgmax', 'Softmax', 'Crossentropy'),
    ),
)


def kind_of_op(name):
    """The line of the profile that an op's class counts for.

    >>> kind_of_op('CorrMM_gradWeights'), kind_of_op('Reshape')
    ('convolution', 'others')
    """
    for kind, starts in KINDS:
        if name.startswith(starts):
            return kind
    return 'others'


def make_batch(batch, size):
    """Images and labels, the same in every process."""
    rng = np.random.default_rng(1)
    images = rng.random((batch, 1, size, size), dtype=np.float32)
    return images, rng.integers(CLASSES, size=batch)


class TheanoTraining:
    """Steps of momentum SGD on one batch, compiled by Theano.

    Parameters
    ----------
    fast_path : bool, optional
        See :mod:`lasagne_stn.config`.
    mode : str, optional
        How functions are compiled.
    """

    def __init__(self, fast_path=True, mode='FAST_RUN'):
        theano.config.floatX = 'float32'
        config.fast_path = fast_path
        self._mode = mode

    def load(self, name, batch=256, size=42):
        """Compile a network's step.

        Parameters
        ----------
        name : str
            A key of ``NETWORKS``.
        batch, size : int, optional
            Images, and their rows and columns.

        Returns
        -------
        list of numpy array
            The parameters before the first step.
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

    def step(self):
        """One step; the loss before it."""
        return float(self._step())

    def time(self):
        """Seconds for one step."""
        return seconds_per_call(self.step, 5e-2)

    def profile(self, steps=5):
        """Where the time goes.

        Parameters
        ----------
        steps : int, optional

        Returns
        -------
        dict
            From a kind of op to seconds in one step; 'whole step' among them.
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
    """

    def __init__(self, threads):
        import torch

        torch.set_num_threads(threads)
        torch.manual_seed(1)

    def load(self, name, batch=256, size=42, values=None):
        """Build a network.

        Parameters
        ----------
        name, batch, size
            See :meth:`TheanoTraining.load`.
        values : list of numpy array, optional
            What its parameters are.
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

    def step(self):
        """One step; the loss before it."""
        return self._step()

    def time(self):
        """Seconds for one step."""
        return seconds_per_call(self.step, 5e-2)


def measure_training(
    threads,
    runs,
    torch=True,
    names=tuple(NETWORKS),
    batch=256,
    size=42,
    fast_path=True,
    report=None,
):
    """Time training steps, and profile Theano's.

    Parameters
    ----------
    threads, runs : int
        As for the samplers.
    torch : bool, optional
        Whether PyTorch takes part.
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
        'network', 'ms' and 'runs_ms' by contender, and 'profile' in seconds.
    """
    results, contenders = [], {}
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


def training_table(results):
    """Milliseconds for a step.

    Parameters
    ----------
    results : list of dict
        See :func:`measure_training`.

    Returns
    -------
    Table
    """
    rows = []
    for result in results:
        ours, theirs = result['ms']['fused'], result['ms'].get('torch')
        rows.append(
            [result['network'], '%.2f' % ours]
            + (['%.2f' % theirs, '%.2f' % (ours / theirs)] if theirs else ['', ''])
        )
    first = results[0]
    return Table(
        'Milliseconds for a training step, batch %(batch)d, %(size)d x '
        '%(size)d pixels, %(threads)d threads' % first,
        ['network', 'Theano, ours', 'PyTorch', 'ours / PyTorch'],
        rows,
    )


def profile_table(results):
    """Where Theano's time goes.

    Parameters
    ----------
    results : list of dict
        See :func:`measure_training`.

    Returns
    -------
    Table
    """
    kinds = [kind for kind, _ in KINDS] + ['others', 'whole step']
    rows = [
        [kind] + ['%.2f' % (1e3 * result['profile'].get(kind, 0)) for result in results]
        for kind in kinds
    ]
    rows.append(
        ['whole step / convolution']
        + [
            '%.2f'
            % (result['profile']['whole step'] / result['profile']['convolution'])
            if result['profile'].get('convolution')
            else ''
            for result in results
        ]
    )
    return Table(
        "Milliseconds by kind of operation, from Theano's profile",
        ['operation'] + [result['network'] for result in results],
        rows,
    )
