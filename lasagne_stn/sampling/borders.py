"""Border modes: five ways to extend an image beyond its edges.

A row of pixels ``a b c d`` and its extension on both sides:

========  =========================
nearest   ``a a a | a b c d | d d d``
mirror    ``d c b | a b c d | c b a``
reflect   ``c b a | a b c d | d c b``
wrap      ``b c d | a b c d | a b c``
constant  ``v v v | a b c d | v v v``
========  =========================
"""

from __future__ import annotations

import theano.tensor as T
from theano import Variable

__all__ = ['BORDER_MODES', 'clip_coordinate', 'pixel_index', 'inside']

BORDER_MODES = ('nearest', 'mirror', 'reflect', 'wrap', 'constant')


def clip_coordinate(
    border_mode: str, coordinate: Variable, pixels: Variable | int, radius: int
) -> Variable:
    """Clip coordinates far outside an image whose border is constant.

    The results stay the same: beyond the clipping limits the border modes ``nearest``
    and ``constant`` read a single value. Clipping keeps fractions exact and makes
    gradients zero.

    Parameters
    ----------
    border_mode : str
        One of `BORDER_MODES`; the periodic modes return `coordinate` unchanged.
    coordinate : Theano variable
        In pixels.
    pixels : int or Theano scalar
        Length of the axis.
    radius : int
        Radius of the sampling kernel, in pixels.

    Returns
    -------
    Theano variable
    """
    if border_mode not in ('nearest', 'constant'):
        return coordinate
    low, high = [
        T.cast(limit, coordinate.dtype) for limit in (-1 - radius, pixels + radius)
    ]
    return T.clip(coordinate, low, high)


def pixel_index(
    border_mode: str, coordinate: Variable, pixels: Variable | int
) -> Variable:
    """Return the index of the image pixel shown at a coordinate of the extended image.

    Parameters
    ----------
    border_mode : str
        One of `BORDER_MODES`.
    coordinate : Theano variable
        Whole numbers in a floating point type; NaN counts as 0.
    pixels : int or Theano scalar
        Length of the axis.

    Returns
    -------
    Theano variable
        int64, from 0 to ``pixels - 1`` for any `coordinate`.

    Examples
    --------
    >>> coordinates = T.constant([-2., -1., 0., 3., 4., 5.])
    >>> [pixel_index(mode, coordinates, 4).eval().tolist() for mode in BORDER_MODES[:4]]
    ... # doctest: +NORMALIZE_WHITESPACE
    [[0, 0, 0, 3, 3, 3], [2, 1, 0, 3, 2, 1], [1, 0, 0, 3, 3, 2], [2, 3, 0, 3, 0, 1]]
    """
    pixels = T.cast(pixels, coordinate.dtype)
    last = pixels - 1
    index = coordinate
    if border_mode == 'mirror':
        period = T.maximum(2 * last, 1)
        index = abs((index + last) % period - last)
    elif border_mode == 'reflect':
        middle = pixels - T.constant(0.5, dtype=coordinate.dtype)
        index = middle - abs(index % (2 * pixels) - middle)
    elif border_mode == 'wrap':
        index = index % pixels
    known = T.switch(T.isnan(index), T.zeros_like(index), index)
    return T.cast(T.clip(known, 0, last), 'int64')


def inside(coordinate: Variable, pixels: Variable | int) -> Variable:
    """Return whether coordinates lie on the image.

    Parameters
    ----------
    coordinate : Theano variable
        Whole numbers in a floating point type.
    pixels : int or Theano scalar
        Length of the axis.

    Returns
    -------
    Theano variable
        Boolean, False for NaN.
    """
    return T.ge(coordinate, 0) & T.lt(coordinate, T.cast(pixels, coordinate.dtype))
