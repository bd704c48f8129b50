"""Fixtures of the whole suite: one source of chance, and compiled functions."""

import gzip
import os

import numpy as np
import pytest

# Before Theano, which it configures.
from lasagne_stn.data.mnist import FILES

# isort: split
import theano

pytest.register_assert_rewrite('helpers')

from helpers.compiled import EXPLICIT, FLOAT_TYPES, FUSED
from helpers.idx import idx_bytes

# Quick to compile; a test of speed or of optimised graphs names its own mode.
theano.config.mode = 'FAST_COMPILE'
os.environ.pop('LASAGNE_STN_DATA', None)  # the user's own data are for no test
# These need a process that uses a device, see test_device.py.
collect_ignore = ['device'] if theano.config.device == 'cpu' else []

# The suite of the device goes on beside all others: begun first, waited for last.
PLACES = {'test_the_device_starts': -1, 'test_the_suite_of_the_device': 1}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: PLACES.get(item.name, 0))


@pytest.fixture
def rng():
    """The only source of chance in a test."""
    return np.random.default_rng(20150605)


@pytest.fixture(autouse=True)
def same_float_type():
    """A command that chooses floatX for its process must not choose it for others."""
    before = theano.config.floatX
    yield
    theano.config.floatX = before


@pytest.fixture(scope='session')
def environment():
    """Environment of a subprocess that has none of the user's Theano flags."""
    names = {
        name: value
        for name, value in os.environ.items()
        if name not in ('THEANO_FLAGS', 'THEANORC')
    }
    names['THEANO_FLAGS'] = 'base_compiledir=' + theano.config.base_compiledir
    return names


@pytest.fixture(params=FLOAT_TYPES)
def float_type(request):
    """Each floating point type in turn, as floatX."""
    with theano.configparser.change_flags(floatX=request.param):
        yield request.param


@pytest.fixture(params=[EXPLICIT, FUSED], ids=repr)
def way(request):
    """Compile a graph as it is, then with fused ops."""
    return request.param


MNIST_SIZES = {'train': 5, 't10k': 3}


@pytest.fixture
def mnist_arrays(rng):
    """An array for each file; images have 4 x 6 pixels."""
    return {
        name: rng.integers(0, 256, size=(MNIST_SIZES[name.split('-')[0]], 4, 6)).astype(
            'uint8'
        )
        if 'images' in name
        else rng.integers(0, 10, size=MNIST_SIZES[name.split('-')[0]]).astype('uint8')
        for name in FILES
    }


@pytest.fixture
def mnist_folder(mnist_arrays, tmp_path):
    """A folder with the four files, images as they are and labels gzipped."""
    for name, array in mnist_arrays.items():
        if 'images' in name:
            (tmp_path / name).write_bytes(idx_bytes(array))
        else:
            (tmp_path / (name + '.gz')).write_bytes(gzip.compress(idx_bytes(array)))
    return tmp_path
