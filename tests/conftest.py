"""Fixtures of the whole suite: one source of chance, and compiled functions."""
import gzip
import os
import struct

import numpy as np
import pytest

import lasagne_stn                                                    # noqa: F401
import theano
import theano.tensor as T
from lasagne_stn.data.mnist import FILES

# Quick to compile; a test of speed or of optimised graphs names its own mode.
theano.config.mode = 'FAST_COMPILE'
os.environ.pop('LASAGNE_STN_DATA', None)        # the user's own data are for no test
FLOAT_TYPES = ('float32', 'float64')
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
    names = {name: value for name, value in os.environ.items()
             if name not in ('THEANO_FLAGS', 'THEANORC')}
    names['THEANO_FLAGS'] = 'base_compiledir=' + theano.config.base_compiledir
    return names


@pytest.fixture(params=FLOAT_TYPES)
def float_type(request):
    """Each floating point type in turn, as floatX."""
    with theano.configparser.change_flags(floatX=request.param):
        yield request.param


class GoldenCase:
    """What an original source computed on one random input; figures only."""

    def __init__(self, source, dtype, number, arrays):
        self.source, self.dtype, self.number = source, dtype, number
        self.arrays = arrays

    def __getitem__(self, name):
        return self.arrays['%s/%s' % (self.number, name)]

    def __getattr__(self, name):
        value = self[name]
        return value.item() if value.ndim == 0 else value

    def __repr__(self):
        return '-'.join((self.source, self.dtype, self.number))


def golden_cases(source, transform):
    """The cases of one source and transform, in both floating point types."""
    cases = []
    for dtype in FLOAT_TYPES:
        path = os.path.join(os.path.dirname(__file__), 'golden',
                            '%s-%s.npz' % (source, dtype))
        with np.load(path) as arrays:
            arrays = dict(arrays)
        for number in sorted({key.split('/')[0] for key in arrays}):
            if arrays[number + '/transform'] == transform:
                cases.append(GoldenCase(source, dtype, number, arrays))
    return cases


# Without C also for the folding of constants.
QUICK = theano.compile.get_mode('FAST_COMPILE').excluding(
    'constant_folding', 'topo_constant_folding')
WAYS = {'explicit': QUICK, 'fused': QUICK.including('lasagne_stn_fuse')}
chosen_way = ['explicit']


@pytest.fixture(params=sorted(WAYS))
def way(request):
    """Compile what `run` and `with_gradients` get as it is, then with fused ops.

    The fused ops run in numpy here; tests of the compiled ones name their mode.
    """
    chosen_way[0] = request.param
    yield request.param
    chosen_way[0] = 'explicit'


def fused_ops(function):
    """Names of the fused ops in a compiled function."""
    return [type(node.op).__name__ for node in function.maker.fgraph.toposort()
            if type(node.op).__module__.startswith('lasagne_stn.kernels')]


def run(build, *arrays, **options):
    """Result of a graph, as a numpy array.

    `build` takes Theano variables like `arrays`, not constants: Theano would fold
    those with compiled code, which is slow to get.
    """
    inputs = [_variable(array) for array in arrays]
    mode = options.get('mode', WAYS[chosen_way[0]])
    return theano.function(inputs, build(*inputs), mode=mode)(*arrays)


def with_gradients(build, *arrays, **options):
    """Output of a graph and its gradients to each input, as numpy arrays.

    `build` takes Theano variables like `arrays`; the last array is the cotangent
    that is sent in at the output.
    """
    arrays = [array.astype(options.get('dtype', array.dtype)) for array in arrays]
    inputs = [_variable(array) for array in arrays]
    output = build(*inputs[:-1])
    gradients = T.grad(None, inputs[:-1], known_grads={output: inputs[-1]})
    mode = options.get('mode', WAYS[chosen_way[0]])
    return theano.function(inputs, [output] + gradients, mode=mode)(*arrays)


def _variable(array):
    return T.TensorType(array.dtype.name, (False,) * array.ndim)()


MNIST_SIZES = {'train': 5, 't10k': 3}


def idx_bytes(array):
    """The IDX file of an array of unsigned bytes, written from its definition."""
    header = struct.pack('>BBBB', 0, 0, 8, array.ndim)
    return header + struct.pack('>%dI' % array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def mnist_arrays(rng):
    """An array for each file; images have 4 x 6 pixels."""
    return {name: rng.integers(0, 256, size=(MNIST_SIZES[name.split('-')[0]], 4, 6))
            .astype('uint8') if 'images' in name
            else rng.integers(0, 10, size=MNIST_SIZES[name.split('-')[0]])
            .astype('uint8') for name in FILES}


@pytest.fixture
def mnist_folder(mnist_arrays, tmp_path):
    """A folder with the four files, images as they are and labels gzipped."""
    for name, array in mnist_arrays.items():
        if 'images' in name:
            (tmp_path / name).write_bytes(idx_bytes(array))
        else:
            (tmp_path / (name + '.gz')).write_bytes(gzip.compress(idx_bytes(array)))
    return tmp_path
