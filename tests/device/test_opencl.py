"""Operations that Theano alone gets wrong on OpenCL, each against numpy."""

import gc

import numpy as np
import pytest
import theano
import theano.tensor as T
from theano import scalar
from theano.gpuarray.nnet import GpuCrossentropySoftmaxArgmax1HotWithBias

from helpers.host_work import host_operations
from lasagne_stn._platform import opencl

pytestmark = pytest.mark.skipif(
    not theano.config.device.startswith('opencl'),
    reason='Theano is only patched for OpenCL',
)
NAN = float('nan')


def on_the_device(inputs, outputs):
    """Compile; nothing may be left to the host."""
    function = theano.function(inputs, outputs, mode='FAST_RUN')
    assert host_operations(function) == []
    return function


def test_element_wise_operations_equal_numpy():
    operations = [
        (T.maximum, np.maximum),
        (T.minimum, np.minimum),
        (lambda x, y: x // y, np.floor_divide),
        (lambda x, y: x % y, np.mod),
        (lambda x, y: x // 2, lambda x, y: np.floor(x / 2)),
        (lambda x, y: x % 2, lambda x, y: x % 2),
        (lambda x, y: T.round(x, 'half_to_even'), lambda x, y: np.round(x)),
        (lambda x, y: T.switch(x, y, 3), lambda x, y: np.where(x, y, 3)),
        (lambda x, y: T.cast(x, 'bool'), lambda x, y: x.astype(bool)),
        (lambda x, y: T.floor(x + 0.25), lambda x, y: np.floor(x + 0.25)),
    ]
    x, y = T.matrices('xy')
    function = on_the_device([x, y], [build(x, y) for build, _ in operations])
    one, other = np.meshgrid(
        np.float32([-3.5, -2.5, -1, 0, 0.5, 1.5, 2, 7.25, NAN]),
        np.float32([-2, -0.5, 0, 0.5, 3, NAN]),
    )
    with np.errstate(all='ignore'):
        expected = [compute(one, other) for _, compute in operations]
    for found, right in zip(function(one, other), expected):
        assert found.dtype == right.dtype
        np.testing.assert_array_equal(found, right)
    angle = on_the_device([x], T.arctan2(x, 2))
    np.testing.assert_allclose(angle(one), np.arctan2(one, 2), rtol=1e-6)


def test_the_loss_of_a_softmax_and_its_gradient(rng):
    x, bias, labels = T.matrix(), T.vector(), T.ivector()
    loss, softmax, place = T.nnet.crossentropy_softmax_argmax_1hot_with_bias(
        x, bias, labels
    )
    function = on_the_device(
        [x, bias, labels], [loss, softmax, place] + T.grad(loss.sum(), [x, bias])
    )
    assert any(
        isinstance(node.op, GpuCrossentropySoftmaxArgmax1HotWithBias)
        for node in function.maker.fgraph.apply_nodes
    )
    rows = rng.normal(size=(5, 300)).astype('float32')  # more than a group's 256
    shift = rng.normal(size=300).astype('float32')
    right = np.int32([299, 0, 7, 255, 256])
    rows[3, 4] = NAN
    with np.errstate(invalid='ignore'):
        powers = np.exp((rows + shift).astype(float))
        shares = powers / powers.sum(axis=1, keepdims=True)
    slope = shares - (np.arange(300) == right[:, None])
    found = function(rows, shift, right)
    expected = [
        -np.log(shares[range(5), right]),
        shares,
        None,
        slope,
        slope.sum(axis=0),
    ]
    for array, value in zip(found, expected):
        if value is not None:
            np.testing.assert_allclose(array, value, rtol=1e-4, atol=1e-5)
    good = [0, 1, 2, 4]
    np.testing.assert_array_equal(found[2][good], (rows + shift).argmax(axis=1)[good])


@pytest.mark.parametrize('shape', [(130, 3), (3, 1000), (1, 1), (2, 64)])
def test_sums_and_products(shape, rng):
    x = T.matrix()
    axes = [None, 0, 1]
    function = on_the_device(
        [x], [x.sum(axis) for axis in axes] + [x.prod(axis) for axis in axes]
    )
    values = rng.uniform(0.9, 1.1, size=shape).astype('float32')
    exact = values.astype(float)
    expected = [exact.sum(axis) for axis in axes] + [exact.prod(axis) for axis in axes]
    for found, right in zip(function(values), expected):
        np.testing.assert_allclose(found, right, rtol=1e-5)


def test_a_kernel_outlives_the_function_that_built_it():
    for number in 2, 3:
        x = T.vector()
        function = on_the_device([x], T.maximum(x, 1) * 7)
        np.testing.assert_array_equal(
            function(np.float32([0, number])), [7, 7 * number]
        )
        del function
        gc.collect()


class OfCPlusPlus(scalar.UnaryScalarOp):
    """An absolute value in words that OpenCL does not know."""

    def impl(self, x):
        return abs(x)

    def c_code(self, node, name, inputs, outputs, sub):
        return '%s = std::abs(%s);' % (outputs[0], inputs[0])

    def c_code_cache_version(self):
        return (1,)


def test_a_kernel_that_the_compiler_refuses_is_an_error_with_a_way_out():
    x = T.vector()
    build = T.Elemwise(OfCPlusPlus(scalar.same_out))
    with pytest.raises(
        RuntimeError,
        match='OpenCL compiler rejected.*OfCPlusPlus.*'
        'optimizer_excluding=local_gpua_elemwise',
    ):
        theano.function([x], build(x), mode='FAST_RUN')
    mode = theano.compile.get_mode('FAST_RUN').excluding('local_gpua_elemwise')
    found = theano.function([x], build(x), mode=mode)(np.float32([-2, 3]))
    np.testing.assert_array_equal(found, [2, 3])


def test_patching_twice_does_no_harm():
    before = theano.gpuarray.elemwise.GpuElemwise.c_code_cache_version
    opencl.patch()
    assert theano.gpuarray.elemwise.GpuElemwise.c_code_cache_version is before
