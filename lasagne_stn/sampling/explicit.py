"""The explicit graph of a sampler, made of ordinary Theano operations."""

from __future__ import annotations

from functools import reduce
from itertools import product
from operator import and_, mul

import theano.tensor as T
from theano import Variable

from ..grid import bounded, to_pixels
from .borders import clip_coordinate, inside, pixel_index
from .options import SamplingOptions

__all__ = ['explicit_graph']


def explicit_graph(
    images: Variable, points: Variable, options: SamplingOptions
) -> Variable:
    """Build the graph that reads images at source points.

    For each axis it computes the pixels that each point reads, and their weights; the
    output is the sum over all combinations of these pixels of weight times value.

    Parameters
    ----------
    images : Theano tensor
        Shape ``(batch, channels, rows, columns)``, or a volume's.
    points : Theano tensor
        Source points, shape ``(batch,) + size + (dims,)``, of the same dtype.
    options : SamplingOptions

    Returns
    -------
    Theano tensor
        Shape ``(batch, channels) + size``.
    """
    sizes = [images.shape[axis] for axis in range(2, images.ndim)]
    count = reduce(mul, [points.shape[axis] for axis in range(1, points.ndim - 1)])
    taps = []  # for each axis of the image, in order
    for axis, pixels in enumerate(sizes):
        normalised = points[..., len(sizes) - 1 - axis]
        normalised = bounded(normalised.reshape((points.shape[0], count)))
        coordinate = to_pixels(normalised, pixels, options.align_corners)
        taps.append(_axis_taps(coordinate, pixels, options))

    table = _pixel_table(images)
    terms = []
    for combination in product(*taps):
        values = table[_table_row(combination, images.shape[0], sizes)]
        if options.border_mode == 'constant':
            seen = reduce(and_, [tap.inside for tap in combination])
            values = T.switch(
                seen.flatten().dimshuffle(0, 'x'),
                values,
                T.constant(options.border_value, dtype=images.dtype),
            )
        weight = reduce(mul, [tap.weight for tap in combination])
        terms.append(weight.flatten().dimshuffle(0, 'x') * values)
    return _as_images(T.add(*terms) if len(terms) > 1 else terms[0], points, images)


class _Tap:
    """A pixel that each point reads along one axis: its index and its weight."""

    def __init__(self, coordinate, pixels, weight, border_mode):
        self.index = pixel_index(border_mode, coordinate, pixels)
        self.inside = inside(coordinate, pixels)
        self.weight = weight


def _axis_taps(coordinate, pixels, options):
    """Return the pixels that each point reads along one axis."""
    kernel, border_mode = options.interpolation, options.border_mode
    coordinate = clip_coordinate(border_mode, coordinate, pixels, kernel.radius)
    origin = kernel.origin(coordinate)
    weights = kernel.weights(coordinate - origin)
    return [
        _Tap(origin + offset, pixels, weight, border_mode)
        for offset, weight in zip(kernel.offsets, weights)
    ]


def _pixel_table(images):
    """Return a matrix of all pixels of the batch: a row for each, with its channels."""
    last = images.dimshuffle(*[0] + list(range(2, images.ndim)) + [1])
    return last.reshape((reduce(mul, last.shape[:-1]), images.shape[1]))


def _table_row(taps, batch, sizes):
    """Return the row of the pixel table that each point reads."""
    row = T.arange(batch).dimshuffle(0, 'x')
    for tap, pixels in zip(taps, sizes):
        row = row * pixels + tap.index
    return row.flatten()


def _as_images(rows, points, images):
    """Reshape a row for each output pixel to images."""
    shape = [points.shape[axis] for axis in range(points.ndim - 1)]
    last = rows.reshape(shape + [images.shape[1]], ndim=images.ndim)
    return last.dimshuffle(*[0, images.ndim - 1] + list(range(1, images.ndim - 1)))
