"""The matrix transforms: conventions, the matrix itself, errors."""

import numpy as np
import pytest
import theano.tensor as T

from helpers import oracle
from helpers.compiled import run
from lasagne_stn import Affine, Attention, Similarity, Translation
from lasagne_stn.grid import apply_matrix
from lasagne_stn.transforms import MatrixTransform


def matrix_of(transform, theta, half_extents=None):
    theta = np.asarray([theta], dtype='float64')
    return run(lambda theta: transform.matrix(theta, half_extents), theta)[0]


def test_convention_each_matrix_is_the_one_of_the_equations():
    np.testing.assert_array_equal(
        matrix_of(Translation(), [0.25, -0.5]), [[1, 0, 0.25], [0, 1, -0.5]]
    )
    np.testing.assert_array_equal(
        matrix_of(Attention(), [0.5, 0.25, -0.5]), [[0.5, 0, 0.25], [0, 0.5, -0.5]]
    )
    np.testing.assert_array_equal(
        matrix_of(Attention(scale=0.5), [0.25, -0.5]), [[0.5, 0, 0.25], [0, 0.5, -0.5]]
    )
    np.testing.assert_array_equal(
        matrix_of(Affine(), [1, 2, 3, 4, 5, 6]), [[1, 2, 3], [4, 5, 6]]
    )
    c, s = 2 * np.cos(0.3), 2 * np.sin(0.3)
    np.testing.assert_allclose(
        matrix_of(Similarity(), [2, 0.3, 4, 5]), [[c, s, 4], [-s, c, 5]], rtol=1e-15
    )
    np.testing.assert_array_equal(
        matrix_of(Attention(dims=3), [0.5, 1, 2, 3]),
        [[0.5, 0, 0, 1], [0, 0.5, 0, 2], [0, 0, 0.5, 3]],
    )
    np.testing.assert_array_equal(
        matrix_of(Translation(3), [1, 2, 3]), [[1, 0, 0, 1], [0, 1, 0, 2], [0, 0, 1, 3]]
    )


def test_convention_isotropic_shifts_are_in_halves_of_the_longer_side():
    matrix = matrix_of(Translation(coordinates='isotropic'), [0.5, 0.5], (8.0, 2.0))
    np.testing.assert_array_equal(matrix, [[1, 0, 0.5], [0, 1, 2]])
    matrix = matrix_of(Affine(coordinates='isotropic'), [0, 1, 0, -1, 0, 0], (8.0, 2.0))
    np.testing.assert_array_equal(matrix, [[0, 0.25, 0], [-4, 0, 0]])


def test_convention_the_angle_rotates_the_picture_clockwise():
    # The output's top (0, -1) shows what is at the input's left (-1, 0).
    mapped = run(
        Similarity().apply, np.array([[1, np.pi / 2, 0, 0]]), np.array([[0.0], [-1.0]])
    )
    np.testing.assert_allclose(mapped[0, :, 0], [-1, 0], atol=1e-15)


@pytest.mark.parametrize('angle', [np.inf, -np.inf, 1e30])
def test_an_infinite_angle_gives_some_rotation(angle, float_type):
    theta = np.array([[1, angle, 0, 0]], float_type)
    mapped = run(Similarity().apply, theta, np.array([[0.6], [0.8]], float_type))
    np.testing.assert_allclose(np.hypot(*mapped[0, :, 0]), 1, rtol=1e-6)


def test_half_extents_of_volumes_are_in_the_order_x_y_z(rng):
    theta = rng.normal(size=12)
    points = rng.normal(size=(5, 3))
    found = run(
        lambda theta, points: Affine(3, 'isotropic').apply(
            theta, points, (2.0, 3.0, 5.0)
        ),
        theta[np.newaxis],
        points.T,
    )
    slow = oracle.isotropic(oracle.affine, (11, 7, 5))
    np.testing.assert_allclose(
        found[0].T, slow(theta[np.newaxis], points)[0], rtol=1e-12
    )


def test_apply_matrix_with_the_same_and_with_different_points(rng):
    matrix, points = rng.normal(size=(3, 4, 3)), rng.normal(size=(3, 2, 6))
    homogeneous = np.concatenate([points, np.ones((3, 1, 6))], axis=1)
    np.testing.assert_allclose(
        run(apply_matrix, matrix, points),
        np.einsum('brd,bdn->brn', matrix, homogeneous),
        rtol=1e-10,
    )
    np.testing.assert_allclose(
        run(apply_matrix, matrix, points[1]),
        np.einsum('brd,dn->brn', matrix, homogeneous[1]),
        rtol=1e-10,
    )


def test_an_empty_batch_gives_no_points():
    for points in (np.zeros((2, 5)), np.zeros((0, 2, 5))):
        assert run(Affine().apply, np.zeros((0, 6)), points).shape == (0, 2, 5)


def test_names_show_what_differs_from_the_default():
    assert repr(Affine()) == 'Affine()'
    assert repr(Affine(3, 'isotropic')) == "Affine(dims=3, coordinates='isotropic')"
    assert repr(Attention(0.5, 3)) == 'Attention(scale=0.5, dims=3)'


def test_wrong_arguments_are_errors():
    for kind in (Translation, Attention, Affine):
        assert kind(dims=3).dims == 3
        for dims in (4, '2', None, 2.0):
            with pytest.raises(
                ValueError,
                match='%s: dims must be 2 or 3, got %r' % (kind.__name__, dims),
            ):
                kind(dims=dims)
    assert Attention(scale=np.float32(2)).num_params == 2
    with pytest.raises(TypeError, match="Attention: scale must be a .* got 'half'"):
        Attention(scale='half')
    with pytest.raises(ValueError, match='Attention: scale must be a .* got nan'):
        Attention(scale=float('nan'))
    with pytest.raises(NotImplementedError):
        MatrixTransform().matrix(T.matrix())
