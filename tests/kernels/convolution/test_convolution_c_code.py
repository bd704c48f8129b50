"""The C++ convolution against slow float64 numpy, and against itself."""

import ctypes
import shutil

import numpy as np
import pytest

from helpers import convolution_oracle as oracle
from helpers.c_convolution import Library

NATIVE = ['-O2', '-march=native', '-fopenmp']
NONE = ((0, 0), (0, 0))
BUILDS = {
    # method, dtype, size of a tile, pooling, relu, options of the compiler
    'many': ('ManyChannels', 'float32', 16, 2, True, NATIVE),
    'many_plain': ('ManyChannels', 'float32', 15, 1, False, NATIVE),
    'many_double': ('ManyChannels', 'float64', 14, 3, True, NATIVE),
    'many_16_bytes': (
        'ManyChannels',
        'float32',
        12,
        3,
        False,
        ['-O2', '-march=x86-64'],
    ),
    'many_64_bytes': (
        'ManyChannels',
        'float32',
        21,
        1,
        True,
        ['-O1', '-march=x86-64-v3', '-DSTN_VECTOR_BYTES=64'],
    ),
    'few': ('FewChannels', 'float32', 26, 2, True, NATIVE),
    'few_plain': ('FewChannels', 'float32', 18, 1, False, NATIVE),
    'few_double': ('FewChannels', 'float64', 20, 1, True, NATIVE),
    'few_16_bytes': ('FewChannels', 'float32', 16, 3, True, ['-O2', '-march=x86-64']),
    'few_64_bytes': (
        'FewChannels',
        'float32',
        24,
        2,
        False,
        ['-O1', '-march=x86-64-v3', '-DSTN_VECTOR_BYTES=64'],
    ),
}
SHAPES = {
    # batch, channels, rows, columns, filters, their rows and columns, zeros around,
    # whether filters are flipped, whether pooling drops what is left
    'one_tile': (5, 2, 13, 14, 20, 7, 5, NONE, True, True),
    'many_tiles': (3, 3, 41, 30, 9, 3, 7, ((1, 2), (3, 3)), False, False),
    'full': (4, 1, 9, 12, 17, 4, 6, ((3, 3), (5, 5)), True, False),
    'half_and_many_images': (70, 18, 8, 7, 3, 5, 3, ((2, 2), (1, 1)), False, True),
    'one_image': (1, 2, 12, 13, 4, 9, 10, ((3, 2), (1, 4)), True, False),
}
IMAGES = ('random', 'half_black', 'black', 'half_one_colour', 'striped')


@pytest.fixture(scope='module')
def library(tmp_path_factory):
    """Return a function that compiles each build once."""
    built = {}

    def build(name):
        if name not in built:
            target = tmp_path_factory.mktemp('build') / (name + '.so')
            built[name] = Library(target, *BUILDS[name])
        return built[name]

    return build


class Inputs:
    """Random inputs of one case."""

    def __init__(self, shape, images, dtype):
        (batch, channels, rows, columns, filters, tall, wide) = shape[:7]
        self.pads, self.flip, self.whole = shape[7:]
        rng = np.random.default_rng(5)  # no near ties, which float32 would break
        values = rng.standard_normal((batch, channels, rows, columns))
        if images == 'half_black':
            values[:, :, : rows // 2] = 0
        elif images == 'black':
            values[:] = 0
        elif images == 'half_one_colour':
            values[:, :, :, columns // 2 :] = rng.standard_normal((channels, 1, 1))
        elif images == 'striped':
            values[:] = values[:, :, :, :1]
        weights = rng.standard_normal((filters, channels, tall, wide))
        bias = rng.standard_normal(filters)
        bias[::3] = 0  # over black, relu is exactly at 0
        self.images = values.astype(dtype)
        self.weights = (weights / np.sqrt(channels * tall * wide)).astype(dtype)
        self.bias = bias.astype(dtype)
        self.rng, self.slope = rng, 0.5

    def settings(self, library):
        return self.pads, self.flip, library.relu, library.pool, self.whole

    def run(self, library):
        """Return the output and the gradients, from the library and as expected."""
        arrays = self.images, self.weights, self.bias
        output, mask = library.forward(*arrays, self.pads, self.flip, self.whole)
        gradient = self.rng.standard_normal(output.shape).astype(library.dtype)
        found = library.backward(
            *arrays[:2], mask, gradient, self.pads, self.flip, self.whole, self.slope
        )
        settings = self.settings(library)
        expected = oracle.backward(*arrays, *settings, self.slope, gradient)
        return [output, *found], [oracle.forward(*arrays, *settings), *expected]


def assert_close(found, expected, dtype):
    tolerance = {'float32': 2e-6, 'float64': 1e-14}[dtype]
    for one, other in zip(found, expected):
        assert one.shape == other.shape
        np.testing.assert_allclose(
            one, other, rtol=0, atol=tolerance * max(1e-30, abs(other).max())
        )


@pytest.mark.parametrize('images', IMAGES)
@pytest.mark.parametrize('shape', sorted(SHAPES))
@pytest.mark.parametrize('build', sorted(BUILDS))
def test_outputs_and_gradients(build, shape, images, library):
    inputs = Inputs(SHAPES[shape], images, library(build).dtype)
    assert_close(*inputs.run(library(build)), library(build).dtype)


@pytest.mark.parametrize('build', ['many', 'few'])
@pytest.mark.parametrize('slope', [0.0, 1.0])
def test_the_derivative_of_relu_at_zero(build, slope, library):
    inputs = Inputs(SHAPES['one_tile'], 'black', 'float32')
    inputs.slope = slope
    found, expected = inputs.run(library(build))
    assert_close(found, expected, 'float32')
    assert bool(found[3][::3].any()) == bool(slope)


@pytest.mark.parametrize('build', ['many', 'many_plain', 'few', 'few_plain'])
def test_bits_do_not_depend_on_the_number_of_threads(build, library):
    openmp = ctypes.CDLL('libgomp.so.1')
    before = openmp.omp_get_max_threads()
    results = []
    try:
        for threads in (1, 2, 3, 8):
            openmp.omp_set_num_threads(threads)
            inputs = Inputs(SHAPES['half_and_many_images'], 'half_black', 'float32')
            results.append(inputs.run(library(build))[0])
    finally:
        openmp.omp_set_num_threads(before)
    for other in results[1:]:
        for one, two in zip(results[0], other):
            np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf, 1e30])
@pytest.mark.parametrize('build', ['many_plain', 'few_plain', 'few'])
def test_what_cannot_be_transformed_stays_in_its_image(build, value, library):
    inputs = Inputs(SHAPES['one_tile'], 'random', 'float32')
    clean = inputs.run(library(build))[0]
    inputs = Inputs(SHAPES['one_tile'], 'random', 'float32')
    inputs.images[2, 1, 4, 5] = value
    with np.errstate(invalid='ignore'):
        found, expected = inputs.run(library(build))
    for one, other in zip(found[:2], clean):  # output, gradient to the images
        np.testing.assert_array_equal(one[[0, 1, 4]], other[[0, 1, 4]])
    for one, other in zip(found, expected):
        assert np.isfinite(one[np.isfinite(other)]).all()
        if 'plain' in build:  # pooling may lose a NaN, as Theano's does
            np.testing.assert_array_equal(np.isfinite(one), np.isfinite(other))
    finite = np.isfinite(expected[0])
    scale = np.nanmax(abs(np.where(finite, expected[0], 0)))
    np.testing.assert_allclose(found[0][finite], expected[0][finite], atol=2e-6 * scale)


@pytest.mark.parametrize('build', ['many_plain', 'few_plain'])
def test_a_weight_that_is_not_finite(build, library):
    inputs = Inputs(SHAPES['one_tile'], 'random', 'float32')
    inputs.weights[3, 1, 2, 2] = np.inf
    with np.errstate(invalid='ignore'):
        found, expected = inputs.run(library(build))
    np.testing.assert_array_equal(np.isfinite(found[0]), np.isfinite(expected[0]))
    others = np.arange(len(inputs.weights)) != 3
    np.testing.assert_allclose(found[0][:, others], expected[0][:, others], atol=1e-5)


@pytest.mark.parametrize('build', ['many', 'few'])
def test_a_batch_without_images(build, library):
    inputs = Inputs((0, 2, 12, 13, 4, 5, 3, NONE, True, True), 'random', 'float32')
    output, mask = library(build).forward(
        inputs.images, inputs.weights, inputs.bias, NONE, True, True
    )
    assert output.shape == (0, 4, 4, 5)
    _, grad_weights, grad_bias = library(build).backward(
        inputs.images, inputs.weights, mask, output, NONE, True, True, 0.5
    )
    assert not grad_weights.any() and not grad_bias.any()


@pytest.mark.skipif(not shutil.which('clang++'), reason='needs clang++')
def test_clang_and_a_build_without_openmp(tmp_path):
    options = ['-O1', '-march=x86-64-v3', '-Wno-unknown-pragmas']
    build = Library(
        tmp_path / 'clang.so', 'FewChannels', 'float32', 16, 2, True, options, 'clang++'
    )
    assert_close(*Inputs(SHAPES['one_tile'], 'random', 'float32').run(build), 'float32')


# ---- the oracle itself


def test_gradients_of_the_oracle_are_those_of_finite_differences():
    inputs = Inputs(
        (2, 2, 7, 8, 3, 3, 4, ((1, 0), (2, 1)), False, False), 'random', float
    )
    settings = (inputs.pads, inputs.flip, True, 2, inputs.whole)
    arrays = [inputs.images, inputs.weights, inputs.bias]
    output = oracle.forward(*arrays, *settings)
    gradient = inputs.rng.standard_normal(output.shape)
    found = oracle.backward(*arrays, *settings, 0.5, gradient)
    for array, one in zip(arrays, found):
        direction = inputs.rng.standard_normal(array.shape)
        step = 1e-6 * direction
        ends = []
        for sign in (1, -1):
            moved = [each + sign * step if each is array else each for each in arrays]
            ends.append((oracle.forward(*moved, *settings) * gradient).sum())
        np.testing.assert_allclose(
            (ends[0] - ends[1]) / 2e-6, (one * direction).sum(), rtol=1e-6
        )
