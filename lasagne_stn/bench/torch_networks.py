"""The measured networks in PyTorch, built from the same lists of layers as Theano's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Sequence

import numpy as np

from ..paper.networks import TRANSFORMS

if TYPE_CHECKING:
    import torch

__all__ = ['build_torch', 'copy_to_torch']


def build_torch(
    layers: Sequence[tuple], image_shape: Sequence[int], num_units: int
) -> torch.nn.Module:
    """Build a network from PyTorch's modules.

    Parameters
    ----------
    layers : list
        Specification of the layers, see :mod:`lasagne_stn.paper.networks`. Transformers
        must be affine.
    image_shape : tuple of int
        Channels, rows and columns of a square image.
    num_units : int
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
            filters, width, *padding = sizes
            pad = padding[0] if padding else 0
            parts += [nn.Conv2d(shape[0], filters, width, padding=pad), nn.ReLU()]
            shape = (filters,) + tuple(side + 2 * pad - width + 1 for side in shape[1:])
        elif kind in ('max', 'mean'):
            pool = {'max': nn.MaxPool2d, 'mean': nn.AvgPool2d}[kind]
            parts.append(pool(sizes[0]))
            shape = (shape[0], shape[1] // sizes[0], shape[2] // sizes[0])
        else:
            identity = np.asarray(TRANSFORMS['affine'].identity)
            theta = build_torch(sizes[1], shape, len(identity))
            nn.init.zeros_(theta[-1].weight)
            theta[-1].bias.data.copy_(theta[-1].bias.new_tensor(identity))
            side = sizes[2] or shape[1]
            parts.append(_torch_warp(theta, side))
            shape = (shape[0], side, side)
    if len(shape) == 3:
        parts.append(nn.Flatten())
    return nn.Sequential(*parts, nn.Linear(int(np.prod(shape)), num_units))


def _torch_warp(localization, side):
    """Return a module that warps images by the theta of a localisation network."""
    from torch import nn
    from torch.nn.functional import affine_grid, grid_sample

    class Warp(nn.Module):
        def __init__(self):
            super().__init__()
            self.localization = localization

        def forward(self, images):
            theta = self.localization(images).reshape(-1, 2, 3)
            shape = tuple(images.shape[:2]) + (side, side)
            grid = affine_grid(theta, shape, align_corners=True)
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
