"""What importing changes, in any order, and what it leaves alone."""

import base64
import csv
import hashlib
import os
import pathlib
import sys
from importlib import metadata

import pytest

from helpers.processes import python
from helpers.unpatched import needs_unpatched_theano
from lasagne_stn._platform import startup, toolchain

ROOT = str(pathlib.Path(__file__).resolve().parents[3])
# The patches alone: on Python 3.12 and later, Theano cannot be imported without them.
PATCHED = (
    'import sys; sys.path.insert(0, %r); import compat; compat.install(); '
    'sys.path.pop(0)\n' % os.path.dirname(startup.__file__)
)
QUIET = (
    'import logging, warnings; warnings.simplefilter("ignore")\n'
    'logging.disable(logging.WARNING)\n'
)
LOUD = '\nwarnings.simplefilter("error"); logging.disable(logging.NOTSET)'
USE = (
    '\nimport theano.tensor as T, lasagne_stn, lasagne, theano\n'
    'x = T.matrix(); y = theano.function([x], T.dot(x, x) + 1.5)([[1, 2], [3, 4]])\n'
    'layer = lasagne.layers.DenseLayer((None, 3), 5)\n'
    'warped = lasagne_stn.TransformerLayer((2, 3, 5, 7), (2, 6), output_size=(4, 6))\n'
    'print(y.tolist(), y.dtype, layer.output_shape, warped.output_shape)'
)
USED = '[[8.5, 11.5], [16.5, 23.5]] float64 (None, 5) (2, 3, 4, 6)\n'


@pytest.fixture
def without_c(environment):
    """Return an environment in which Theano compiles nothing."""
    flags = environment['THEANO_FLAGS'] + ',cxx=,blas.ldflags='
    return dict(environment, THEANO_FLAGS=flags)


@pytest.mark.parametrize(
    'imports',
    [
        'import lasagne_stn',
        'import numpy, scipy, lasagne_stn',
        'import lasagne_stn, lasagne, theano',
        PATCHED + 'import theano',
        PATCHED + 'import numpy, theano, lasagne_stn, lasagne',
        PATCHED + 'import lasagne, lasagne_stn',
        PATCHED + 'from theano.tensor.signal import downsample',
        PATCHED + 'import lasagne_stn._platform.flags, theano',
    ],
    ids=lambda imports: imports.replace(PATCHED, 'patched: '),
)
def test_any_order_of_imports_works_and_is_silent(without_c, imports):
    if PATCHED in imports:  # Theano itself warns that there is no compiler
        imports = QUIET + imports + LOUD
    assert python(without_c, imports + USE) == (USED, '', 0)


OBSERVE = """
import sys, importlib, os, builtins, warnings
import numpy, numpy.linalg, numpy.random, scipy.signal, copy, importlib.util, ctypes
watched = [numpy, numpy.linalg, numpy.random, scipy.signal, copy, importlib, os]
watched += [builtins, warnings, sys]  # Theano itself sets sys.excepthook
before = {module.__name__: dict(vars(module)) for module in watched}
path, hooks = list(sys.path), list(sys.path_hooks)
import lasagne_stn
for module in watched:
    for name, value in before[module.__name__].items():
        now = vars(module).get(name)
        if now is not value and name not in ('filters', 'excepthook'):
            print(module.__name__, name)
print(sys.path == path, sys.path_hooks == hooks, [repr(f) for f in sys.meta_path[:1]])
print([name for name in ('distutils', 'pkg_resources', 'numpy.distutils')
       if hasattr(sys.modules.get(name), '__file__')])
"""


def test_numpy_scipy_and_the_standard_library_stay_as_they_are(without_c):
    out, error, status = python(without_c, OBSERVE)
    assert (error, status) == ('', 0)
    assert out == "True True ['Finder(patch_theano=True)']\n[]\n"


def test_a_program_without_the_package_has_theano_as_it_is(without_c):
    code = (
        'import sys, numpy, importlib.util\n'
        'print([f for f in sys.meta_path if "stn" in type(f).__module__])\n'
        'for name in "theano", "lasagne":\n'
        '    print(type(importlib.util.find_spec(name).loader).__name__)\n'
    )
    wanted = '[]\nSourceFileLoader\nSourceFileLoader\n'
    assert python(without_c, code, '-I') == (wanted, '', 0)


@pytest.mark.parametrize('name', ['Theano-PyMC', 'Lasagne'])
def test_the_files_of_the_packages_are_as_they_were_installed(name):
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        pytest.skip('%s is a part of another distribution' % name)
    rows = list(csv.reader((distribution.read_text('RECORD') or '').splitlines()))
    compared = 0
    for path, checksum, _ in rows:
        if path.endswith(('.py', '.c', '.pyx')) and checksum:
            data = pathlib.Path(distribution.locate_file(path)).read_bytes()
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
            assert checksum == 'sha256=' + digest.decode().rstrip('='), path
            compared += 1
    assert compared > 20


def test_another_finder_is_not_added_by_a_second_call():
    before = list(sys.meta_path)
    startup.compat.install()
    assert sys.meta_path == before


@pytest.mark.skipif(not toolchain.find_compiler(), reason='needs a C++ compiler')
@needs_unpatched_theano
def test_scan_works_if_theano_was_imported_unpatched(environment):
    flags = environment['THEANO_FLAGS'] + ',blas.ldflags='
    code = (
        QUIET + 'import sys, theano' + LOUD + '\nimport lasagne_stn\n'
        'x = theano.tensor.vector()\n'
        'loop, _ = theano.scan(lambda a, total: total - a, x, x[0] * 0)\n'
        'print(sys.meta_path[0], theano.function([x], loop)([1, 2, 4]).tolist())\n'
        'print("scan_perform.scan_perform" in sys.modules)'
    )
    out, error, status = python(dict(environment, THEANO_FLAGS=flags), code)
    assert (error, status) == ('', 0)
    assert out == 'Finder(patch_theano=False) [-1.0, -3.0, -7.0]\nTrue\n'
