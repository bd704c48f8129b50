"""The fused ops in numpy: what they compute, for machines that compile nothing."""

from itertools import product

import numpy as np

__all__ = ['sample', 'sample_gradient']

FAR = 1e9


def sample(kind, images, coords, size):
    """Sampled images.

    Parameters
    ----------
    kind : SamplerKind
        What is computed, see :mod:`lasagne_stn.sampling.markers`.
    images : array
        Shape ``(batch, channels, rows, columns)``, or a volume's.
    coords : array
        Matrices ``(batch, dims, dims + 1)``, or points ``(batch,) + size + (dims,)``.
    size : sequence of int
        Pixels of the output along each axis.

    Returns
    -------
    array
        Shape ``(batch, channels) + size``, of the dtype of `images`.
    """
    taps = _Taps(kind, images, coords, size)
    output = np.zeros(images.shape[:2] + (taps.count,))
    for corner in taps.corners():
        values = taps.read(images, corner)
        output += values * taps.weight(corner)[:, np.newaxis]
    return output.reshape(images.shape[:2] + tuple(size)).astype(images.dtype)


def sample_gradient(kind, wrt, images, coords, size, grad_output):
    """Gradients to what went into `sample`.

    Parameters
    ----------
    kind, images, coords, size
        As for :func:`sample`.
    wrt : tuple of str
        'images', 'coords' or both.
    grad_output : array
        The gradient that comes in at the output.

    Returns
    -------
    list of array
        In the order of `wrt`, each like what it belongs to.
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
    gradient = np.zeros(images.shape[:2] + (int(np.prod(images.shape[2:])),))
    for corner in taps.corners():
        seen, index = taps.seen(corner), taps.flat_index(corner)
        share = np.where(
            seen[:, np.newaxis], grad_output * taps.weight(corner)[:, np.newaxis], 0
        )
        for image, channel in np.ndindex(*images.shape[:2]):
            np.add.at(gradient[image, channel], index[image], share[image, channel])
    return gradient


def _slopes(taps, images, grad_output):
    """Gradient to each coordinate in pixels, shape (dims, batch, count)."""
    slopes = np.zeros((taps.kind.dims,) + grad_output.shape[::2])
    for corner in taps.corners():
        values = (taps.read(images, corner) * grad_output).sum(axis=1)
        for axis in range(taps.kind.dims):
            slopes[axis] += values * taps.weight(corner, slope_of=axis)
    return slopes


class _Taps:
    """The pixels that each point reads; axis 0 is x, as in a point's coordinates."""

    def __init__(self, kind, images, coords, size):
        self.kind, self.size = kind, [int(pixels) for pixels in size]
        self.count = int(np.prod(self.size))
        self.pixels = images.shape[:1:-1]
        self.half_extents = [self._half_width(pixels) for pixels in self.pixels]
        self.grid = self._grid() if kind.affine else None
        self.low, self.fraction, self.moves = [], [], []
        for axis, place in enumerate(self._places(coords.astype(float))):
            self._add(place, self.pixels[axis])

    def _half_width(self, pixels):
        return (pixels - 1) / 2 if self.kind.align_corners else pixels / 2

    def _grid(self):
        """Target points in half-widths, with a last row of ones."""
        lines = [
            (np.arange(pixels) - (pixels - 1) / 2) / (self._half_width(pixels) or 1)
            for pixels in self.size
        ]
        mesh = np.meshgrid(*lines, indexing='ij')[::-1]
        return np.stack([line.ravel() for line in mesh] + [np.ones(mesh[0].size)])

    def _places(self, coords):
        """Source points in pixels, one array (batch, count) for each axis."""
        coords = np.clip(coords, -FAR, FAR)
        if self.kind.affine:
            points = np.moveaxis(coords @ self.grid, 1, 0)
        else:
            points = coords.reshape(len(coords), self.count, self.kind.dims)
            points = points.transpose(2, 0, 1)
        return [
            (pixels - 1) / 2 + half * coordinate
            for pixels, half, coordinate in zip(self.pixels, self.half_extents, points)
        ]

    def _add(self, place, pixels):
        clipped = place
        if self.kind.border_mode in ('nearest', 'constant'):
            clipped = np.clip(place, -2, pixels + 1)
        low = np.floor(clipped)
        self.fraction.append(clipped - low)
        self.moves.append(clipped == place)
        self.low.append(low)

    def corners(self):
        """The taps of a point: 0 or 1 for each axis."""
        return list(product((0, 1), repeat=self.kind.dims))

    def weight(self, corner, slope_of=None):
        """Product over the axes of the weights, one of them differentiated."""
        total = 1.0
        for axis, step in enumerate(corner):
            fraction = self.fraction[axis]
            if axis == slope_of:
                sign = 1 if step else -1
                total = total * np.where(
                    np.isnan(fraction), np.nan, sign * self.moves[axis]
                )
            else:
                total = total * (fraction if step else 1 - fraction)
        return total

    def seen(self, corner):
        """Whether a tap is a pixel of the image, or else the border's value."""
        seen = np.ones(self.low[0].shape, bool)
        if self.kind.border_mode == 'constant':
            for low, step, pixels in zip(self.low, corner, self.pixels):
                seen &= np.isnan(low) | ((low + step >= 0) & (low + step < pixels))
        return seen

    def flat_index(self, corner):
        """Index of each tap in its image, counted through all its axes."""
        index = 0
        for low, step, pixels in list(zip(self.low, corner, self.pixels))[::-1]:
            index = index * pixels + self._axis_index(low + step, pixels)
        return index

    def _axis_index(self, place, pixels):
        mode, last = self.kind.border_mode, pixels - 1
        place = np.where(np.isnan(place), 0, place)
        if mode == 'mirror':
            place = abs((place + last) % max(2 * last, 1) - last)
        elif mode == 'wrap':
            place = place % pixels
        elif mode == 'reflect':
            place = place % (2 * pixels)
            place = np.minimum(place, 2 * pixels - 1 - place)
        return np.clip(place, 0, last).astype(int)

    def read(self, images, corner):
        """Values of a tap, shape (batch, channels, count)."""
        flat = images.reshape(images.shape[:2] + (int(np.prod(images.shape[2:])),))
        index = np.broadcast_to(
            self.flat_index(corner)[:, np.newaxis], images.shape[:2] + (self.count,)
        )
        values = np.take_along_axis(flat, index, axis=2).astype(float)
        return np.where(
            self.seen(corner)[:, np.newaxis], values, self.kind.border_value
        )

    def to_coords(self, slopes):
        """From gradients to coordinates in pixels to those to matrices or points."""
        scaled = slopes * np.array(self.half_extents).reshape(-1, 1, 1)
        if self.kind.affine:
            return np.einsum('dbn,kn->bdk', scaled, self.grid)
        return scaled.transpose(1, 2, 0)
