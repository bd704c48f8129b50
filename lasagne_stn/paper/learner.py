"""A network with its compiled training step, whose entire state can be saved."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import contextmanager
from typing import Any, Callable, Iterator, Mapping, Sequence

import lasagne
import numpy as np
import theano
import theano.tensor as T
from lasagne.layers import (
    Layer,
    count_params,
    get_all_layers,
    get_all_params,
    get_output,
)
from lasagne.utils import floatX
from theano import Variable

from .. import checks
from ..localisation import scale_gradients

__all__ = [
    'Learner',
    'TrainingState',
    'Updates',
    'momentum_updates',
    'adam_updates',
    'weights_from',
]

BATCH = 500  # images per call when nothing is learnt
Updates = Callable[[Variable, Sequence[Any], Variable], Mapping]


@contextmanager
def weights_from(seed: int) -> Iterator[None]:
    """Draw Lasagne's initial weights from a seed, then restore its own generator."""
    before = lasagne.random.get_rng()
    lasagne.random.set_rng(np.random.RandomState(seed))
    try:
        yield
    finally:
        lasagne.random.set_rng(before)


def momentum_updates(momentum: float = 0.9, localisation_rate: float = 1.0) -> Updates:
    """Return the updates of gradient descent with momentum, for a :class:`Learner`.

    Parameters
    ----------
    momentum : float, optional
    localisation_rate : float, optional
        Factor of the learning rate for parameters tagged ``localisation``.

    Returns
    -------
    callable
        ``updates(loss, params, rate)``
    """

    def updates(loss, params, rate):
        gradients = scale_gradients(T.grad(loss, params), params, localisation_rate)
        return lasagne.updates.momentum(gradients, params, rate, momentum)

    return updates


def adam_updates(localisation_rate: float = 1.0, locating: Sequence = ()) -> Updates:
    """Return Adam's updates, for a :class:`Learner`.

    Parameters
    ----------
    localisation_rate : float, optional
        Factor of the learning rate for the parameters in `locating`. A factor of their
        gradients would have no effect, because Adam divides by the gradients' size.
    locating : sequence of Theano shared variable, optional
        The parameters of the localisation network.

    Returns
    -------
    callable
        ``updates(loss, params, rate)``
    """

    def updates(loss, params, rate):
        gradients = dict(zip(params, T.grad(loss, params)))
        found = OrderedDict()
        for group, factor in (
            ([param for param in params if param not in locating], 1),
            ([param for param in params if param in locating], localisation_rate),
        ):
            if group:
                found.update(
                    lasagne.updates.adam(
                        [gradients[param] for param in group],
                        group,
                        rate * floatX(factor),
                    )
                )
        return found

    return updates


class Learner:
    """A network that learns to classify images.

    Parameters
    ----------
    network : Layer
        Linear scores of the classes, ``(batch, classes)``, from one input of images;
        the softmax is added here.
    updates : callable
        ``updates(loss, params, rate)`` returns the updates of a training step; see
        :func:`momentum_updates` and :func:`adam_updates`.
    outputs : sequence of Layer, optional
        Layers whose output :meth:`predict` returns beside the classes, such as those
        that predict theta, or a transformer.

    Attributes
    ----------
    network : Layer
    num_params : int
        Number of learnable parameters.
    state : TrainingState

    Raises
    ------
    ValueError
        If `network` ends in a softmax.

    Examples
    --------
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> images = InputLayer((None, 1, 28, 28))
    >>> network = DenseLayer(images, 10, nonlinearity=None)
    >>> Learner(network, momentum_updates())
    Learner(DenseLayer (None, 10), 7,850 parameters)
    """

    def __init__(
        self, network: Layer, updates: Updates, outputs: Sequence[Layer] = ()
    ) -> None:
        if getattr(network, 'nonlinearity', None) is lasagne.nonlinearities.softmax:
            raise checks.argument_error(
                'Learner',
                'network',
                'give linear scores',
                network.nonlinearity,
                'The softmax is added here: build the last layer with '
                'nonlinearity=None.',
            )
        self.network = network
        self.num_params = int(count_params(network, trainable=True))
        images = get_all_layers(network)[0].input_var
        labels = T.ivector('labels')
        scores, *others = get_output([network, *outputs])
        probability = T.nnet.softmax(scores)
        loss = lasagne.objectives.categorical_crossentropy(probability, labels).mean()
        self._rate = theano.shared(floatX(0))
        params = get_all_params(network, trainable=True)
        changes = updates(loss, params, self._rate)
        self.state = TrainingState(changes)
        self._step = theano.function([images, labels], loss, updates=changes)
        self._predict = theano.function([images], [T.argmax(scores, axis=1)] + others)

    def train_step(self, images: np.ndarray, labels: np.ndarray, rate: float) -> float:
        """Take one training step on a batch.

        Parameters
        ----------
        images : numpy array
            Shape ``(batch, channels, rows, columns)``.
        labels : numpy array
            int32, ``(batch,)``.
        rate : float
            The learning rate.

        Returns
        -------
        float
            The loss before the step.
        """
        self._rate.set_value(floatX(rate))
        return float(self._step(floatX(images), labels))

    def predict(self, images: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        """Return the classes of images, and what the `outputs` give.

        Parameters
        ----------
        images : numpy array
            Shape ``(batch, channels, rows, columns)``.

        Returns
        -------
        classes : numpy array
            Integers, ``(batch,)``.
        outputs : list of numpy array
            One for each layer in `outputs`, with the layer's shape.
        """
        classes, *outputs = self._predict(floatX(images))
        return classes, outputs

    def error(self, images: np.ndarray, labels: np.ndarray) -> float:
        """Return the fraction of images whose predicted class is wrong.

        Parameters
        ----------
        images : numpy array
            Shape ``(images, channels, rows, columns)``.
        labels : numpy array
            Integers, ``(images,)``.

        Returns
        -------
        float
        """
        wrong = sum(
            np.sum(
                self.predict(images[start : start + BATCH])[0]
                != labels[start : start + BATCH]
            )
            for start in range(0, len(images), BATCH)
        )
        return float(wrong) / len(images)

    def __repr__(self) -> str:
        return 'Learner(%s %s, %s parameters)' % (
            type(self.network).__name__,
            self.network.output_shape,
            format(self.num_params, ','),
        )


class TrainingState:
    """The weights and everything else that a training step updates.

    Parameters
    ----------
    updates : mapping
        From shared variables to expressions, in an order that is always the same.
    """

    def __init__(self, updates: Mapping) -> None:
        self._variables = OrderedDict(
            ('state_%d' % number, variable) for number, variable in enumerate(updates)
        )

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the values by name."""
        return {
            name: variable.get_value() for name, variable in self._variables.items()
        }

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Set the values that :meth:`arrays` returned.

        Parameters
        ----------
        arrays : mapping
            May hold other arrays too.

        Raises
        ------
        ValueError
            If an array is missing, or has another shape or type.
        """
        for name, variable in self._variables.items():
            own = variable.get_value(borrow=True)
            if name not in arrays or arrays[name].shape != own.shape:
                raise ValueError(
                    'TrainingState: the checkpoint belongs to another network: '
                    '%s must have shape %s.' % (name, own.shape)
                )
            if arrays[name].dtype != own.dtype:
                raise ValueError(
                    "TrainingState: the checkpoint's numbers are %s, "
                    "Theano's floatX is %s.\nSet floatX in THEANO_FLAGS."
                    % (arrays[name].dtype, own.dtype)
                )
            variable.set_value(arrays[name])

    def __repr__(self) -> str:
        return 'TrainingState(%d variables)' % len(self._variables)
