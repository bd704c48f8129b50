"""The fused ops as Theano compiles them."""

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T

from helpers import convolution_oracle as oracle
from lasagne_stn.kernels.convolution.cpu import Convolution, ConvolutionGradient
from lasagne_stn.kernels.convolution.kind import ConvolutionKind
from lasagne_stn.kernels.convolution.methods import Method
from lasagne_stn.paper.networks import LOCALISATION, build_network, input_layer

KIND = ConvolutionKind(top=1, left=2, right=1, relu=True, slope=1.0, pool=2)
METHOD = Method('FewChannels', 14)
ALL = ('images', 'weights', 'bias')


@pytest.fixture(scope='module')
def functions():
    """Return the output and the gradients of one kind, compiled."""
    inputs = T.ftensor4('images'), T.ftensor4('weights'), T.fvector('bias')
    output, mask = Convolution(KIND, METHOD, 'float32')(*inputs)
    gradient = T.ftensor4('gradient')
    op = ConvolutionGradient(KIND, METHOD, 'float32', ALL)
    found = op(*inputs[:2], mask, gradient, return_list=True)
    in_c = theano.compile.Mode('c|py', None)
    return theano.function(inputs, output, mode=in_c), theano.function(
        [*inputs, gradient], found, mode=in_c
    )


def arrays(rng, shape=(5, 2, 13, 17), filters=(7, 2, 4, 5)):
    sizes = shape, filters, filters[:1]
    return [rng.standard_normal(size).astype('float32') for size in sizes]


def settings():
    pads = (KIND.top, KIND.bottom), (KIND.left, KIND.right)
    return pads, KIND.flip, KIND.relu, KIND.pool, KIND.whole_windows_only


def test_output_and_gradients_of_arrays_in_any_order(functions, rng):
    images, weights, bias = arrays(rng)
    output = functions[0](images, weights, bias)
    expected = oracle.forward(images, weights, bias, *settings())
    np.testing.assert_allclose(output, expected, atol=1e-5)
    gradient = rng.standard_normal(output.shape).astype('float32')
    turned = [np.asfortranarray(array) for array in (images, weights, bias, gradient)]
    expected = oracle.backward(images, weights, bias, *settings(), 1.0, gradient)
    for found, one in zip(functions[1](*turned), expected):
        np.testing.assert_allclose(found, one, atol=2e-6 * abs(one).max())


@pytest.mark.parametrize(
    'shape, filters, message',
    [
        ((5, 3, 13, 17), (7, 2, 4, 5), 'as many channels as the images, 3; got 2'),
        ((5, 2, 13, 17), (7, 2, 14, 5), 'weights must have 1 to 13 rows; got 14'),
        ((5, 2, 13, 1), (7, 2, 4, 5), 'at least 5 columns, as the weights; got 4'),
    ],
)
def test_wrong_shapes(functions, rng, shape, filters, message):
    with pytest.raises(ValueError, match=message):
        functions[0](*arrays(rng, shape, filters))


def test_a_wrong_bias_or_gradient(functions, rng):
    images, weights, bias = arrays(rng)
    with pytest.raises(ValueError, match='bias must have 7 numbers; got 6'):
        functions[0](images, weights, bias[:6])
    wrong = np.zeros((5, 7, 5, 7), 'float32')
    message = r'the gradient must have the shape \(5, 7, 5, 8\); got \(5, 7, 5, 7\)'
    with pytest.raises(ValueError, match=message):
        functions[1](images, weights, bias, wrong)


def test_the_paper_s_network_trains_to_the_same_losses():
    """Three steps with a transformer, on images that are half black."""
    rng = np.random.RandomState(3)
    images = rng.rand(6, 1, 28, 28).astype('float32')
    images[:, :, :11] = 0
    spec = [
        ('warp', 'affine', LOCALISATION['cnn'], None),
        ('conv', 9, 9),
        ('max', 2),
        ('conv', 8, 7),
        ('max', 2),
    ]
    losses = []
    for dtype, mode in (
        ('float32', 'FAST_RUN'),
        ('float64', theano.compile.Mode('py', None)),
    ):
        theano.config.floatX = dtype
        lasagne.random.set_rng(np.random.RandomState(1))
        inputs = theano.shared(images.astype(dtype))
        network = build_network(spec, input_layer(28, inputs), 10)
        probability = T.nnet.softmax(lasagne.layers.get_output(network))
        loss = -T.log(probability[T.arange(6), np.arange(6)]).mean()
        parameters = lasagne.layers.get_all_params(network, trainable=True)
        for parameter in parameters:
            value = parameter.get_value()
            if value.shape == (6,):  # theta, away from the kinks at the identity
                value[:] = 0.91, 0.13, 0.02, -0.11, 0.87, 0.03
            parameter.set_value(value.astype('float32').astype(dtype))
        updates = lasagne.updates.momentum(loss, parameters, 0.05, 0.9)
        step = theano.function([], loss, updates=updates, mode=mode)
        ops = [type(node.op).__name__ for node in step.maker.fgraph.toposort()]
        losses.append([float(step()) for _ in range(3)])
        fused = ops.count('Convolution'), ops.count('ConvolutionGradient')
        assert fused == ((4, 4) if mode == 'FAST_RUN' else (0, 0))
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-6)
    assert losses[0][2] < losses[0][0]
