"""What makes training stable: the head's start, its own step, the penalty."""

import pickle

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import DenseLayer, InputLayer, get_all_params, get_output

from helpers import oracle
from helpers.compiled import QUICK
from helpers.transforms import TRANSFORM_CASES
from lasagne_stn import (
    Affine,
    Projective,
    ThinPlateSpline,
    Transformer3DLayer,
    TransformerLayer,
    grid_penalty,
    localisation_head,
    scale_gradients,
    tag_localisation,
)


@pytest.mark.parametrize('transform', [case[0] for case in TRANSFORM_CASES], ids=repr)
def test_the_head_starts_from_the_identity(transform, float_type):
    head = localisation_head(DenseLayer((None, 4), 5), transform, name='head')
    assert head.output_shape == (None, transform.num_params) and head.name == 'head'
    assert (head.W.get_value() == 0).all()
    np.testing.assert_array_equal(head.b.get_value(), transform.identity)
    assert head.W.dtype == head.b.dtype == float_type
    assert head.nonlinearity(-2.5) == -2.5
    assert get_all_params(head, localisation=True) == [head.W, head.b]
    assert get_all_params(head, localisation=True, trainable=True) == [head.W, head.b]
    assert get_all_params(head, regularizable=True, localisation=True) == [head.W]


def test_the_network_shows_the_input_before_training(rng):
    images = InputLayer((None, 1, 6, 5))
    warped = TransformerLayer(images, localisation_head(images, Affine()))
    given = rng.normal(size=(2, 1, 6, 5)).astype(theano.config.floatX)
    found = theano.function([images.input_var], get_output(warped), mode=QUICK)(given)
    np.testing.assert_allclose(found, given, rtol=1e-5, atol=1e-6)


def test_tags_reach_the_whole_localisation_network_and_no_further():
    below = DenseLayer((None, 9), 7)
    middle = DenseLayer(below, 5)
    head = localisation_head(middle, Affine())
    above = DenseLayer(head, 3)
    assert tag_localisation(head, treat_as_input=[below]) is head
    tagged = [head.W, head.b, middle.W, middle.b]
    assert set(get_all_params(above, localisation=True)) == set(tagged)
    tag_localisation(head)
    assert set(get_all_params(above, localisation=True)) == set(
        tagged + [below.W, below.b]
    )


def test_only_tagged_gradients_are_scaled_also_after_pickling():
    head = localisation_head(DenseLayer((None, 4), 5), Affine())
    head = pickle.loads(pickle.dumps(head))
    params = get_all_params(head)
    grads = [T.ones_like(param) for param in params]
    scaled = scale_gradients(grads, params)
    assert [grad is other for grad, other in zip(grads, scaled)] == [
        True,
        True,
        False,
        False,
    ]
    assert [grad.dtype for grad in scaled] == [param.dtype for param in params]
    values = theano.function([], scaled, mode=QUICK)()
    found = [np.unique(value).item() for value in values]
    assert found == pytest.approx([1, 1, 0.1, 0.1])


def test_a_training_step_moves_the_localisation_network_a_tenth(rng):
    images = InputLayer((None, 1, 6, 5))
    head = localisation_head(DenseLayer(images, 4), Affine())
    classifier = DenseLayer(TransformerLayer(images, head), 3, nonlinearity=None)
    loss = (get_output(classifier) ** 2).mean()
    params = get_all_params(classifier, trainable=True)
    start = [param.get_value() for param in params]
    given = rng.normal(size=(3, 1, 6, 5)).astype(theano.config.floatX)
    grads, steps = theano.grad(loss, params), []
    for factor in (1.0, 0.1):
        for param, value in zip(params, start):
            param.set_value(value)
        scaled = scale_gradients(grads, params, localisation=factor)
        theano.function(
            [images.input_var],
            loss,
            updates=lasagne.updates.sgd(scaled, params, learning_rate=0.1),
        )(given)
        steps.append([param.get_value() - value for param, value in zip(params, start)])
    own = get_all_params(head)
    for param, full, small in zip(params, *steps):
        inside = any(param is one for one in own)
        np.testing.assert_allclose(
            small, full * (0.1 if inside else 1), rtol=1e-3, atol=1e-7
        )
    assert any(
        (full != 0).any() for param, full in zip(params, steps[0]) if param is head.b
    )


def penalty_of(layer, theta, images):
    symbols = [
        T.TensorType(array.dtype.name, (False,) * array.ndim)()
        for array in (images, theta)
    ]
    loss = grid_penalty(layer, inputs=dict(zip(layer.input_layers, symbols)))
    return theano.function(
        symbols, [loss, T.grad(loss, symbols[1])], mode=QUICK, on_unused_input='ignore'
    )(images, theta)


@pytest.mark.parametrize(
    'transform, slow',
    [
        (Affine(), oracle.affine),
        (Projective(), oracle.projective),
        (ThinPlateSpline(4), oracle.thin_plate_spline),
    ],
    ids=['affine', 'projective', 'spline'],
)
def test_the_penalty_equals_numpy(transform, slow, rng):
    count = transform.num_params
    layer = TransformerLayer(
        InputLayer((None, 1, 6, 4)),
        InputLayer((None, count)),
        (2, 1),
        transform=transform,
    )
    theta = transform.identity + rng.normal(scale=0.3, size=(3, count))

    def expected(theta):
        points = slow(theta, oracle.target_points((3, 4), True))
        return np.mean(np.maximum(np.abs(points) - 1, 0) ** 2)

    loss, slope = penalty_of(layer, theta, np.zeros((3, 1, 6, 4)))
    assert loss > 0
    np.testing.assert_allclose(loss, expected(theta), rtol=1e-10)
    np.testing.assert_allclose(
        slope, oracle.numeric_gradient(expected, theta, 1.0), rtol=1e-5, atol=1e-8
    )


def test_the_penalty_is_zero_inside_and_leads_back_from_outside():
    layer = TransformerLayer(InputLayer((None, 1, 6, 4)), InputLayer((None, 6)))
    images = np.zeros((1, 1, 6, 4))
    theta = np.array([[0.9, 0, 0, 0, 1, 0]])
    loss, slope = penalty_of(layer, theta, images)
    assert loss == 0 and (slope == 0).all()
    theta[0, 2], theta[0, 5] = 3, -4  # all points are off the canvas
    first, slope = penalty_of(layer, theta, images)
    assert slope[0, 2] > 0 and slope[0, 5] < 0
    assert penalty_of(layer, theta - slope, images)[0] < first / 2


def test_the_penalty_of_infinite_parameters_and_of_volumes_is_finite():
    layer = TransformerLayer(
        InputLayer((None, 1, 6, 4)), InputLayer((None, 8)), transform=Projective()
    )
    theta = np.full((2, 8), [[np.inf], [-1e30]]).astype('float32')
    loss, slope = penalty_of(layer, theta, np.zeros((2, 1, 6, 4), 'float32'))
    assert np.isfinite(loss) and loss > 1 and np.isfinite(slope).all()
    layer = Transformer3DLayer(InputLayer((None, 1, 2, 6, 4)), InputLayer((None, 12)))
    theta = Affine(3).identity[np.newaxis] + 1
    assert penalty_of(layer, theta, np.zeros((1, 1, 2, 6, 4)))[0] > 0


def test_wrong_arguments_are_errors():
    head = localisation_head((None, 4), Affine())
    for transform in (Affine, 'affine', None, 6):
        with pytest.raises(
            TypeError,
            match='localisation_head: transform must be a Transform such as Affine',
        ):
            localisation_head((None, 4), transform)
    with pytest.raises(TypeError, match='localisation_head: W must not be given, got'):
        localisation_head((None, 4), Affine(), W=7)
    grads = [T.ones(6)]
    scale_gradients(grads, [head.b], localisation=0.5)
    with pytest.raises(
        ValueError,
        match='scale_gradients: grads must have the length of params, 2, got 1',
    ):
        scale_gradients(grads, [head.W, head.b])
    with pytest.raises(TypeError, match='grads must be a list, such as theano.grad'):
        scale_gradients(head.b.sum(), [head.b])
    with pytest.raises(TypeError, match="localisation must be a finite .* got '.1'"):
        scale_gradients(grads, [head.b], localisation='.1')
    with pytest.raises(ValueError, match='localisation must be a finite .* got nan'):
        scale_gradients(grads, [head.b], localisation=float('nan'))
    with pytest.raises(TypeError, match='grid_penalty: layer must be .*Dense'):
        grid_penalty(head)
    with pytest.raises(TypeError, match="tag_localisation: head must be .* got 'head'"):
        tag_localisation('head')
