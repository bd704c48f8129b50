"""Every test of this folder needs an active device."""

import pytest
import theano


@pytest.fixture(scope='session', autouse=True)
def active_device():
    """Fail if the device did not start: Theano continues on the CPU."""
    assert theano.gpuarray.pygpu_activated, (
        'the device %r did not start; lasagne-stn doctor says what is missing'
        % theano.config.device
    )
    assert theano.config.floatX == 'float32'
