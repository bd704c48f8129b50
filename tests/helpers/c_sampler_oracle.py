"""An oracle of the C++ sampler in float64, random cases, and a check against it."""

import itertools

import numpy as np

from .c_sampler import Case

PAD_MODES = dict(nearest='edge', mirror='reflect', wrap='wrap', reflect='symmetric')
FORWARD_TOLERANCE = {'float32': 1e-5, 'float64': 1e-10}
GRADIENT_TOLERANCE = {'float32': 1e-4, 'float64': 1e-10}


def extent(case, size):
    return (size - 1) / 2 if case.align_corners else size / 2


def regular_grid(case):
    """Normalised output coordinates, x first, with a last one that is 1."""
    axes = []
    for size in case.out_shape:
        half = extent(case, size)
        offset = np.arange(size) - (size - 1) / 2
        axes.append(offset / half if half > 0 else 0 * offset)
    grid = list(np.meshgrid(*axes, indexing='ij'))[::-1]
    return np.stack(grid + [np.ones_like(grid[0])])


def source_pixels(case):
    """Pixel coordinates (batch, dims, *out_shape), in the order of the image's axes."""
    coords = case.coords.astype('float64')
    if case.affine:
        theta = coords.reshape(case.batch, case.dims, case.dims + 1)
        normalised = np.einsum('bsk,k...->bs...', theta, regular_grid(case))
    else:
        normalised = np.moveaxis(coords, -1, 1)
    pixels = np.empty_like(normalised)
    for axis, size in enumerate(case.in_shape):
        x = normalised[:, case.dims - 1 - axis]
        pixels[:, axis] = (size - 1) / 2 + x * extent(case, size)
    return pixels


def extended(case, plane, margins):
    margin = [(width, width) for width in margins]
    if case.border == 'constant':
        return np.pad(plane, margin, mode='constant', constant_values=case.border_value)
    return np.pad(plane, margin, mode=PAD_MODES[case.border])


def fold(case, extended_gradient, margins):
    """The transpose of `extended`: the border's gradients go home."""
    folded = extended_gradient
    for axis, (size, margin) in enumerate(zip(case.in_shape, margins)):
        if case.border == 'constant':
            home = np.pad(np.arange(size), margin, constant_values=-1)
        else:
            home = np.pad(np.arange(size), margin, mode=PAD_MODES[case.border])
        moved = np.moveaxis(folded, axis, 0)
        total = np.zeros((size,) + moved.shape[1:])
        for row, index in zip(moved, home):
            if index >= 0:
                total[index] += row
        folded = np.moveaxis(total, 0, axis)
    return folded


class Oracle:
    """Output and gradients of a case, in float64."""

    def __init__(self, case):
        self.case = case
        pixels = source_pixels(case)
        self.margins = []  # pixels beyond each axis that the image is extended by
        for axis, size in enumerate(case.in_shape):
            places = pixels[:, axis]
            if case.border in ('nearest', 'constant'):  # nothing changes further out
                pixels[:, axis] = np.clip(places, -2, size + 1)
                self.margins.append(4)
            else:
                reach = np.abs(places[np.isfinite(places)]).max(initial=0)
                self.margins.append(int(min(reach, 1e4)) + 3)
        self.floor = np.floor(pixels)
        self.fraction = pixels - self.floor

    def corners(self, item):
        """Every corner: its bits, its place in the extended image, its weight."""
        for bits in itertools.product((0, 1), repeat=self.case.dims):
            start = self.floor[item]
            place = tuple(
                (start[axis] + bit + self.margins[axis]).astype(int)
                for axis, bit in enumerate(bits)
            )
            weights = [
                fraction if bit else 1 - fraction
                for fraction, bit in zip(self.fraction[item], bits)
            ]
            yield bits, place, weights

    def output(self):
        case = self.case
        output = np.zeros((case.batch, case.channels) + case.out_shape)
        for item, channel in np.ndindex(case.batch, case.channels):
            image = extended(
                case, case.images[item, channel].astype('float64'), self.margins
            )
            for _, place, weights in self.corners(item):
                output[item, channel] += image[place] * np.prod(weights, axis=0)
        return output

    def gradient(self, grad_output):
        case = self.case
        grad_images = np.zeros(case.images.shape)
        slopes = np.zeros((case.batch, case.dims) + case.out_shape)
        for item, channel in np.ndindex(case.batch, case.channels):
            image = extended(
                case, case.images[item, channel].astype('float64'), self.margins
            )
            grad_extended = np.zeros_like(image)
            upstream = grad_output[item, channel].astype('float64')
            for bits, place, weights in self.corners(item):
                np.add.at(grad_extended, place, upstream * np.prod(weights, axis=0))
                for axis, bit in enumerate(bits):
                    others = weights[:axis] + weights[axis + 1 :]
                    sign = 1 if bit else -1
                    slopes[item, axis] += (
                        sign * image[place] * upstream * np.prod(others, axis=0)
                    )
            grad_images[item, channel] = fold(case, grad_extended, self.margins)
        return grad_images, self.grad_coords(slopes)

    def grad_coords(self, slopes):
        case = self.case
        per_point = np.stack(
            [
                slopes[:, axis] * extent(case, case.in_shape[axis])
                for axis in reversed(range(case.dims))
            ],
            axis=1,
        )
        if not case.affine:
            return np.moveaxis(per_point, 1, -1)
        grid = regular_grid(case).reshape(case.dims + 1, -1)
        summed = per_point.reshape(case.batch, case.dims, -1) @ grid.T
        return summed.reshape(case.coords.shape)


def relative_error(value, expected):
    if expected.size == 0:
        assert value.shape == expected.shape
        return 0
    scale = np.abs(expected).max()
    return np.abs(value - expected).max() / (scale if scale > 0 else 1)


def random_theta(rng, dims, batch, noise=0.2, dtype='float32'):
    identity = np.eye(dims, dims + 1).reshape(1, -1)
    return (identity + noise * rng.standard_normal((batch, dims * (dims + 1)))).astype(
        dtype
    )


def random_case(
    seed, dims, dtype, affine, border, align_corners, largest=19, noise=0.3
):
    rng = np.random.default_rng(seed)
    batch, channels = rng.integers(1, 4, 2)
    in_shape = tuple(rng.integers(1, largest, dims))
    out_shape = tuple(rng.integers(1, largest, dims))
    images = rng.standard_normal((batch, channels) + in_shape).astype(dtype)
    if affine:
        coords = random_theta(rng, dims, batch, noise, dtype)
    else:
        coords = rng.uniform(-1.7, 1.7, (batch,) + out_shape + (dims,)).astype(dtype)
    case = Case(images, coords, out_shape, affine, border, 0.75, align_corners)
    grad_output = rng.standard_normal((batch, channels) + out_shape).astype(dtype)
    return case, grad_output


def without_kinks(case, oracle, grad_output):
    """Drops the pixels whose slope hangs on the last bits of their coordinates."""
    distance = np.minimum(oracle.fraction, 1 - oracle.fraction).min(axis=1)
    smooth = distance > (1e-5 if case.dtype == 'float32' else 1e-12)
    return (grad_output * smooth[:, np.newaxis]).astype(case.dtype)


def check(case, grad_output, library):
    oracle = Oracle(case)
    output = case.sample(library)
    grad_images, _ = case.gradient(library, grad_output)
    expected_images, _ = oracle.gradient(grad_output)
    assert relative_error(output, oracle.output()) < FORWARD_TOLERANCE[case.dtype.name]
    tolerance = GRADIENT_TOLERANCE[case.dtype.name]
    assert relative_error(grad_images, expected_images) < tolerance
    grad_output = without_kinks(case, oracle, grad_output)
    grad_images, grad_coords = case.gradient(library, grad_output)
    _, expected_coords = oracle.gradient(grad_output)
    assert relative_error(grad_coords, expected_coords) < tolerance
    alone, nothing = case.gradient(library, grad_output, coords=False)
    assert nothing is None and np.array_equal(alone, grad_images)
    nothing, alone = case.gradient(library, grad_output, images=False)
    assert nothing is None and np.array_equal(alone, grad_coords)
