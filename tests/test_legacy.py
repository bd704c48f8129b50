"""The first public source, reproduced with its defects."""

import numpy as np
import pytest
import theano

from helpers.compiled import run, with_gradients
from helpers.golden import golden_cases
from lasagne_stn import legacy

# Outside the image its four weights are large and cancel: in float32 the sum, zero in
# exact arithmetic, is a rounding error of up to 2e-5 in the golden cases themselves.
TOLERANCE = {
    'float32': dict(rtol=1e-4, atol=1e-4),
    'float64': dict(rtol=1e-9, atol=1e-9),
}


def warp(layer):
    return lambda images, theta: layer.get_output_for([images, theta])


@pytest.mark.smoke
@pytest.mark.parametrize('case', golden_cases('skaae2015', 'affine'), ids=str)
def test_golden_cases_of_the_first_source(case):
    layer = legacy.TransformerLayer([(None,) * 4, (None, 6)], case.downsample_factor)
    found = with_gradients(warp(layer), case.input, case.theta, case.cotangent)
    for array, name in zip(found, ('output', 'grad_input', 'grad_theta')):
        np.testing.assert_allclose(
            array, case[name], err_msg=name, **TOLERANCE[case.dtype]
        )


def test_its_identity_stretches_and_its_border_is_dark():
    images = np.ones((1, 1, 5, 5))
    layer = legacy.TransformerLayer((None,) * 4, (None, 6))
    found = run(warp(layer), images, np.array([[1.0, 0, 0, 0, 1, 0]]))
    np.testing.assert_allclose(found[0, 0, :-1, :-1], 1)
    np.testing.assert_allclose(found[0, 0, -1], 0, atol=1e-12)


@pytest.mark.parametrize('rows, factor', [(7, 0.7), (3, 0.1), (9, 1.8)])
def test_the_output_has_the_size_that_the_layer_says(rows, factor):
    images, theta = np.ones((1, 1, rows, 4), 'float32'), np.zeros((1, 6), 'float32')
    layer = legacy.TransformerLayer(images.shape, theta.shape, factor)
    with theano.configparser.change_flags(floatX='float32'):
        assert run(warp(layer), images, theta).shape == layer.output_shape


def test_whole_numbers_as_theta_are_parameters_like_others(rng):
    images, theta = rng.uniform(size=(1, 2, 5, 4)), np.array([[1, 0, 0, 0, 1, 0]])
    layer = legacy.TransformerLayer(images.shape, theta.shape)
    with theano.configparser.change_flags(floatX='float64'):
        expected = run(warp(layer), images, theta.astype('float64'))
        np.testing.assert_array_equal(run(warp(layer), images, theta), expected)


@pytest.mark.parametrize(
    'change, error, message',
    [
        (dict(downsample_factor=0), ValueError, 'downsample_factor must be a positive'),
        (
            dict(localization_network=(2, 5)),
            ValueError,
            r'must have shape \(batch, 6\)',
        ),
        (
            dict(incoming=(2, 3, 8)),
            ValueError,
            r'incoming must have shape \(batch, chan',
        ),
    ],
)
def test_wrong_arguments_are_errors(change, error, message):
    valid = dict(incoming=(2, 3, 8, 6), localization_network=(2, 6))
    assert legacy.TransformerLayer(**valid).output_shape == (2, 3, 8, 6)
    valid.update(change)
    with pytest.raises(error, match=message):
        legacy.TransformerLayer(**valid)
