"""The sampler against loops over the equations, scipy, and finite differences."""

import numpy as np
import pytest
import scipy.ndimage
import theano
import theano.tensor as T

from helpers import oracle
from helpers.points import SCIPY_MODES, random_points
from lasagne_stn import sample
from lasagne_stn.sampling import BORDER_MODES, sample_affine


def sampler(**options):
    """Return a function of images and points with fixed options."""
    return lambda images, points: sample(images, points, **options)


@pytest.mark.parametrize('align_corners', [True, False])
@pytest.mark.parametrize('border_mode', BORDER_MODES)
def test_bilinear_equals_the_loops(border_mode, align_corners, rng, way):
    images = rng.normal(size=(2, 3, 4, 6))
    points = rng.uniform(-2.5, 2.5, size=(2, 5, 7, 2))
    options = dict(
        border_mode=border_mode, align_corners=align_corners, border_value=0.75
    )
    expected = oracle.sample(images, points, **options)
    found = way.run(sampler(**options), images, points)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
    images, points = images.astype('float32'), points.astype('float32')
    found = way.run(sampler(**options), images, points)
    expected = oracle.sample(images, points.astype(float), **options)
    assert found.dtype == 'float32'
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize('border_mode', BORDER_MODES)
def test_bilinear_equals_scipy(border_mode, rng, way):
    image = rng.normal(size=(5, 8))
    points = rng.uniform(-2, 2, size=(1, 6, 4, 2))
    coordinates = oracle.to_pixels(points[0, ..., ::-1], np.array([5, 8]), True)
    expected = scipy.ndimage.map_coordinates(
        image, coordinates.transpose(2, 0, 1), order=1, mode=SCIPY_MODES[border_mode]
    )
    found = way.run(sampler(border_mode=border_mode), image[None, None], points)
    np.testing.assert_allclose(found[0, 0], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize('border_mode', BORDER_MODES)
def test_gradients_equal_finite_differences_of_the_loops(border_mode, rng, way):
    images = rng.normal(size=(2, 2, 3, 5))
    points = random_points(rng, (2, 2, 3, 2), images)
    cotangent = rng.normal(size=(2, 2, 2, 3))

    def slow(images, points):
        return oracle.sample(images, points, border_mode=border_mode)

    found = way.with_gradients(
        sampler(border_mode=border_mode), images, points, cotangent
    )
    np.testing.assert_allclose(
        found[1],
        oracle.numeric_gradient(lambda array: slow(array, points), images, cotangent),
        rtol=1e-5,
        atol=1e-8,
    )
    np.testing.assert_allclose(
        found[2],
        oracle.numeric_gradient(lambda array: slow(images, array), points, cotangent),
        rtol=1e-5,
        atol=1e-8,
    )


def test_verify_grad_and_second_derivatives(rng):
    images = rng.normal(size=(1, 2, 4, 3))
    points = random_points(rng, (1, 2, 2, 2), images)
    theano.gradient.verify_grad(sample, [images, points], rng=np.random, abs_tol=1e-5)

    def gradient(images, points):
        return T.grad((sample(images, points) ** 2).sum(), points)

    theano.gradient.verify_grad(gradient, [images, points], rng=np.random, abs_tol=1e-5)


def test_convention_at_a_kink_the_derivative_is_the_one_to_the_right(way):
    images = np.array([1.0, 4.0, 2.0, 7.0]).reshape(1, 1, 1, 4)
    coordinates = np.array([-1.0, 0.0, 1.0, 2.0, 3.0, 4.0])
    points = np.stack([coordinates * 2 / 3 - 1, 0 * coordinates], axis=-1).reshape(
        1, 1, 6, 2
    )
    one = np.ones((1, 1, 1, 6))
    right = {
        'nearest': [0, 3, -2, 5, 0, 0],
        'constant': [1, 3, -2, 5, -7, 0],
        'mirror': [-3, 3, -2, 5, -5, 2],
        'wrap': [-6, 3, -2, 5, -6, 3],
        'reflect': [0, 3, -2, 5, 0, -5],
    }
    for border_mode, slopes in right.items():
        found = way.with_gradients(
            sampler(border_mode=border_mode), images, points, one
        )
        np.testing.assert_allclose(found[2][0, 0, :, 0], np.array(slopes) * 1.5)


@pytest.mark.parametrize('border_mode', BORDER_MODES)
@pytest.mark.parametrize('shape', [(1, 1), (1, 4), (3, 1)])
def test_images_of_one_row_or_column(shape, border_mode, rng, way):
    images = rng.normal(size=(1, 2) + shape)
    points = rng.uniform(-2, 2, size=(1, 2, 3, 2))
    found = way.run(sampler(border_mode=border_mode), images, points)
    np.testing.assert_allclose(
        found,
        oracle.sample(images, points, border_mode=border_mode),
        rtol=1e-10,
        atol=1e-12,
    )


@pytest.mark.parametrize('border_mode', BORDER_MODES)
def test_nan_and_far_points_stay_in_their_image(border_mode, rng, float_type, way):
    images = rng.normal(size=(4, 2, 3, 5))
    points = random_points(rng, (4, 2, 3, 2), images)
    cotangent = rng.normal(size=(4, 2, 2, 3))
    build = sampler(border_mode=border_mode)
    clean = way.with_gradients(build, images, points, cotangent, dtype=float_type)
    points[1, 0, 2] = np.nan
    points[2] = [1e30, -np.inf]
    output, to_images, to_points = way.with_gradients(
        build, images, points, cotangent, dtype=float_type
    )
    assert np.isnan(output[1, :, 0, 2]).all() and np.isnan(output[1]).sum() == 2
    assert np.isfinite(output[2]).all() and np.isfinite(to_images[2]).all()
    assert np.isfinite(to_points[2]).all()
    assert np.isfinite(np.delete(to_points[1].reshape(6, 2), 2, axis=0)).all()
    for before, after in zip(clean, (output, to_images, to_points)):
        np.testing.assert_array_equal(before[[0, 3]], after[[0, 3]])
    if border_mode == 'nearest':
        np.testing.assert_allclose(
            output[2].reshape(2, -1).T, np.tile(images[2, :, 0, -1], (6, 1)), rtol=1e-6
        )
    if border_mode == 'constant':
        np.testing.assert_array_equal(output[2], 0)


def test_an_empty_batch_gives_an_empty_result(way):
    found = way.with_gradients(
        sample, np.zeros((0, 2, 3, 4)), np.zeros((0, 5, 6, 2)), np.zeros((0, 2, 5, 6))
    )
    shapes = [array.shape for array in found]
    assert shapes == [(0, 2, 5, 6), (0, 2, 3, 4), (0, 5, 6, 2)]


def test_wrong_axes_and_names_are_errors():
    images, points = T.tensor4(), T.tensor4()
    sample(images, points)
    with pytest.raises(ValueError, match='images must have 4 axes, or 5 for .*, got 2'):
        sample(T.matrix(), points)
    with pytest.raises(ValueError, match=r'points must have 4 axes .*, 2\), got 3'):
        sample(images, T.tensor3())
    with pytest.raises(ValueError, match="border_mode must be one of .* got 'clamp'"):
        sample(images, points, border_mode='clamp')
    with pytest.raises(ValueError, match="interpolation must be .*\n.*'bicubic'"):
        sample(images, points, interpolation='cubic')
    for function, rest in ((sample, (points,)), (sample_affine, (T.tensor3(), (2, 3)))):
        with pytest.raises(ValueError, match=function.__name__ + ': border_mode must'):
            function(images, *rest, border_mode='miror')
        with pytest.raises(ValueError, match='border_value must be a finite number'):
            function(images, *rest, border_value=float('nan'))
        with pytest.raises(TypeError, match="align_corners must .* got 'no'"):
            function(images, *rest, align_corners='no')


def test_integers_are_read_as_numbers(float_type):
    """Neither images nor points nor matrices make the result one of integers."""
    images = np.array([[[[7, 12, 19]]]], 'uint8')
    points = np.array([[[[-1, 0], [0, 0], [3, 0]]]], 'int8')
    halves = (points / 2).astype(float_type)
    for coords, expected in ((points, [7, 12, -0.5]), (halves, [9.5, 12, 9.25])):
        for pixels in (images, images.astype(float_type)):
            variables = [
                T.as_tensor_variable(array).type() for array in (pixels, coords)
            ]
            found = theano.function(
                variables, sample(*variables, border_mode='constant', border_value=-0.5)
            )(pixels, coords)
            assert found.dtype == float_type
            np.testing.assert_allclose(found, [[[expected]]])
    matrices = T.btensor3()
    found = theano.function(
        [matrices], sample_affine(T.constant(images), matrices, (1, 5))
    )
    np.testing.assert_allclose(
        found(np.array([[[1, 0, 0], [0, 1, 0]]], 'int8')), [[[[7, 9.5, 12, 15.5, 19]]]]
    )


@pytest.mark.parametrize(
    'interpolation, border_mode',
    [('bilinear', 'nearest'), ('bilinear', 'constant'), ('bicubic', 'wrap')],
)
def test_the_derivative_along_a_direction(interpolation, border_mode, rng):
    images, matrices, direction = T.dtensor4(), T.dtensor3(), T.dtensor3()
    output = sample_affine(images, matrices, (3, 4), interpolation, border_mode, 0.5)
    along = theano.function(
        [images, matrices, direction], T.Rop(output, matrices, direction)
    )
    value = theano.function([images, matrices], output)
    given = rng.normal(size=(2, 2, 5, 6))
    start = np.eye(2, 3) + rng.normal(scale=0.1, size=(2, 2, 3))
    step = rng.normal(size=(2, 2, 3))
    above, below = [value(given, start + size * step) for size in (1e-6, -1e-6)]
    slope = (above - below) / 2e-6
    np.testing.assert_allclose(along(given, start, step), slope, rtol=1e-6, atol=1e-6)
