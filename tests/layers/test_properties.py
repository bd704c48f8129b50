"""What holds for any image and any parameters, tried on many (Hypothesis)."""

from functools import lru_cache

import numpy as np
import theano
import theano.tensor as T
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from helpers.compiled import QUICK
from lasagne_stn import Affine, TransformerLayer, sample
from lasagne_stn.sampling import BORDER_MODES

settings.register_profile(
    'here', max_examples=15, deadline=None, derandomize=True, database=None
)
settings.load_profile('here')

pixels = st.integers(1, 9)
finite = st.floats(-100, 100, width=32)
# From the smallest to the largest number, infinities and NaN.
anything = st.floats(width=32)
bilinear = [
    ('bilinear', border_mode, number % 2 == 0)
    for number, border_mode in enumerate(BORDER_MODES)
]
# Few, because each is compiled; test_options crosses them all.
samplings = st.sampled_from(
    bilinear + [('nearest', 'reflect', True), ('bicubic', 'nearest', False)]
)


@lru_cache(maxsize=None)
def warp(interpolation, border_mode, align_corners):
    """Compiled: output and gradients for a cotangent; one for each choice."""
    layer = TransformerLayer(
        (None,) * 4,
        (None, 6),
        border_mode=border_mode,
        interpolation=interpolation,
        align_corners=align_corners,
    )
    symbols = [T.dtensor4(), T.dmatrix(), T.dtensor4()]
    output = layer.get_output_for(symbols[:2])
    gradients = T.grad(None, symbols[:2], known_grads={output: symbols[2]})
    return theano.function(symbols, [output] + gradients, mode=QUICK)


@lru_cache(maxsize=None)
def compiled_sample(border_mode):
    symbols = T.dtensor4(), T.dtensor4()
    return theano.function(
        symbols, sample(*symbols, border_mode=border_mode), mode=QUICK
    )


@st.composite
def images(draw, batch=st.integers(1, 3), rows=pixels, columns=pixels):
    shape = draw(batch), draw(st.integers(1, 2)), draw(rows), draw(columns)
    return draw(arrays('float64', shape, elements=finite))


def thetas(count, elements=st.floats(-3, 3, width=32)):
    return arrays('float64', (count, 6), elements=elements)


def scale_of(array):
    return max(1.0, np.abs(array).max())


@given(images(), samplings)
def test_the_identity_returns_the_input(image, sampling):
    theta = np.tile(Affine().identity, (len(image), 1))
    found = warp(*sampling)(image, theta, image)[0]
    np.testing.assert_allclose(found, image, rtol=0, atol=1e-12 * scale_of(image))


@given(
    images(rows=st.sampled_from([2, 3, 5, 9]), columns=st.sampled_from([3, 5, 9])),
    st.integers(-4, 4),
    st.integers(-4, 4),
)
def test_a_shift_by_whole_pixels_is_exact(image, right, down):
    """Sides of 2 ** n + 1 pixels, whose coordinates have no rounding."""
    rows, columns = image.shape[2:]
    theta = np.tile(Affine().identity, (len(image), 1))
    theta[:, 2] = right * 2 / (columns - 1)
    theta[:, 5] = down * 2 / (rows - 1)
    found = warp('bilinear', 'wrap', True)(image, theta, image)[0]
    np.testing.assert_array_equal(found, np.roll(image, (-down, -right), (2, 3)))


@given(images(), st.integers(-12, 12), st.integers(-12, 12), st.sampled_from(bilinear))
def test_a_shift_by_whole_pixels_reads_the_extended_image(image, right, down, sampling):
    how = {
        'nearest': 'edge',
        'mirror': 'reflect',
        'reflect': 'symmetric',
        'wrap': 'wrap',
        'constant': 'constant',
    }[sampling[1]]
    extended = np.pad(image, [(0, 0), (0, 0), (12, 12), (12, 12)], mode=how)
    rows, columns = image.shape[2:]
    theta = np.tile(Affine().identity, (len(image), 1))
    if sampling[2]:  # a side of one pixel cannot be shifted
        right, down = right * (columns > 1), down * (rows > 1)
    theta[:, 2] = right * 2 / max(columns - sampling[2], 1)
    theta[:, 5] = down * 2 / max(rows - sampling[2], 1)
    found = warp(*sampling)(image, theta, image)[0]
    expected = extended[
        :, :, 12 + down : 12 + down + rows, 12 + right : 12 + right + columns
    ]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11 * scale_of(image))


@given(images(), st.data(), st.sampled_from(bilinear))
def test_bilinear_output_lies_within_the_range_of_its_input(image, data, sampling):
    theta = data.draw(thetas(len(image)))
    found = warp(*sampling)(image, theta, image)[0]
    low, high = image.min(axis=(2, 3)), image.max(axis=(2, 3))
    if sampling[1] == 'constant':
        low, high = np.minimum(low, 0), np.maximum(high, 0)
    room = 1e-12 * scale_of(image)
    assert (found >= low[:, :, None, None] - room).all()
    assert (found <= high[:, :, None, None] + room).all()


@given(images(), st.data(), samplings.filter(lambda one: one[1] != 'constant'))
def test_image_gradients_sum_to_the_cotangent(image, data, sampling):
    """The weights of each output pixel sum to 1, so nothing is lost or made."""
    theta = data.draw(thetas(len(image)))
    _, to_image, _ = warp(*sampling)(image, theta, np.ones_like(image))
    np.testing.assert_allclose(
        to_image.sum(axis=(2, 3)), image.shape[2] * image.shape[3], rtol=1e-9
    )


@given(images(), st.data(), samplings)
def test_the_image_gradient_is_the_transpose_of_the_warp(image, data, sampling):
    theta = data.draw(thetas(len(image)))
    cotangent = data.draw(arrays('float64', image.shape, elements=finite))
    output, to_image, _ = warp(*sampling)(image, theta, cotangent)
    scale = scale_of(image) * scale_of(cotangent) * image.size
    np.testing.assert_allclose(
        np.sum(output * cotangent), np.sum(image * to_image), rtol=0, atol=1e-10 * scale
    )


@given(images(batch=st.just(3)), st.data(), samplings)
def test_any_parameters_affect_only_their_image(image, data, sampling):
    theta = data.draw(thetas(3))
    function = warp(*sampling)
    clean = function(image, theta, np.ones_like(image))
    theta[1] = data.draw(arrays('float64', 6, elements=anything))
    found = function(image, theta, np.ones_like(image))
    for before, after in zip(clean, found):
        np.testing.assert_array_equal(before[[0, 2]], after[[0, 2]])
    if np.isnan(theta[1]).any():
        assert np.isnan(found[0][1]).all()
    else:
        assert all(np.isfinite(array[1]).all() for array in found)


@given(
    arrays('float64', (2, 4, 5, 2), elements=anything), st.sampled_from(BORDER_MODES)
)
def test_any_points_give_values_of_the_image(points, border_mode):
    image = np.arange(24.0).reshape(2, 1, 3, 4)
    found = compiled_sample(border_mode)(image, points)
    unknown = np.isnan(points).any(axis=-1)[:, None]
    np.testing.assert_array_equal(np.isnan(found), unknown)
    assert (found[~unknown] >= 0).all() and (found[~unknown] <= 23).all()


@given(thetas(2, st.floats(-0.25, 0.25, width=32)))
def test_two_warps_are_near_the_warp_of_the_product(offsets):
    """Of a smooth image, away from the border: first one, then the other."""
    first, second = (Affine().identity + offsets).reshape(2, 2, 3)
    x, y = np.meshgrid(np.linspace(-1, 1, 65), np.linspace(-1, 1, 65))
    smooth = (np.sin(3 * x + 1) * np.cos(2 * y))[None, None]
    both = np.vstack([first, [0, 0, 1]]) @ np.vstack([second, [0, 0, 1]])
    function = warp('bilinear', 'nearest', True)
    once = function(smooth, both[:2].reshape(1, 6), smooth)[0]
    twice = function(smooth, first.reshape(1, 6), smooth)[0]
    twice = function(twice, second.reshape(1, 6), smooth)[0]
    inside = np.ones((65, 65), dtype=bool)
    for matrix in (both, second):
        for row in matrix[:2]:
            inside &= np.abs(row[0] * x + row[1] * y + row[2]) < 0.97
    assert inside.any()
    assert np.abs(once - twice)[0, 0][inside].max() < 1e-2
