"""The networks whose training steps are measured.

All are lists of layers, see :mod:`lasagne_stn.paper.networks`, from which Theano's and
PyTorch's versions are built:

- two fully connected networks with 400,000 parameters at 42 x 42 pixels;
- the convolutional networks of the paper's table 1 on rotated digits (R), on rotated,
  scaled and translated digits (RTS) and on translated and cluttered digits (TC);
- a small network with the kernels of VGG: 3 x 3, with padding;
- the paper's CNN for house numbers at 64 x 64 pixels with a quarter of its filters and
  units. One softmax of 11 classes takes the place of five, and there is no dropout.

Source: Jaderberg et al. (2015): Spatial Transformer Networks, table 1, sections 4.2,
A.4 and A.5.
"""

from __future__ import annotations

from typing import NamedTuple

from ..paper.networks import LOCALISATION, network_spec
from ..paper.tasks.digits_experiments import EXPERIMENTS

__all__ = ['TrainingNetwork', 'TRAINING_NETWORKS']


class TrainingNetwork(NamedTuple):
    """A network and the batches that it is trained on.

    Attributes
    ----------
    spec : list of tuple
        Specification of the layers.
    channels, size : int
        Channels of an image, and pixels along a side.
    classes : int
    batch : int
        Number of images.
    """

    spec: list[tuple]
    channels: int
    size: int
    classes: int
    batch: int


def _of_paper(name, model):
    """Return a network of the paper's table 1; transformers are affine."""
    experiment = EXPERIMENTS[name]
    spec = network_spec(experiment, model, 'affine' if model == 'st-cnn' else None)
    return TrainingNetwork(
        spec, experiment.channels, experiment.size, experiment.classes, 256
    )


FCN = [('dense', 202), ('dense', 202)]
ST_FCN: list[tuple] = [
    ('warp', 'affine', LOCALISATION['fcn'], None),
    ('dense', 175),
    ('dense', 175),
]
VGG: list[tuple] = [
    ('conv', 32, 3, 1),
    ('conv', 32, 3, 1),
    ('max', 2),
    ('conv', 64, 3, 1),
    ('conv', 64, 3, 1),
    ('max', 2),
    ('dense', 128),
]
HOUSE_NUMBERS: list[tuple] = [
    ('conv', 12, 5, 2),
    ('max', 2),
    ('conv', 16, 5, 2),
    ('conv', 32, 5, 2),
    ('max', 2),
    ('conv', 40, 5, 2),
    ('conv', 48, 5, 2),
    ('max', 2),
    ('conv', 48, 5, 2),
    ('conv', 48, 5, 2),
    ('max', 2),
    ('conv', 48, 5, 2),
    ('dense', 768),
    ('dense', 768),
    ('dense', 768),
]

TRAINING_NETWORKS = {
    'FCN': TrainingNetwork(FCN, 1, 42, 10, 256),
    'ST-FCN': TrainingNetwork(ST_FCN, 1, 42, 10, 256),
    'R CNN': _of_paper('R', 'cnn'),
    'R ST-CNN': _of_paper('R', 'st-cnn'),
    'RTS CNN': _of_paper('RTS', 'cnn'),
    'RTS ST-CNN': _of_paper('RTS', 'st-cnn'),
    'TC CNN': _of_paper('TC', 'cnn'),
    'TC ST-CNN': _of_paper('TC', 'st-cnn'),
    'VGG': TrainingNetwork(VGG, 3, 64, 10, 64),
    'house numbers': TrainingNetwork(HOUSE_NUMBERS, 3, 64, 11, 128),
}
