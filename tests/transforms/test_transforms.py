"""Every transform against the loops, the base class, and Compose."""

import pickle
from functools import partial

import numpy as np
import pytest
import theano

from helpers import oracle
from helpers.compiled import QUICK, run, with_gradients
from helpers.transforms import SIZE, TRANSFORM_CASES
from lasagne_stn import (
    Affine,
    Attention,
    Compose,
    Projective,
    Similarity,
    ThinPlateSpline,
    Transform,
    Translation,
)
from lasagne_stn.transforms import as_transform

every_transform = pytest.mark.parametrize(
    'transform, slow', TRANSFORM_CASES, ids=[repr(case[0]) for case in TRANSFORM_CASES]
)


def halves(dims):
    """Half extents along x, y (and z) of an image of SIZE, ends at pixel centres."""
    return [(pixels - 1) / 2 for pixels in SIZE[::-1][:dims]]


def near_identity(transform, rng, batch=2):
    """Parameters that bend and move, but keep a projective denominator from zero."""
    return transform.identity + rng.normal(
        scale=0.2, size=(batch, transform.num_params)
    )


def mapped_by(transform):
    return lambda theta, points: transform.apply(theta, points, halves(transform.dims))


def as_rows(points):
    """(..., dims) as the library's (dims, count)."""
    return points.reshape(-1, points.shape[-1]).T


@every_transform
def test_every_transform_and_its_gradient_equal_the_loops(transform, slow, rng):
    theta = near_identity(transform, rng)
    points = oracle.target_points((2, 3, 4)[-transform.dims :], True)

    def expected(theta):
        mapped = slow(theta, points)
        return mapped.reshape(2, -1, transform.dims).transpose(0, 2, 1)

    cotangent = rng.normal(size=expected(theta).shape)
    found, to_theta, _ = with_gradients(
        mapped_by(transform), theta, as_rows(points), cotangent, mode=QUICK
    )
    np.testing.assert_allclose(found, expected(theta), rtol=1e-10, atol=1e-12)
    slope = oracle.numeric_gradient(expected, theta, cotangent)
    np.testing.assert_allclose(to_theta, slope, rtol=1e-6, atol=1e-7)

    single = theta.astype('float32')
    found = run(
        mapped_by(transform), single, as_rows(points).astype('float32'), mode=QUICK
    )
    assert found.dtype == 'float32'
    np.testing.assert_allclose(
        found, expected(single.astype(float)), rtol=1e-5, atol=1e-5
    )


def slow_rows(slow, theta, points):
    """Return the points of one image as the library does, from the loops."""
    return slow(theta[np.newaxis], points)[0].T


@every_transform
def test_points_that_differ_in_the_batch(transform, slow, rng):
    theta = near_identity(transform, rng)
    points = rng.uniform(-1, 1, size=(2, 5, transform.dims))
    cotangent = rng.normal(size=(2, transform.dims, 5))
    found, _, to_points = with_gradients(
        mapped_by(transform), theta, points.transpose(0, 2, 1), cotangent, mode=QUICK
    )
    for image in (0, 1):
        expected = partial(slow_rows, slow, theta[image])
        np.testing.assert_allclose(
            found[image], expected(points[image]), rtol=1e-10, atol=1e-12
        )
        slope = oracle.numeric_gradient(expected, points[image], cotangent[image])
        np.testing.assert_allclose(to_points[image].T, slope, rtol=1e-5, atol=1e-6)


@every_transform
def test_the_identity_leaves_every_point_also_after_pickling(transform, slow, rng):
    again = pickle.loads(pickle.dumps(transform))
    assert repr(again) == repr(transform) and again.dims == transform.dims
    assert again.identity.shape == (again.num_params,)
    if transform.num_params == 2 and 'scale' in repr(transform):
        return  # half the image is not the whole
    points = rng.normal(size=(transform.dims, 7))
    mapped = run(mapped_by(again), again.identity[np.newaxis], points, mode=QUICK)
    np.testing.assert_allclose(mapped[0], points, rtol=1e-14)


@every_transform
def test_nan_and_infinite_parameters_stay_in_their_image(transform, slow, rng):
    count = transform.num_params
    bad = [np.nan, np.inf, -np.inf, 1e30, -1e30]
    theta = near_identity(transform, rng, 2 + len(bad) * count + 3)
    points = rng.uniform(-1, 1, size=(transform.dims, 4))
    build = mapped_by(transform)
    for dtype in ('float32', 'float64'):
        cotangent = np.ones((len(theta), transform.dims, 4))
        clean = with_gradients(build, theta, points, cotangent, dtype=dtype, mode=QUICK)
        broken = theta.copy()
        for number, value in enumerate(bad):
            for parameter in range(count):
                broken[2 + number * count + parameter, parameter] = value
        broken[-3:] = np.array([[np.inf], [1e30], [-np.inf]])
        found = with_gradients(
            build, broken, points, cotangent, dtype=dtype, mode=QUICK
        )
        for before, after in zip(clean[:2], found[:2]):
            np.testing.assert_array_equal(before[:2], after[:2])
        assert np.isnan(found[0][2 : 2 + count]).any(axis=(1, 2)).all()
        assert np.isfinite(found[0][2 + count :]).all()
        assert np.isfinite(found[1][2 + count :]).all()


def test_infinite_parameters_are_the_far_ones_and_have_no_gradient():
    theta = np.array([[np.inf, 0, 0, 0, 1, -np.inf], [1, np.nan, 0, 0, 1, 0]])
    points = np.array([[0.0, 0.5], [0.0, 0.0]])
    (far, unknown), to_theta, _ = with_gradients(
        Affine().apply, theta, points, np.ones((2, 2, 2))
    )
    np.testing.assert_array_equal(far, [[0, 5e8], [-1e9, -1e9]])
    assert np.isnan(unknown[0]).all() and (unknown[1] == 0).all()
    assert to_theta[0, 0] == 0 and to_theta[0, 5] == 0


def test_convention_isotropic_rotation_keeps_lengths_in_pixels(rng):
    quarter = np.array([[1.0, np.pi / 2, 0, 0]])
    points = rng.uniform(-1, 1, size=(2, 6))
    pixels = np.array(halves(2))[:, np.newaxis]
    rotated = run(mapped_by(Similarity('isotropic')), quarter, points)[0] * pixels
    x, y = points * pixels
    np.testing.assert_allclose(rotated, [y, -x], atol=1e-12)
    sheared = run(mapped_by(Similarity()), quarter, points)[0] * pixels
    assert np.abs(np.hypot(*sheared) - np.hypot(x, y)).max() > 0.1


@pytest.mark.parametrize('half_extents', [(0, 3.0), (3.0, 0), (0, 0)])
def test_isotropic_coordinates_of_images_of_one_row_or_column(half_extents, rng):
    theta = rng.normal(size=(1, 6))
    points = rng.normal(size=(2, 3))
    found = run(
        lambda theta, points: Affine(coordinates='isotropic').apply(
            theta, points, half_extents
        ),
        theta,
        points,
    )
    size = [int(2 * width + 1) for width in half_extents[::-1]]
    slow = oracle.isotropic(oracle.affine, size)
    np.testing.assert_allclose(found[0], slow(theta, points.T)[0].T, rtol=1e-12)


def test_isotropic_coordinates_require_half_extents():
    theta, points = theano.tensor.matrices('theta', 'points')
    for transform in (Affine(coordinates='isotropic'), Projective('isotropic')):
        transform.apply(theta, points, (3, 2))
        message = '%s.*: half_extents must be given for isotropic coordinates, got None'
        with pytest.raises(ValueError, match=message % type(transform).__name__):
            transform.apply(theta, points)


def test_unknown_coordinates_are_errors():
    for kind in (Affine, Similarity, Projective, ThinPlateSpline):
        assert kind(coordinates='isotropic').coordinates == 'isotropic'
        with pytest.raises(
            ValueError,
            match='%s: coordinates must be one of '
            "'normalised', 'isotropic', got 'isotropc'.\nDid you mean "
            "'isotropic'" % kind.__name__,
        ):
            kind(coordinates='isotropc')


def test_compose_joins_parameters_identities_and_names():
    both = Compose(Affine(), ThinPlateSpline(9))
    assert both.num_params == 24 and both.dims == 2
    np.testing.assert_array_equal(both.identity, [1, 0, 0, 0, 1, 0] + [0] * 18)
    assert repr(both) == 'Compose(Affine(), ThinPlateSpline(9))'
    assert Compose(Affine(3), Translation(3)).dims == 3
    assert repr(Compose(Attention(0.5), Similarity('isotropic'))) == (
        "Compose(Attention(scale=0.5), Similarity(coordinates='isotropic'))"
    )


def test_compose_applies_the_first_transform_first():
    points = np.array([[0.5], [0.25]])
    theta = np.array([[2, 0, 0, 0, 2, 0, 0.5, 0]])
    first = run(Compose(Affine(), Translation()).apply, theta, points)
    np.testing.assert_array_equal(first[0], [[1.5], [0.5]])
    second = run(Compose(Translation(), Affine()).apply, np.roll(theta, 2), points)
    np.testing.assert_array_equal(second[0], [[2.0], [0.5]])


def test_compose_of_other_things_is_an_error():
    Compose(Affine())
    with pytest.raises(ValueError, match=r'Compose.*: transforms must be one or more'):
        Compose()
    with pytest.raises(TypeError, match='transform must be a Transform .* got 7'):
        Compose(Affine(), 7)
    with pytest.raises(TypeError, match='transform must be a Transform .* got'):
        Compose(Affine, Affine())
    with pytest.raises(ValueError, match=r'must have dims=3, got Affine\(\)'):
        Compose(Affine(3), Affine())


def test_a_custom_transform(rng):
    class Swap(Transform):
        num_params = 1
        identity = np.zeros(1)

        def _map(self, theta, points):
            return points[::-1] + theta[:, 0].dimshuffle(0, 'x', 'x')

    points = rng.normal(size=(2, 3))
    found = run(Swap().apply, np.array([[0.5]]), points)
    np.testing.assert_array_equal(found[0], points[::-1] + 0.5)
    assert repr(Swap()) == 'Swap()'
    with pytest.raises(NotImplementedError):
        Transform().apply(theano.tensor.matrix(), theano.tensor.matrix())


def test_other_things_than_transforms_are_errors():
    assert as_transform('warp', Affine()).num_params == 6
    with pytest.raises(TypeError, match='warp: transform must be a Transform such'):
        as_transform('warp', Affine)
    with pytest.raises(ValueError, match=r'transform must have dims=3, got Affine\(\)'):
        as_transform('warp', Affine(), dims=3)

    class Unfinished(Transform):
        def __init__(self):
            pass  # without the base's: coordinates are normalised

    with pytest.raises(
        ValueError, match='transform must have num_params, a positive integer, got None'
    ):
        as_transform('warp', Unfinished())
    assert repr(Unfinished()) == 'Unfinished()'


@pytest.mark.parametrize('transform', [case[0] for case in TRANSFORM_CASES], ids=repr)
def test_directional_derivatives_are_those_of_differences(transform, rng):
    """`T.Rop`, which some functions have no rule for, or a wrong one."""
    dims = transform.dims
    (theta, along), images = theano.tensor.dmatrices(2), theano.tensor.dtensor5()
    half_extents = [images.shape[4 - axis] / 2.0 for axis in range(dims)]
    output = transform.apply(theta, rng.uniform(-1, 1, size=(dims, 7)), half_extents)
    derivative = theano.function(
        [theta, along],
        [output, theano.tensor.Rop(output, theta, along)],
        mode=QUICK,
        givens={images: np.ones((1, 1) + SIZE)},
        on_unused_input='ignore',
    )
    start = transform.identity + rng.uniform(-0.1, 0.1, size=(2, transform.num_params))
    step = rng.normal(size=start.shape)
    ahead, behind = (
        derivative(start + sign * 1e-6 * step, step)[0] for sign in (1, -1)
    )
    np.testing.assert_allclose(
        derivative(start, step)[1], (ahead - behind) / 2e-6, rtol=1e-6, atol=1e-7
    )


@pytest.mark.parametrize(
    'transform',
    [
        Affine(coordinates='isotropic'),
        Attention(coordinates='isotropic'),
        Similarity('isotropic'),
        Affine(3, 'isotropic'),
    ],
    ids=repr,
)
def test_integers_are_parameters_too(transform, rng):
    theta = rng.integers(-3, 4, size=(2, transform.num_params))
    half_extents = [pixels / 2.0 for pixels in SIZE[-transform.dims :]]
    whole, real = (
        transform.matrix(theano.tensor.constant(each), half_extents).eval()
        for each in (theta.astype('int32'), theta.astype('float64'))
    )
    np.testing.assert_allclose(whole, real, rtol=1e-6)


@pytest.mark.parametrize(
    'transform',
    [
        Translation(),
        Attention(),
        Similarity(),
        Affine(),
        Projective(),
        ThinPlateSpline(9),
        Compose(Projective(), Similarity()),
    ],
    ids=repr,
)
def test_an_identity_is_a_new_array(transform):
    before = transform.identity.copy()
    transform.identity[:] = 7
    np.testing.assert_array_equal(transform.identity, before)
