"""The ops of mean-pooling, in C and in numpy, against slow loops."""

import ctypes
import os

import numpy as np
import pytest
import theano
import theano.tensor as T

from helpers.oracle import numeric_gradient
from lasagne_stn.kernels.pooling.cpu import MeanPool, MeanPoolGradient

COMPILED = theano.compile.get_mode('FAST_RUN')
NUMPY = theano.compile.Mode('py', None)
TOLERANCE = {'float32': 1e-6, 'float64': 1e-14}
CASES = [  # images, windows
    ((2, 3, 8, 10), (2, 2)),
    ((2, 3, 9, 70), (2, 4)),  # 70: longer than a vector, and not a multiple of one
    ((3, 1, 10, 11), (3, 3)),
    ((1, 2, 7, 67), (4, 2)),
    ((2, 1, 5, 40), (1, 3)),
    ((2, 1, 11, 6), (5, 1)),
    ((1, 3, 4, 5), (1, 1)),
    ((2, 2, 9, 23), (3, 7)),
    ((1, 2, 3, 4), (3, 4)),  # one window
    ((1, 2, 3, 4), (5, 6)),  # a window that is larger than the images
    ((0, 2, 4, 6), (2, 3)),
    ((2, 3, 0, 5), (2, 2)),
]
every_case = pytest.mark.parametrize('shape, window', CASES)
both_borders = pytest.mark.parametrize('whole_windows_only', [True, False])


def slices(shape, window, whole_windows_only):
    """Return the row slices and the column slices of all windows."""
    return [
        [
            slice(start, min(start + length, size))
            for start in range(0, size, length)
            if start + length <= size or not whole_windows_only
        ]
        for size, length in zip(shape[2:], window)
    ]


def slow_means(images, window, whole_windows_only):
    """Return the mean of each window, in float64, window by window."""
    rows, columns = slices(images.shape, window, whole_windows_only)
    output = np.zeros(images.shape[:2] + (len(rows), len(columns)))
    for i, j in np.ndindex(*output.shape[2:]):
        part = images[:, :, rows[i], columns[j]].astype(float)
        output[:, :, i, j] = part.mean(axis=(2, 3))
    return output


def slow_gradient(images, gradient, window, whole_windows_only):
    """Return the gradient of the images: each output's, shared by its pixels."""
    rows, columns = slices(images.shape, window, whole_windows_only)
    output = np.zeros(images.shape)
    for i, j in np.ndindex(*gradient.shape[2:]):
        part = output[:, :, rows[i], columns[j]]
        part += gradient[:, :, i, j, None, None] / (part.shape[2] * part.shape[3])
    return output


@pytest.fixture(scope='module')
def compiled():
    """Return the compiled functions of an op; few, since modules are kept."""
    kept = {}

    def function(op, dtype, mode=COMPILED):
        if (op, dtype, mode) not in kept:
            count = 1 if isinstance(op, MeanPool) else 2
            inputs = [T.TensorType(dtype, (False,) * 4)() for _ in range(count)]
            kept[op, dtype, mode] = theano.function(inputs, op(*inputs), mode=mode)
        return kept[op, dtype, mode]

    return function


@pytest.mark.parametrize('mode', [COMPILED, NUMPY], ids=['C', 'numpy'])
@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@both_borders
@every_case
def test_outputs_and_gradients_are_those_of_the_loops(
    compiled, rng, shape, window, whole_windows_only, dtype, mode
):
    images = rng.normal(size=shape).astype(dtype)
    expected = slow_means(images, window, whole_windows_only)
    gradient = rng.normal(size=expected.shape).astype(dtype)
    found = compiled(MeanPool(window, whole_windows_only), dtype, mode)(images)
    assert found.dtype == dtype and found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=TOLERANCE[dtype])
    op = MeanPoolGradient(window, whole_windows_only)
    found = compiled(op, dtype, mode)(images, gradient)
    assert found.dtype == dtype and found.shape == shape
    expected = slow_gradient(images, gradient, window, whole_windows_only)
    np.testing.assert_allclose(found, expected, atol=TOLERANCE[dtype])


@both_borders
def test_the_gradient_is_that_of_finite_differences(compiled, rng, whole_windows_only):
    images = rng.normal(size=(1, 2, 5, 7))
    pool = compiled(MeanPool((2, 3), whole_windows_only), 'float64')
    gradient = rng.normal(size=pool(images).shape)
    expected = numeric_gradient(pool, images, gradient, step=0.5)  # pooling is linear
    found = compiled(MeanPoolGradient((2, 3), whole_windows_only), 'float64')
    np.testing.assert_allclose(found(images, gradient), expected, atol=1e-13)


@pytest.mark.parametrize('mode', [COMPILED, NUMPY], ids=['C', 'numpy'])
def test_inputs_of_any_strides_give_the_same_bits(compiled, rng, mode):
    images, gradient = rng.normal(size=(2, 3, 5, 8)), rng.normal(size=(2, 3, 3, 4))
    pool = compiled(MeanPool((2, 2), False), 'float64', mode)
    back = compiled(MeanPoolGradient((2, 2), False), 'float64', mode)
    for change in (
        lambda array: array.transpose(3, 1, 0, 2).copy().transpose(2, 1, 3, 0),
        lambda array: array[::-1, ..., ::-1].copy()[::-1, ..., ::-1],
        lambda array: np.repeat(array, 2, axis=3)[..., ::2],
    ):
        strided = change(images)
        assert not strided.flags.c_contiguous
        np.testing.assert_array_equal(pool(strided), pool(images))
        np.testing.assert_array_equal(
            back(strided, change(gradient)), back(images, gradient)
        )


def test_an_output_is_kept_for_the_next_call_only_if_it_fits(compiled, rng):
    back = compiled(MeanPoolGradient((3, 2), True), 'float32')
    for shape in ((2, 3, 10, 9), (2, 3, 10, 9), (1, 3, 11, 7)):
        gradient = rng.normal(size=shape[:2] + (3, shape[3] // 2)).astype('float32')
        found = back(np.zeros(shape, 'float32'), gradient)
        expected = np.zeros(shape, 'float32')
        repeated = (gradient / np.float32(6)).repeat(3, axis=2).repeat(2, axis=3)
        expected[:, :, : repeated.shape[2], : repeated.shape[3]] = repeated
        np.testing.assert_array_equal(found, expected)


def test_only_the_windows_of_special_numbers_have_them(compiled):
    images = np.ones((1, 1, 6, 9))
    images[0, 0, 1, 2], images[0, 0, 5, 8] = np.nan, np.inf
    found = compiled(MeanPool((2, 3), True), 'float64')(images)[0, 0]
    expected = np.ones((3, 3))
    expected[0, 0], expected[2, 2] = np.nan, np.inf
    np.testing.assert_array_equal(found, expected)


def test_same_bits_for_any_number_of_threads(compiled, rng):
    set_threads = ctypes.CDLL('libgomp.so.1').omp_set_num_threads
    images = rng.normal(size=(5, 3, 20, 33)).astype('float32')
    gradient = rng.normal(size=(5, 3, 7, 11)).astype('float32')
    pool = compiled(MeanPool((3, 3), False), 'float32')
    back = compiled(MeanPoolGradient((3, 3), False), 'float32')
    results = []
    for threads in (1, 2, 3, 7):
        set_threads(threads)
        results.append((pool(images), back(images, gradient)))
    set_threads(os.cpu_count())
    for found in results[1:]:
        np.testing.assert_array_equal(found[0], results[0][0])
        np.testing.assert_array_equal(found[1], results[0][1])


@pytest.mark.parametrize('mode', [COMPILED, NUMPY], ids=['C', 'numpy'])
def test_a_gradient_of_another_shape_is_an_error(compiled, mode):
    back = compiled(MeanPoolGradient((2, 3), True), 'float64', mode)
    images = np.zeros((2, 1, 5, 9))
    assert back(images, np.zeros((2, 1, 2, 3))).shape == images.shape
    with pytest.raises(ValueError) as error:
        back(images, np.zeros((2, 1, 3, 3)))
    assert (
        'MeanPoolGradient: the gradient must have the shape (2, 1, 2, 3); '
        'got (2, 1, 3, 3)' in str(error.value)
    )


@pytest.mark.parametrize('window', [(0, 2), (2, -1)])
def test_a_window_without_pixels_is_an_error(window):
    with pytest.raises(ValueError) as error:
        MeanPoolGradient(window, True)
    assert str(error.value).startswith('MeanPoolGradient: window must ')
    assert repr(window) in str(error.value)


def test_ops_say_what_they_are():
    assert str(MeanPool((2, 3), True)) == (
        'MeanPool{window=(2, 3), whole_windows_only=True}'
    )
    assert MeanPool((2, 3), True) == MeanPool((2, 3), True) != MeanPool((3, 2), True)
