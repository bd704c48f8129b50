"""Theano's pooling without C code."""

import numpy as np
import pytest
import theano
import theano.tensor as T

IN_PYTHON = theano.compile.Mode('py', None)


@pytest.mark.parametrize('mode', ['max', 'sum', 'average_exc_pad'])
def test_pooling_and_its_gradient(mode, rng):
    images = T.dtensor4('images')
    pooled = T.signal.pool.pool_2d(images, (2, 3), True, mode=mode)
    gradient = T.grad((pooled**2).sum(), images)
    values = rng.standard_normal((2, 3, 4, 6))
    found, slopes = theano.function([images], [pooled, gradient], mode=IN_PYTHON)(
        values
    )
    windows = values.reshape(2, 3, 2, 2, 2, 3)
    compute = {'max': np.max, 'sum': np.sum, 'average_exc_pad': np.mean}[mode]
    expected = compute(windows, axis=(3, 5))
    np.testing.assert_allclose(found, expected)
    whole = expected[:, :, :, np.newaxis, :, np.newaxis]
    share = {'max': windows == whole, 'sum': 1, 'average_exc_pad': 1 / 6}[mode]
    np.testing.assert_allclose(
        slopes, (2 * whole * share * np.ones_like(windows)).reshape(values.shape)
    )


def test_the_second_derivative_of_max_pooling(rng):
    images, weights = T.dtensor4s('images', 'weights')
    pooled = T.signal.pool.pool_2d(images, (2, 2), True)
    gradient = T.grad((pooled**3).sum(), images)
    second = T.grad((gradient * weights).sum(), images)
    values, factors = rng.standard_normal((2, 2, 1, 4, 4))
    found = theano.function([images, weights], second, mode=IN_PYTHON)(values, factors)
    windows = values.reshape(2, 1, 2, 2, 2, 2)
    largest = windows == windows.max(axis=(3, 5), keepdims=True)
    expected = 6 * values * factors * largest.reshape(values.shape)
    np.testing.assert_allclose(found, expected)
