"""Importing the package in a new process."""

import os
import pathlib
import re
import shutil
import sys

import pytest

from helpers.processes import python
from helpers.unpatched import needs_unpatched_theano
from lasagne_stn._platform import flags, opencl, startup, toolchain
from lasagne_stn._platform.versions import requirement

ROOT = str(pathlib.Path(__file__).resolve().parents[2])
SHOW = '; import theano; c = theano.config; print(c.floatX, c.openmp, c.cxx, '
needs_compiler = pytest.mark.skipif(
    not toolchain.find_compiler(), reason='needs a C++ compiler'
)


def with_flags(environment, given):
    return dict(environment, THEANO_FLAGS=environment['THEANO_FLAGS'] + ',' + given)


@pytest.mark.parametrize('float_type', ['float32', 'float64'])
def test_import_is_silent_and_keeps_the_users_flags(environment, float_type):
    environment = with_flags(environment, 'floatX=' + float_type)
    code = (
        'import os; before = dict(os.environ); import lasagne_stn, lasagne; '
        'before.setdefault("GOMP_SPINCOUNT", "10000"); '
        'assert dict(os.environ) == before; import theano; '
        'assert theano.config.floatX == "%s"' % float_type
    )
    assert python(environment, code) == ('', '', 0)


def test_import_leaves_the_device_backend_to_theano(monkeypatch):
    monkeypatch.delitem(sys.modules, 'theano.gpuarray', raising=False)
    opencl.patch()
    assert 'theano.gpuarray' not in sys.modules


def test_import_works_silently_without_a_compiler(environment, tmp_path):
    environment = dict(
        environment, PATH=str(tmp_path), THEANO_FLAGS='base_compiledir=' + str(tmp_path)
    )
    out, error, status = python(
        environment,
        'import lasagne_stn, theano, theano.tensor as T; x = T.matrix();'
        'print(repr(theano.config.cxx), theano.config.openmp,'
        ' theano.function([x], T.dot(x, x) + 1)([[1, 2], [3, 4]]).tolist())',
    )
    assert (out, error, status) == ("'' False [[8.0, 11.0], [16.0, 23.0]]\n", '', 0)


CLANG = """
import lasagne_stn, lasagne, theano, theano.tensor as T, numpy as np
images, theta, labels = T.tensor4(), T.matrix(), T.ivector()
layers = [lasagne.layers.InputLayer((None, 2, 9, 8), images)]
layers.append(lasagne.layers.InputLayer((None, 6), theta))
warped = lasagne_stn.TransformerLayer(*layers)
network = lasagne.layers.DenseLayer(warped, 3, nonlinearity=T.nnet.softmax)
output = lasagne.layers.get_output(network)
loss = T.nnet.categorical_crossentropy(output, labels).sum()
train = theano.function([images, theta, labels], [loss] + T.grad(loss, [images, theta]))
names = {type(node.op).__name__ for node in train.maker.fgraph.toposort()}
rng = np.random.RandomState(2)
found = train(rng.rand(4, 2, 9, 8), rng.rand(4, 6), np.arange(4, dtype='int32') % 3)
assert {'FusedSample', 'FusedSampleGradient'} <= names, names
print(theano.config.cxx, all(np.isfinite(array).all() for array in found))
"""


@pytest.mark.skipif(
    not shutil.which('clang++') and 'CI' not in os.environ, reason='needs clang'
)
def test_clang_is_used_where_there_is_no_gcc(environment, tmp_path):
    (tmp_path / 'bin').mkdir()
    for name in ('clang++', 'ld', 'as'):
        (tmp_path / 'bin' / name).symlink_to(shutil.which(name))
    flags = 'floatX=float64,base_compiledir=' + str(tmp_path / 'cache')
    path = str(tmp_path / 'bin')
    out, error, status = python(dict(environment, PATH=path, THEANO_FLAGS=flags), CLANG)
    assert (out, status) == (os.path.join(path, 'clang++') + ' True\n', 0), error


@needs_compiler
def test_the_users_flags_take_precedence(environment, tmp_path):
    (tmp_path / 'rc').write_text(
        '[global]\nfloatX = float32\nopenmp = False\n[blas]\nldflags = -lmine,%d\n'
    )
    environment = dict(environment, THEANORC=str(tmp_path / 'rc'))
    out, error, status = python(
        environment,
        'import lasagne_stn'
        + SHOW
        + 'c.blas.ldflags, lasagne_stn._platform.flags.chosen_flags)',
    )
    assert (error, status) == ('', 0)
    assert out == 'float32 False %s -lmine,%%d {}\n' % toolchain.find_compiler()
    environment = with_flags(environment, 'cxx=,blas.ldflags="-L/a b,c"')
    out, error, status = python(
        environment, 'import lasagne_stn' + SHOW + 'c.blas.ldflags)'
    )
    assert (out, error, status) == ('float32 False  -L/a b,c\n', '', 0)


# Without it, Theano cannot be imported on Python 3.12 and later.
ONLY_PATCHES = (
    'import sys; sys.path.insert(0, %r); import compat; compat.install(); '
    % (os.path.dirname(startup.__file__))
)


@needs_compiler
@pytest.mark.parametrize(
    'before',
    [
        pytest.param('', marks=needs_unpatched_theano),
        ONLY_PATCHES,
    ],
    ids=['as it is', 'patched'],
)
def test_theano_keeps_its_flags_if_imported_before(environment, before):
    flags = with_flags(environment, 'blas.ldflags=-lmine,openmp=False,floatX=float32')
    out, error, status = python(
        flags,
        before + 'import warnings; warnings.simplefilter("ignore"); import theano; '
        'warnings.simplefilter("error"); import lasagne_stn, lasagne'
        + SHOW
        + 'lasagne_stn._platform.flags.chosen_flags)',
    )
    assert (error, status) == ('', 0)
    assert out == 'float32 False %s {}\n' % toolchain.find_compiler()


def prepared_modules():
    """The modules of Theano and Lasagne; looking up versions may load others."""
    return {
        name: module
        for name, module in sys.modules.items()
        if name.split('.')[0] in ('theano', 'lasagne')
    }


def test_preparing_twice_is_harmless():
    before = dict(flags.chosen_flags), prepared_modules()
    startup.prepare()
    assert (flags.chosen_flags, prepared_modules()) == before


def test_only_submodules_of_theano_are_forgotten():
    modules = dict.fromkeys(['theano.gof', 'theano.gof.op', 'theanos', 'numpy'])
    startup._forget_failed_import(modules)
    assert set(modules) == {'theanos', 'numpy'}


def test_an_earlier_failed_import_of_theano_is_harmless(environment):
    out, error, status = python(
        environment,
        'import sys, types; sys.modules["theano.left"] = '
        'types.ModuleType("left"); import lasagne_stn; print("theano.left" in'
        ' sys.modules)',
    )
    assert (out, error, status) == ('False\n', '', 0)


@pytest.mark.parametrize(
    'flags, message',
    [
        ('floatX=float33', 'Invalid value .*float33.*floatX'),
        ('floatX="float32', 'No closing quotation'),
    ],
)
def test_theano_reports_invalid_flags(environment, flags, message):
    out, error, status = python(with_flags(environment, flags), 'import lasagne_stn')
    assert status and re.search(message, error)


def test_theano_reports_an_invalid_file(environment, tmp_path):
    (tmp_path / 'rc').write_text('floatX = float32\n')
    environment = dict(environment, THEANORC=str(tmp_path / 'rc'))
    out, error, status = python(environment, 'import lasagne_stn')
    assert status and 'MissingSectionHeaderError' in error
    assert 'theano/configparser.py' in error


@pytest.mark.parametrize('value', ['two', '4,2'])
def test_theano_reports_an_invalid_number_of_threads(environment, value):
    environment = dict(environment, OMP_NUM_THREADS=value)
    out, error, status = python(environment, 'import lasagne_stn')
    assert status and "OMP_NUM_THREADS should be a number, got '%s'" % value in error


def test_missing_dependencies_raise_an_error_with_the_pip_command(environment):
    out, error, status = python(environment, 'import lasagne_stn', '-S')
    wanted = requirement('numpy')
    assert status and 'ImportError: lasagne_stn needs %s, ' % wanted in error
    assert 'but no version is installed' in error
    assert 'Run: pip install "%s"' % wanted in error
