"""The fused ops in numpy, for machines without a compiler.

Each axis has taps, the pixels that are read along it; a corner is one tap along every
axis. A policy says how many taps there are and what they weigh, as the policies of the
C++ kernels do (``c_code/portable/interpolation.h``).
"""

from __future__ import annotations

from itertools import product
from typing import Sequence

import numpy as np

from ...grid import LARGEST
from ...sampling.markers import SamplerKind

__all__ = ['POLICIES', 'Bilinear', 'Nearest', 'sample', 'sample_gradient']


class Bilinear:
    """Two taps; the weight of each is 1 minus its distance."""

    offsets = (0, 1)  # of the taps from the origin
    shift = 0.0  # the origin is floor(coordinate + shift)

    @staticmethod
    def weights(fraction: np.ndarray) -> list[np.ndarray]:
        """Return the weight of each tap; `fraction` is coordinate minus origin."""
        return [1 - fraction, fraction]

    @staticmethod
    def slopes(fraction: np.ndarray) -> list[np.ndarray]:
        """Return the right-hand derivative of each weight."""
        return [sign * np.ones_like(fraction) for sign in (-1, 1)]


class Nearest:
    """One tap, the pixel at floor(coordinate + 0.5)."""

    offsets = (0,)
    shift = 0.5

    @staticmethod
    def weights(fraction: np.ndarray) -> list[np.ndarray]:
        """See :meth:`Bilinear.weights`."""
        return [np.where(np.isnan(fraction), np.nan, 1.0)]

    @staticmethod
    def slopes(fraction: np.ndarray) -> list[np.ndarray]:
        """See :meth:`Bilinear.slopes`."""
        return [np.zeros_like(fraction)]


POLICIES = {'bilinear': Bilinear, 'nearest': Nearest}
REACH = 1  # pixels beyond which no tap of a policy has a weight


def sample(
    kind: SamplerKind, images: np.ndarray, coords: np.ndarray, size: Sequence[int]
) -> np.ndarray:
    """Sample images.

    Parameters
    ----------
    kind : SamplerKind
        What is computed, see :mod:`lasagne_stn.sampling.markers`.
    images : numpy array
        Shape ``(batch, channels, rows, columns)``, or a volume's.
    coords : numpy array
        Matrices ``(batch, dims, dims + 1)``, or points ``(batch,) + size + (dims,)``.
    size : sequence of int
        Pixels of the output along each axis.

    Returns
    -------
    numpy array
        Shape ``(batch, channels) + size``, with the dtype of `images`.
    """
    taps = _Taps(kind, images, coords, size)
    output = np.zeros(images.shape[:2] + (taps.count,))
    for corner in taps.corners():
        values = taps.read(images, corner)
        output += values * taps.weight(corner)[:, np.newaxis]
    return output.reshape(images.shape[:2] + tuple(size)).astype(images.dtype)


def sample_gradient(
    kind: SamplerKind,
    wrt: Sequence[str],
    images: np.ndarray,
    coords: np.ndarray,
    size: Sequence[int],
    grad_output: np.ndarray,
) -> list[np.ndarray]:
    """Compute gradients with respect to the inputs of `sample`.

    Parameters
    ----------
    kind, images, coords, size
        See :func:`sample`.
    wrt : sequence of str
        'images', 'coords' or both.
    grad_output : numpy array
        Gradient with respect to the output.

    Returns
    -------
    list of numpy array
        One for each name in `wrt`, with the shape and dtype of that input.
    """
    taps = _Taps(kind, images, coords, size)
    grad_output = grad_output.reshape(images.shape[:2] + (taps.count,)).astype(float)
    results = []
    for name in wrt:
        if name == 'images':
            gradient = _scatter(taps, images, grad_output)
        else:
            gradient = taps.to_coords(_slopes(taps, images, grad_output))
        like = {'images': images, 'coords': coords}[name]
        results.append(gradient.reshape(like.shape).astype(like.dtype))
    return results


def _scatter(taps, images, grad_output):
    """Gradient with respect to the images, shape (batch, channels, pixels)."""
    gradient = np.zeros(images.shape[:2] + (int(np.prod(images.shape[2:])),))
    for corner in taps.corners():
        inside, index = taps.inside(corner), taps.flat_index(corner)
        share = np.where(
            inside[:, np.newaxis], grad_output * taps.weight(corner)[:, np.newaxis], 0
        )
        for image, channel in np.ndindex(*images.shape[:2]):
            np.add.at(gradient[image, channel], index[image], share[image, channel])
    return gradient


def _slopes(taps, images, grad_output):
    """Gradient with respect to coordinates in pixels, shape (dims, batch, count)."""
    slopes = np.zeros((taps.kind.dims,) + grad_output.shape[::2])
    for corner in taps.corners():
        values = (taps.read(images, corner) * grad_output).sum(axis=1)
        for axis in range(taps.kind.dims):
            slopes[axis] += values * taps.weight(corner, slope_axis=axis)
    return slopes


class _Taps:
    """The pixels that each point reads; axis 0 is x, as in a point's coordinates."""

    def __init__(self, kind, images, coords, size):
        self.kind, self.size = kind, [int(pixels) for pixels in size]
        self.policy = POLICIES[kind.interpolation]
        self.count = int(np.prod(self.size))
        self.pixels = images.shape[:1:-1]
        self.half_extents = [self._half_extent(pixels) for pixels in self.pixels]
        self.grid = self._grid() if kind.affine else None
        self.origin, self.weights, self.slopes = [], [], []
        for axis, coordinate in enumerate(self._coordinates(coords.astype(float))):
            self._add_axis(coordinate, self.pixels[axis])

    def _half_extent(self, pixels):
        return (pixels - 1) / 2 if self.kind.align_corners else pixels / 2

    def _grid(self):
        """Target points in normalised coordinates, with a last row of ones."""
        lines = [
            (np.arange(pixels) - (pixels - 1) / 2) / (self._half_extent(pixels) or 1)
            for pixels in self.size
        ]
        mesh = np.meshgrid(*lines, indexing='ij')[::-1]
        return np.stack([line.ravel() for line in mesh] + [np.ones(mesh[0].size)])

    def _coordinates(self, coords):
        """Source points in pixels, one array (batch, count) for each axis."""
        coords = np.clip(coords, -LARGEST, LARGEST)
        if self.kind.affine:
            points = np.moveaxis(coords @ self.grid, 1, 0)
        else:
            points = coords.reshape(len(coords), self.count, self.kind.dims)
            points = points.transpose(2, 0, 1)
        return [
            (pixels - 1) / 2 + half * coordinate
            for pixels, half, coordinate in zip(self.pixels, self.half_extents, points)
        ]

    def _add_axis(self, coordinate, pixels):
        """Find origin, weights and slopes; a clamped coordinate has no slope."""
        clipped = coordinate
        if self.kind.border_mode in ('nearest', 'constant'):
            clipped = np.clip(coordinate, -1 - REACH, pixels + REACH)
        origin = np.floor(clipped + self.policy.shift)
        fraction = clipped - origin
        moves = np.where(np.isnan(fraction), np.nan, clipped == coordinate)
        self.origin.append(origin)
        self.weights.append(self.policy.weights(fraction))
        self.slopes.append([moves * each for each in self.policy.slopes(fraction)])

    def corners(self):
        """Return all corners: the number of a tap for each axis."""
        taps = range(len(self.policy.offsets))
        return list(product(taps, repeat=self.kind.dims))

    def weight(self, corner, slope_axis=None):
        """Return the product of weights over the axes, one of them differentiated."""
        total = 1.0
        for axis, tap in enumerate(corner):
            source = self.slopes if axis == slope_axis else self.weights
            total = total * source[axis][tap]
        return total

    def _taps(self, corner):
        """Pixel coordinates of a corner's taps, and the length of each axis."""
        for origin, tap, pixels in zip(self.origin, corner, self.pixels):
            yield origin + self.policy.offsets[tap], pixels

    def inside(self, corner):
        """Return whether each corner is a pixel, or else has the border's value."""
        inside = np.ones(self.origin[0].shape, bool)
        if self.kind.border_mode == 'constant':
            for tap, pixels in self._taps(corner):
                inside &= np.isnan(tap) | ((tap >= 0) & (tap < pixels))
        return inside

    def flat_index(self, corner):
        """Return the index of each corner in its image, counted through all axes."""
        index = 0
        for tap, pixels in list(self._taps(corner))[::-1]:
            index = index * pixels + self._axis_index(tap, pixels)
        return index

    def _axis_index(self, tap, pixels):
        """Return the index of the pixel that a tap reads under the border mode."""
        mode, last = self.kind.border_mode, pixels - 1
        tap = np.where(np.isnan(tap), 0, tap)
        if mode == 'mirror':
            tap = abs((tap + last) % max(2 * last, 1) - last)
        elif mode == 'wrap':
            tap = tap % pixels
        elif mode == 'reflect':
            tap = tap % (2 * pixels)
            tap = np.minimum(tap, 2 * pixels - 1 - tap)
        return np.clip(tap, 0, last).astype(int)

    def read(self, images, corner):
        """Return the values of a corner, shape (batch, channels, count)."""
        flat = images.reshape(images.shape[:2] + (int(np.prod(images.shape[2:])),))
        index = np.broadcast_to(
            self.flat_index(corner)[:, np.newaxis], images.shape[:2] + (self.count,)
        )
        values = np.take_along_axis(flat, index, axis=2).astype(float)
        return np.where(
            self.inside(corner)[:, np.newaxis], values, self.kind.border_value
        )

    def to_coords(self, slopes):
        """Turn gradients in pixels into gradients of matrices or points."""
        scaled = slopes * np.array(self.half_extents).reshape(-1, 1, 1)
        if self.kind.affine:
            return np.einsum('dbn,kn->bdk', scaled, self.grid)
        return scaled.transpose(1, 2, 0)
