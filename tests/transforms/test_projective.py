"""The projective transform, especially where its denominator is near zero."""

import numpy as np
import pytest

from helpers import oracle
from helpers.compiled import run, with_gradients
from lasagne_stn import Projective
from lasagne_stn.transforms.projective import SMALLEST


def test_without_a_vanishing_point_it_is_affine(rng):
    theta, points = rng.normal(size=(2, 6)), rng.normal(size=(5, 2))
    found = run(
        Projective().apply, np.concatenate([theta, np.zeros((2, 2))], axis=1), points.T
    )
    np.testing.assert_allclose(
        found.transpose(0, 2, 1), oracle.affine(theta, points), rtol=1e-10
    )


def test_a_trapezium_is_seen_as_a_square():
    # x / (1 + y / 2), y / (1 + y / 2): the output's bottom is drawn together.
    theta = np.array([[1, 0, 0, 0, 1, 0, 0, 0.5]])
    corners = np.array([[-1.0, 1, -1, 1], [-1, -1, 1, 1]])
    found = run(Projective().apply, theta, corners)
    np.testing.assert_allclose(3 * found[0], [[-6, 6, -2, 2], [-6, -6, 2, 2]])


@pytest.mark.parametrize(
    'small, counts',
    [
        (0.0, SMALLEST),
        (1e-9, SMALLEST),
        (-1e-9, -SMALLEST),
        (2e-6, 2e-6),
        (-2e-6, -2e-6),
    ],
)
def test_convention_near_the_horizon_the_denominator_is_bounded(small, counts):
    # d = -x + 1 + small at x = 1, so d = small up to rounding.
    theta = np.array([[3.0, 0, 0, 0, 1, 2, small - 1, 0]])
    output, to_theta, _ = with_gradients(
        Projective().apply, theta, np.array([[1.0], [0.0]]), np.ones((1, 2, 1))
    )
    np.testing.assert_allclose(output[0, :, 0], [3 / counts, 2 / counts], rtol=1e-6)
    np.testing.assert_allclose(to_theta[0, 0], 1 / counts, rtol=1e-6)
    slope = 0 if abs(small) < SMALLEST else -5 / counts**2
    np.testing.assert_allclose(to_theta[0, 6], slope, rtol=1e-6)


def test_across_the_horizon_values_and_gradients_are_finite(float_type):
    steps = np.logspace(-40, 1, 42)
    steps = np.concatenate([-steps, [0, -0.0], steps])
    theta = np.tile(Projective().identity, (len(steps), 1))
    theta[:, 6] = steps - 1
    points = np.array([[1.0, -1, 0.5], [0.5, 0, 1]])
    for array in with_gradients(
        Projective().apply, theta, points, np.ones((len(steps), 2, 3)), dtype=float_type
    ):
        assert np.isfinite(array).all()


def test_the_horizon_between_two_pixels_separates_far_left_from_far_right():
    theta = np.array([[1.0, 0, 0, 0, 1, 0, 1, 0]])
    beside = np.array([[-1 - 1e-4, -1 + 1e-4], [0, 0]])
    left, right = run(Projective().apply, theta, beside)[0, 0]
    assert left > 9e3 and right < -9e3
