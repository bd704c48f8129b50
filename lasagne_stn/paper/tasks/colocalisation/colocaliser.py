"""The localisation network of co-localisation and its triplet loss.

The network crops each image. The crops of two images should be closer, in a digit
classifier's features, than a crop and a random crop of the same image.

Source: Jaderberg et al. (2015): Spatial Transformer Networks, appendix A.2.
"""

from __future__ import annotations

from typing import Sequence

import lasagne
import numpy as np
import theano
import theano.tensor as T
from lasagne.layers import (
    Conv2DLayer,
    DenseLayer,
    InputLayer,
    Layer,
    MaxPool2DLayer,
    count_params,
    get_all_layers,
    get_all_params,
    get_output,
)
from lasagne.utils import floatX
from theano import Variable

from ....layers import TransformerLayer
from ....localisation import localisation_head
from ....transforms import Attention
from ...learner import TrainingState
from ..digits_data import DIGIT
from .canvases import CANVAS

__all__ = ['Colocaliser', 'encode', 'repulsion_at', 'rate_factor_at']

START = 0.4  # side of the first crops, as a fraction of the canvas
FIRST = 4.0  # initial weight of the distance to the random crop


class Colocaliser:
    """The localisation network and its loss.

    Parameters
    ----------
    network : Layer
        The encoder: a CNN that was trained on digits.
    digits : numpy array
        Some images of the digit, ``(images, 28, 28)``. Codes are scaled so that the
        mean square of these images' codes is 1, the unit of the margin, and that each
        of the encoder's layers has an equal share in it.
    margin : float, optional
        Margin of the hinge loss.

    Attributes
    ----------
    state : TrainingState
    num_params : int
        Number of parameters of the localisation network.

    Notes
    -----
    Beside Adam and the choice of the encoder's layers (see :func:`encode`), three
    things are not in the paper:

    With the paper's loss (weight 1) from the start, crops move to empty parts of the
    canvas: empty crops are all alike, and they are nearer than a digit in each image. A
    weight above 1 on the distance to the random crop first draws crops to ink; see
    :func:`repulsion_at`.

    Small crops of a part that all images share, such as an arc of a 0, can be more
    alike than whole digits. With randomly shaken crops this holds only for large ones.
    Among clutter shaking is not needed, and a shaken search for the 0 ends with crops
    of half the canvas.

    Class scores are part of the code. A crop that is slightly too small or too large
    changes them more than it changes the activations of convolutions.
    """

    def __init__(self, network: Layer, digits: np.ndarray, margin: float = 1.0) -> None:
        first, second = T.tensor4('first'), T.tensor4('second')
        random_theta, shifts = T.matrix('random_theta'), T.matrix('shifts')
        weight, rate = T.scalar('weight'), T.scalar('rate')
        theta = _localisation()
        crop = TransformerLayer(
            get_all_layers(theta)[0],
            theta,
            transform=Attention(),
            output_size=(DIGIT, DIGIT),
        )
        pairs = T.concatenate([first, second])
        crops = crop.get_output_for([pairs, get_output(theta, pairs) + shifts])
        random = crop.get_output_for([first, random_theta])
        codes = T.concatenate(
            [
                code * floatX(scale)
                for code, scale in zip(
                    encode(network, T.concatenate([crops, random])),
                    _code_scales(network, digits),
                )
            ],
            axis=1,
        )
        count = first.shape[0]
        ours, theirs = codes[:count], codes[count : 2 * count]
        other = codes[2 * count :]
        hinge = (
            T.sum((ours - theirs) ** 2, axis=1)
            - weight * T.sum((ours - other) ** 2, axis=1)
            + floatX(margin)
        )
        loss = T.mean(T.maximum(hinge, 0))
        params = get_all_params(theta, trainable=True)
        updates = lasagne.updates.adam(loss, params, rate)
        self.state = TrainingState(updates)
        self.num_params = int(count_params(theta, trainable=True))
        self._step = theano.function(
            [first, second, random_theta, shifts, weight, rate], loss, updates=updates
        )
        images = get_all_layers(theta)[0].input_var
        self._predict = theano.function([images], get_output(theta))

    def train_step(
        self, batch: Sequence[np.ndarray], weight: float, rate: float
    ) -> float:
        """Take one training step.

        Parameters
        ----------
        batch : sequence of numpy array
            What :func:`sample_pairs` returns.
        weight : float
            Weight of the distance to the random crop.
        rate : float
            Adam's learning rate.

        Returns
        -------
        float
            The loss before the step.
        """
        return float(self._step(*batch, weight, rate))

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Return theta for canvases.

        Parameters
        ----------
        images : numpy array
            Shape ``(images, 1, 84, 84)``.

        Returns
        -------
        numpy array
            Scale and shifts in normalised coordinates, ``(images, 3)``.
        """
        return self._predict(images)

    def __repr__(self) -> str:
        return 'Colocaliser(%s parameters)' % format(self.num_params, ',')


def _code_scales(network, digits):
    """Return a factor for each encoder layer; see :class:`Colocaliser`."""
    images = T.tensor4('images')
    codes = theano.function([images], encode(network, images))(
        floatX(digits[:, np.newaxis])
    )
    return [(len(codes) * np.sum(code**2, axis=1).mean()) ** -0.5 for code in codes]


def encode(network: Layer, images: Variable) -> list[Variable]:
    """Return the activations of the encoder's layers.

    These are the convolutions after pooling, and the class scores. Before pooling two
    digits of a class are hardly more alike than a digit and an empty image, and the
    localisation network would crop empty parts.

    Parameters
    ----------
    network : Layer
        The encoder.
    images : Theano variable
        Shape ``(images, 1, 28, 28)``.

    Returns
    -------
    list of Theano variable
        Shape ``(images, features)`` each.
    """
    layers = [
        layer for layer in get_all_layers(network) if isinstance(layer, MaxPool2DLayer)
    ] + [network]
    return [layer.flatten(2) for layer in get_output(layers, images)]


def _localisation():
    """Return two convolutions with stride 4, pooling, two layers of 8 units, the head.

    The paper does not mention padding; with 4 pixels the filters reach every part. At
    first the crop is START of the canvas, in its middle, where it touches most digits.
    """
    layer = InputLayer((None, 1, CANVAS, CANVAS))
    for _ in range(2):
        layer = Conv2DLayer(layer, 8, 9, stride=4, pad=4)
    layer = MaxPool2DLayer(layer, 2)
    for _ in range(2):
        layer = DenseLayer(layer, 8)
    head = localisation_head(layer, Attention())
    head.b.set_value(floatX([START, 0, 0]))
    return head


def repulsion_at(progress: float, last: float) -> float:
    """Return the weight of the distance to the random crop.

    Parameters
    ----------
    progress : float
        Fraction of all iterations that is done.
    last : float
        The final weight, which is reached after two thirds.

    Returns
    -------
    float

    Examples
    --------
    >>> [round(repulsion_at(progress, 1.4), 1) for progress in (0, 1 / 3, 2 / 3, 1)]
    [4.0, 2.7, 1.4, 1.4]
    """
    return last + (FIRST - last) * max(0.0, 1 - 1.5 * progress)


def rate_factor_at(progress: float) -> float:
    """Return the factor of the learning rate, which falls to 0 in the last third.

    Parameters
    ----------
    progress : float
        Fraction of all iterations that is done.

    Returns
    -------
    float

    Examples
    --------
    >>> [round(rate_factor_at(progress), 1) for progress in (0, .6, .8, .9)]
    [1.0, 1.0, 0.6, 0.3]
    """
    return min(1.0, 3 * (1 - progress))
