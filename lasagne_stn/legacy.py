"""The first public Theano transformer, reproduced with its defects for old models."""

from __future__ import annotations

from typing import Sequence

import lasagne
import numpy as np
import theano.tensor as T
from theano import Variable

from . import checks
from .grid import as_floats, floor_divide
from .layers.description import describe_layer
from .layers.incoming import incoming_pair, incoming_shapes
from .transforms import Affine

__all__ = ['TransformerLayer']


class TransformerLayer(lasagne.layers.MergeLayer):
    """Warp images as ``skaae/transformer_network`` did in 2015, with its defects.

    Use it only for models that were trained with it, and
    :class:`lasagne_stn.TransformerLayer` for new ones. Its defects:

    - It scales [-1, 1] to [0, width] instead of [0, width - 1], so the identity
      stretches the image by a pixel, and the last row and column read beyond it.
    - It clips the four neighbours to the image *before* it computes their weights.
      Outside the image the weights then cancel, and the border fades to zero.
    - It computes the regular grid in float32, even if floatX is float64.
    - An output of one row or column is NaN.

    Parameters
    ----------
    incoming : Layer, tuple or list
        Images, ``(batch, channels, rows, columns)``, or the list
        ``[incoming, localization_network]``.
    localization_network : Layer or tuple
        Parameters theta, ``(batch, 6)``.
    downsample_factor : float, optional
        The output has ``rows // factor`` rows and ``columns // factor`` columns.
    name : str, optional
        Name of the layer.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type, shape, or range.

    Examples
    --------
    >>> TransformerLayer([(None, 1, 28, 28), (None, 6)], 3).output_shape
    (None, 1, 9, 9)
    """

    def __init__(
        self,
        incoming,
        localization_network=None,
        downsample_factor: float = 1,
        name: str | None = None,
    ) -> None:
        self.name = name
        incoming, localization_network, downsample_factor = incoming_pair(
            self, incoming, localization_network, downsample_factor
        )
        self.downsample_factor = checks.positive_pair(
            self, 'downsample_factor', downsample_factor, count=1
        )[0]
        incoming_shapes(
            self, incoming, localization_network, ('rows', 'columns'), Affine()
        )
        super().__init__([incoming, localization_network], name=name)

    def __repr__(self) -> str:
        return describe_layer(self, self.downsample_factor)

    def get_output_shape_for(self, input_shapes):
        """Return the shape of the output for given shapes of images and theta."""
        images = tuple(input_shapes[0])
        return images[:2] + tuple(
            None if pixels is None else int(pixels // self.downsample_factor)
            for pixels in images[2:]
        )

    def get_output_for(self, inputs: Sequence[Variable], **kwargs) -> Variable:
        """Return the warped images, ``(batch, channels, rows, columns)``."""
        images, (theta,) = inputs[0], as_floats(inputs[1])
        batch, channels, rows, columns = [images.shape[axis] for axis in range(4)]
        size = [
            floor_divide(pixels, self.downsample_factor) for pixels in (rows, columns)
        ]
        points = Affine().apply(theta, T.cast(_regular_grid(*size), theta.dtype))
        left, right = _neighbours(points[:, 0].flatten(), columns)
        upper, lower = _neighbours(points[:, 1].flatten(), rows)

        table = images.dimshuffle(0, 2, 3, 1)
        table = table.reshape((batch * rows * columns, channels))
        first = T.repeat(T.arange(batch) * rows * columns, size[0] * size[1])
        total: Variable = 0
        for row, row_weight in (upper, lower):
            for column, column_weight in (left, right):
                weight = (row_weight * column_weight).dimshuffle(0, 'x')
                total += weight * table[first + row * columns + column]
        warped = total.reshape((batch, size[0], size[1], channels))
        return warped.dimshuffle(0, 3, 1, 2)


def _regular_grid(rows, columns):
    """Return target points, (2, rows * columns), rounded to float32 at each step."""
    one, two = np.float32(1), np.float32(2)
    x, y = [
        T.arange(pixels, dtype='float32') * two / T.cast(pixels - 1, 'float32') - one
        for pixels in (columns, rows)
    ]
    mesh = T.ones((rows, columns), dtype='float32')
    return T.stack([(x * mesh).flatten(), (y.dimshuffle(0, 'x') * mesh).flatten()])


def _neighbours(coordinate, pixels):
    """Return index and weight of the clipped pixels on both sides of each point."""
    pixel = (coordinate + 1) * T.cast(pixels, coordinate.dtype) / 2
    before = T.cast(T.floor(pixel), 'int64')
    first = T.clip(before, 0, pixels - 1)
    second = T.clip(before + 1, 0, pixels - 1)
    return (
        (first, T.cast(second, pixel.dtype) - pixel),
        (second, pixel - T.cast(first, pixel.dtype)),
    )
