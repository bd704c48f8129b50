"""The paper's distortions, against scipy and slow loops."""

import numpy as np
import pytest
from scipy import ndimage
from scipy.interpolate import RBFInterpolator

from lasagne_stn import Affine, Projective
from lasagne_stn.data import distort_e, distort_p, distort_r, distort_rts
from lasagne_stn.data import distortions as module
from lasagne_stn.warping import warp_images


def read(image, x, y):
    """Scipy's bilinear samples at (x, y) in pixels from the centre, zero outside."""
    rows, columns = image.shape
    return ndimage.map_coordinates(
        np.pad(image, 1, 'constant'),
        [np.add(y, (rows + 1) / 2), np.add(x, (columns + 1) / 2)],
        order=1,
        mode='constant',
        cval=0,
    )


def pixels_from_the_centre(rows, columns):
    """(x, y) of every pixel."""
    return np.meshgrid(
        np.arange(columns) - (columns - 1) / 2, np.arange(rows) - (rows - 1) / 2
    )


@pytest.mark.parametrize('transform', [Affine(), Projective()])
def test_warping_equals_scipy(rng, transform):
    images = rng.uniform(size=(3, 5, 8))
    theta = rng.normal(scale=0.7, size=(3, 6))
    more = rng.normal(scale=0.2, size=(3, transform.num_params - 6))
    got = warp_images(images, transform, np.hstack([theta, more]), (4, 6))
    assert got.dtype == np.float32 and got.shape == (3, 4, 6)
    u, v = pixels_from_the_centre(4, 6)
    u, v = u / 2.5, v / 1.5
    below = np.hstack([more, np.zeros((3, 2))])
    for image, (a, b, c, d, e, f), (g, h), result in zip(
        images, theta, below[:, :2], got
    ):
        w = g * u + h * v + 1
        x, y = (a * u + b * v + c) / w, (d * u + e * v + f) / w
        np.testing.assert_allclose(result, read(image, 3.5 * x, 2 * y), atol=1e-5)


def test_r_only_rotates(rng):
    images = rng.uniform(size=(4, 6, 7))
    got = distort_r(images, np.random.default_rng(8))
    angles = np.deg2rad(np.random.default_rng(8).uniform(-90, 90, size=4))
    u, v = pixels_from_the_centre(6, 7)
    for image, angle, result in zip(images, angles, got):
        x = np.cos(angle) * u + np.sin(angle) * v
        y = np.cos(angle) * v - np.sin(angle) * u
        np.testing.assert_allclose(result, read(image, x, y), atol=1e-5)


def test_p_stretches_the_corners_forward(rng):
    """Solves eight equations for the matrix of each image."""
    images = rng.uniform(size=(5, 30, 33))
    got = distort_p(images, np.random.default_rng(8))
    replay = np.random.default_rng(8)
    scales = replay.uniform(0.75, 1, size=5)
    corners = np.array([[-16, -14.5], [16, -14.5], [16, 14.5], [-16, 14.5]])
    moved = corners + np.sign(corners) * replay.normal(scale=5, size=(5, 4, 1))
    u, v = pixels_from_the_centre(30, 33)
    for image, scale, quadrangle, result in zip(images, scales, moved, got):
        rows, right = [], []
        for (x, y), (s, t) in zip(quadrangle, corners):  # from (x, y) to (s, t)
            rows += [
                [x, y, 1, 0, 0, 0, -s * x, -s * y],
                [0, 0, 0, x, y, 1, -t * x, -t * y],
            ]
            right += [s, t]
        a, b, c, d, e, f, g, h = np.linalg.solve(rows, right)
        w = g * u + h * v + 1
        expected = read(
            image, (a * u + b * v + c) / w / scale, (d * u + e * v + f) / w / scale
        )
        np.testing.assert_allclose(result, expected, atol=2e-4)


def test_corners_that_fold_the_image_are_sampled_again(monkeypatch):
    """Noise of 5 pixels folds most quadrangles of 8 x 8 pixels."""
    kept, resampled = [], 0
    monkeypatch.setattr(
        module,
        '_to_corners',
        lambda corners: kept.append(corners[0]) or np.ones((1, 1, 1)) * np.eye(3),
    )
    for seed in range(40):
        replay = np.random.default_rng(seed)
        replay.uniform(0.75, 1, size=1)
        first = module.CORNERS * (1 + replay.normal(scale=5, size=(4, 1)) / 3.5)
        distort_p(np.ones((1, 8, 8)), np.random.default_rng(seed))
        resampled += bool((kept[-1] != first).any())
        for corner, before, after in zip(
            kept[-1], np.roll(kept[-1], 1, axis=0), np.roll(kept[-1], -1, axis=0)
        ):
            assert np.linalg.det([corner - before, after - corner]) > 0
    assert 5 < resampled < 40


def test_e_bends_like_scipys_thin_plate_spline(rng):
    images = rng.uniform(size=(3, 10, 13))
    got = distort_e(images, np.random.default_rng(8))
    replay = np.random.default_rng(8)
    scales = replay.uniform(0.75, 1, size=(3, 1))
    noise = replay.normal(scale=1.5, size=(3, 2, 16))
    controls = np.array(
        [(x, y) for y in np.linspace(-1, 1, 4) for x in np.linspace(-1, 1, 4)]
    )
    u, v = pixels_from_the_centre(10, 13)
    points = np.stack([u.ravel() / 6, v.ravel() / 4.5], axis=1)
    for image, scale, offsets, result in zip(images, scales, noise, got):
        sources = controls * [6, 4.5] + offsets.T
        spline = RBFInterpolator(
            controls, sources, kernel='thin_plate_spline', degree=1
        )
        x, y = spline(points).T.reshape(2, 10, 13) / scale
        np.testing.assert_allclose(result, read(image, x, y), atol=2e-4)


def test_rts_equals_a_slow_loop_over_forward_transforms(rng):
    """Inverts each image's matrix, from the numbers in the order they are sampled."""
    images = rng.uniform(size=(4, 6, 7))
    got = distort_rts(images, np.random.default_rng(8), (11, 13))
    replay = np.random.default_rng(8)
    angles, scales = replay.uniform(-45, 45, size=4), replay.uniform(0.7, 1.2, size=4)
    shifts = replay.uniform(-0.5, 0.5, size=(4, 2)) * [13 - 7, 11 - 6]
    for image, angle, scale, (right, down), result in zip(
        images, np.deg2rad(angles), scales, shifts, got
    ):
        forward = scale * np.array(
            [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        )
        for row in range(11):
            for column in range(13):
                target = np.array([column - 6 - right, row - 5 - down])
                x, y = np.linalg.solve(forward, target) + [3, 2.5]
                expected = sum(
                    image[n, m] * max(0, 1 - abs(x - m)) * max(0, 1 - abs(y - n))
                    for n in range(6)
                    for m in range(7)
                )
                assert abs(result[row, column] - expected) < 1e-5


def test_results_do_not_depend_on_the_chunk_size(rng, monkeypatch):
    images = rng.uniform(size=(7, 4, 5))
    whole = distort_rts(images, np.random.default_rng(3), (6, 8))
    monkeypatch.setattr('lasagne_stn.warping.CHUNK', 3)
    np.testing.assert_array_equal(
        distort_rts(images, np.random.default_rng(3), (6, 8)), whole
    )


def test_rts_depends_on_the_generators_state_only(rng):
    images = rng.uniform(size=(2, 28, 28))
    before = images.copy()
    generator = np.random.default_rng(4)
    first, second = distort_rts(images, generator), distort_rts(images, generator)
    np.testing.assert_array_equal(distort_rts(images, np.random.default_rng(4)), first)
    assert abs(first - second).max() > 0.1
    np.testing.assert_array_equal(images, before)
    assert first.shape == (2, 42, 42)


def test_rotation_scale_and_position_have_the_papers_ranges():
    """Measures the moments of a bar, which give its angle, size and centre."""
    bar = np.zeros((1, 28, 28))
    bar[:, 13:15, 7:21] = 1
    result = distort_rts(np.repeat(bar, 400, axis=0), np.random.default_rng(2))
    assert result.sum(axis=(1, 2)).min() > 0
    grid = np.arange(42) - 20.5
    mass = result.sum(axis=(1, 2))
    x, y = (result.sum(axis=axis) @ grid / mass for axis in (1, 2))
    for centre in (x, y):
        assert -7 <= centre.min() < -6.5 and 6.5 < centre.max() <= 7
    u = grid - x[:, np.newaxis]
    v = grid - y[:, np.newaxis]
    uu = np.einsum('nrc,nc->n', result, u**2) / mass
    vv = np.einsum('nrc,nr->n', result, v**2) / mass
    uv = np.einsum('nrc,nr,nc->n', result, v, u) / mass
    angle = np.rad2deg(np.arctan2(2 * uv, uu - vv) / 2)
    assert -45.5 < angle.min() < -43 and 43 < angle.max() < 45.5
    scale = np.sqrt(mass / bar.sum())
    assert 0.68 < scale.min() < 0.72 and 1.18 < scale.max() < 1.22


def test_an_empty_batch_stays_empty():
    assert distort_rts(np.empty((0, 28, 28)), np.random.default_rng(1)).shape == (
        0,
        42,
        42,
    )


@pytest.mark.parametrize('distort', [distort_r, distort_p, distort_e])
def test_the_same_seed_gives_the_same_images(rng, distort):
    images = rng.uniform(size=(3, 12, 14)).astype('float32')
    generator = np.random.default_rng(4)
    first, second = distort(images, generator), distort(images, generator)
    np.testing.assert_array_equal(distort(images, np.random.default_rng(4)), first)
    assert abs(first - second).max() > 0.1 and first.shape == images.shape
    assert distort(images[:0], generator).shape == (0, 12, 14)
    with pytest.raises(ValueError, match=distort.__name__ + ': images must have shape'):
        distort(images[0], generator)
    for wrong in (4, None, np.random, np.random.RandomState(4)):
        with pytest.raises(
            TypeError,
            match=distort.__name__ + ': rng must be a numpy.'
            'random.Generator, got .*\n.*default_rng',
        ):
            distort(images, wrong)


def test_as_many_parameters_as_images():
    warp_images(np.ones((2, 4, 5)), Affine(), np.zeros((2, 6)), (3, 7))
    with pytest.raises(ValueError, match=r'theta must have shape \(2, 6\), got \(3, 6'):
        warp_images(np.ones((2, 4, 5)), Affine(), np.zeros((3, 6)), (3, 7))
    with pytest.raises(TypeError, match=r'warp_images: output_size must .*, got 3'):
        warp_images(np.ones((2, 4, 5)), Affine(), np.zeros((2, 6)), 3)


@pytest.mark.parametrize(
    'images, size, message',
    [
        (
            np.zeros((2, 4)),
            (6, 8),
            r'images must have shape \(batch, rows, columns\), got '
            r'\(2, 4\)',
        ),
        (
            np.zeros((2, 1, 5)),
            (6, 8),
            r'images must have at least 2 x 2 pixels, got '
            r'\(1, 5\)',
        ),
        (
            np.zeros((2, 4, 5)),
            (6, 4),
            r'output_size must be at least 4 x 5, the size of '
            r'the images, got \(6, 4\)',
        ),
        (
            np.zeros((2, 4, 5)),
            (0, 8),
            r'output_size must be \(rows, columns\) in pixels',
        ),
    ],
)
def test_invalid_arguments_raise_errors(rng, images, size, message):
    distort_rts(np.zeros((2, 4, 5)), rng, (6, 8))
    with pytest.raises(ValueError, match='distort_rts: ' + message):
        distort_rts(images, rng, size)
