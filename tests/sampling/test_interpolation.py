"""Sampling kernels: weights against the equations, and custom kernels."""

import numpy as np
import pytest
import scipy.ndimage
import theano.tensor as T

from helpers import oracle
from helpers.compiled import QUICK, run, with_gradients
from helpers.layers import gaussian
from helpers.points import SCIPY_MODES, random_points
from lasagne_stn import Bicubic, Kernel, sample
from lasagne_stn.sampling import BORDER_MODES, Bilinear, Nearest, as_kernel

KERNELS = {
    'nearest': ('nearest', 'nearest'),
    'bicubic': ('bicubic', 'bicubic'),
    'Keys': (Bicubic(-0.5), (2, lambda x: oracle.bicubic(x, -0.5))),
    'hat': (Kernel(1, lambda x: T.maximum(0, 1 - abs(x))), 'bilinear'),
    'Gaussian': (Kernel(2, gaussian), (2, lambda x: gaussian(x) if -2 <= x < 2 else 0)),
}
every_kernel = pytest.mark.parametrize(
    'kernel, slow', list(KERNELS.values()), ids=list(KERNELS)
)


def sampler(*options, **named):
    """Return a function of images and points with fixed options."""
    return lambda images, points: sample(images, points, *options, **named)


@pytest.mark.parametrize('align_corners', [True, False])
@every_kernel
def test_every_kernel_equals_the_loops(kernel, slow, align_corners, rng, float_type):
    images = rng.normal(size=(2, 3, 4, 6)).astype(float_type)
    points = random_points(rng, (2, 3, 5, 2), images).astype(float_type)
    # Half the borders for one corner rule, half for the other; options are crossed
    # with one another in test_options.
    for border_mode in BORDER_MODES[align_corners::2]:
        options = dict(
            border_mode=border_mode, border_value=0.75, align_corners=align_corners
        )
        found = run(sampler(kernel, **options), images, points, mode=QUICK)
        expected = oracle.sample(images, points.astype(float), slow, **options)
        exact = float_type == 'float64'
        np.testing.assert_allclose(found, expected, atol=1e-11 if exact else 1e-5)
        assert found.dtype == float_type


@pytest.mark.parametrize('border_mode', BORDER_MODES)
def test_nearest_equals_scipy(border_mode, rng):
    image = rng.normal(size=(5, 8))
    points = random_points(rng, (1, 6, 4, 2), image[None, None], spread=2)
    coordinates = oracle.to_pixels(points[0, ..., ::-1], np.array([5, 8]), True)
    expected = scipy.ndimage.map_coordinates(
        image, coordinates.transpose(2, 0, 1), order=0, mode=SCIPY_MODES[border_mode]
    )
    found = run(sampler('nearest', border_mode), image[None, None], points)
    np.testing.assert_array_equal(found[0, 0], expected)


@every_kernel
def test_gradients_equal_finite_differences_of_the_loops(kernel, slow, rng):
    images = rng.normal(size=(1, 2, 3, 5))
    points = random_points(rng, (1, 2, 3, 2), images)
    cotangent = rng.normal(size=(1, 2, 2, 3))
    found = with_gradients(
        sampler(kernel, 'reflect'),
        images,
        points,
        cotangent,
        mode=QUICK,
    )
    for position, (array, function) in enumerate(
        [
            (images, lambda x: oracle.sample(x, points, slow, 'reflect')),
            (points, lambda p: oracle.sample(images, p, slow, 'reflect')),
        ]
    ):
        slope = oracle.numeric_gradient(function, array, cotangent)
        np.testing.assert_allclose(found[1 + position], slope, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize('border_mode', BORDER_MODES)
def test_convention_the_gradient_of_nearest_to_the_points_is_zero(border_mode, rng):
    images, points = rng.normal(size=(1, 1, 3, 4)), rng.normal(size=(1, 3, 5, 2))
    cotangent = rng.normal(size=(1, 1, 3, 5))
    _, to_images, to_points = with_gradients(
        sampler('nearest', border_mode), images, points, cotangent
    )
    assert (to_points == 0).all() and (to_images != 0).any()


def test_convention_nearest_takes_the_right_one_of_two():
    images = np.arange(4.0).reshape(1, 1, 1, 4)
    coordinates = np.array([-0.5, 0.49999, 0.5, 1.5, 2.5, 3.5])
    points = np.stack([coordinates * 2 / 3 - 1, 0 * coordinates], axis=-1).reshape(
        1, 1, 6, 2
    )
    found = run(sampler('nearest', 'wrap'), images, points)
    assert found.ravel().tolist() == [0, 0, 1, 2, 3, 0]


@pytest.mark.parametrize('kernel', [Bilinear(), Bicubic(), Bicubic(-0.5), Bicubic(0)])
def test_weights_sum_to_one_and_are_exact_at_pixel_centres(kernel):
    fraction = np.array([0.0, 0.1, 0.25, 0.5, 0.99])
    weights = run(lambda x: T.stack(kernel.weights(x)), fraction, mode=QUICK)
    np.testing.assert_allclose(weights.sum(axis=0), 1, rtol=1e-14)
    assert weights[:, 0].tolist() == [float(offset == 0) for offset in kernel.offsets]


def test_keys_kernel_reproduces_quadratic_functions():
    x = np.arange(8.0)
    images = (2 - 3 * x + 0.5 * x**2).reshape(1, 1, 1, 8)
    coordinates = np.array([1.25, 2.5, 4.9, 5.75])
    points = np.stack([coordinates * 2 / 7 - 1, 0 * coordinates], axis=-1).reshape(
        1, 1, 4, 2
    )
    found = run(sampler(Bicubic(-0.5)), images, points, mode=QUICK)
    np.testing.assert_allclose(
        found.ravel(), 2 - 3 * coordinates + 0.5 * coordinates**2, rtol=1e-12
    )


@every_kernel
def test_nan_and_far_points_stay_in_their_image(kernel, slow, rng):
    images = rng.normal(size=(3, 1, 3, 4))
    points = rng.uniform(-1, 1, size=(3, 2, 3, 2))
    points[1] = [[[np.nan, 0], [0, np.nan], [np.nan, np.inf]]]
    points[2] = [[[np.inf, 0], [0, -np.inf], [1e30, -1e30]]]
    for border_mode in ('nearest', 'mirror', 'constant'):
        output, _, to_points = with_gradients(
            sampler(kernel, border_mode),
            images,
            points,
            np.ones((3, 1, 2, 3)),
            mode=QUICK,
        )
        assert np.isnan(output[1]).all()
        assert np.isfinite(output[[0, 2]]).all()
        assert np.isfinite(to_points[[0, 2]]).all()


def test_a_custom_kernel_cannot_hide_nan():
    box = Kernel(1, lambda distance: T.switch(T.lt(abs(distance), 0.5), 1.0, 0.0))
    weights = run(
        lambda x: T.stack(box.weights(x)), np.array([np.nan, 0.25, 0.75]), mode=QUICK
    )
    np.testing.assert_array_equal(weights, [[np.nan, 1, 0], [np.nan, 0, 1]])


def test_invalid_kernels_are_errors():
    assert isinstance(as_kernel('warp', 'nearest'), Nearest)
    assert as_kernel('warp', Kernel(3, abs)).offsets == [-2, -1, 0, 1, 2, 3]
    with pytest.raises(
        ValueError,
        match='warp: interpolation must be one of '
        "'bilinear', 'nearest', 'bicubic', got 'linear'",
    ):
        as_kernel('warp', 'linear')
    with pytest.raises(TypeError, match='warp: interpolation must be a name, .* got 3'):
        as_kernel('warp', 3)
    for radius, error in ((0, ValueError), (-1, ValueError), (1.5, TypeError)):
        with pytest.raises(error, match='Kernel: radius must .* got %s.' % radius):
            Kernel(radius, abs)
    with pytest.raises(TypeError, match="Kernel: function must be callable, got 'hat'"):
        Kernel(1, 'hat')
    with pytest.raises(TypeError, match="Bicubic: a must be a finite number, got '1'"):
        Bicubic('1')
    with pytest.raises(ValueError, match='Bicubic: a must be a finite number, got inf'):
        Bicubic(float('inf'))
