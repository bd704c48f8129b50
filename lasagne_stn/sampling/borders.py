"""What a sampler reads beyond the edge of an image: five ways to extend it.

For a row of pixels ``a b c d``, the image and its extension to both sides:

========  =========================
nearest   ``a a a | a b c d | d d d``
mirror    ``d c b | a b c d | c b a``
reflect   ``c b a | a b c d | d c b``
wrap      ``b c d | a b c d | a b c``
constant  ``v v v | a b c d | v v v``
========  =========================
"""

import theano.tensor as T

__all__ = ['BORDER_MODES', 'clip_place', 'pixel_index', 'inside']

BORDER_MODES = ('nearest', 'mirror', 'reflect', 'wrap', 'constant')


def clip_place(border_mode, place, pixels, radius):
    """Clip places far outside an image whose border is the same for ever.

    That changes no result: beyond the clipping points the borders ``nearest`` and
    ``constant`` read one value. It keeps fractions exact and gradients zero.

    Parameters
    ----------
    border_mode : str
        One of `BORDER_MODES`; the periodic ones return `place` as it is.
    place : Theano variable
        In pixels.
    pixels : Theano scalar
        Length of the axis.
    radius : int
        Of the sampling kernel, in pixels.

    Returns
    -------
    Theano variable
    """
    if border_mode not in ('nearest', 'constant'):
        return place
    return T.clip(
        place, T.cast(-1 - radius, place.dtype), T.cast(pixels + radius, place.dtype)
    )


def pixel_index(border_mode, place, pixels):
    """The pixel of the image that stands at a place of the extended image.

    Parameters
    ----------
    border_mode : str
        One of `BORDER_MODES`.
    place : Theano variable
        Whole numbers in a floating point type; NaN counts as 0.
    pixels : Theano scalar
        Length of the axis.

    Returns
    -------
    Theano variable
        int64, from 0 to ``pixels - 1``, whatever `place` is.

    Examples
    --------
    >>> places = T.constant([-2., -1., 0., 3., 4., 5.])
    >>> [pixel_index(mode, places, 4).eval().tolist() for mode in BORDER_MODES[:4]]
    ... # doctest: +NORMALIZE_WHITESPACE
    [[0, 0, 0, 3, 3, 3], [2, 1, 0, 3, 2, 1], [1, 0, 0, 3, 3, 2], [2, 3, 0, 3, 0, 1]]
    """
    pixels = T.cast(pixels, place.dtype)
    last = pixels - 1
    if border_mode == 'mirror':
        period = T.maximum(2 * last, 1)
        place = abs((place + last) % period - last)
    elif border_mode == 'reflect':
        middle = pixels - T.constant(0.5, dtype=place.dtype)
        place = middle - abs(place % (2 * pixels) - middle)
    elif border_mode == 'wrap':
        place = place % pixels
    known = T.switch(T.isnan(place), T.zeros_like(place), place)
    return T.cast(T.clip(known, 0, last), 'int64')


def inside(place, pixels):
    """Whether a place is on the image.

    Parameters
    ----------
    place : Theano variable
        Whole numbers in a floating point type.
    pixels : Theano scalar
        Length of the axis.

    Returns
    -------
    Theano variable
        Boolean, False for NaN.
    """
    return T.ge(place, 0) & T.lt(place, T.cast(pixels, place.dtype))
