"""Slow numpy loops, written from the paper's equations; no line of the library."""

import numpy as np


def to_pixels(coordinate, pixels, align_corners):
    """From [-1, 1] to pixels: ends are pixel centres, or outer edges of pixels."""
    if align_corners:
        first, last = 0, pixels - 1
    else:
        first, last = -0.5, pixels - 0.5
    return first + (coordinate - -1) * (last - first) / (1 - -1)


def target_points(size, align_corners):
    """Points (x, y[, z]) of the output pixels, shape size + (dims,)."""
    points = np.zeros(tuple(size) + (len(size),))
    for index in np.ndindex(*size):
        for axis, (pixel, pixels) in enumerate(zip(index, size)):
            if align_corners and pixels == 1:
                value = 0
            elif align_corners:
                value = 2 * pixel / (pixels - 1) - 1
            else:
                value = (2 * pixel + 1) / pixels - 1
            points[index + (len(size) - 1 - axis,)] = value
    return points


def extended_pixel(image, index, border_mode, border_value):
    """The pixel at any whole-number index, counted by walking back into the image."""
    inside = []
    for pixel, pixels in zip(index, image.shape):
        if border_mode == 'constant' and not 0 <= pixel < pixels:
            return border_value
        if border_mode == 'nearest':
            pixel = min(max(pixel, 0), pixels - 1)
        while not 0 <= pixel < pixels:
            if border_mode == 'wrap':
                pixel += pixels if pixel < 0 else -pixels
            elif border_mode == 'mirror':
                pixel = -pixel if pixel < 0 else 2 * (pixels - 1) - pixel
                if pixels == 1:
                    pixel = 0
            elif border_mode == 'reflect':
                pixel = -1 - pixel if pixel < 0 else 2 * pixels - 1 - pixel
        inside.append(int(pixel))
    return image[tuple(inside)]


def bilinear(distance):
    """Eq. 5."""
    return max(0, 1 - abs(distance))


def nearest(distance):
    """Eq. 4: one pixel, the one for which floor(x + 0.5) is its index."""
    return 1.0 if -0.5 <= distance < 0.5 else 0.0


def bicubic(distance, a=-0.75):
    """Keys (1981), eq. 4."""
    distance = abs(distance)
    if distance <= 1:
        return (a + 2) * distance**3 - (a + 3) * distance**2 + 1
    if distance < 2:
        return a * (distance**3 - 5 * distance**2 + 8 * distance - 4)
    return 0.0


KERNELS = {'bilinear': (1, bilinear), 'nearest': (1, nearest), 'bicubic': (2, bicubic)}


def sample(
    images,
    points,
    interpolation='bilinear',
    border_mode='nearest',
    border_value=0.0,
    align_corners=True,
):
    """Eq. 3: a sum over all pixels near enough, one output pixel after the other."""
    radius, kernel = (
        KERNELS[interpolation] if isinstance(interpolation, str) else interpolation
    )
    size = points.shape[1:-1]
    output = np.zeros(images.shape[:2] + size)
    for batch in range(len(images)):
        for index in np.ndindex(*size):
            coordinates = [
                to_pixels(coordinate, pixels, align_corners)
                for coordinate, pixels in zip(
                    points[(batch,) + index][::-1], images.shape[2:]
                )
            ]
            starts = [int(np.floor(x)) - radius for x in coordinates]
            for offset in np.ndindex(*(2 * radius + 2,) * len(coordinates)):
                near = [start + step for start, step in zip(starts, offset)]
                weight = np.prod([kernel(x - m) for x, m in zip(coordinates, near)])
                if weight == 0:
                    continue
                for channel in range(images.shape[1]):
                    output[(batch, channel) + index] += weight * extended_pixel(
                        images[batch, channel], near, border_mode, border_value
                    )
    return output


def affine(theta, points):
    """Eq. 1 for each point; theta (batch, dims * (dims + 1))."""
    dims = points.shape[-1]
    result = np.zeros((len(theta),) + points.shape)
    for batch, parameters in enumerate(theta):
        matrix = parameters.reshape(dims, dims + 1)
        for index in np.ndindex(*points.shape[:-1]):
            result[(batch,) + index] = matrix @ np.append(points[index], 1)
    return result


def translation(theta, points):
    """Each point moved by the image's theta."""
    return np.array(
        [[point + shift for point in _rows(points)] for shift in theta]
    ).reshape((len(theta),) + points.shape)


def attention(theta, points, scale=None):
    """Eq. 2; theta (batch, 1 + dims), or (batch, dims) if the scale is fixed."""
    result = []
    for parameters in theta:
        s, shift = (
            (parameters[0], parameters[1:]) if scale is None else (scale, parameters)
        )
        result.append(
            [[s * x + t for x, t in zip(point, shift)] for point in _rows(points)]
        )
    return np.array(result).reshape((len(theta),) + points.shape)


def similarity(theta, points):
    """Points as complex numbers: times a number of length s and angle -a, plus t."""
    result = []
    for scale, angle, x, y in theta:
        turn = scale * np.exp(-1j * angle)
        moved = [turn * complex(*point) + complex(x, y) for point in _rows(points)]
        result.append([(one.real, one.imag) for one in moved])
    return np.array(result).reshape((len(theta),) + points.shape)


def projective(theta, points):
    """A 3 x 3 matrix times [x, y, 1], divided by its third coordinate."""
    result = []
    for parameters in theta:
        matrix = np.append(parameters, 1).reshape(3, 3)
        mapped = [matrix @ [x, y, 1] for x, y in _rows(points)]
        result.append([one[:2] / one[2] for one in mapped])
    return np.array(result).reshape((len(theta),) + points.shape)


def thin_plate_spline(theta, points):
    """Solve for the spline through the moved control points, once for each image."""
    side = int(np.sqrt(theta.shape[1] // 2))
    line = [-1 + 2 * k / (side - 1) for k in range(side)]
    controls = np.array([(x, y) for y in line for x in line])
    count = len(controls)
    system = np.zeros((count + 3, count + 3))
    for i, one in enumerate(controls):
        for k, other in enumerate(controls):
            system[i, k] = _bending(one - other)
        system[i, count:] = system[count:, i] = 1, one[0], one[1]
    result = []
    for offsets in theta:
        moved = controls + np.stack([offsets[:count], offsets[count:]], axis=1)
        solved = np.linalg.solve(system, np.append(moved, np.zeros((3, 2)), axis=0))
        for x, y in _rows(points):
            point = solved[count] + solved[count + 1] * x + solved[count + 2] * y
            for weight, control in zip(solved, controls):
                point = point + weight * _bending(np.array([x, y]) - control)
            result.append(point)
    return np.array(result).reshape((len(theta),) + points.shape)


def _bending(distance):
    """r^2 log r, and 0 at 0; a constant factor goes into the weights."""
    length = np.hypot(*distance)
    return length**2 * np.log(length) if length > 0 else 0.0


def _rows(points):
    return points.reshape(-1, points.shape[-1])


def isotropic(transform, size, align_corners=True):
    """A transform whose unit is half the longer side of an image of `size` pixels."""
    halves = np.array([(pixels - align_corners) / 2 for pixels in size[::-1]])
    halves[halves == 0] = 0.5

    def apply(theta, points):
        pixels = points * halves
        return transform(theta, pixels / max(halves)) * max(halves) / halves

    return apply


def compose(*parts):
    """Pairs of a transform and its number of parameters, the first one first."""

    def apply(theta, points):
        result = []
        for one in theta:
            point, rest = points, one
            for transform, count in parts:
                point, rest = transform(rest[None, :count], point)[0], rest[count:]
            result.append(point)
        return np.array(result).reshape((len(theta),) + points.shape)

    return apply


def numeric_gradient(function, array, cotangent, step=1e-6):
    """Central finite differences of sum(cotangent * function(array))."""
    gradient = np.zeros_like(array)
    for index in np.ndindex(*array.shape):
        ends = []
        for sign in (1, -1):
            moved = array.copy()
            moved[index] += sign * step
            ends.append(np.sum(cotangent * function(moved)))
        gradient[index] = (ends[0] - ends[1]) / (2 * step)
    return gradient
