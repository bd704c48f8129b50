"""Mean-pooling and its gradient in numpy, for modes without compiled code."""

from __future__ import annotations

from typing import Sequence

import numpy as np

__all__ = ['mean_pool', 'mean_pool_gradient']


def mean_pool(
    images: np.ndarray, window: tuple[int, int], shape: Sequence[int]
) -> np.ndarray:
    """Return the mean of each window.

    Parameters
    ----------
    images : numpy array
        Shape ``(batch, channels, rows, columns)``.
    window : pair of int
        Rows and columns of a window.
    shape : sequence of int
        Shape of the output.

    Returns
    -------
    numpy array
        In the dtype of the images.

    >>> mean_pool(np.arange(6.0).reshape(1, 1, 2, 3), (2, 2), (1, 1, 1, 2))
    array([[[[2. , 3.5]]]])
    """
    means = images
    for axis, size, count in zip((2, 3), window, shape[2:]):
        lengths = _lengths(images.shape[axis], size, count)
        used = np.take(means, np.arange(lengths.sum()), axis=axis)
        sums = np.add.reduceat(used, np.arange(count) * size, axis=axis)
        means = sums / _along(lengths, axis)
    return np.ascontiguousarray(means, images.dtype)


def mean_pool_gradient(
    shape: Sequence[int], gradient: np.ndarray, window: tuple[int, int]
) -> np.ndarray:
    """Return the gradient with respect to the images.

    Parameters
    ----------
    shape : sequence of int
        Shape of the images.
    gradient : numpy array
        With respect to the output.
    window : pair of int
        See :func:`mean_pool`.

    Returns
    -------
    numpy array
        In the dtype of the gradient; 0 where images are dropped.

    >>> mean_pool_gradient((1, 1, 1, 3), np.array([[[[4.0]]]]), (1, 2))
    array([[[[2., 2., 0.]]]])
    """
    shares = gradient
    for axis, size in zip((2, 3), window):
        lengths = _lengths(shape[axis], size, gradient.shape[axis])
        shares = np.repeat(shares / _along(lengths, axis), lengths, axis=axis)
    output = np.zeros(shape, gradient.dtype)
    output[:, :, : shares.shape[2], : shares.shape[3]] = shares
    return output


def _lengths(size, window, count):
    """Return the numbers of pixels of the windows along an axis."""
    return np.minimum(window, size - np.arange(count) * window)


def _along(lengths, axis):
    return lengths.reshape((-1, 1) if axis == 2 else -1)
