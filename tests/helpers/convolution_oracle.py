"""Convolution, relu and max-pooling, and their gradients, in slow float64 numpy.

Every output is the sum of the same products in the same order, so outputs of equal
patches have the same bits, and ties are what they are in exact arithmetic.
"""

from __future__ import annotations

import numpy as np


def convolve(images, weights, bias, pads, flip):
    """Return the convolution: `pads` are (top, bottom), (left, right)."""
    kernel = weights[:, :, ::-1, ::-1] if flip else weights
    padded = np.pad(images.astype(float), ((0, 0), (0, 0)) + tuple(pads))
    tall, wide = weights.shape[2:]
    rows, columns = padded.shape[2] - tall + 1, padded.shape[3] - wide + 1
    output = np.zeros((len(images), len(weights), rows, columns))
    for channel in range(images.shape[1]):
        for i in range(tall):
            for j in range(wide):
                patch = padded[:, channel, i : i + rows, j : j + columns]
                taps = kernel[:, channel, i, j].astype(float)
                output += patch[:, np.newaxis] * taps[:, np.newaxis, np.newaxis]
    if bias is not None:
        output += bias.astype(float)[:, np.newaxis, np.newaxis]
    return output


def pool(values, size, whole_windows_only):
    """Return the maximum of each window of ``size`` x ``size`` outputs."""
    return np.stack(
        [
            np.stack([window.max(axis=(2, 3)) for window in row], axis=-1)
            for row in _windows(values, size, whole_windows_only)
        ],
        axis=2,
    )


def _windows(values, size, whole_windows_only):
    """Return the windows of an array, as views: a list of rows."""
    ends = [
        length // size * size if whole_windows_only else length
        for length in values.shape[2:]
    ]
    return [
        [
            values[:, :, i : min(i + size, ends[0]), j : min(j + size, ends[1])]
            for j in range(0, ends[1], size)
        ]
        for i in range(0, ends[0], size)
    ]


def forward(images, weights, bias, pads, flip, relu, size, whole_windows_only):
    """Return the pooled output."""
    output = convolve(images, weights, bias, pads, flip)
    return pool(np.maximum(output, 0) if relu else output, size, whole_windows_only)


def backward(
    images, weights, bias, pads, flip, relu, size, whole_windows_only, slope, gradient
):
    """Return the gradients with respect to images, weights and bias.

    Every output that equals the maximum of its window has the window's gradient, and
    relu has the derivative `slope` at 0.
    """
    output = convolve(images, weights, bias, pads, flip)
    after_relu = np.maximum(output, 0) if relu else output
    share = np.zeros_like(output)
    inputs = _windows(after_relu, size, whole_windows_only)
    for i, row in enumerate(_windows(share, size, whole_windows_only)):
        for j, window in enumerate(row):
            most = inputs[i][j].max(axis=(2, 3), keepdims=True)
            window += (inputs[i][j] == most) * gradient[:, :, i : i + 1, j : j + 1]
    if relu:
        share *= np.where(output > 0, 1, np.where(output == 0, slope, 0))
    return _convolution_gradients(images, weights, pads, flip, share)


def _convolution_gradients(images, weights, pads, flip, share):
    kernel = weights[:, :, ::-1, ::-1] if flip else weights
    padded = np.pad(images.astype(float), ((0, 0), (0, 0)) + tuple(pads))
    grad_padded, grad_kernel = np.zeros_like(padded), np.zeros(kernel.shape)
    rows, columns = share.shape[2:]
    for i, j in np.ndindex(*weights.shape[2:]):
        patch = padded[:, :, i : i + rows, j : j + columns]
        grad_kernel[:, :, i, j] = np.einsum('nfyx,ncyx->fc', share, patch)
        grad_padded[:, :, i : i + rows, j : j + columns] += np.einsum(
            'nfyx,fc->ncyx', share, kernel[:, :, i, j].astype(float)
        )
    (top, _), (left, _) = pads
    height, width = images.shape[2:]
    grad_images = grad_padded[:, :, top : top + height, left : left + width]
    grad_weights = grad_kernel[:, :, ::-1, ::-1] if flip else grad_kernel
    return grad_images, grad_weights, share.sum(axis=(0, 2, 3))
