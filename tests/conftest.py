"""Fixtures of the whole suite: random numbers, float types, ways to compile, data."""

import gzip
import os
import re

import numpy as np
import pytest

# Each process of pytest-xdist has a compile cache of its own, or it would wait for the
# compilers of the others.
WORKER = os.environ.get('PYTEST_XDIST_WORKER')
if WORKER:
    flags = os.environ.get('THEANO_FLAGS', '')
    base = re.search('base_compiledir=([^,]+)', flags)
    folder = os.path.join(base[1] if base else os.path.expanduser('~/.theano'), WORKER)
    os.environ['THEANO_FLAGS'] = flags + ',base_compiledir=' + folder

# Must come before Theano, which it configures.
from lasagne_stn.data.mnist import FILES

# isort: split
import theano

pytest.register_assert_rewrite('helpers')

from helpers.compiled import EXPLICIT, FLOAT_TYPES, FUSED
from helpers.idx import idx_bytes

# Quick to compile; tests of speed or optimised graphs choose another mode.
theano.config.mode = 'FAST_COMPILE'
os.environ.pop('LASAGNE_STN_DATA', None)  # tests do not use the user's data
# These tests require a process that uses a device, see test_device.py.
collect_ignore = ['device'] if theano.config.device == 'cpu' else []

# The device suite runs beside all other tests: started first, awaited last.
ORDER = {'test_the_device_starts': -1, 'test_the_suite_of_the_device': 1}


def pytest_configure(config):
    # pytest-xdist would start the files with the most tests first.
    config.option.loadscopereorder = False


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: ORDER.get(item.name, 0))


@pytest.fixture
def rng():
    """Return the only random generator of a test."""
    return np.random.default_rng(20150605)


@pytest.fixture(autouse=True)
def same_float_type():
    """Restore floatX after a command has set it for its process."""
    before = theano.config.floatX
    yield
    theano.config.floatX = before


@pytest.fixture
def float64():
    """Set floatX to its usual value, whatever the flags of this run are."""
    theano.config.floatX = 'float64'


@pytest.fixture(scope='session')
def environment():
    """Return an environment for subprocesses, without the user's Theano flags.

    The hook that an installation adds is off: tests do the same with and without one.
    """
    names = {
        name: value
        for name, value in os.environ.items()
        if name not in ('THEANO_FLAGS', 'THEANORC')
    }
    names['THEANO_FLAGS'] = 'base_compiledir=' + theano.config.base_compiledir
    names['LASAGNE_STN_HOOK'] = '0'
    return names


@pytest.fixture(params=FLOAT_TYPES)
def float_type(request):
    """Set each floating point type in turn as floatX."""
    with theano.configparser.change_flags(floatX=request.param):
        yield request.param


@pytest.fixture(params=[EXPLICIT, FUSED], ids=repr)
def way(request):
    """Compile a graph explicitly, then with fused ops."""
    return request.param


MNIST_SIZES = {'train': 5, 't10k': 3}


@pytest.fixture
def mnist_arrays(rng):
    """Return an array for each file; images have 4 x 6 pixels."""
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
    """Return a folder with the four files; labels are gzipped, images are not."""
    for name, array in mnist_arrays.items():
        if 'images' in name:
            (tmp_path / name).write_bytes(idx_bytes(array))
        else:
            (tmp_path / (name + '.gz')).write_bytes(gzip.compress(idx_bytes(array)))
    return tmp_path
