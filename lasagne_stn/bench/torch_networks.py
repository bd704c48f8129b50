"""Four of the paper's networks, which can be built in PyTorch too.

Both versions are built from the same list of layers, see
:mod:`lasagne_stn.paper.networks`. The fully connected networks have 400 000 parameters
at 42 x 42 pixels, as in the paper. The convolutional networks have the largest number
of filters that the paper allows.

Source: Jaderberg et al. (2015): Spatial Transformer Networks, appendix A.4.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Sequence

import numpy as np

from ..paper.networks import LOCALISATION, TRANSFORMS

if TYPE_CHECKING:
    import torch

__all__ = ['NETWORKS', 'CLASSES', 'build_torch', 'copy_to_torch']

CLASSES = 10
NETWORKS: dict[str, list[tuple]] = OrderedDict(
    [
        ('FCN', [('dense', 202), ('dense', 202)]),
        (
            'ST-FCN',
            [
                ('warp', 'affine', LOCALISATION['fcn'], None),
                ('dense', 175),
                ('dense', 175),
            ],
        ),
        ('CNN', [('conv', 64, 9), ('max', 2), ('conv', 64, 7), ('max', 2)]),
        (
            'ST-CNN',
            [
                ('warp', 'affine', LOCALISATION['cnn'], None),
                ('conv', 64, 9),
                ('max', 2),
                ('conv', 64, 7),
                ('max', 2),
            ],
        ),
    ]
)


def build_torch(
    layers: Sequence[tuple],
    image_shape: Sequence[int],
    num_units: int = CLASSES,
) -> torch.nn.Module:
    """Build a network from PyTorch's modules.

    Parameters
    ----------
    layers : list
        Specification of the layers, a value of ``NETWORKS``.
    image_shape : tuple of int
        Channels, rows and columns of an image.
    num_units : int, optional
        Units of the last layer.

    Returns
    -------
    torch.nn.Module
    """
    from torch import nn

    parts, shape = [], tuple(image_shape)
    for kind, *sizes in layers:
        if kind == 'dense':
            if len(shape) == 3:
                parts.append(nn.Flatten())
            parts += [nn.Linear(int(np.prod(shape)), sizes[0]), nn.ReLU()]
            shape = (sizes[0],)
        elif kind == 'conv':
            parts += [nn.Conv2d(shape[0], sizes[0], sizes[1]), nn.ReLU()]
            shape = (sizes[0], shape[1] - sizes[1] + 1, shape[2] - sizes[1] + 1)
        elif kind in ('max', 'mean'):
            pool = {'max': nn.MaxPool2d, 'mean': nn.AvgPool2d}[kind]
            parts.append(pool(sizes[0]))
            shape = (shape[0], shape[1] // sizes[0], shape[2] // sizes[0])
        else:
            identity = np.asarray(TRANSFORMS['affine'].identity)
            theta = build_torch(sizes[1], shape, len(identity))
            nn.init.zeros_(theta[-1].weight)
            theta[-1].bias.data.copy_(theta[-1].bias.new_tensor(identity))
            parts.append(_torch_warp(theta))
    if len(shape) == 3:
        parts.append(nn.Flatten())
    return nn.Sequential(*parts, nn.Linear(int(np.prod(shape)), num_units))


def _torch_warp(localization):
    """Return a module that warps images by the theta of a localisation network."""
    from torch import nn
    from torch.nn.functional import affine_grid, grid_sample

    class Warp(nn.Module):
        def __init__(self):
            super().__init__()
            self.localization = localization

        def forward(self, images):
            theta = self.localization(images).reshape(-1, 2, 3)
            grid = affine_grid(theta, images.shape, align_corners=True)
            return grid_sample(images, grid, 'bilinear', 'border', align_corners=True)

    return Warp()


def copy_to_torch(values: Sequence[np.ndarray], module: torch.nn.Module) -> None:
    """Copy the parameters of a Lasagne network into a PyTorch network.

    Parameters
    ----------
    values : list of numpy array
        From ``lasagne.layers.get_all_param_values``.
    module : torch.nn.Module
        From :func:`build_torch` with the same layers.
    """
    import torch

    for value, parameter in zip(values, module.parameters()):
        if value.ndim == 4:
            value = value[:, :, ::-1, ::-1]  # Lasagne flips filters
        elif value.ndim == 2:
            value = value.T
        parameter.data.copy_(torch.from_numpy(np.ascontiguousarray(value)))
