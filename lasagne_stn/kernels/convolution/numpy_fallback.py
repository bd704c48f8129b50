"""The fused convolution in numpy, for machines without a compiler."""

from __future__ import annotations

import numpy as np

from .kind import ConvolutionKind

__all__ = ['convolve', 'gradients', 'ZERO']

ZERO = 1 << 15  # of the mask: the maximum is exactly 0, see c_code/epilogue.h


def convolve(
    kind: ConvolutionKind, images: np.ndarray, weights: np.ndarray, bias: np.ndarray
) -> list[np.ndarray]:
    """Compute a convolution and what follows.

    Parameters
    ----------
    kind : ConvolutionKind
        What is computed.
    images : numpy array
        Shape ``(batch, channels, rows, columns)``.
    weights : numpy array
        Shape ``(filters, channels, rows, columns)``.
    bias : numpy array
        Shape ``(filters,)``.

    Returns
    -------
    list of numpy array
        The output and, if the kind has one, the mask.
    """
    output = np.einsum('ncyxij,fcij->nfyx', *_patches_and_taps(kind, images, weights))
    output += bias[:, np.newaxis, np.newaxis]
    windows = _windows(kind, output)
    most = windows.max(axis=-1)
    bits = (windows == most[..., np.newaxis]) << np.arange(kind.pool**2)
    mask = bits.sum(axis=-1).astype('uint16')
    if kind.relu:
        mask = np.where(most > 0, mask, np.where(most == 0, mask | ZERO, 0))
        most = np.maximum(most, 0)
    padded = np.zeros(mask.shape[:1] + (-len(weights) % 16,) + mask.shape[2:], 'uint16')
    mask = np.concatenate([mask.astype('uint16'), padded], axis=1)
    results = [most.astype(images.dtype)]
    if kind.masked:
        results.append(np.ascontiguousarray(mask.transpose(0, 2, 3, 1)))
    return results


def gradients(
    kind: ConvolutionKind,
    images: np.ndarray,
    weights: np.ndarray,
    *mask_and_gradient: np.ndarray,
) -> dict[str, np.ndarray]:
    """Compute the gradients with respect to images, weights and bias.

    Parameters
    ----------
    kind, images, weights
        See :func:`convolve`.
    *mask_and_gradient : numpy array
        The mask, if the kind has one, and the gradient to the output.

    Returns
    -------
    dict
        From 'images', 'weights' and 'bias' to numpy arrays.
    """
    *mask, gradient = mask_and_gradient
    patches, taps = _patches_and_taps(kind, images, weights)
    share = np.zeros(gradient.shape[:2] + patches.shape[2:4], gradient.dtype)
    if mask:
        bits = mask[0].transpose(0, 3, 1, 2)[:, : len(weights)]
        gradient = np.where(bits & ZERO, gradient * kind.slope, gradient)
    for q in range(kind.pool**2):
        i, j = divmod(q, kind.pool)
        part = share[:, :, i :: kind.pool, j :: kind.pool]
        rows, columns = (min(a, b) for a, b in zip(part.shape[2:], gradient.shape[2:]))
        chosen = gradient
        if mask:
            chosen = np.where(bits >> q & 1, gradient, 0)
        part[:, :, :rows, :columns] = chosen[:, :, :rows, :columns]
    grad_taps = np.einsum('nfyx,ncyxij->fcij', share, patches)
    results = {
        'images': _fold(kind, np.einsum('nfyx,fcij->ncyxij', share, taps), images),
        'weights': grad_taps[:, :, ::-1, ::-1] if kind.flip else grad_taps,
        'bias': share.sum(axis=(0, 2, 3)),
    }
    return {
        name: np.ascontiguousarray(value, images.dtype)
        for name, value in results.items()
    }


def _pads(kind):
    return (0, 0), (0, 0), (kind.top, kind.bottom), (kind.left, kind.right)


def _patches_and_taps(kind, images, weights):
    """Return all patches, as a view, and the weight of each of their pixels."""
    padded = np.pad(images, _pads(kind))
    tall, wide = weights.shape[2:]
    rows, columns = padded.shape[2] - tall + 1, padded.shape[3] - wide + 1
    patches = np.lib.stride_tricks.as_strided(
        padded,
        padded.shape[:2] + (rows, columns, tall, wide),
        padded.strides + padded.strides[2:],
        writeable=False,
    )
    return patches, weights[:, :, ::-1, ::-1] if kind.flip else weights


def _fold(kind, patches, images):
    """Add up patches where they came from."""
    padded = np.pad(np.zeros_like(images), _pads(kind))
    rows, columns = patches.shape[2:4]
    for i, j in np.ndindex(*patches.shape[4:]):
        padded[:, :, i : i + rows, j : j + columns] += patches[..., i, j]
    bottom, right = padded.shape[2] - kind.bottom, padded.shape[3] - kind.right
    return padded[:, :, kind.top : bottom, kind.left : right]


def _windows(kind, output):
    """Return pooling windows, (batch, filters, rows, columns, outputs of a window)."""
    pool = kind.pool
    if kind.whole_windows_only:
        rows, columns = (size // pool * pool for size in output.shape[2:])
        output = output[:, :, :rows, :columns]
    missing = [(0, 0), (0, 0)] + [(0, -size % pool) for size in output.shape[2:]]
    output = np.pad(output, missing, constant_values=-np.inf)
    parts = [output[:, :, i::pool, j::pool] for i, j in np.ndindex(pool, pool)]
    return np.stack(parts, axis=-1)
