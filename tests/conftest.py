"""Fixtures of the whole suite: one source of chance, and compiled functions."""
import os

import numpy as np
import pytest

import lasagne_stn                                                    # noqa: F401
import theano
import theano.tensor as T

FLOAT_TYPES = ('float32', 'float64')


@pytest.fixture
def rng():
    """The only source of chance in a test."""
    return np.random.default_rng(20150605)


@pytest.fixture(scope='session')
def environment():
    """Environment of a subprocess that has none of the user's Theano flags."""
    names = {name: value for name, value in os.environ.items()
             if name not in ('THEANO_FLAGS', 'THEANORC')}
    names['THEANO_FLAGS'] = 'base_compiledir=' + theano.config.base_compiledir
    return names


@pytest.fixture(params=FLOAT_TYPES)
def float_type(request):
    """Each floating point type in turn, as floatX."""
    with theano.configparser.change_flags(floatX=request.param):
        yield request.param


def with_gradients(build, *arrays, **options):
    """Output of a graph and its gradients to each input, as numpy arrays.

    `build` takes Theano variables like `arrays`; the last array is the cotangent
    that is sent in at the output. Compiled without optimisation, which is quick.
    """
    dtype = options.get('dtype', arrays[0].dtype)
    inputs = [T.TensorType(dtype, (False,) * array.ndim)() for array in arrays]
    output = build(*inputs[:-1])
    gradients = T.grad(None, inputs[:-1], known_grads={output: inputs[-1]},
                       disconnected_inputs='raise')
    function = theano.function(inputs, [output] + gradients,
                               mode=options.get('mode', 'FAST_COMPILE'))
    return function(*[array.astype(dtype) for array in arrays])
