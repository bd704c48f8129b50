"""The C++ sampler against slow numpy oracles, written from the equations in float64."""

import ctypes
import os

import numpy as np
import pytest

from helpers import oracle
from helpers.c_sampler import BORDERS, Case, Library
from helpers.c_sampler_oracle import (
    Oracle,
    check,
    random_case,
    random_theta,
    relative_error,
    source_pixels,
)

BUILDS = {
    'native': ['-O3', '-march=native', '-fopenmp'],
    'without_avx512': ['-O3', '-march=x86-64-v3', '-fopenmp'],
}


@pytest.fixture(scope='module', params=sorted(BUILDS))
def library(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp('build')
    return Library(folder / 'sampler.so', BUILDS[request.param])


@pytest.mark.parametrize('border', BORDERS)
@pytest.mark.parametrize('affine', [True, False])
@pytest.mark.parametrize('dims', [2, 3])
def test_a_policy_of_one_tap_samples_the_nearest_pixel(dims, affine, border, library):
    """The seam for other interpolations: the same code, another number of taps."""
    case, grad_output = random_case(7, dims, 'float64', affine, border, True, 7)
    case.interpolation = 'nearest'
    points = case.coords
    if affine:
        grid = oracle.target_points(case.out_shape, True)
        theta = case.coords.reshape(case.batch, dims, dims + 1)
        points = np.einsum('bdk,...k->b...d', theta[..., :dims], grid)
        points += theta[:, :, dims].reshape((case.batch,) + (1,) * dims + (dims,))
    expected = oracle.sample(case.images, points, 'nearest', border, 0.75, True)
    np.testing.assert_allclose(case.sample(library), expected, rtol=1e-12)
    grad_images, grad_coords = case.gradient(library, grad_output)
    assert not grad_coords.any()
    # Sampling is linear in the images, up to what the constant border adds.
    case.border_value = 0.0
    change = oracle.sample(grad_images, points, 'nearest', border, 0.0, True)
    np.testing.assert_allclose(
        (change * grad_output).sum(), (grad_images**2).sum(), rtol=1e-12
    )


@pytest.mark.parametrize(
    'source, target, scale',
    [((28, 33), (42, 50), 1.0), ((33, 32), (42, 60), 1.0), ((33, 40), (42, 61), 0.75)],
)
def test_the_gradient_to_an_image_that_is_enlarged(library, source, target, scale):
    """Every second source pixel lies half-way between pixels of the output."""
    rng = np.random.default_rng(6)
    images = rng.standard_normal((2, 3) + source).astype('float32')
    coords = np.array([scale * np.eye(2, 3)] * 2, 'float32')
    coords[1, 0, 0] += 1e-7
    case = Case(images, coords, target, True, 'nearest', 0.0, True)
    check(case, rng.uniform(0.5, 1, (2, 3) + target).astype('float32'), library)


def test_a_build_without_openmp(tmp_path):
    serial = Library(tmp_path / 'serial.so', ['-O0', '-Wno-unknown-pragmas'])
    for border in BORDERS:
        check(*random_case(4, 2, 'float64', True, border, True), serial)


# ---- the oracle itself


@pytest.mark.parametrize('affine', [True, False])
@pytest.mark.parametrize('dims', [2, 3])
@pytest.mark.parametrize('border', BORDERS)
def test_oracle_gradient_is_the_slope_of_its_output(border, dims, affine):
    case, grad_output = random_case(3, dims, 'float64', affine, border, True, 8)
    grad_images, grad_coords = Oracle(case).gradient(grad_output)
    rng = np.random.default_rng(0)
    step = 1e-7
    for array, gradient in ((case.images, grad_images), (case.coords, grad_coords)):
        for index in rng.integers(0, array.size, 10):
            old, losses = array.flat[index], []
            for sign in (1, -1):
                array.flat[index] = old + sign * step
                losses.append((Oracle(case).output() * grad_output).sum())
            array.flat[index] = old
            slope = (losses[0] - losses[1]) / (2 * step)
            assert abs(slope - gradient.flat[index]) < 1e-5 * (1 + abs(slope))


# ---- the kernels against it


@pytest.mark.parametrize('align_corners', [True, False])
@pytest.mark.parametrize('affine', [True, False])
@pytest.mark.parametrize('dims', [2, 3])
@pytest.mark.parametrize('border', BORDERS)
@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_random(library, dtype, border, dims, affine, align_corners):
    for seed in range(3):
        check(*random_case(seed, dims, dtype, affine, border, align_corners), library)


@pytest.mark.parametrize('align_corners', [True, False])
@pytest.mark.parametrize(
    'in_shape, out_shape',
    [
        ((1, 9), (1, 15)),
        ((9, 1), (4, 4)),
        ((2, 2), (1, 1)),
        ((3, 5000), (1, 17)),
        ((17, 19), (46, 23)),
        ((90, 125), (33, 40)),
    ],
)
def test_given_points_of_every_number(library, in_shape, out_shape, align_corners):
    rng = np.random.default_rng(6)
    images = rng.standard_normal((3, 2) + in_shape).astype('float32')
    coords = rng.uniform(-1.3, 1.3, (3,) + out_shape + (2,)).astype('float32')
    case = Case(images, coords, out_shape, False, align_corners=align_corners)
    check(case, rng.standard_normal((3, 2) + out_shape).astype('float32'), library)


@pytest.mark.parametrize('value', [np.inf, -np.inf, 3e38, -1e15])
def test_points_far_away_read_the_edge(library, value):
    case, grad_output = random_case(3, 2, 'float32', False, 'nearest', True)
    near = case.coords.copy()
    case.coords[0, 1], near[0, 1] = value, 5 * np.sign(value)
    beside = Case(case.images, near, case.out_shape, False)
    assert np.array_equal(case.sample(library), beside.sample(library))
    for far, expected in zip(
        case.gradient(library, grad_output), beside.gradient(library, grad_output)
    ):
        assert np.array_equal(far, expected)


@pytest.mark.parametrize('align_corners', [True, False])
@pytest.mark.parametrize('noise', [0.05, 0.2, 0.5, 1, 3, 10])
def test_random_theta_of_every_strength(library, noise, align_corners):
    for seed in range(12):
        case, grad_output = random_case(
            seed, 2, 'float32', True, 'nearest', align_corners, 80, noise
        )
        check(case, grad_output, library)


@pytest.mark.parametrize('zoom', [0.01, 0.1, 0.3, 0.5, 0.7, 1, 1.4, 1.9, 2.5, 4, 9])
@pytest.mark.parametrize('angle', [0, 10, 45, 90, 135, 180, 260])
def test_zoom_and_rotation(library, zoom, angle):
    rng = np.random.default_rng(int(angle + 1000 * zoom))
    turn = np.deg2rad(angle + 0.1)
    for channels, rows, columns in ((1, 40, 33), (13, 17, 24), (3, 64, 80)):
        theta = zoom * np.array(
            [[np.cos(turn), np.sin(turn), 0.013], [-np.sin(turn), np.cos(turn), 0.021]]
        )
        images = rng.standard_normal((1, channels, rows, columns)).astype('float32')
        case = Case(images, theta.reshape(1, 6).astype('float32'), (rows, columns))
        check(case, rng.standard_normal(images.shape).astype('float32'), library)


@pytest.mark.parametrize(
    'in_shape, out_shape',
    [
        ((1, 1), (1, 1)),
        ((1, 9), (9, 1)),
        ((9, 1), (1, 9)),
        ((2, 2), (30, 30)),
        ((3, 5000), (4, 4600)),
        ((5000, 2), (4500, 3)),
        ((8, 8), (4, 4)),
        ((7, 8), (4, 5)),
        ((30, 30), (3, 40)),
        ((30, 30), (40, 3)),
        ((270, 480), (270, 480)),
        ((90, 1025), (33, 259)),
    ],
)
@pytest.mark.parametrize('border', BORDERS)
def test_shapes(library, in_shape, out_shape, border):
    rng = np.random.default_rng(5)
    images = rng.standard_normal((2, 2) + in_shape).astype('float32')
    case = Case(images, random_theta(rng, 2, 2), out_shape, border=border)
    check(case, rng.standard_normal((2, 2) + out_shape).astype('float32'), library)


@pytest.mark.parametrize('dims', [2, 3])
@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@pytest.mark.parametrize('border', BORDERS)
@pytest.mark.parametrize('align_corners', [True, False])
def test_identity_is_a_copy(library, align_corners, border, dtype, dims):
    rng = np.random.default_rng(1)
    for shape in ((1,) * dims, (4,) * dims, (9, 20, 31)[:dims], (5, 49, 70)[-dims:]):
        images = rng.standard_normal((2, 3) + shape).astype(dtype)
        theta = random_theta(rng, dims, 2, 0, dtype)
        case = Case(images, theta, shape, border=border, align_corners=align_corners)
        assert np.array_equal(case.sample(library), images)
        grad_output = rng.standard_normal(images.shape).astype(dtype)
        grad_images, grad_coords = case.gradient(library, grad_output)
        assert np.array_equal(grad_images, grad_output)
        expected = Oracle(case)
        expected.floor = np.rint(source_pixels(case))  # on the kinks: the right side
        expected.fraction = np.zeros_like(expected.floor)
        assert relative_error(grad_coords, expected.gradient(grad_output)[1]) < 1e-4


def test_full_high_definition(library):
    rng = np.random.default_rng(2)
    images = rng.standard_normal((1, 3, 1080, 1920)).astype('float32')
    case = Case(images, random_theta(rng, 2, 1), (1080, 1920))
    check(case, rng.standard_normal(images.shape).astype('float32'), library)


@pytest.mark.parametrize(
    'shape',
    [(0, 2, 5, 6, 7, 8), (2, 0, 5, 6, 7, 8), (2, 2, 5, 6, 0, 8), (2, 2, 5, 6, 7, 0)],
)
@pytest.mark.parametrize('affine', [True, False])
def test_nothing_to_do(library, shape, affine):
    batch, channels, in_shape, out_shape = shape[0], shape[1], shape[2:4], shape[4:]
    coords = (batch, 6) if affine else (batch,) + out_shape + (2,)
    case = Case(
        np.ones((batch, channels) + in_shape, 'float32'),
        np.ones(coords, 'float32'),
        out_shape,
        affine,
    )
    output = case.sample(library)
    assert output.size == 0
    grad_images, grad_coords = case.gradient(library, output)
    assert not grad_images.any() and not grad_coords.any()


@pytest.mark.parametrize('border', BORDERS)
@pytest.mark.parametrize('entry', range(6))
def test_nan_theta_stays_in_its_own_image(library, border, entry):
    rng = np.random.default_rng(7)
    images = rng.standard_normal((3, 2, 20, 24)).astype('float32')
    theta = random_theta(rng, 2, 3)
    grad_output = rng.standard_normal(images.shape).astype('float32')
    case = Case(images, theta, (20, 24), border=border)
    output = case.sample(library)
    grad_images, grad_coords = case.gradient(library, grad_output)
    theta[1, entry] = np.nan
    nan_output = case.sample(library)
    nan_images, nan_coords = case.gradient(library, grad_output)
    assert np.isnan(nan_output[1]).all()
    assert np.isnan(nan_images[1]).any() and np.isnan(nan_coords[1]).all()
    for other in (0, 2):
        assert np.array_equal(output[other], nan_output[other])
        assert np.array_equal(grad_images[other], nan_images[other])
        assert np.array_equal(grad_coords[other], nan_coords[other])


@pytest.mark.parametrize('border', BORDERS)
def test_nan_point_is_one_nan_pixel(library, border):
    case, grad_output = random_case(11, 2, 'float32', False, border, True)
    output = case.sample(library)
    case.coords[0, 0, 0, 1] = np.nan
    nan_output = case.sample(library)
    assert np.isnan(nan_output[0, :, 0, 0]).all()
    nan_output[0, :, 0, 0] = output[0, :, 0, 0]
    assert np.array_equal(output, nan_output)
    assert np.isnan(case.gradient(library, grad_output)[1][0, 0, 0]).all()


@pytest.mark.parametrize('align_corners', [True, False])
@pytest.mark.parametrize('border', BORDERS)
@pytest.mark.parametrize('value', [np.inf, -np.inf, 1e30, -1e30, 3e38, 1e15, 1e9])
def test_huge_theta_is_finite(library, value, border, align_corners):
    rng = np.random.default_rng(8)
    for in_shape, out_shape in (((20, 24), (20, 24)), ((1, 9), (9, 1))):
        for entry in range(6):
            images = rng.standard_normal((2, 2) + in_shape).astype('float32')
            theta = random_theta(rng, 2, 2)
            theta[1, entry] = value
            case = Case(
                images, theta, out_shape, border=border, align_corners=align_corners
            )
            output = case.sample(library)
            grad_output = rng.standard_normal(output.shape).astype('float32')
            grad_images, grad_coords = case.gradient(library, grad_output)
            assert np.isfinite(output).all() and np.isfinite(grad_images).all()
            assert np.isfinite(grad_coords).all()
            if border in ('nearest', 'constant') and np.isfinite(value):
                assert relative_error(output, Oracle(case).output()) < 1e-5


@pytest.mark.parametrize('border', BORDERS)
def test_far_translation_reads_the_border(library, border):
    rng = np.random.default_rng(9)
    images = rng.standard_normal((1, 1, 12, 16)).astype('float32')
    theta = np.array([[1, 0, 31, 0, 1, -29.03]], 'float32')
    case = Case(images, theta, (12, 16), border=border)
    check(case, rng.standard_normal(images.shape).astype('float32'), library)


# ---- threads


@pytest.mark.parametrize('shape', [(1, 3, 200, 300), (5, 2, 33, 47), (2, 20, 28, 28)])
@pytest.mark.parametrize('border', ['nearest', 'wrap'])
def test_same_bits_for_any_number_of_threads(library, shape, border):
    set_threads = ctypes.CDLL('libgomp.so.1').omp_set_num_threads
    rng = np.random.default_rng(10)
    images = rng.standard_normal(shape).astype('float32')
    grad_output = rng.standard_normal(shape).astype('float32')
    results = []
    for threads in (1, 2, 3, 7):
        set_threads(threads)
        for noise in (0.2, 2):
            theta = random_theta(np.random.default_rng(1), 2, shape[0], noise)
            case = Case(images, theta, shape[2:], border=border)
            results.append(
                [case.sample(library)] + list(case.gradient(library, grad_output))
            )
    set_threads(os.cpu_count())
    for number, result in enumerate(results[2:]):
        for one, other in zip(results[number % 2], result):
            assert np.array_equal(one, other)
