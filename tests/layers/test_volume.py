"""Three dimensions: the transformer for volumes, and flattening."""

import pickle

import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import InputLayer, get_output

from helpers import oracle
from helpers.compiled import QUICK, run, with_gradients
from lasagne_stn import (
    Affine,
    Attention,
    FlattenVolumeLayer,
    SamplingGridLayer,
    Transformer3DLayer,
    Translation,
)
from lasagne_stn.sampling import BORDER_MODES

TRANSFORMS = [
    (Affine(3), oracle.affine),
    (Attention(dims=3), oracle.attention),
    (Translation(3), oracle.translation),
]


def warp(layer):
    return lambda volumes, theta: layer.get_output_for([volumes, theta])


@pytest.mark.parametrize('interpolation', ['bilinear', 'nearest'])
@pytest.mark.parametrize('border_mode', BORDER_MODES)
def test_volumes_equal_the_loops(border_mode, interpolation, rng):
    for number, (transform, slow) in enumerate(TRANSFORMS):
        align_corners = number != 1
        volumes = rng.normal(size=(2, 2, 3, 4, 5))
        theta = transform.identity + rng.normal(
            scale=0.4, size=(2, transform.num_params)
        )
        layer = Transformer3DLayer(
            (None,) * 5,
            (None, transform.num_params),
            (1, 2, 1.5),
            border_mode,
            transform,
            interpolation=interpolation,
            align_corners=align_corners,
        )
        points = slow(theta, oracle.target_points((3, 2, 3), align_corners))
        expected = oracle.sample(
            volumes, points, interpolation, border_mode, align_corners=align_corners
        )
        found = run(warp(layer), volumes, theta, mode=QUICK)
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize('border_mode', ['mirror', 'constant'])
def test_gradients_equal_finite_differences(border_mode, rng):
    volumes, theta = rng.normal(size=(1, 2, 2, 3, 4)), rng.normal(size=(1, 12))
    cotangent = rng.normal(size=(1, 2, 2, 1, 2))
    layer = Transformer3DLayer((None,) * 5, (None, 12), (1, 2, 2), border_mode)

    def slow(volumes, theta):
        points = oracle.affine(theta, oracle.target_points((2, 1, 2), True))
        return oracle.sample(volumes, points, border_mode=border_mode)

    _, to_volumes, to_theta = with_gradients(
        warp(layer), volumes, theta, cotangent, mode=QUICK
    )
    np.testing.assert_allclose(
        to_volumes,
        oracle.numeric_gradient(lambda array: slow(array, theta), volumes, cotangent),
        rtol=1e-5,
        atol=1e-8,
    )
    np.testing.assert_allclose(
        to_theta,
        oracle.numeric_gradient(lambda array: slow(volumes, array), theta, cotangent),
        rtol=1e-5,
        atol=1e-8,
    )


def test_convention_x_is_columns_y_rows_z_depth(rng):
    volumes = rng.normal(size=(3, 1, 3, 5, 9))
    shifts = np.array([[0.25, 0, 0], [0, 0.5, 0], [0, 0, 1.0]])  # one pixel each
    layer = Transformer3DLayer((None,) * 5, (None, 3), transform=Translation(3))
    found = run(warp(layer), volumes, shifts)
    np.testing.assert_array_equal(found[0, ..., :-1], volumes[0, ..., 1:])
    np.testing.assert_array_equal(found[1, ..., :-1, :], volumes[1, ..., 1:, :])
    np.testing.assert_array_equal(found[2, :, :-1], volumes[2, :, 1:])


def test_shapes_sizes_and_the_sampling_grid(rng):
    layer = Transformer3DLayer((2, 3, 9, 8, None), (2, 12), (3, 2, 1))
    assert layer.output_shape == (2, 3, 3, 4, None)
    assert SamplingGridLayer(layer).output_shape == (2, 3, 4, None, 3)
    sized = Transformer3DLayer((2, 3, 9, 8, None), (2, 12), output_size=(2, 1, 3))
    assert sized.output_shape == (2, 3, 2, 1, 3)
    theta = rng.normal(size=(2, 12))
    grid = SamplingGridLayer(sized)
    found = run(
        lambda x, t: grid.get_output_for([x, t]) + x.sum(),
        np.zeros((2, 3, 9, 8, 7)),
        theta,
        mode=QUICK,
    )
    np.testing.assert_allclose(
        found, oracle.affine(theta, oracle.target_points((2, 1, 3), True)), rtol=1e-10
    )


def test_empty_batches_single_voxels_nan_and_pickling(rng):
    layer = pickle.loads(
        pickle.dumps(
            Transformer3DLayer(
                (None,) * 5, (None, 12), border_mode='reflect', name='warp'
            )
        )
    )
    assert layer.name == 'warp'
    symbols = T.TensorType('float64', (False,) * 5)(), T.dmatrix()
    function = theano.function(symbols, warp(layer)(*symbols), mode=QUICK)
    none = function(np.zeros((0, 2, 3, 4, 5)), np.zeros((0, 12)))
    assert none.shape == (0, 2, 3, 4, 5)
    one = rng.normal(size=(1, 2, 1, 1, 1))
    np.testing.assert_allclose(function(one, rng.normal(size=(1, 12))), one)
    many, theta = rng.normal(size=(4, 1, 2, 3, 4)), rng.normal(size=(4, 12))
    clean = function(many, theta)
    theta[1, 5], theta[2, 7] = np.nan, np.inf
    found = function(many, theta)
    assert np.isnan(found[1]).all() and np.isfinite(found[2]).all()
    np.testing.assert_array_equal(found[[0, 3]], clean[[0, 3]])


def test_wrong_volumes_are_errors():
    valid = dict(incoming=(2, 1, 4, 5, 6), localization_network=(2, 12), name='warp')
    Transformer3DLayer(**valid)
    for change, error, message in [
        (
            dict(incoming=(2, 1, 5, 6)),
            ValueError,
            r'incoming must have shape '
            r'\(batch, channels, depth, rows, columns\), got \(2, 1, 5, 6\)',
        ),
        (
            dict(localization_network=(2, 6)),
            ValueError,
            r'must have shape \(batch, '
            r'12\), got \(2, 6\).\nAffine\(dims=3\) takes 12 parameters',
        ),
        (dict(transform=Affine()), ValueError, r'must have dims=3, got Affine\(\)'),
        (
            dict(output_size=(4, 5)),
            ValueError,
            r'output_size must be \(depth, '
            r'rows, columns\) in pixels, each at least 1, got \(4, 5\)',
        ),
        (dict(downsample_factor=(2, 2)), ValueError, r'3 of them, got \(2, 2\)'),
        (dict(downsample_factor=5), ValueError, 'one pixel of 4 x 5 x 6, got 5'),
        (dict(bordermode='wrap'), TypeError, "unknown keyword .* 'bordermode'"),
    ]:
        with pytest.raises(error, match="Transformer3DLayer 'warp': .*" + message):
            Transformer3DLayer(**dict(valid, **change))


@pytest.mark.parametrize('pool', ['sum', 'max'])
@pytest.mark.parametrize('axis', ['depth', 'rows', 'columns'])
def test_flattening_equals_numpy(axis, pool, rng):
    volumes = rng.normal(size=(2, 3, 4, 5, 6))
    layer = FlattenVolumeLayer(InputLayer((None, 3, 4, 5, 6)), axis, pool, name='flat')
    again = pickle.loads(pickle.dumps(layer))
    number = 2 + ('depth', 'rows', 'columns').index(axis)
    expected = getattr(volumes, pool)(axis=number)
    assert again.output_shape == (None,) + expected.shape[1:]
    np.testing.assert_allclose(run(again.get_output_for, volumes), expected, rtol=1e-14)
    symbol = T.TensorType('float64', (False,) * 5)()
    assert get_output(again, symbol).ndim == 4


def test_wrong_flattenings_are_errors():
    FlattenVolumeLayer((None, 1, 4, 5, 6))
    for arguments, message in [
        (((None, 1, 5, 6),), r'incoming must have shape .*, got \(None, 1, 5, 6\)'),
        (((None, 1, 4, 5, 6), 'row'), "axis must .* got 'row'.\nDid you .*'rows'"),
        (((None, 1, 4, 5, 6), 2), 'axis must be one of .* got 2'),
        (((None, 1, 4, 5, 6), 'rows', 'mean'), "pool must be .*, got 'mean'"),
    ]:
        with pytest.raises(ValueError, match="FlattenVolumeLayer 'flat': " + message):
            FlattenVolumeLayer(*arguments, name='flat')
