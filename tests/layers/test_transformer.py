"""TransformerLayer in Lasagne: golden cases, oracles, networks, errors."""

import pickle

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import (
    DenseLayer,
    InputLayer,
    ReshapeLayer,
    count_params,
    get_all_params,
    get_output,
)

from helpers import oracle
from helpers.golden import golden_cases
from lasagne_stn import (
    Affine,
    Attention,
    Bicubic,
    Compose,
    Kernel,
    Projective,
    SamplingGridLayer,
    ThinPlateSpline,
    TPSTransformerLayer,
    Transformer3DLayer,
    TransformerLayer,
)
from lasagne_stn.sampling.markers import Marker

TOLERANCE = {
    'float32': dict(rtol=1e-4, atol=1e-5),
    'float64': dict(rtol=1e-9, atol=1e-9),
}


def unknown_layer(factor=1, border_mode='nearest', **kwargs):
    """Return a transformer whose sizes are all unknown."""
    return TransformerLayer((None,) * 4, (None, 6), factor, border_mode, **kwargs)


def warp(layer):
    return lambda images, theta: layer.get_output_for([images, theta])


@pytest.mark.smoke
@pytest.mark.parametrize(
    'case',
    golden_cases('lasagne2015-09-29', 'affine') + golden_cases('lasagne2018', 'affine'),
    ids=str,
)
def test_golden_cases_of_the_original(case, way):
    border_mode = case.border_mode.replace('clip-coordinates', 'nearest')
    layer = unknown_layer(case.downsample_factor, border_mode)
    found = way.with_gradients(warp(layer), case.input, case.theta, case.cotangent)
    for array, name in zip(found, ('output', 'grad_input', 'grad_theta')):
        assert array.dtype == case.dtype
        tolerance = dict(TOLERANCE[case.dtype])
        if way.name == 'fused' and case.dtype == 'float32':
            # The original rounds coordinates to float32, a fused op does not: they
            # differ by an ulp of the largest coordinate, in pixels.
            tolerance['atol'] += (
                np.finfo('float32').eps * max(case.input.shape) * abs(case[name]).max()
            )
        np.testing.assert_allclose(array, case[name], err_msg=name, **tolerance)


@pytest.mark.parametrize('border_mode', ['nearest', 'mirror', 'wrap'])
@pytest.mark.parametrize('factor', [1, (2, 0.75)])
def test_layer_equals_the_slow_loops(factor, border_mode, rng, way):
    images = rng.normal(size=(2, 3, 7, 5))
    theta = np.array([1.0, 0, 0, 0, 1, 0]) + rng.normal(scale=0.4, size=(2, 6))
    layer = unknown_layer(factor, border_mode)
    size = (7, 5) if factor == 1 else (3, 6)
    points = oracle.affine(theta, oracle.target_points(size, True))
    expected = oracle.sample(images, points, border_mode=border_mode)
    found = way.run(warp(layer), images, theta)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def test_gradients_equal_finite_differences(rng):
    images = rng.normal(size=(2, 1, 5, 4))
    theta = rng.normal(scale=0.5, size=(2, 6))
    theano.gradient.verify_grad(
        warp(unknown_layer(1.5)), [images, theta], rng=np.random, abs_tol=1e-5
    )


def test_convention_transforms_map_target_points_to_source_points(rng, way):
    images = rng.normal(size=(1, 1, 5, 7))
    # One pixel is 2 / (7 - 1): x_s = x_t + 1 pixel shows the right part.
    theta = np.array([[1, 0, 2 / 6, 0, 1, 0]])
    found = way.run(warp(unknown_layer()), images, theta)
    np.testing.assert_allclose(found[..., :-1], images[..., 1:], rtol=1e-12)
    np.testing.assert_allclose(found[..., -1], images[..., -1], rtol=1e-12)


def test_known_and_unknown_sizes_agree(way, rng):
    images, theta = rng.normal(size=(2, 3, 6, 5)), rng.normal(size=(2, 6))
    known = TransformerLayer((2, 3, 6, 5), (2, 6), (2, 1))
    part = TransformerLayer((None, 3, 6, None), (None, 6), (2, 1))
    assert known.output_shape == (2, 3, 3, 5)
    assert part.output_shape == (None, 3, 3, None)
    expected = way.run(warp(unknown_layer((2, 1))), images, theta)
    for layer in (known, part):
        found = way.run(warp(layer), images, theta, mode=way.mode)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    'factor, middle',
    [
        ((5, 1), np.s_[:, :, 2:3, :]),
        ((1, 7), np.s_[:, :, :, 3:4]),
        ((5, 7), np.s_[:, :, 2:3, 3:4]),
    ],
)
def test_an_output_of_one_row_or_column_samples_the_middle(factor, middle, rng, way):
    images = rng.normal(size=(1, 2, 5, 7))
    theta = np.array([[1.0, 0, 0, 0, 1, 0]])
    np.testing.assert_allclose(
        way.run(warp(unknown_layer(factor)), images, theta), images[middle], rtol=1e-12
    )


def test_an_empty_batch_gives_an_empty_result(way):
    found = way.run(warp(unknown_layer(2)), np.zeros((0, 3, 6, 4)), np.zeros((0, 6)))
    assert found.shape == (0, 3, 3, 2)


def test_nan_and_infinite_theta_stay_in_their_image(rng, float_type, way):
    images = rng.normal(size=(5, 2, 4, 3))
    theta = rng.normal(size=(5, 6))
    cotangent = rng.normal(size=(5, 2, 4, 3))
    clean = way.with_gradients(
        warp(unknown_layer()), images, theta, cotangent, dtype=float_type
    )
    theta[1, 2] = np.nan
    theta[2] = [0, 0, np.inf, 0, 0, 1e30]
    theta[3] = [np.inf, -np.inf, 1e30, -1e30, 0, np.inf]
    found = way.with_gradients(
        warp(unknown_layer()), images, theta, cotangent, dtype=float_type
    )
    assert np.isnan(found[0][1]).all()
    for array in found:
        assert np.isfinite(array[2:4]).all()
    np.testing.assert_allclose(
        found[0][2], images[2, :, -1:, -1:] * np.ones((2, 4, 3)), rtol=1e-6
    )
    for before, after in zip(clean, found):
        np.testing.assert_array_equal(before[[0, 4]], after[[0, 4]])


def test_the_graph_is_readable():
    images, theta = T.tensor4('images'), T.matrix('theta')
    text = theano.printing.debugprint(
        unknown_layer().get_output_for([images, theta]), file='str'
    )
    for operation in (
        'ARange',
        'Join',
        'dot',
        'floor',
        'clip',
        'AdvancedSubtensor1',
        'Elemwise{mul',
        'Elemwise{add',
    ):
        assert operation in text, operation
    graph = theano.gof.graph.io_toposort(
        [images, theta], [unknown_layer().get_output_for([images, theta])]
    )
    gathers = [node for node in graph if type(node.op).__name__ == 'AdvancedSubtensor1']
    assert len(gathers) == 4
    assert {
        type(node.op).__module__.split('.')[0]
        for node in graph
        if not isinstance(node.op, Marker)
    } == {'theano'}


def _identity_like(seed):
    """A bias near the identity, in floatX."""
    noise = np.random.RandomState(seed).normal(scale=0.1, size=6)
    return (Affine().identity + noise).astype(theano.config.floatX)


def two_transformers():
    """Features, transformer, transformer: the inner one's input needs a gradient."""
    rng = np.random.RandomState(7)
    lasagne.random.set_rng(rng)
    l_in = InputLayer((None, 2, 9, 8))
    features = DenseLayer(l_in, 3 * 7 * 6, nonlinearity=lasagne.nonlinearities.tanh)
    features = ReshapeLayer(features, ([0], 3, 7, 6))
    theta = DenseLayer(
        features, 6, b=_identity_like(0), W=lasagne.init.Normal(0.05), nonlinearity=None
    )
    first = TransformerLayer(features, theta, (1, 2), name='first')
    theta = DenseLayer(
        first, 6, b=_identity_like(1), W=lasagne.init.Normal(0.05), nonlinearity=None
    )
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
        np.testing.assert_allclose(
            (ends[0] - ends[1]) / 2e-6, np.sum(gradient * direction), rtol=1e-5
        )


def test_outputs_for_several_inputs():
    layer = TransformerLayer(InputLayer((None, 1, 4, 6)), InputLayer((None, 6)), 2)
    images, theta = T.tensor4(), T.matrix()
    given = get_output(
        layer, {layer.input_layers[0]: images, layer.input_layers[1]: theta}
    )
    found = theano.function([images, theta], given)(
        np.ones((2, 1, 4, 6), theano.config.floatX),
        np.ones((2, 6), theano.config.floatX),
    )
    np.testing.assert_allclose(found, np.ones((2, 1, 2, 3)), rtol=1e-5)


def test_networks_can_be_pickled(rng):
    l_in, last = two_transformers()
    l_again, again = pickle.loads(pickle.dumps((l_in, last)))
    images = rng.normal(size=(2, 2, 9, 8)).astype(theano.config.floatX)
    before, after = [
        theano.function([inputs.input_var], get_output(outputs))(images)
        for inputs, outputs in ((l_in, last), (l_again, again))
    ]
    np.testing.assert_array_equal(before, after)
    assert again.border_mode == 'mirror' and again.name == 'second'


def test_the_list_of_two_layers_of_2015():
    pair = [InputLayer((None, 1, 8, 6)), InputLayer((None, 6))]
    for layer in (
        TransformerLayer(pair, 2),
        TransformerLayer(pair[0], pair[1], 2),
        TransformerLayer(pair, downsample_factor=2),
    ):
        assert layer.output_shape == (None, 1, 4, 3)
        assert layer.input_layers == pair
    with pytest.raises(ValueError, match='incoming must be a layer, or a list of two'):
        TransformerLayer(pair[:1])


@pytest.mark.parametrize(
    'images, theta, message',
    [
        (
            (2, 3, 8),
            (2, 6),
            r"Layer 'warp': incoming must have shape \(batch, channels, ",
        ),
        ((2, 3, 8, 0), (2, 6), r'incoming must have .*, got \(2, 3, 8, 0\)'),
        (
            (2, 3, 8, 6),
            (2, 5),
            r'localization_network must have shape \(batch, 6\), got '
            r'\(2, 5\)\.\nAffine\(\) takes 6 parameters per image: give the last ',
        ),
        ((2, 3, 8, 6), (2, 6, 1), r'localization_network must have .* got \(2, 6, 1\)'),
        (
            (2, 3, 8, 6),
            (4, 6),
            'localization_network must have the batch size of incoming, 2, got 4',
        ),
    ],
)
def test_wrong_shapes_are_errors(images, theta, message):
    TransformerLayer((2, 3, 8, 6), (2, 6), name='warp')
    with pytest.raises(ValueError, match=message):
        TransformerLayer(images, theta, name='warp')


@pytest.mark.parametrize(
    'change, error, message',
    [
        (dict(downsample_factor=0), ValueError, 'downsample_factor must be a positive'),
        (dict(downsample_factor=-1.0), ValueError, 'downsample_factor .* got -1.0'),
        (
            dict(downsample_factor=float('nan')),
            ValueError,
            'downsample_factor .* got nan',
        ),
        (
            dict(downsample_factor=(1, 2, 3)),
            ValueError,
            r'downsample_factor .*\(1, 2, 3\)',
        ),
        (dict(downsample_factor='2'), TypeError, "downsample_factor .* got '2'"),
        (
            dict(downsample_factor=7),
            ValueError,
            'must leave at least one pixel of 8 x 6, got 7',
        ),
        (dict(border_mode='miror'), ValueError, "border_mode .* got 'miror'.\nDid you"),
        (dict(bordermode='wrap'), TypeError, "unknown keyword argument 'bordermode'"),
        (
            dict(localization_network=None),
            TypeError,
            'localization_network must be a layer or a shape tuple, got None',
        ),
        (
            dict(
                incoming=[(2, 3, 8, 6), (2, 6)],
                localization_network=2,
                downsample_factor=4,
            ),
            ValueError,
            'localization_network must be None after a list .* is given, got 2',
        ),
    ],
)
def test_wrong_arguments_are_errors(change, error, message):
    valid = dict(incoming=(2, 3, 8, 6), localization_network=(2, 6))
    TransformerLayer(**valid)
    valid.update(change)
    with pytest.raises(error, match='TransformerLayer: .*' + message):
        TransformerLayer(**valid)


@pytest.mark.parametrize(
    'change, error, message',
    [
        (
            dict(transform=Affine),
            TypeError,
            'transform must be a Transform such as Affine',
        ),
        (dict(transform=Affine(3)), ValueError, r'have dims=2, got Affine\(dims=3\)'),
        (
            dict(interpolation='cubic'),
            ValueError,
            "one of .*'cubic'.\nDid you .*'bicubic'",
        ),
        (
            dict(align_corners=None),
            TypeError,
            'align_corners must be True or False, got',
        ),
        (dict(border_value='0'), TypeError, "border_value must be a finite .* got '0'"),
        (
            dict(border_value=float('inf')),
            ValueError,
            'border_value must be a .* got inf',
        ),
        (
            dict(output_size=(4, 0)),
            ValueError,
            r'output_size must be \(rows, columns\) in '
            r'pixels, each at least 1, got \(4, 0\)',
        ),
        (dict(output_size=(4, 5, 6)), ValueError, r'output_size .* got \(4, 5, 6\)'),
        (dict(output_size=4), TypeError, 'output_size must .* got 4'),
        (dict(output_size=(4, 2.5)), TypeError, r'output_size must .* got \(4, 2.5\)'),
        (
            dict(output_size=(4, 5), downsample_factor=2),
            ValueError,
            'output_size must be '
            r'None if downsample_factor is given, got \(4, 5\).\nGive one of the two',
        ),
    ],
)
def test_wrong_options_are_errors(change, error, message):
    valid = dict(incoming=(2, 3, 8, 6), localization_network=(2, 6))
    TransformerLayer(output_size=(4, 5), **valid)
    valid.update(change)
    with pytest.raises(error, match='TransformerLayer: .*' + message):
        TransformerLayer(**valid)


@pytest.mark.parametrize('size', [(4, 9), (1, 3), (5, 1), (1, 1)])
def test_an_output_size_instead_of_a_factor(size, rng, way):
    images, theta = rng.normal(size=(2, 3, 5, 7)), rng.normal(size=(2, 6))
    for align_corners in (True, False):
        layer = unknown_layer(output_size=list(size), align_corners=align_corners)
        assert layer.output_shape == (None, None) + size
        points = oracle.affine(theta, oracle.target_points(size, align_corners))
        expected = oracle.sample(images, points, align_corners=align_corners)
        np.testing.assert_allclose(
            way.run(warp(layer), images, theta), expected, rtol=1e-10, atol=1e-12
        )


@pytest.mark.parametrize('factor', [0.1, 0.3, 0.6, 0.7, 1.1, 1.2, 1 / 3, (2, 0.6)])
def test_unknown_sizes_are_divided_like_known_ones(factor, float_type):
    images = T.tensor4('images')
    layer = unknown_layer(factor)
    count = theano.function([images], layer._symbolic_size(images))
    for rows, columns in ((6, 9), (7, 10), (12, 33), (30, 3)):
        known = layer.get_output_shape_for([(2, 1, rows, columns), (2, 6)])
        found = count(np.zeros((2, 1, rows, columns), float_type))
        assert tuple(int(pixels) for pixels in found) == known[2:]


def test_constant_borders_use_the_border_value(rng, way):
    images = rng.normal(size=(1, 2, 3, 4))
    theta = np.array([[1.0, 0, 10, 0, 1, 0]])
    for value in (0, -2.5):
        layer = unknown_layer(border_mode='constant', border_value=value)
        assert (way.run(warp(layer), images, theta) == value).all()


def test_constant_borders_are_equation_5(rng, way):
    """Max(0, 1 - abs(x - m)) max(0, 1 - abs(y - n)), over all pixels of the image."""
    images, theta = rng.normal(size=(1, 1, 4, 5)), rng.normal(size=(1, 6))
    points = oracle.affine(theta, oracle.target_points((4, 5), True))[0]
    expected = np.zeros((4, 5))
    for row, column in np.ndindex(4, 5):
        x, y = (points[row, column] + 1) / 2 * [4, 3]
        for n, m in np.ndindex(4, 5):
            expected[row, column] += (
                images[0, 0, n, m] * max(0, 1 - abs(x - m)) * max(0, 1 - abs(y - n))
            )
    found = way.run(warp(unknown_layer(border_mode='constant')), images, theta)
    np.testing.assert_allclose(found[0, 0], expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize('align_corners', [True, False])
def test_isotropic_rotation_maps_pixels_to_pixels(align_corners, rng, way):
    """A quarter turn of a wide image about its middle, clockwise."""
    images = rng.normal(size=(1, 1, 5, 9))
    theta = np.array([[0.0, 1, 0, -1, 0, 0]])  # x_s = y, y_s = -x
    layer = unknown_layer(
        transform=Affine(coordinates='isotropic'), align_corners=align_corners
    )
    found = way.run(warp(layer), images, theta)[0, 0]
    middle = images[0, 0, :, 2:7]  # the square that stays inside
    np.testing.assert_allclose(found[:, 2:7], np.rot90(middle, -1), atol=1e-10)


TPS_CASES = golden_cases('lasagne2018', 'tps')


@pytest.mark.parametrize('size', ['known', 'unknown'])
@pytest.mark.parametrize('case', TPS_CASES, ids=str)
def test_golden_cases_of_the_spline(case, size, way):
    """Lasagne bends only if it knows the grid at compile time; this layer always."""
    known = size == 'known'
    shapes = [
        array.shape if known else (None,) * array.ndim
        for array in (case.input, case.theta)
    ]
    shapes[1] = shapes[1][:1] + case.theta.shape[1:]
    factor = case.arrays[case.number + '/downsample_factor'].tolist()
    layer = TPSTransformerLayer(
        *shapes,
        downsample_factor=factor * (2 // len(factor)),
        control_points=case.control_points,
        border_mode=case.border_mode,
    )
    assert layer.precompute_grid is known
    found = way.with_gradients(
        warp(layer), case.input, case.theta, case.cotangent, mode=way.mode
    )
    for array, name in zip(found, ('output', 'grad_input', 'grad_theta')):
        assert array.dtype == case.dtype
        tolerance = dict(rtol=1e-9, atol=1e-9)
        if case.dtype == 'float32':
            tolerance = dict(rtol=1e-4, atol=1e-5 * np.abs(case[name]).max())
        np.testing.assert_allclose(array, case[name], err_msg=name, **tolerance)


def test_splines_of_known_and_unknown_grids_equal_the_independent_solve(way, rng):
    images = rng.normal(size=(2, 2, 7, 6))
    theta = rng.normal(scale=0.3, size=(2, 32))
    points = oracle.thin_plate_spline(theta, oracle.target_points((3, 4), True))
    expected = oracle.sample(images, points)
    straight = oracle.sample(images, np.stack(2 * [oracle.target_points((3, 4), True)]))
    assert np.abs(expected - straight).max() > 0.5  # a real bend
    unknown, known = (None, None, None, None), (None, None, 7, 6)
    mode = way.mode
    for shape, options in [
        (unknown, {}),
        (unknown, dict(precompute_grid=False)),
        (known, {}),
        (known, dict(precompute_grid=False)),
        (known, dict(precompute_grid=True)),
    ]:
        layer = TPSTransformerLayer(shape, (None, 32), (2, 1.5), **options)
        assert layer.precompute_grid is (
            shape is known and options.get('precompute_grid', True)
        )
        found = way.run(warp(layer), images, theta, mode=mode)
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)
    sized = TPSTransformerLayer(
        unknown, (None, 32), output_size=(3, 4), precompute_grid=True
    )
    np.testing.assert_allclose(
        way.run(warp(sized), images, theta, mode=mode), expected, atol=1e-10
    )


def test_wrong_arguments_of_the_spline_layer_are_errors():
    valid = dict(incoming=(2, 1, 8, 6), localization_network=(2, 18), control_points=9)
    assert TPSTransformerLayer(**valid).output_shape == (2, 1, 8, 6)
    for change, error, message in [
        (dict(control_points=10), ValueError, 'control_points must be a square'),
        (
            dict(control_points=16),
            ValueError,
            r'must have shape \(batch, 32\), got '
            r'\(2, 18\).\nThinPlateSpline\(16\) takes 32 parameters',
        ),
        (
            dict(precompute_grid='yes'),
            ValueError,
            "precompute_grid must be 'auto', True or False, got 'yes'",
        ),
        (dict(precompute_grid=1), ValueError, "'auto', True or False, got 1"),
        (
            dict(incoming=(2, 1, None, 6), precompute_grid=True),
            ValueError,
            "precompute_grid must be False or 'auto' while the output size is unknown",
        ),
        (dict(bordermode='wrap'), TypeError, "unknown keyword .* 'bordermode'"),
        (dict(controlpoints=9), TypeError, "Did you mean 'control_points'"),
        (
            dict(x=1),
            TypeError,
            "Known are 'incoming', .*'control_points', .*'border_mode', ",
        ),
    ]:
        with pytest.raises(error, match=message):
            TPSTransformerLayer(**dict(valid, **change))


def test_sampling_grid_layer_shares_everything_with_its_transformer(rng):
    l_in, warped = two_transformers()
    points = SamplingGridLayer(warped, name='points')
    assert points.output_shape == (None, 7, 3, 2)
    assert points.input_layers == warped.input_layers
    ours, theirs = get_all_params(points), get_all_params(warped)
    assert len(ours) == len(theirs) and all(
        one is other for one, other in zip(ours, theirs)
    )
    assert count_params([points, warped]) == count_params(warped)
    images = rng.normal(size=(2, 2, 9, 8)).astype(theano.config.floatX)
    theta, found = theano.function(
        [l_in.input_var], get_output([warped.input_layers[1], points])
    )(images)
    expected = oracle.affine(theta, oracle.target_points((7, 3), True))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_sampling_grid_of_shapes_and_of_other_transforms(rng, way):
    for transform, slow in (
        (Projective(), oracle.projective),
        (ThinPlateSpline(4), oracle.thin_plate_spline),
    ):
        layer = SamplingGridLayer(
            TransformerLayer(
                (None,) * 4, (None, 8), (2, 1), transform=transform, align_corners=False
            )
        )
        assert layer.output_shape == (None, None, None, 2)
        theta = transform.identity + rng.normal(scale=0.2, size=(2, 8))
        found = way.run(warp(layer), np.zeros((2, 1, 6, 5)), theta)
        expected = slow(theta, oracle.target_points((3, 5), False))
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def test_a_sampling_grid_of_another_layer_is_an_error():
    layer = InputLayer((None, 1, 4, 6))
    SamplingGridLayer(TransformerLayer(layer, (None, 6)))
    with pytest.raises(
        TypeError,
        match="SamplingGridLayer 'grid': transformer must be a TransformerLayer, got",
    ):
        SamplingGridLayer(layer, name='grid')


@pytest.mark.parametrize(
    'layer',
    [
        TransformerLayer(
            (None,) * 4,
            (None, 3),
            2,
            'mirror',
            Attention(),
            Bicubic(-0.5),
            False,
            name='warp',
        ),
        TransformerLayer(
            (None,) * 4,
            (None, 16),
            2,
            'constant',
            interpolation='nearest',
            transform=Compose(Projective('isotropic'), ThinPlateSpline(4)),
            border_value=0.5,
        ),
        TPSTransformerLayer((None,) * 4, (None, 18), 2, 9),
        SamplingGridLayer(TransformerLayer((None,) * 4, (None, 6), (2, 3))),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_layers_can_be_pickled_and_printed(layer, rng, way):
    again = pickle.loads(pickle.dumps(layer))
    count = layer.input_shapes[1][1]
    images, theta = (
        rng.normal(size=(2, 1, 6, 9)),
        rng.normal(scale=0.3, size=(2, count)),
    )
    before, after = [way.run(warp(one), images, theta) for one in (layer, again)]
    np.testing.assert_array_equal(before, after)
    for name in ('name', 'border_mode', 'border_value', 'align_corners'):
        assert getattr(layer, name, None) == getattr(again, name, None)
    text = theano.printing.debugprint(
        layer.get_output_for([T.tensor4(), T.matrix()]), file='str'
    )
    assert 'ARange' in text


class Doubled(TransformerLayer):
    """A layer with its own option."""

    def __init__(self, incoming, localization_network, doubled=True, **kwargs):
        self.doubled = doubled
        super().__init__(incoming, localization_network, **kwargs)


def test_the_known_keywords_are_those_of_the_signatures():
    names = TransformerLayer.keyword_names()
    assert names[:3] == ['incoming', 'localization_network', 'downsample_factor']
    assert names[-2:] == ['border_value', 'name'] and len(names) == 10
    spline = set(TPSTransformerLayer.keyword_names())
    assert spline == set(names) - {'transform'} | {'control_points', 'precompute_grid'}
    assert set(Transformer3DLayer.keyword_names()) == set(names)
    with pytest.raises(TypeError, match=r"Doubled: .*\nDid you mean 'doubled'"):
        Doubled((2, 3, 8, 6), (2, 6), double=False)
    assert Doubled((2, 3, 8, 6), (2, 6), True, name='twice').name == 'twice'


def test_sampling_options_are_attributes_of_the_layer():
    layer = unknown_layer(1, 'constant', interpolation='nearest', border_value=2)
    options = layer.interpolation, layer.border_mode, layer.border_value
    assert repr(options) == "(Nearest(), 'constant', 2.0)"
    assert layer.align_corners is True
    assert layer.sampling == options + (True,)


@pytest.mark.parametrize(
    'layer, expected',
    [
        (
            TransformerLayer((None, 3, 60, 40), (None, 6), 2, 'wrap', name='warp'),
            "TransformerLayer('warp', Affine(), 'wrap', output (None, 3, 30, 20))",
        ),
        (
            SamplingGridLayer(unknown_layer(), name='grid'),
            "SamplingGridLayer('grid', Affine(), output (None, None, None, 2))",
        ),
        (
            TPSTransformerLayer((None, 1, 4, 4), (None, 8), control_points=4),
            "TPSTransformerLayer(ThinPlateSpline(4), 'nearest', output "
            '(None, 1, 4, 4))',
        ),
    ],
)
def test_the_repr_of_a_layer_shows_what_it_does(layer, expected):
    assert repr(layer) == expected


def test_batch_elements_never_influence_each_other(rng, float_type, way):
    layer = unknown_layer(border_mode='wrap')
    images, theta = rng.normal(size=(4, 2, 5, 6)), rng.normal(size=(4, 6))
    cotangent = rng.normal(size=(4, 2, 5, 6))
    first = way.with_gradients(warp(layer), images, theta, cotangent, dtype=float_type)
    for array in (images, theta, cotangent):
        array[[0, 2, 3]] = rng.normal(scale=5, size=array[[0, 2, 3]].shape)
    second = way.with_gradients(warp(layer), images, theta, cotangent, dtype=float_type)
    for before, after in zip(first, second):
        np.testing.assert_array_equal(before[1], after[1])
        assert (before[[0, 2, 3]] != after[[0, 2, 3]]).any()


def test_a_custom_hat_kernel_is_bilinear(rng, way):
    images, theta = rng.normal(size=(2, 2, 5, 6)), rng.normal(size=(2, 6))
    cotangent = rng.normal(size=(2, 2, 5, 6))
    hat = Kernel(1, lambda distance: 1 - abs(distance))
    for expected, found in zip(
        way.with_gradients(warp(unknown_layer()), images, theta, cotangent),
        way.with_gradients(
            warp(unknown_layer(interpolation=hat)), images, theta, cotangent
        ),
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
