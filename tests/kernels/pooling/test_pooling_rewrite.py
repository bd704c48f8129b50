"""The rewrite of mean-pooling: what it replaces, what it leaves, and equal results."""

import numpy as np
import pytest
import theano
import theano.tensor as T
from theano.tensor.signal.pool import AveragePoolGrad, Pool, pool_2d

from helpers.compiled import QUICK, fused_ops
from lasagne_stn import config
from lasagne_stn.kernels import rewriting

OURS = theano.compile.get_mode('FAST_RUN')
THEANO = OURS.excluding('lasagne_stn_pooling')
# Ours in numpy, for tests of graphs only.
REPLACED = QUICK.including('lasagne_stn_pooling')
SERVED = dict(ws=(2, 3), ignore_border=True, mode='average_exc_pad')


def theano_ops(function):
    """Return the names of Theano's pooling ops in a compiled function."""
    return [
        type(node.op).__name__
        for node in function.maker.fgraph.toposort()
        if isinstance(node.op, (Pool, AveragePoolGrad))
    ]


def ops(function):
    return sorted(fused_ops(function) + theano_ops(function))


def output_and_gradient(images, **options):
    """Return an output and its gradient, in which each number has a weight."""
    output = pool_2d(images, **options)
    return [output, T.grad((output**2).sum(), images)]


@pytest.mark.parametrize(
    'mode, ignore_border, dtype',
    [
        ('average_exc_pad', True, 'float64'),
        ('average_exc_pad', False, 'float64'),
        ('average_inc_pad', True, 'float32'),
        ('average_inc_pad', False, 'float32'),
    ],
)
def test_results_and_second_derivatives_are_those_of_theano(
    rng, mode, ignore_border, dtype
):
    images = T.TensorType(dtype, (False,) * 4)()
    output, gradient = output_and_gradient(
        images, ws=(3, 2), ignore_border=ignore_border, mode=mode
    )
    second = T.grad((gradient**3).sum(), images)
    functions = [
        theano.function([images], [output, gradient, second], mode=each)
        for each in (OURS, THEANO)
    ]
    assert set(ops(functions[0])) == {'MeanPool', 'MeanPoolGradient'}
    assert ops(functions[0]).count('MeanPool') >= 2  # the second derivative pools
    assert set(ops(functions[1])) == {'Pool', 'AveragePoolGrad'}
    for shape in ((2, 3, 7, 9), (1, 4, 6, 8), (3, 1, 2, 11)):
        array = rng.normal(size=shape).astype(dtype)
        for ours, expected in zip(*(each(array) for each in functions)):
            assert ours.dtype == dtype and ours.shape == expected.shape
            rtol = 1e-5 if dtype == 'float32' else 1e-12
            np.testing.assert_allclose(ours, expected, rtol=rtol, atol=rtol)


def test_the_gradient_with_respect_to_the_output_is_divided_as_theano_does(rng):
    images, weights = T.ftensor4(), T.ftensor4()
    output = pool_2d(images, **SERVED)
    gradient = T.grad(None, images, known_grads={output: weights})
    arrays = [
        rng.normal(size=shape).astype('float32')
        for shape in ((2, 1, 7, 10), (2, 1, 3, 3))
    ]
    found, expected = (
        theano.function([images, weights], gradient, mode=mode)(*arrays)
        for mode in (OURS, THEANO)
    )
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@pytest.mark.parametrize('mode', ['average_exc_pad', 'average_inc_pad'])
@pytest.mark.parametrize('ignore_border', [True, False])
@pytest.mark.parametrize('ws', [(2, 2), (1, 5)])
def test_means_are_replaced(dtype, mode, ignore_border, ws):
    images = T.TensorType(dtype, (False, True, False, False))()
    outputs = output_and_gradient(images, ws=ws, ignore_border=ignore_border, mode=mode)
    function = theano.function([images], outputs, mode=REPLACED)
    assert ops(function) == ['MeanPool', 'MeanPoolGradient']
    assert [each.type for each in function.maker.fgraph.outputs] == [
        each.type for each in outputs
    ]


@pytest.mark.parametrize(
    'change',
    [
        dict(mode='max'),
        dict(mode='sum'),
        dict(stride=(1, 3)),
        dict(pad=(1, 0)),
        dict(pad=(0, 2), mode='average_inc_pad'),
    ],
    ids=str,
)
def test_other_pooling_stays_theanos(change):
    images = T.tensor4(dtype='float64')
    output = pool_2d(images, **dict(SERVED, **change))
    assert ops(theano.function([images], output, mode=REPLACED)) == ['Pool']


def test_images_with_three_axes_and_integers_stay_theanos():
    for images in (T.tensor3(dtype='float32'), T.tensor4(dtype='int32')):
        function = theano.function([images], pool_2d(images, **SERVED), mode=REPLACED)
        assert ops(function) == ['Pool']


def test_windows_that_are_not_known_stay_theanos():
    images, window = T.tensor4(dtype='float64'), T.lvector()
    output = Pool(True, 'average_exc_pad')(images, window)
    function = theano.function([images, window], output, mode=REPLACED)
    assert ops(function) == ['Pool']


def test_the_switch_and_the_name_keep_theanos(monkeypatch):
    images = T.tensor4(dtype='float64')
    outputs = output_and_gradient(images, **SERVED)

    def compiled(mode):
        return ops(theano.function([images], outputs, mode=mode))

    assert compiled(REPLACED) == ['MeanPool', 'MeanPoolGradient']
    theirs = ['AveragePoolGrad', 'Pool']
    assert compiled(REPLACED.excluding('lasagne_stn_pooling')) == theirs
    monkeypatch.setattr(config, 'fused_convolution', False)
    assert compiled(REPLACED) == theirs


def test_on_a_device_pooling_stays_theanos(monkeypatch):
    images = T.tensor4(dtype='float64')
    monkeypatch.setattr(rewriting, 'runs_on_device', lambda query: True)
    function = theano.function([images], pool_2d(images, **SERVED), mode=REPLACED)
    assert ops(function) == ['Pool']


@pytest.mark.parametrize('ignore_border', [True, False])
@pytest.mark.parametrize('size', [0, 5, 6, 7])
def test_shapes_are_known_without_pooling(ignore_border, size):
    images = T.tensor4(dtype='float64')
    options = dict(SERVED, ignore_border=ignore_border)
    output, gradient = output_and_gradient(images, **options)
    function = theano.function([images], [output.shape, gradient.shape], mode=OURS)
    assert ops(function) == []
    shape = (2, 3, 4, size)
    counts = 2, size // 3 + (not ignore_border and size % 3 > 0)
    found = function(np.zeros(shape))
    assert tuple(found[0]) == (2, 3) + counts
    assert tuple(found[1]) == shape
