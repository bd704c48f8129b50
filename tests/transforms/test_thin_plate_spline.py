"""The thin plate spline: it passes through its control points, bends, and folds not."""

import numpy as np
import pytest
import theano

from helpers import oracle
from helpers.compiled import QUICK, run, with_gradients
from lasagne_stn import ThinPlateSpline


def controls(side):
    line = np.linspace(-1, 1, side)
    return np.stack(np.meshgrid(line, line)).reshape(2, -1)


@pytest.mark.parametrize('side', [2, 3, 4, 5, 7])
def test_convention_control_points_move_by_their_offsets(side, rng, float_type):
    offsets = rng.normal(scale=0.3, size=(2, 2, side**2))
    spline = ThinPlateSpline(side**2)
    theta = offsets.reshape(2, -1).astype(float_type)
    found = run(spline.apply, theta, controls(side).astype(float_type), mode=QUICK)
    assert found.dtype == float_type
    exact = float_type == 'float64'
    np.testing.assert_allclose(
        found, controls(side) + offsets, atol=1e-12 if exact else 1e-5
    )
    assert spline.num_params == 2 * side**2


@pytest.mark.parametrize('side', [5, 8])
def test_many_control_points_equal_the_independent_solve(side, rng, float_type):
    theta = rng.normal(scale=0.2, size=(1, 2 * side**2)).astype(float_type)
    points = rng.uniform(-1.3, 1.3, size=(6, 2)).astype(float_type)
    found = run(ThinPlateSpline(side**2).apply, theta, points.T, mode=QUICK)
    expected = oracle.thin_plate_spline(theta.astype(float), points.astype(float))
    exact = float_type == 'float64'
    np.testing.assert_allclose(found[0].T, expected[0], atol=1e-10 if exact else 1e-5)


def test_one_moved_control_point_bends_the_lines(rng):
    theta = np.zeros((1, 18))
    theta[0, 4] = 0.5  # the middle one of nine, to the right
    line = np.array([np.zeros(5), np.linspace(-1, 1, 5)])
    x, y = run(ThinPlateSpline(9).apply, theta, line, mode=QUICK)[0]
    np.testing.assert_allclose(x[[0, 2, 4]], [0, 0.5, 0], atol=1e-12)
    assert 0.2 < x[1] < 0.4 and abs(x[1] - x[3]) < 1e-12
    np.testing.assert_allclose(y, line[1], atol=1e-12)


@pytest.mark.parametrize('side', [2, 4])
def test_an_affine_motion_of_the_control_points_does_not_bend(side, rng):
    matrix, points = rng.normal(size=(1, 6)), rng.normal(size=(7, 2))
    moved = oracle.affine(matrix, controls(side).T)[0].T - controls(side)
    found = run(
        ThinPlateSpline(side**2).apply, moved.reshape(1, -1), points.T, mode=QUICK
    )
    np.testing.assert_allclose(found[0].T, oracle.affine(matrix, points)[0], atol=1e-10)


def test_gradients_on_and_beside_a_control_point_are_finite_and_right(rng):
    theta = rng.normal(scale=0.3, size=(1, 18))
    points = np.array([[0.0, 1e-9, 0, 1], [0.0, 0, 1e-20, -1]])
    cotangent = rng.normal(size=(1, 2, 4))
    _, to_theta, to_points = with_gradients(
        ThinPlateSpline(9).apply, theta, points, cotangent, mode=QUICK
    )

    def slow(points):
        return oracle.thin_plate_spline(theta, points.T)[0].T

    np.testing.assert_allclose(
        to_points,
        oracle.numeric_gradient(slow, points, cotangent[0], step=1e-5),
        atol=1e-3,
    )
    assert np.isfinite(to_theta).all()


def test_verify_grad(rng):
    theta = rng.normal(scale=0.3, size=(2, 8))
    points = rng.uniform(-1, 1, size=(2, 3))
    theano.gradient.verify_grad(
        ThinPlateSpline(4).apply, [theta, points], rng=np.random, mode=QUICK
    )


@pytest.mark.parametrize(
    'count, error',
    [
        (15, ValueError),
        (1, ValueError),
        (0, ValueError),
        (-4, ValueError),
        (9.0, TypeError),
        ('16', TypeError),
        (None, TypeError),
    ],
)
def test_another_number_of_control_points_is_an_error(count, error):
    assert ThinPlateSpline(9).num_params == 18
    with pytest.raises(
        error,
        match='ThinPlateSpline: control_points must be a square '
        'number of at least 4, got %r' % count,
    ):
        ThinPlateSpline(count)


def test_names():
    assert repr(ThinPlateSpline(9)) == 'ThinPlateSpline(9)'
    assert repr(ThinPlateSpline(9, 'isotropic')) == (
        "ThinPlateSpline(9, coordinates='isotropic')"
    )
