"""Parameters to source points, against loops over the equations."""
import numpy as np
import pytest

import oracle
from conftest import run
from lasagne_stn import Affine
from lasagne_stn.transforms import as_transform


def test_affine_equals_the_loops(rng):
    theta = rng.normal(size=(3, 6))
    points = oracle.target_points((2, 5), True)
    mapped = run(Affine().apply, theta, points.reshape(-1, 2).T)
    expected = oracle.affine(theta, points).reshape(3, -1, 2).transpose(0, 2, 1)
    np.testing.assert_allclose(mapped, expected, rtol=1e-12)


def test_affine_of_points_that_differ_in_the_batch(rng):
    theta, points = rng.normal(size=(3, 6)), rng.normal(size=(3, 2, 4))
    mapped = run(Affine().apply, theta, points)
    for image in range(3):
        expected = oracle.affine(theta[image:image + 1], points[image].T)[0].T
        np.testing.assert_allclose(mapped[image], expected, rtol=1e-12)


def test_convention_the_identity_leaves_every_point(rng):
    points = rng.normal(size=(2, 7))
    mapped = run(Affine().apply, Affine().identity[np.newaxis], points)
    np.testing.assert_array_equal(mapped[0], points)


def test_infinite_parameters_give_far_points_and_nan_stays():
    theta = np.array([[np.inf, 0, 0, 0, 1, -np.inf], [1, np.nan, 0, 0, 1, 0]])
    far, unknown = run(Affine().apply, theta, np.array([[0., .5], [0., 0.]]))
    np.testing.assert_array_equal(far, [[0, 5e8], [-1e9, -1e9]])
    assert np.isnan(unknown[0]).all() and (unknown[1] == 0).all()


def test_what_is_no_transform_is_refused():
    assert as_transform('warp', Affine()).num_params == 6
    with pytest.raises(TypeError, match='warp: transform must be a Transform such as'):
        as_transform('warp', Affine)
    with pytest.raises(ValueError, match='transform must have dims=3, got Affine()'):
        as_transform('warp', Affine(), dims=3)
