"""TransformerLayer in Lasagne: golden cases, oracles, networks, refusals."""
import pickle

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import (DenseLayer, InputLayer, ReshapeLayer, count_params,
                            get_all_params, get_output)

import oracle
from conftest import golden_cases, run, with_gradients
from lasagne_stn import Affine, TransformerLayer
from lasagne_stn.markers import Marker

TOLERANCE = {'float32': dict(rtol=1e-4, atol=1e-5), 'float64': dict(rtol=1e-9, atol=1e-9)}

pytestmark = pytest.mark.usefixtures('way')


def unknown_layer(factor=1, border_mode='nearest', **kwargs):
    """A transformer that knows no size in advance."""
    return TransformerLayer((None,) * 4, (None, 6), factor, border_mode, **kwargs)


def warp(layer):
    return lambda images, theta: layer.get_output_for([images, theta])


@pytest.mark.parametrize('case', golden_cases('lasagne2015-09-29', 'affine')
                         + golden_cases('lasagne2018', 'affine'), ids=str)
def test_golden_cases_of_the_original(case, way):
    border_mode = {'clip-coordinates': 'nearest'}.get(case.border_mode, case.border_mode)
    layer = unknown_layer(case.downsample_factor, border_mode)
    found = with_gradients(warp(layer), case.input, case.theta, case.cotangent)
    for array, name in zip(found, ('output', 'grad_input', 'grad_theta')):
        assert array.dtype == case.dtype
        tolerance = dict(TOLERANCE[case.dtype])
        if way == 'fused' and case.dtype == 'float32':
            # The original rounds coordinates to float32, a fused op does not: they
            # differ by an ulp of the largest coordinate, in pixels.
            tolerance['atol'] += (np.finfo('float32').eps * max(case.input.shape)
                                  * abs(case[name]).max())
        np.testing.assert_allclose(array, case[name], err_msg=name, **tolerance)


@pytest.mark.parametrize('border_mode', ['nearest', 'mirror', 'wrap'])
@pytest.mark.parametrize('factor', [1, (2, .75)])
def test_layer_equals_the_slow_loops(factor, border_mode, rng):
    images = rng.normal(size=(2, 3, 7, 5))
    theta = np.array([1., 0, 0, 0, 1, 0]) + rng.normal(scale=.4, size=(2, 6))
    layer = unknown_layer(factor, border_mode)
    size = (7, 5) if factor == 1 else (3, 6)
    points = oracle.affine(theta, oracle.target_points(size, True))
    expected = oracle.sample(images, points, border_mode=border_mode)
    found = run(warp(layer), images, theta)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def test_gradients_equal_finite_differences(rng):
    images = rng.normal(size=(2, 1, 5, 4))
    theta = rng.normal(scale=.5, size=(2, 6))
    theano.gradient.verify_grad(warp(unknown_layer(1.5)), [images, theta],
                                rng=np.random, abs_tol=1e-5)


def test_convention_output_points_are_mapped_to_input_points(rng):
    images = rng.normal(size=(1, 1, 5, 7))
    # One pixel is 2 / (7 - 1) half-widths: x_s = x_t + 1 pixel shows the right part.
    theta = np.array([[1, 0, 2 / 6, 0, 1, 0]])
    found = run(warp(unknown_layer()), images, theta)
    np.testing.assert_allclose(found[..., :-1], images[..., 1:], rtol=1e-12)
    np.testing.assert_allclose(found[..., -1], images[..., -1], rtol=1e-12)


def test_known_and_unknown_sizes_agree(rng):
    images, theta = rng.normal(size=(2, 3, 6, 5)), rng.normal(size=(2, 6))
    known = TransformerLayer((2, 3, 6, 5), (2, 6), (2, 1))
    part = TransformerLayer((None, 3, 6, None), (None, 6), (2, 1))
    assert known.output_shape == (2, 3, 3, 5)
    assert part.output_shape == (None, 3, 3, None)
    expected = run(warp(unknown_layer((2, 1))), images, theta)
    for layer in (known, part):
        np.testing.assert_array_equal(run(warp(layer), images, theta), expected)


@pytest.mark.parametrize('factor, middle', [((5, 1), np.s_[:, :, 2:3, :]),
                                            ((1, 7), np.s_[:, :, :, 3:4]),
                                            ((5, 7), np.s_[:, :, 2:3, 3:4])])
def test_an_output_of_one_row_or_column_samples_the_middle(factor, middle, rng):
    images = rng.normal(size=(1, 2, 5, 7))
    theta = np.array([[1., 0, 0, 0, 1, 0]])
    np.testing.assert_allclose(run(warp(unknown_layer(factor)), images, theta),
                               images[middle], rtol=1e-12)


def test_an_empty_batch_gives_an_empty_result():
    found = run(warp(unknown_layer(2)), np.zeros((0, 3, 6, 4)), np.zeros((0, 6)))
    assert found.shape == (0, 3, 3, 2)


def test_nan_and_infinite_theta_stay_in_their_image(rng, float_type):
    images = rng.normal(size=(5, 2, 4, 3))
    theta = rng.normal(size=(5, 6))
    cotangent = rng.normal(size=(5, 2, 4, 3))
    clean = with_gradients(warp(unknown_layer()), images, theta, cotangent,
                           dtype=float_type)
    theta[1, 2] = np.nan
    theta[2] = [0, 0, np.inf, 0, 0, 1e30]
    theta[3] = [np.inf, -np.inf, 1e30, -1e30, 0, np.inf]
    found = with_gradients(warp(unknown_layer()), images, theta, cotangent,
                           dtype=float_type)
    assert np.isnan(found[0][1]).all()
    for array in found:
        assert np.isfinite(array[2:4]).all()
    np.testing.assert_allclose(
        found[0][2], images[2, :, -1:, -1:] * np.ones((2, 4, 3)), rtol=1e-6)
    for before, after in zip(clean, found):
        np.testing.assert_array_equal(before[[0, 4]], after[[0, 4]])


def test_the_graph_can_be_read():
    images, theta = T.tensor4('images'), T.matrix('theta')
    text = theano.printing.debugprint(
        unknown_layer().get_output_for([images, theta]), file='str')
    for operation in ('ARange', 'Join', 'dot', 'floor', 'clip', 'AdvancedSubtensor1',
                      'Elemwise{mul', 'Elemwise{add'):
        assert operation in text, operation
    graph = theano.gof.graph.io_toposort(
        [images, theta], [unknown_layer().get_output_for([images, theta])])
    gathers = [node for node in graph
               if type(node.op).__name__ == 'AdvancedSubtensor1']
    assert len(gathers) == 4
    assert {type(node.op).__module__.split('.')[0] for node in graph
            if not isinstance(node.op, Marker)} == {'theano'}


def _identity_like(seed):
    """A bias near the identity, in floatX."""
    noise = np.random.RandomState(seed).normal(scale=.1, size=6)
    return (Affine().identity + noise).astype(theano.config.floatX)


def two_transformers():
    """Features, transformer, transformer: the inner one's input needs a gradient."""
    rng = np.random.RandomState(7)
    lasagne.random.set_rng(rng)
    l_in = InputLayer((None, 2, 9, 8))
    features = DenseLayer(l_in, 3 * 7 * 6, nonlinearity=lasagne.nonlinearities.tanh)
    features = ReshapeLayer(features, ([0], 3, 7, 6))
    theta = DenseLayer(features, 6, b=_identity_like(0),
                       W=lasagne.init.Normal(.05), nonlinearity=None)
    first = TransformerLayer(features, theta, (1, 2), name='first')
    theta = DenseLayer(first, 6, b=_identity_like(1),
                       W=lasagne.init.Normal(.05), nonlinearity=None)
    return l_in, TransformerLayer(first, theta, border_mode='mirror', name='second')


def test_stacked_inside_a_network_all_parameters_get_right_gradients(rng):
    with theano.configparser.change_flags(floatX='float64'):
        l_in, last = two_transformers()
        images = rng.normal(size=(3, 2, 9, 8))
        assert last.output_shape == (None, 3, 7, 3)
        units = 3 * 7 * 6
        assert count_params(last) == 145 * units + (units + 1) * 6 + (3 * 7 * 3 + 1) * 6
        weights = get_all_params(last, trainable=True)
        assert len(weights) == 6
        cost = (get_output(last, l_in.input_var) ** 2).sum()
        function = theano.function([l_in.input_var], [cost] + T.grad(cost, weights))
    gradients = function(images)[1:]
    for weight, gradient in zip(weights, gradients):
        value = weight.get_value()
        direction = rng.normal(size=value.shape)
        ends = []
        for sign in (1, -1):
            weight.set_value(value + sign * 1e-6 * direction)
            ends.append(function(images)[0])
        weight.set_value(value)
        np.testing.assert_allclose((ends[0] - ends[1]) / 2e-6,
                                   np.sum(gradient * direction), rtol=1e-5)


def test_outputs_for_several_inputs():
    layer = TransformerLayer(InputLayer((None, 1, 4, 6)), InputLayer((None, 6)), 2)
    images, theta = T.tensor4(), T.matrix()
    given = get_output(layer, {layer.input_layers[0]: images,
                               layer.input_layers[1]: theta})
    found = theano.function([images, theta], given)(
        np.ones((2, 1, 4, 6), theano.config.floatX),
        np.ones((2, 6), theano.config.floatX))
    np.testing.assert_allclose(found, np.ones((2, 1, 2, 3)), rtol=1e-5)


def test_a_network_survives_pickling(rng):
    l_in, last = two_transformers()
    l_again, again = pickle.loads(pickle.dumps((l_in, last)))
    images = rng.normal(size=(2, 2, 9, 8)).astype(theano.config.floatX)
    before, after = [theano.function([inputs.input_var], get_output(outputs))(images)
                     for inputs, outputs in ((l_in, last), (l_again, again))]
    np.testing.assert_array_equal(before, after)
    assert again.border_mode == 'mirror' and again.name == 'second'


def test_the_list_of_two_layers_of_2015():
    pair = [InputLayer((None, 1, 8, 6)), InputLayer((None, 6))]
    for layer in (TransformerLayer(pair, 2), TransformerLayer(pair, downsample_factor=2),
                  TransformerLayer(pair[0], pair[1], 2)):
        assert layer.output_shape == (None, 1, 4, 3)
        assert layer.input_layers == pair
    with pytest.raises(ValueError, match='incoming must be a layer, or a list of two'):
        TransformerLayer(pair[:1])


@pytest.mark.parametrize('images, theta, message', [
    ((2, 3, 8), (2, 6), r"Layer 'warp': incoming must have shape \(batch, channels, row"),
    ((2, 3, 8, 0), (2, 6), r'incoming must have .*, got \(2, 3, 8, 0\)'),
    ((2, 3, 8, 6), (2, 5), r'localization_network must have shape \(batch, 6\), got \(2, '
     r'5\)\.\nAffine\(\) takes 6 parameters per image: give the last layer num_units=6'),
    ((2, 3, 8, 6), (2, 6, 1), r'localization_network must have .* got \(2, 6, 1\)'),
    ((2, 3, 8, 6), (4, 6), 'localization_network must have the batch size of incoming, '
     '2, got 4')])
def test_wrong_shapes_are_refused(images, theta, message):
    TransformerLayer((2, 3, 8, 6), (2, 6), name='warp')
    with pytest.raises(ValueError, match=message):
        TransformerLayer(images, theta, name='warp')


@pytest.mark.parametrize('change, error, message', [
    (dict(downsample_factor=0), ValueError, 'downsample_factor must be a positive number'),
    (dict(downsample_factor=-1.), ValueError, 'downsample_factor .* got -1.0'),
    (dict(downsample_factor=float('nan')), ValueError, 'downsample_factor .* got nan'),
    (dict(downsample_factor=(1, 2, 3)), ValueError, r'downsample_factor .*\(1, 2, 3\)'),
    (dict(downsample_factor='2'), TypeError, "downsample_factor .* got '2'"),
    (dict(downsample_factor=7), ValueError, 'must leave at least one pixel of 8 x 6, '
     'got 7'),
    (dict(border_mode='miror'), ValueError, "border_mode .* got 'miror'.\nDid you mean"),
    (dict(bordermode='wrap'), TypeError, "unknown keyword argument 'bordermode'"),
    (dict(localization_network=None), TypeError, 'localization_network must be a layer '
     'or a shape tuple, got None')])
def test_wrong_arguments_are_refused(change, error, message):
    valid = dict(incoming=(2, 3, 8, 6), localization_network=(2, 6))
    TransformerLayer(**valid)
    valid.update(change)
    with pytest.raises(error, match='TransformerLayer: .*' + message):
        TransformerLayer(**valid)
