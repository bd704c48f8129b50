"""Which graphs become fused convolutions, and that values stay the same."""

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from theano.tensor.nnet.abstract_conv import conv2d_grad_wrt_inputs

from lasagne_stn import config
from lasagne_stn.kernels.convolution.cpu import Convolution, ConvolutionGradient
from lasagne_stn.kernels.convolution.rewrite import FuseConvolutions

# Ops compute in numpy: what is tested here is the graph.
REWRITTEN = theano.compile.Mode('py', 'fast_run')
PLAIN = theano.compile.Mode('py', None)
RELUS = {
    'nnet.relu': T.nnet.relu,
    'maximum': lambda x: T.maximum(x, 0),
    'maximum, turned': lambda x: T.maximum(0, x),
    'switch': lambda x: T.switch(x > 0, x, 0),
    'product': lambda x: x * (x > 0),
    'lasagne': lasagne.nonlinearities.rectify,
}
OTHERS = {
    'tanh': T.tanh,
    'leaky': lambda x: T.nnet.relu(x, 0.1),
    'relu at 1': lambda x: T.maximum(x, 1),
    'negated': lambda x: T.maximum(-x, 0),
    'cut off': lambda x: T.clip(x, 0, 2),
}


def fused_ops(function):
    """Return the kinds of fused convolutions and the gradients of fused ones."""
    ops = [node.op for node in function.maker.fgraph.toposort()]
    kinds = [op.kind for op in ops if isinstance(op, Convolution)]
    return kinds, [op.wrt for op in ops if isinstance(op, ConvolutionGradient)]


class Example:
    """A convolution with what follows it, on small random inputs in float64."""

    def __init__(
        self,
        activation=None,
        pool=None,
        ignore_border=True,
        bias=True,
        border_mode='valid',
        flip=True,
        shape=(3, 2, 12, 11),
        filters=(4, 2, 5, 6),
        known=True,
        **options,
    ):
        rng = np.random.default_rng(8)
        self.values = [
            rng.standard_normal(size) for size in (shape, filters, filters[:1])
        ]
        self.variables = T.dtensor4('images'), T.dtensor4('weights'), T.dvector('bias')
        images, weights, shift = self.variables
        output = T.nnet.conv2d(
            images,
            weights,
            input_shape=shape if known else None,
            filter_shape=filters,
            border_mode=border_mode,
            filter_flip=flip,
            **options,
        )
        if bias:
            output += shift.dimshuffle('x', 0, 'x', 'x')
        if activation:
            output = activation(output)
        if pool:
            output = T.signal.pool.pool_2d(output, pool, ignore_border)
        self.output = output
        loss = (output * T.cos(output)).sum()
        self.wrt = list(self.variables[: 3 if bias else 2])
        self.gradients = T.grad(loss, self.wrt)

    def compare(self, outputs=None):
        """Check values with and without the rewrite; return the function with it."""
        outputs = [self.output, *self.gradients] if outputs is None else outputs
        arguments = dict(inputs=list(self.variables), on_unused_input='ignore')
        function = theano.function(outputs=outputs, mode=REWRITTEN, **arguments)
        plain = theano.function(outputs=outputs, mode=PLAIN, **arguments)
        assert fused_ops(plain) == ([], [])
        for found, expected in zip(function(*self.values), plain(*self.values)):
            assert found.shape == expected.shape and found.dtype == expected.dtype
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)
        return function


@pytest.mark.parametrize(
    'border_mode', ['valid', 'half', 'full', 2, (3, 1), ((1, 2), (0, 3))]
)
@pytest.mark.parametrize('flip', [True, False])
def test_padding_and_flipped_filters(border_mode, flip):
    example = Example(T.nnet.relu, (2, 2), border_mode=border_mode, flip=flip)
    kinds, gradients = fused_ops(example.compare())
    assert [(kind.relu, kind.pool, kind.flip) for kind in kinds] == [(True, 2, flip)]
    assert gradients == [('images', 'weights', 'bias')]


@pytest.mark.parametrize('pool', [None, (2, 2), (3, 3)])
@pytest.mark.parametrize('ignore_border', [True, False])
@pytest.mark.parametrize('activation', [None, T.nnet.relu])
@pytest.mark.parametrize('bias', [True, False])
def test_what_follows(bias, activation, ignore_border, pool):
    example = Example(activation, pool, ignore_border, bias)
    kinds, gradients = fused_ops(example.compare())
    (kind,) = kinds
    assert kind.relu == bool(activation)
    assert kind.pool == (pool[0] if pool else 1)
    assert not pool or kind.whole_windows_only == ignore_border
    assert gradients == [
        ('images', 'weights', 'bias') if bias else ('images', 'weights')
    ]


@pytest.mark.parametrize('name', sorted(RELUS))
@pytest.mark.parametrize('pool', [None, (2, 2)])
def test_ways_to_write_relu(name, pool):
    kinds, gradients = fused_ops(Example(RELUS[name], pool).compare())
    assert [kind.relu for kind in kinds] == [True]
    assert len(gradients) == 1


@pytest.mark.parametrize(
    'name, slope', [('nnet.relu', 0.5), ('maximum', 1.0), ('switch', 0.0)]
)
def test_the_derivative_of_relu_at_zero(name, slope):
    example = Example(RELUS[name])
    example.values[0][:] = example.values[2][:] = 0
    function = example.compare()
    assert [kind.slope for kind in fused_ops(function)[0]] == [slope]
    assert function(*example.values)[3].any() == bool(slope)


@pytest.mark.parametrize('name', sorted(OTHERS))
def test_other_activations_stay(name):
    kinds, gradients = fused_ops(Example(OTHERS[name], (2, 2)).compare())
    assert [(kind.relu, kind.pool) for kind in kinds] == [(False, 1)]
    assert gradients == [('images', 'weights', 'bias')]


@pytest.mark.parametrize('pool', [(2, 3), (4, 4)])
def test_other_windows_stay(pool):
    kinds, _ = fused_ops(Example(T.nnet.relu, pool).compare())
    assert [(kind.relu, kind.pool) for kind in kinds] == [(True, 1)]


@pytest.mark.parametrize(
    'options',
    [
        {'subsample': (2, 1)},
        {'filter_dilation': (1, 2)},
        {'filters': (4, 1, 5, 6), 'num_groups': 2},
        {'filters': (4, 2, 2, 3)},
        {'filters': (4, 2, 1, 12), 'border_mode': 'half'},
        {'filters': (4, 2, 3, 3)},
    ],
)
def test_other_convolutions_stay(options):
    example = Example(T.nnet.relu, **options)
    assert not is_rewritten(example)


def test_sizes_that_are_not_known():
    example = Example(T.nnet.relu, (2, 2), known=False)
    function = example.compare()
    rng = np.random.default_rng(9)
    example.values[0] = rng.standard_normal((5, 2, 17, 70))
    plain = theano.function(list(example.variables), example.gradients, mode=PLAIN)
    for found, expected in zip(function(*example.values)[1:], plain(*example.values)):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_gradients_of_gradients():
    example = Example(T.nnet.relu, (2, 2))
    images, weights, _ = example.variables
    direction = T.grad((example.gradients[1] ** 2).sum(), [images, weights])
    example.compare(direction)


def test_a_product_with_the_jacobian():
    example = Example(T.nnet.relu, (2, 2))
    images, weights, _ = example.variables
    example.compare([T.Rop(example.output, weights, T.cos(weights))])


def test_the_gradient_to_images_alone():
    example = Example(T.nnet.relu, (2, 2))
    function = example.compare(example.gradients[:1])
    assert fused_ops(function)[1] == [('images',)]


@pytest.mark.parametrize('index, wrt', [(0, ('images',)), (1, ('weights',))])
def test_one_gradient_of_a_convolution_alone(index, wrt):
    example = Example()
    function = example.compare([example.gradients[index]])
    assert fused_ops(function)[1] == [wrt]


def test_a_transposed_convolution():
    example = Example()
    images, weights, _ = example.variables
    shape = (3, 2, 12, 11)
    output = conv2d_grad_wrt_inputs(
        T.cos(example.output), weights, shape, (4, 2, 5, 6), filter_flip=True
    )
    function = example.compare([output, *T.grad((output**3).sum(), [images, weights])])
    assert ('images',) in fused_ops(function)[1]


def test_what_something_else_uses_is_still_computed():
    example = Example()
    rectified = T.nnet.relu(example.output)
    loss = (rectified**2).sum() + T.sin(example.output).sum()
    function = example.compare([rectified, *T.grad(loss, example.wrt)])
    kinds, _ = fused_ops(function)
    assert [kind.relu for kind in kinds] == [False]


def test_two_gradients_of_one_convolution():
    example = Example(T.nnet.relu, (2, 2))
    losses = (example.output**2).sum(), T.exp(example.output).sum()
    example.compare([each for loss in losses for each in T.grad(loss, example.wrt)])


def test_two_convolutions_of_the_same_images():
    example = Example(T.nnet.relu, (2, 2))
    images, weights, _ = example.variables
    other = T.nnet.relu(T.nnet.conv2d(images, 2 * weights, filter_shape=(4, 2, 5, 6)))
    loss = (example.output**2).sum() + (other**3).sum()
    function = example.compare([loss, *T.grad(loss, example.wrt)])
    assert len(fused_ops(function)[0]) == 2


def is_rewritten(example):
    """Return whether the rewrite finds something in the graph of the gradients."""
    graph = theano.gof.FunctionGraph(list(example.variables), example.gradients)
    FuseConvolutions().optimize(graph)
    return any(isinstance(node.op, Convolution) for node in graph.apply_nodes)


def test_the_switch_and_the_name_of_the_rewrite(monkeypatch):
    example = Example(T.nnet.relu, (2, 2))
    assert is_rewritten(example)
    monkeypatch.setattr(config, 'fused_convolution', False)
    assert not is_rewritten(example)
    excluding = REWRITTEN.excluding('lasagne_stn_convolution')
    for mode, count in ((REWRITTEN, 1), (excluding, 0)):
        rewrites = [one for one in mode.optimizer if isinstance(one, FuseConvolutions)]
        assert len(rewrites) == count


def test_shapes_are_known_without_the_values():
    example = Example(T.nnet.relu, (3, 3), ignore_border=False)
    function = theano.function(
        [example.variables[0], example.variables[1], example.variables[2]],
        [example.output.shape, example.gradients[1].shape],
        mode=REWRITTEN,
        on_unused_input='ignore',
    )
    assert fused_ops(function) == ([], [])
    found = function(*example.values)
    assert [list(shape) for shape in found] == [[3, 4, 3, 2], [4, 2, 5, 6]]
