"""A network with its compiled training step, whose whole state can be kept."""

from collections import OrderedDict
from contextlib import contextmanager

import lasagne
import numpy as np
import theano
import theano.tensor as T
from lasagne.layers import count_params, get_all_params, get_output
from lasagne.utils import floatX

from ..localisation import scale_gradients
from .networks import build_network, input_layer, network_words, transformers

__all__ = ['Learner', 'TrainingState', 'build_learner', 'weights_from']

BATCH = 500  # images in one call where nothing is learnt


@contextmanager
def weights_from(seed):
    """Draw Lasagne's initial weights from a seed; its own generator comes back."""
    before = lasagne.random.get_rng()
    lasagne.random.set_rng(np.random.RandomState(seed))
    try:
        yield
    finally:
        lasagne.random.set_rng(before)


def build_learner(experiment, run):
    """The network of a run, its weights drawn from the run's seed.

    Parameters
    ----------
    experiment : Experiment
    run : Run

    Returns
    -------
    Learner
    """
    with weights_from(run.seed):
        network = build_network(
            network_words(experiment, run.model, run.transform),
            input_layer(experiment.size, channels=experiment.channels),
            experiment.classes,
        )
    return Learner(network, run.momentum, run.localisation_rate)


class Learner:
    """A network that learns classes by gradient descent with momentum.

    Parameters
    ----------
    network : Layer
        Scores of the classes before the softmax; one input of images.
    momentum : float
    localisation_rate : float
        Factor of the learning rate in localisation networks.

    Attributes
    ----------
    network : Layer
    num_params : int
        Learnable numbers.
    state : TrainingState
    """

    def __init__(self, network, momentum=0.9, localisation_rate=1.0):
        self.network = network
        self.num_params = int(count_params(network, trainable=True))
        images = lasagne.layers.get_all_layers(network)[0].input_var
        labels = T.ivector('labels')
        warps = transformers(network)
        scores, *thetas = get_output(
            [network] + [warp.input_layers[1] for warp in warps]
        )
        probability = T.nnet.softmax(scores)
        loss = lasagne.objectives.categorical_crossentropy(probability, labels).mean()
        params = get_all_params(network, trainable=True)
        gradients = scale_gradients(T.grad(loss, params), params, localisation_rate)
        self._rate = theano.shared(floatX(0))
        updates = lasagne.updates.momentum(gradients, params, self._rate, momentum)
        self.state = TrainingState(updates)
        self._step = theano.function([images, labels], loss, updates=updates)
        self._look = theano.function([images], [T.argmax(scores, axis=1)] + thetas)

    def learn(self, images, labels, rate):
        """One step on a batch.

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

    def look(self, images):
        """Classes of images, and theta of each transformer.

        Parameters
        ----------
        images : numpy array
            Shape ``(batch, channels, rows, columns)``.

        Returns
        -------
        classes : numpy array
            Shape ``(batch,)``.
        thetas : list of numpy array
            Shape ``(batch, parameters)`` each.
        """
        classes, *thetas = self._look(floatX(images))
        return classes, thetas

    def error(self, images, labels):
        """Fraction of images that are put into a wrong class."""
        wrong = sum(
            np.sum(
                self.look(images[start : start + BATCH])[0]
                != labels[start : start + BATCH]
            )
            for start in range(0, len(images), BATCH)
        )
        return float(wrong) / len(images)


class TrainingState:
    """Weights and whatever else a training step updates, to be kept and restored.

    Parameters
    ----------
    updates : dict
        Of the step, from shared variables to expressions, in an order that is always
        the same.
    """

    def __init__(self, updates):
        self._variables = OrderedDict(
            ('state_%d' % number, variable) for number, variable in enumerate(updates)
        )

    def arrays(self):
        """From a name to a numpy array."""
        return {
            name: variable.get_value() for name, variable in self._variables.items()
        }

    def restore(self, arrays):
        """Take what :meth:`arrays` gave.

        Parameters
        ----------
        arrays : dict
            May hold more.

        Raises
        ------
        ValueError
            If an array is missing, or has another shape or type.
        """
        for name, variable in self._variables.items():
            own = variable.get_value(borrow=True)
            if name not in arrays or arrays[name].shape != own.shape:
                raise ValueError(
                    'TrainingState: the checkpoint is of another network: '
                    '%s must have shape %s.' % (name, own.shape)
                )
            if arrays[name].dtype != own.dtype:
                raise ValueError(
                    "TrainingState: the checkpoint's numbers are %s, "
                    "Theano's floatX is %s.\nSet floatX in THEANO_FLAGS."
                    % (arrays[name].dtype, own.dtype)
                )
            variable.set_value(arrays[name])
