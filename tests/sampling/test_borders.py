"""Border modes: what is read beyond the edges of an image."""

import numpy as np
import pytest

from helpers import oracle
from helpers.compiled import run
from lasagne_stn.sampling import BORDER_MODES
from lasagne_stn.sampling.borders import clip_coordinate, inside, pixel_index

DRAWN = {  # four pixels and five on either side
    'nearest': 'aaaaa abcd ddddd',
    'mirror': 'bcdcb abcd cbabc',
    'reflect': 'ddcba abcd dcbaa',
    'wrap': 'dabcd abcd abcda',
}


@pytest.mark.parametrize('border_mode', sorted(DRAWN))
def test_convention_the_extension_is_the_drawn_one(border_mode, float_type):
    coordinates = np.arange(-5, 9).astype(float_type)
    index = run(lambda coordinate: pixel_index(border_mode, coordinate, 4), coordinates)
    letters = ''.join('abcd'[one] for one in index)
    assert letters == DRAWN[border_mode].replace(' ', '')


@pytest.mark.parametrize('pixels', [1, 2, 3, 7])
@pytest.mark.parametrize('border_mode', BORDER_MODES)
def test_every_extension_equals_the_walk_back(border_mode, pixels, float_type):
    coordinates = np.arange(-3 * pixels - 2, 4 * pixels + 3)
    index = run(
        lambda coordinate: pixel_index(border_mode, coordinate, pixels),
        coordinates.astype(float_type),
    )
    seen = run(
        lambda coordinate: inside(coordinate, pixels), coordinates.astype(float_type)
    )
    image = np.arange(pixels)
    known = {'constant': 'nearest'}.get(border_mode, border_mode)
    assert index.tolist() == [
        oracle.extended_pixel(image, [coordinate], known, None)
        for coordinate in coordinates
    ]
    assert seen.tolist() == [0 <= coordinate < pixels for coordinate in coordinates]


@pytest.mark.parametrize('pixels', [1, 5, 1000])
@pytest.mark.parametrize('border_mode', BORDER_MODES)
def test_no_index_ever_leaves_the_image(border_mode, pixels, float_type):
    far = np.concatenate([10.0 ** np.arange(0, 31), [3.4e38, np.inf, np.nan]])
    coordinates = np.concatenate(
        [far, -far, np.nextafter(far, 0), [-0.0, 16777217, 1e-45]]
    )
    index = run(
        lambda coordinate: pixel_index(border_mode, coordinate, pixels),
        coordinates.astype(float_type),
    )
    assert index.dtype == 'int64'
    assert index.min() >= 0 and index.max() < pixels
    seen = run(
        lambda coordinate: inside(coordinate, pixels), coordinates.astype(float_type)
    )
    assert not seen[np.isnan(coordinates) | np.isinf(coordinates)].any()


@pytest.mark.parametrize('border_mode', BORDER_MODES)
def test_only_constant_borders_are_clipped(border_mode):
    coordinates = np.array([-np.inf, -2.5, 0.25, 1e30, np.nan])
    clipped = run(
        lambda coordinate: clip_coordinate(border_mode, coordinate, 4, 2), coordinates
    )
    same = border_mode not in ('nearest', 'constant')
    expected = coordinates if same else [-3, -2.5, 0.25, 6, np.nan]
    np.testing.assert_array_equal(clipped, expected)
