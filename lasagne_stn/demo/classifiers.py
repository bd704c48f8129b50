"""The demo's two networks and their learners."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from lasagne.layers import (
    DenseLayer,
    InputLayer,
    Layer,
    count_params,
    get_all_params,
)

from ..layers import SamplingGridLayer, TransformerLayer
from ..localisation import localisation_head
from ..paper.learner import Learner, adam_updates
from ..transforms import Affine

__all__ = ['Settings', 'build_learner', 'build_networks']


class Settings(NamedTuple):
    """How the demo trains; the same for both networks.

    Attributes
    ----------
    epochs, batch_size : int
    learning_rate : float
        Adam's initial one.
    localisation_rate : float
        Factor of the learning rate in the localisation network. Above 1 it straightens
        images before the classifier has learnt them tilted.
    num_units : int
        Width of the transformer's classifier. The plain one is as wide as makes the
        numbers of parameters equal.
    seed : int
    """

    epochs: int = 100
    batch_size: int = 128
    learning_rate: float = 1e-3
    localisation_rate: float = 2.0
    num_units: int = 256
    seed: int = 1


def build_learner(
    network: Layer, settings: Settings, transformer: TransformerLayer | None = None
) -> Learner:
    """Return a learner that trains with Adam.

    Parameters
    ----------
    network : Layer
        Linear scores of the classes, ``(batch, classes)``; one input of images.
    settings : Settings
    transformer : TransformerLayer, optional
        The one in `network`. Its localisation network has its own learning rate, and
        predictions include its source points and its output.

    Returns
    -------
    Learner
    """
    if transformer is None:
        return Learner(network, adam_updates())
    locating = get_all_params(transformer.input_layers[1])
    return Learner(
        network,
        adam_updates(settings.localisation_rate, locating),
        [SamplingGridLayer(transformer), transformer],
    )


def build_networks(
    image_size: tuple[int, int], num_classes: int, settings: Settings
) -> tuple[Layer, Layer, TransformerLayer]:
    """Build the paper's two fully connected networks, FCN and ST-FCN [1]_.

    Parameters
    ----------
    image_size : pair of int
        Rows and columns in pixels.
    num_classes : int
    settings : Settings

    Returns
    -------
    plain, warping : Layer
        Linear scores of the classes. Their numbers of parameters are as close as
        possible.
    transformer : TransformerLayer
        At the input of `warping`; its output has two thirds of the rows and columns.

    References
    ----------
    .. [1] Jaderberg et al. (2015): Spatial Transformer Networks, appendix A.4.
    """
    images = InputLayer((None, 1) + tuple(image_size))
    hidden = images
    for _ in range(3):
        hidden = DenseLayer(hidden, num_units=32)
    transformer = TransformerLayer(
        images, localisation_head(hidden, Affine()), downsample_factor=1.5
    )
    warping = _fully_connected(transformer, num_classes, settings.num_units)
    width = _matching_units(count_params(warping), np.prod(image_size), num_classes)
    images = InputLayer((None, 1) + tuple(image_size))
    return _fully_connected(images, num_classes, width), warping, transformer


def _fully_connected(incoming, num_classes, num_units):
    for _ in range(2):
        incoming = DenseLayer(incoming, num_units=num_units)
    return DenseLayer(incoming, num_units=num_classes, nonlinearity=None)


def _matching_units(num_params, num_inputs, num_classes):
    """Return the width that gives a fully connected network `num_params` parameters."""
    units = np.arange(1, num_params // num_inputs + 2)
    counts = units * (num_inputs + 1 + units + 1 + num_classes) + num_classes
    return int(units[np.argmin(abs(counts - num_params))])
