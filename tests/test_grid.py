"""The regular grid and the pixel rule."""
import numpy as np
import pytest
import theano
import theano.tensor as T

import oracle
from lasagne_stn.grid import bounded, regular_grid, to_pixels


@pytest.mark.parametrize('align_corners', [True, False])
@pytest.mark.parametrize('size', [(3, 5), (1, 4), (6, 1), (2, 3, 4), (1, 1, 3)])
def test_regular_grid_equals_the_loops(size, align_corners):
    expected = oracle.target_points(size, align_corners).reshape(-1, len(size)).T
    known = regular_grid(size, align_corners)
    symbols = [T.lscalar() for _ in size]
    unknown = theano.function(symbols, regular_grid(symbols, align_corners, 'float32'),
                              mode='FAST_COMPILE')(*size)
    np.testing.assert_allclose(known.eval(), expected, rtol=1e-15)
    np.testing.assert_allclose(unknown, expected, rtol=1e-6)
    assert unknown.dtype == 'float32'


def test_convention_ends_are_pixel_centres_or_outer_edges():
    ends = T.constant([-1., 1.])
    assert to_pixels(ends, 7).eval().tolist() == [0, 6]
    assert to_pixels(ends, 7, align_corners=False).eval().tolist() == [-.5, 6.5]


@pytest.mark.parametrize('align_corners', [True, False])
def test_to_pixels_equals_the_formula(align_corners, rng):
    coordinates = rng.normal(size=(3, 4))
    place = to_pixels(T.constant(coordinates), 9, align_corners).eval()
    np.testing.assert_allclose(
        place, oracle.place_on_axis(coordinates, 9, align_corners), rtol=1e-13)


def test_the_grid_s_pixels_are_the_pixels():
    grid = regular_grid((4, 6), dtype='float32')
    columns = to_pixels(grid[0], 6).eval().reshape(4, 6)
    np.testing.assert_allclose(columns, np.tile(np.arange(6), (4, 1)), atol=1e-6)


def test_bounded_keeps_nan_and_stops_infinity():
    values = bounded(T.constant([np.nan, np.inf, -1e30, .25])).eval()
    np.testing.assert_array_equal(values, [np.nan, 1e9, -1e9, .25])
