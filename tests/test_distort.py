"""The paper's distortions, against scipy and against slow loops."""
import numpy as np
import pytest
from scipy import ndimage

from lasagne_stn.data import distort_rts, warp_images
from lasagne_stn.data import distort as module


def test_warping_equals_scipy(rng):
    images = rng.uniform(size=(3, 5, 8))
    x, y = rng.uniform(-5, 5, size=(2, 3, 4, 6))
    expected = [ndimage.map_coordinates(np.pad(image, 1, 'constant'), [v + 3, u + 4.5],
                                        order=1, mode='constant', cval=0)
                for image, u, v in zip(images, x, y)]
    got = warp_images(images, x, y)
    assert got.dtype == np.float32 and got.shape == (3, 4, 6)
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_rts_equals_a_slow_loop_over_forward_transforms(rng):
    """Inverse of each image's matrix, from the numbers in the order they are drawn."""
    images = rng.uniform(size=(4, 6, 7))
    got = distort_rts(images, np.random.default_rng(8), (11, 13))
    drawn = np.random.default_rng(8)
    angles, scales = drawn.uniform(-45, 45, size=4), drawn.uniform(.7, 1.2, size=4)
    shifts = drawn.uniform(-.5, .5, size=(4, 2)) * [13 - 7, 11 - 6]
    for image, angle, scale, (right, down), result in zip(images, np.deg2rad(angles),
                                                          scales, shifts, got):
        forward = scale * np.array([[np.cos(angle), -np.sin(angle)],
                                    [np.sin(angle), np.cos(angle)]])
        for row in range(11):
            for column in range(13):
                place = np.array([column - 6 - right, row - 5 - down])
                x, y = np.linalg.solve(forward, place) + [3, 2.5]
                expected = sum(image[n, m] * max(0, 1 - abs(x - m))
                               * max(0, 1 - abs(y - n))
                               for n in range(6) for m in range(7))
                assert abs(result[row, column] - expected) < 1e-5


def test_more_images_than_one_call_takes(rng, monkeypatch):
    images = rng.uniform(size=(7, 4, 5))
    whole = distort_rts(images, np.random.default_rng(3), (6, 8))
    monkeypatch.setattr(module, 'CHUNK', 3)
    np.testing.assert_array_equal(
        distort_rts(images, np.random.default_rng(3), (6, 8)), whole)


def test_the_same_seed_gives_the_same_images_and_the_next_draw_others(rng):
    images = rng.uniform(size=(2, 28, 28))
    before = images.copy()
    generator = np.random.default_rng(4)
    first, second = distort_rts(images, generator), distort_rts(images, generator)
    np.testing.assert_array_equal(distort_rts(images, np.random.default_rng(4)), first)
    assert abs(first - second).max() > .1
    np.testing.assert_array_equal(images, before)
    assert first.shape == (2, 42, 42)


def test_rotation_scale_and_place_have_the_papers_ranges():
    """Measured on the moments of a bar, which tell its angle, size and middle."""
    bar = np.zeros((1, 28, 28))
    bar[:, 13:15, 7:21] = 1
    result = distort_rts(np.repeat(bar, 400, axis=0), np.random.default_rng(2))
    assert result.sum(axis=(1, 2)).min() > 0
    grid = np.arange(42) - 20.5
    mass = result.sum(axis=(1, 2))
    x, y = (result.sum(axis=axis) @ grid / mass for axis in (1, 2))
    assert all(-7 <= place.min() < -6.5 and 6.5 < place.max() <= 7
               for place in (x, y))
    u = grid - x[:, np.newaxis]
    v = grid - y[:, np.newaxis]
    uu = np.einsum('nrc,nc->n', result, u ** 2) / mass
    vv = np.einsum('nrc,nr->n', result, v ** 2) / mass
    uv = np.einsum('nrc,nr,nc->n', result, v, u) / mass
    angle = np.rad2deg(np.arctan2(2 * uv, uu - vv) / 2)
    assert -45.5 < angle.min() < -43 and 43 < angle.max() < 45.5
    scale = np.sqrt(mass / bar.sum())
    assert .68 < scale.min() < .72 and 1.18 < scale.max() < 1.22


def test_no_images_give_no_images():
    assert distort_rts(np.empty((0, 28, 28)), np.random.default_rng(1)).shape == (
        0, 42, 42)


@pytest.mark.parametrize('images, size, message', [
    (np.zeros((2, 4)), (6, 8), r'images must have shape \(batch, rows, columns\), got '
     r'\(2, 4\)'),
    (np.zeros((2, 1, 5)), (6, 8), r'images must have at least 2 x 2 pixels, got '
     r'\(1, 5\)'),
    (np.zeros((2, 4, 5)), (6, 4), r'output_size must be at least 4 x 5, the size of '
     r'the images, got \(6, 4\)'),
    (np.zeros((2, 4, 5)), (0, 8), r'output_size must be \(rows, columns\) in pixels'),
])
def test_bad_arguments_are_refused(rng, images, size, message):
    distort_rts(np.zeros((2, 4, 5)), rng, (6, 8))
    with pytest.raises(ValueError, match='distort_rts: ' + message):
        distort_rts(images, rng, size)
