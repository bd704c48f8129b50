"""The regular grid and the pixel rule."""

import numpy as np
import pytest
import theano
import theano.tensor as T

from helpers import oracle
from helpers.compiled import FLOAT_TYPES, run
from lasagne_stn.grid import as_floats, bounded, regular_grid, to_pixels


@pytest.mark.parametrize('align_corners', [True, False])
@pytest.mark.parametrize('size', [(3, 5), (1, 4), (6, 1), (2, 3, 4), (1, 1, 3)])
def test_regular_grid_equals_the_loops(size, align_corners):
    expected = oracle.target_points(size, align_corners).reshape(-1, len(size)).T
    symbols = [T.lscalar() for _ in size]
    grids = [regular_grid(symbols, align_corners, dtype) for dtype in FLOAT_TYPES]
    single, double = theano.function(symbols, grids)(*size)
    np.testing.assert_allclose(double, expected, rtol=1e-15)
    np.testing.assert_allclose(single, expected, rtol=1e-6)
    assert single.dtype == 'float32'


@pytest.mark.parametrize(
    'size, error', [(5, TypeError), ((5,), ValueError), ((1, 2, 3, 4), ValueError)]
)
def test_another_size_is_an_error(size, error):
    with pytest.raises(error, match=r'regular_grid: size must be \(rows, columns\) or'):
        regular_grid(size)


def test_integers_take_the_type_of_the_others():
    for others, expected in (
        ('float32', 'float32'),
        ('float64', 'float64'),
        ('int8', 'float32'),
    ):
        with theano.configparser.change_flags(floatX='float32'):
            found = as_floats(
                T.constant([1, 2], dtype='int64'), T.constant([3, 4], dtype=others)
            )
        assert [value.dtype for value in found] == [expected] * 2


def test_regular_grid_of_a_known_size():
    expected = oracle.target_points((2, 4), True).reshape(-1, 2).T
    found = theano.function([], regular_grid((2, 4)))()
    np.testing.assert_allclose(found, expected, rtol=1e-15)


def test_convention_ends_are_pixel_centres_or_outer_edges():
    ends = np.array([-1.0, 1.0])
    assert run(lambda x: to_pixels(x, 7), ends).tolist() == [0, 6]
    assert run(lambda x: to_pixels(x, 7, align_corners=False), ends).tolist() == [
        -0.5,
        6.5,
    ]


@pytest.mark.parametrize('align_corners', [True, False])
def test_to_pixels_equals_the_formula(align_corners, rng):
    coordinates = rng.normal(size=(3, 4))
    found = run(lambda x: to_pixels(x, 9, align_corners), coordinates)
    np.testing.assert_allclose(
        found, oracle.to_pixels(coordinates, 9, align_corners), rtol=1e-13
    )


def test_bounded_keeps_nan_and_stops_infinity():
    values = run(bounded, np.array([np.nan, np.inf, -1e30, 0.25]))
    np.testing.assert_array_equal(values, [np.nan, 1e9, -1e9, 0.25])
