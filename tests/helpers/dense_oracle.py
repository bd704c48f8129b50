"""The bilinear sampler as dense matrices in float64, for cases too large for loops.

Along each axis a matrix holds the weight of every pixel for every point, so an output
is rows @ image @ columns, and its gradients are transposes. No line of the library.
"""

import numpy as np

from . import oracle

HUGE = 1e30  # infinity counts as this


class DenseSampler:
    """Two-dimensional bilinear sampling of one batch.

    Parameters
    ----------
    kind : SamplerKind
    images : array
        Shape ``(batch, channels, rows, columns)``.
    coords : array
        Matrices ``(batch, 2, 3)``, or points ``(batch,) + size + (2,)``.
    size : tuple of int
        Rows and columns of the output.
    """

    def __init__(self, kind, images, coords, size):
        self.kind, self.size = kind, tuple(size)
        self.images = images.astype(float)
        self.coords = np.clip(coords.astype(float), -HUGE, HUGE)
        self.shape = images.shape[:2] + self.size
        targets = oracle.target_points(self.size, kind.align_corners).reshape(-1, 2)
        self.targets = np.append(targets, np.ones((len(targets), 1)), axis=1)
        if kind.affine:
            points = np.einsum('bij,nj->bni', self.coords, self.targets)
        else:
            points = self.coords.reshape(len(images), -1, 2)
        pixels = images.shape[:1:-1]  # along x, then y
        self.axes = [_Axis(kind, points[..., axis], pixels[axis]) for axis in (0, 1)]

    def output(self):
        """Return the sampled images."""
        x, y = self.axes
        return self._read(x.weights, y.weights, 1).reshape(self.shape)

    def _read(self, x, y, total):
        """Return sums over all pixels; weights missing from `total` read the border."""
        values = np.einsum(
            'bnr,bcrn->bcn', y, np.einsum('bcrk,bnk->bcrn', self.images, x)
        )
        missing = total - x.sum(axis=2) * y.sum(axis=2)
        return values + self.kind.border_value * missing[:, np.newaxis]

    def gradients(self, cotangent):
        """Return the gradients to the images and to the coords."""
        x, y = self.axes
        cotangent = cotangent.reshape(self.images.shape[:2] + (-1,)).astype(float)
        to_images = np.einsum(
            'bnr,bcn,bnk->bcrk', y.weights, cotangent, x.weights, optimize=True
        )
        along_x = self._read(x.slopes, y.weights, 0)
        along_y = self._read(x.weights, y.slopes, 0)
        to_points = np.stack(
            [
                (cotangent * along).sum(axis=1) * axis.scale
                for along, axis in ((along_x, x), (along_y, y))
            ],
            axis=-1,
        )
        if self.kind.affine:
            return [to_images, np.einsum('bni,nj->bij', to_points, self.targets)]
        return [to_images, to_points.reshape(self.coords.shape)]

    def off_the_kinks(self, distance):
        """Return for each output pixel whether no coordinate is near a kink."""
        far = [
            (axis.fraction > distance) & (axis.fraction < 1 - distance)
            for axis in self.axes
        ]
        return (far[0] & far[1]).reshape((-1, 1) + self.size)


class _Axis:
    """Weights of the pixels of one axis, their slopes, and pixels per unit."""

    def __init__(self, kind, coordinate, pixels):
        ends = oracle.to_pixels(np.array([-1, 1]), pixels, kind.align_corners)
        self.scale = (ends[1] - ends[0]) / 2
        position = oracle.to_pixels(coordinate, pixels, kind.align_corners)
        if kind.border_mode in ('nearest', 'constant'):  # one value further out
            position = np.clip(position, -2, pixels + 1)
        low = np.floor(position)
        self.fraction = position - low
        self.weights = np.zeros(coordinate.shape + (pixels,))
        self.slopes = np.zeros_like(self.weights)
        for step, weight in ((0, 1 - self.fraction), (1, self.fraction)):
            pixel, inside = _extended(kind.border_mode, low + step, pixels)
            at = (*np.indices(pixel.shape), pixel)
            self.weights[at] += np.where(inside, weight, 0)
            self.slopes[at] += np.where(inside, 2 * step - 1, 0)


def _extended(border_mode, index, pixels):
    """Return the pixel at an index of the extended axis, and whether it is read."""
    if border_mode in ('nearest', 'constant'):
        pixel = np.clip(index, 0, pixels - 1)
        inside = (pixel == index) | (border_mode == 'nearest')
        return pixel.astype(int), inside
    line = list(range(pixels))
    period = {
        'wrap': line,
        'reflect': line + line[::-1],
        'mirror': line + line[-2:0:-1],
    }[border_mode]
    return np.array(period)[np.mod(index, len(period)).astype(int)], True
