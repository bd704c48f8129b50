"""The paper's networks for distorted digits [1]_, in Lasagne and in PyTorch.

Each is a list of words that both are built from. With the units given here the fully
connected networks have 400 000 parameters at 42 x 42 pixels, as in the paper; the
convolutional ones have the most filters that it allows.

References
----------
.. [1] Jaderberg et al. (2015): Spatial Transformer Networks, appendix A.4.
"""
from collections import OrderedDict

import lasagne
import numpy as np
from lasagne.layers import (Conv2DLayer, DenseLayer, InputLayer, MaxPool2DLayer,
                            Pool2DLayer)

from ..layers import TransformerLayer

__all__ = ['NETWORKS', 'CLASSES', 'build_lasagne', 'build_torch', 'copy_to_torch',
           'input_layer']

CLASSES = 10
NETWORKS = OrderedDict([
    ('FCN', [('dense', 202), ('dense', 202)]),
    ('ST-FCN', [('warp', [('dense', 32)] * 3), ('dense', 175), ('dense', 175)]),
    ('CNN', [('conv', 64, 9), ('max', 2), ('conv', 64, 7), ('max', 2)]),
    ('ST-CNN', [('warp', [('mean', 2), ('conv', 20, 5), ('max', 2), ('conv', 20, 5),
                          ('dense', 20)]),
                ('conv', 64, 9), ('max', 2), ('conv', 64, 7), ('max', 2)]),
])
IDENTITY = (1, 0, 0, 0, 1, 0)


def build_lasagne(words, incoming, num_units=CLASSES):
    """A network of Lasagne's layers and ours; rectified linear, the last layer linear.

    Parameters
    ----------
    words : list
        A value of ``NETWORKS``.
    incoming : Layer
        Images, ``(batch, channels, rows, columns)``.
    num_units : int, optional
        Of the last layer.

    Returns
    -------
    Layer
        Shape ``(batch, num_units)``.
    """
    layer = incoming
    for kind, *sizes in words:
        if kind == 'dense':
            layer = DenseLayer(layer, sizes[0])
        elif kind == 'conv':
            layer = Conv2DLayer(layer, sizes[0], sizes[1])
        elif kind == 'max':
            layer = MaxPool2DLayer(layer, sizes[0])
        elif kind == 'mean':
            layer = Pool2DLayer(layer, sizes[0], mode='average_exc_pad')
        else:
            theta = build_lasagne(sizes[0], layer, len(IDENTITY))
            theta.W.set_value(0 * theta.W.get_value())
            theta.b.set_value(np.array(IDENTITY, theta.b.dtype))
            layer = TransformerLayer(layer, theta)
    return DenseLayer(layer, num_units, nonlinearity=lasagne.nonlinearities.linear)


def build_torch(words, image_shape, num_units=CLASSES):
    """The same network of PyTorch's modules.

    Parameters
    ----------
    words : list
        A value of ``NETWORKS``.
    image_shape : tuple of int
        Channels, rows and columns of an image.
    num_units : int, optional
        Of the last layer.

    Returns
    -------
    torch.nn.Module
    """
    from torch import nn
    parts, shape = [], tuple(image_shape)
    for kind, *sizes in words:
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
            theta = build_torch(sizes[0], shape, len(IDENTITY))
            nn.init.zeros_(theta[-1].weight)
            theta[-1].bias.data.copy_(theta[-1].bias.new_tensor(IDENTITY))
            parts.append(_torch_warp(theta))
    if len(shape) == 3:
        parts.append(nn.Flatten())
    return nn.Sequential(*parts, nn.Linear(int(np.prod(shape)), num_units))


def _torch_warp(localization):
    """A module that warps images as a network says."""
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


def copy_to_torch(values, module):
    """Give a PyTorch network the parameters of Lasagne's.

    Parameters
    ----------
    values : list of numpy array
        From ``lasagne.layers.get_all_param_values``.
    module : torch.nn.Module
        From :func:`build_torch` with the same words.
    """
    import torch
    for value, parameter in zip(values, module.parameters()):
        if value.ndim == 4:
            value = value[:, :, ::-1, ::-1]     # Lasagne flips filters
        elif value.ndim == 2:
            value = value.T
        parameter.data.copy_(torch.from_numpy(np.ascontiguousarray(value)))


def input_layer(size, input_var=None):
    """The layer that images of one channel and `size` pixels square come from."""
    return InputLayer((None, 1, size, size), input_var)
