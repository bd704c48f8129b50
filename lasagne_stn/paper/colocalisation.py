"""Finds where the digit is in images of one class, without boxes [1]_.

A localisation network crops each image. The crops of two images shall be more alike
than a crop and a random one of the same image; alike is what a network that knows
digits encodes alike.

References
----------
.. [1] Jaderberg et al. (2015): Spatial Transformer Networks, appendix A.2.
"""

from collections import OrderedDict, namedtuple

import lasagne
import numpy as np
import theano
import theano.tensor as T
from lasagne.layers import (
    Conv2DLayer,
    DenseLayer,
    InputLayer,
    MaxPool2DLayer,
    count_params,
    get_all_layers,
    get_all_params,
    get_output,
)
from lasagne.utils import floatX

from ..data import place_on_canvas
from ..layers import TransformerLayer
from ..localisation import localisation_head
from ..transforms import Attention
from .learner import TrainingState

__all__ = [
    'CANVAS',
    'Clutter',
    'SETS',
    'Colocaliser',
    'repulsion_at',
    'rate_factor_at',
    'boxes_of',
    'overlap',
    'pairs_of_images',
]

CANVAS, DIGIT = 84, 28  # pixels along a side
START = 0.4
FIRST = 4.0  # weight of the distance to the random crop at first

Clutter = namedtuple('Clutter', 'num_patches repulsion shake')
Clutter.__doc__ = """A set of images, and what finds digits there.

Attributes
----------
num_patches : int
    Pieces of clutter in an image.
repulsion : float
    Weight of the distance to the random crop in the end.
shake : float
    Standard deviation of a crop's shifts while learning, in pixels.
"""

SETS = OrderedDict([('T', Clutter(0, 1.3, 1.5)), ('TC', Clutter(16, 1.4, 0.0))])


class Colocaliser:
    """The localisation network, and its loss.

    Parameters
    ----------
    network : Layer
        The encoder: a CNN that was trained on digits.
    digits : numpy array
        Some of the images that are looked for, ``(images, 28, 28)``. Codes are scaled
        so that the mean square of theirs is 1, the unit of the margin, and that each of
        the encoder's layers has the same part in it.
    margin : float
        Of the hinge.

    Attributes
    ----------
    step : callable
        ``step(first, second, places, shifts, weight, rate)`` learns from what
        :func:`pairs_of_images` gives, with Adam's learning rate, and returns the loss.
    look : callable
        ``look(images)`` gives theta.
    state : TrainingState
    num_params : int
        Of the localisation network.

    Notes
    -----
    What the paper does not have, beside Adam and the encoder's layers (`encode`):

    With its loss (weight 1) from the start, crops flee to where the canvas is empty:
    empty crops are all alike, and the way there is shorter than that to a digit in
    each. A weight above 1 on the distance to the random crop first draws crops to ink;
    see :func:`repulsion_at`.

    Small crops of a part that all images have, such as an arc of a 0, can be more alike
    than whole digits. Crops that are shaken are so only where they are large: `shifts`
    is random. Among clutter there is no need of it, and a shaken search for the 0 ends
    with crops of half the canvas.

    Class scores have a part in the code. A crop that is a little too small or too large
    changes them more than it changes the activations of convolutions.
    """

    def __init__(self, network, digits, margin=1.0):
        first, second = T.tensor4('first'), T.tensor4('second')
        images = T.tensor4('images')
        places, shifts = T.matrix('places'), T.matrix('shifts')
        weight, rate = T.scalar('weight'), T.scalar('rate')
        codes = theano.function([images], encode(network, images))(
            floatX(digits[:, np.newaxis])
        )
        scales = [
            (len(codes) * np.sum(code**2, axis=1).mean()) ** -0.5 for code in codes
        ]
        theta = _localisation()
        crop = TransformerLayer(
            get_all_layers(theta)[0],
            theta,
            transform=Attention(),
            output_size=(DIGIT, DIGIT),
        )
        pairs = T.concatenate([first, second])
        crops = crop.get_output_for([pairs, get_output(theta, pairs) + shifts])
        random = crop.get_output_for([first, places])
        codes = T.concatenate(
            [
                code * floatX(scale)
                for code, scale in zip(
                    encode(network, T.concatenate([crops, random])), scales
                )
            ],
            axis=1,
        )
        count = first.shape[0]
        ours, theirs, other = (
            codes[:count],
            codes[count : 2 * count],
            codes[2 * count :],
        )
        hinge = (
            T.sum((ours - theirs) ** 2, axis=1)
            - weight * T.sum((ours - other) ** 2, axis=1)
            + floatX(margin)
        )
        loss = T.mean(T.maximum(hinge, 0))
        updates = lasagne.updates.adam(
            loss, get_all_params(theta, trainable=True), rate
        )
        self.state = TrainingState(updates)
        self.num_params = int(count_params(theta, trainable=True))
        self.step = theano.function(
            [first, second, places, shifts, weight, rate], loss, updates=updates
        )
        images = get_all_layers(theta)[0].input_var
        self.look = theano.function([images], get_output(theta))


def encode(network, images):
    """The activations of the encoder's layers: a list of ``(images, features)``.

    Of the convolutions those after the pooling, and the class scores. Before the
    pooling two digits of a class are hardly more alike than a digit and an empty image,
    and the localisation network would crop what is empty.
    """
    layers = [
        layer for layer in get_all_layers(network) if isinstance(layer, MaxPool2DLayer)
    ] + [network]
    return [layer.flatten(2) for layer in get_output(layers, images)]


def _localisation():
    """Two convolutions with stride 4, pooling, two layers of 8 units, and the head.

    The paper names no padding; with 4 pixels the filters reach every part. It starts
    with a crop of START of the canvas in its middle, which most digits touch.
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


def repulsion_at(progress, last):
    """Weight of the distance to the random crop, at a fraction of all iterations.

    It falls to `last`, which it reaches after two thirds.

    >>> [round(repulsion_at(progress, 1.4), 1) for progress in (0, 1 / 3, 2 / 3, 1)]
    [4.0, 2.7, 1.4, 1.4]
    """
    return last + (FIRST - last) * max(0.0, 1 - 1.5 * progress)


def rate_factor_at(progress):
    """Factor of the learning rate, at a fraction of all iterations.

    In the last third it falls to 0.

    >>> [round(rate_factor_at(progress), 1) for progress in (0, .6, .8, .9)]
    [1.0, 1.0, 0.6, 0.3]
    """
    return min(1.0, 3 * (1 - progress))


def pairs_of_images(images, num_patches, shake, others, count, rng):
    """Two batches of canvases with digits, and places of random crops of the first.

    Parameters
    ----------
    images : numpy array
        Digits of one class, ``(images, 28, 28)``.
    num_patches, shake
        See :class:`Clutter`.
    others : numpy array
        Images that the clutter comes from.
    count : int
        Of pairs.
    rng : numpy.random.Generator

    Returns
    -------
    first, second : numpy array
        Shape ``(count, 1, 84, 84)``.
    places : numpy array
        Theta of the random crops, ``(count, 3)``.
    shifts : numpy array
        For the theta of the others, first and second, ``(2 * count, 3)``.
    """
    chosen = rng.integers(len(images), size=(2, count))
    first, second = (
        place_on_canvas(images[index], rng, (CANVAS, CANVAS), num_patches, others)[0][
            :, np.newaxis
        ]
        for index in chosen
    )
    scale = (DIGIT - 1) / (CANVAS - 1)
    places = rng.uniform(scale - 1, 1 - scale, size=(count, 3))
    places[:, 0] = scale
    shifts = rng.normal(0, shake / ((CANVAS - 1) / 2), size=(2 * count, 3))
    shifts[:, 0] = 0
    return first, second, floatX(places), floatX(shifts)


def boxes_of(theta):
    """What an attention transformer crops: left, top, right, bottom.

    Parameters
    ----------
    theta : numpy array
        Shape ``(images, 3)``: scale and shifts in half-widths of the canvas.

    Returns
    -------
    numpy array
        Shape ``(images, 4)``, in pixels; 0 is the centre of the first one.

    Examples
    --------
    >>> boxes_of(np.array([[1, 0, 0], [.5, .5, -.5]]))
    array([[ 0. ,  0. , 83. , 83. ],
           [41.5,  0. , 83. , 41.5]])
    """
    half = (CANVAS - 1) / 2
    scale, centre = abs(theta[:, :1]), theta[:, 1:]
    return half * (1 + np.hstack([centre - scale, centre + scale]))


def overlap(boxes, others):
    """Intersection over union of boxes, pair by pair.

    Parameters
    ----------
    boxes, others : numpy array
        Shape ``(boxes, 4)``: left, top, right, bottom.

    Returns
    -------
    numpy array
        Shape ``(boxes,)``, 0 to 1.

    Examples
    --------
    >>> overlap(np.array([[0, 0, 2, 2]]), np.array([[1, 0, 3, 2]]))
    array([0.33333333])
    """
    low = np.maximum(boxes[:, :2], others[:, :2])
    high = np.minimum(boxes[:, 2:], others[:, 2:])
    both = np.prod(np.maximum(high - low, 0), axis=1)
    areas = [np.prod(each[:, 2:] - each[:, :2], axis=1) for each in (boxes, others)]
    return both / (areas[0] + areas[1] - both)
