"""One image through a transformer, against the slow loops."""

import numpy as np
import pytest

from helpers import oracle
from lasagne_stn import Affine, Similarity
from lasagne_stn.warping import warp_image


@pytest.mark.parametrize(
    'transform, apply, theta',
    [
        (Affine(), oracle.affine, [0.8, 0.3, 0.1, -0.2, 1.2, -0.4]),
        (Similarity(), oracle.similarity, [0.9, 0.5, 0.2, -0.1]),
    ],
)
@pytest.mark.parametrize(
    'border_mode, interpolation', [('constant', 'bilinear'), ('mirror', 'nearest')]
)
def test_points_and_output_equal_the_slow_loops(
    transform, apply, theta, border_mode, interpolation, rng
):
    image = rng.uniform(size=(5, 7))
    points, warped = warp_image(
        image, theta, transform, (4, 6), border_mode, interpolation
    )
    expected = apply(np.array([theta]), oracle.target_points((4, 6), True))
    np.testing.assert_allclose(points, expected[0], atol=1e-12)
    read = oracle.sample(
        image[np.newaxis, np.newaxis], expected, interpolation, border_mode
    )
    np.testing.assert_allclose(warped, read[0, 0], atol=1e-12)


def test_the_other_pixel_rule(rng):
    image, theta = rng.uniform(size=(5, 7)), [0.8, 0.3, 0.1, -0.2, 1.2, -0.4]
    points, warped = warp_image(image, theta, output_size=(4, 6), align_corners=False)
    expected = oracle.affine(np.array([theta]), oracle.target_points((4, 6), False))
    np.testing.assert_allclose(points, expected[0], atol=1e-12)
    read = oracle.sample(
        image[np.newaxis, np.newaxis],
        expected,
        border_mode='constant',
        align_corners=False,
    )
    np.testing.assert_allclose(warped, read[0, 0], atol=1e-12)


def test_the_output_is_as_large_as_the_image_if_nobody_asks(rng):
    image = rng.uniform(size=(5, 7))
    matrix = [[1, 0, 0], [0, 1, 0]]
    points, warped = warp_image(image, matrix)
    assert points.shape == (5, 7, 2)
    np.testing.assert_allclose(warped, image, atol=1e-12)


def test_wrong_arguments_are_errors():
    image, theta = np.zeros((4, 5)), np.zeros(6)
    warp_image(image, theta)
    with pytest.raises(ValueError, match=r'image must .*\(rows, columns\), got \(20,'):
        warp_image(image.ravel(), theta)
    with pytest.raises(ValueError, match=r'theta must have shape \(6,\), got \(5,'):
        warp_image(image, theta[1:])
    with pytest.raises(TypeError, match='transform must be a Transform'):
        warp_image(image, theta, 'affine')
    with pytest.raises(TypeError, match=r'output_size must .*, got 9'):
        warp_image(image, theta, output_size=9)
    with pytest.raises(ValueError, match="border_mode must .*got 'zero'"):
        warp_image(image, theta, border_mode='zero')
