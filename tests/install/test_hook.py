"""The hook that prepares Theano and Lasagne whichever a program imports first."""

import compileall
import os
import shutil
import subprocess
import sys

import pytest

from helpers.processes import ROOT, python
from lasagne_stn._platform import toolchain

SITE = os.path.join(ROOT, '.build', 'site')
START = 'import site; site.addsitedir(%r); site.addsitedir(%r)\n' % (SITE, SITE)
REPORT = (
    '\nimport sys, theano; f = sys.modules["lasagne_stn._platform.flags"];'
    'print("lasagne_stn" in sys.modules, sorted(f.chosen_flags),'
    ' theano.__spec__.name, theano.__spec__.loader.__class__.__name__)'
)


@pytest.fixture
def environment(environment):
    """Return the environment of a program, in which nobody switched the hook off."""
    return {k: value for k, value in environment.items() if k != 'LASAGNE_STN_HOOK'}


def hooked(environment, code, *options):
    """Do as `python` does, in an environment that has the hook."""
    return python(environment, START + code, *options)


@pytest.fixture
def packages(tmp_path):
    """Write packages, from name to text of ``__init__.py``; return a line of Python."""

    def write(**texts):
        for name, text in texts.items():
            (tmp_path / name).mkdir()
            (tmp_path / name / '__init__.py').write_text(text)
        return 'import sys; sys.path.insert(0, %r)\n' % str(tmp_path)

    return write


@pytest.mark.parametrize(
    'imports, whole',
    [
        ('import theano', False),
        ('import lasagne', False),
        ('import numpy, theano, lasagne', False),
        ('from theano.tensor.signal import downsample', False),
        ('import lasagne.layers', False),
        ('import theano, lasagne_stn; lasagne_stn._platform.flags', True),
        ('import lasagne, lasagne_stn; lasagne_stn.TransformerLayer', True),
        ('import numpy, lasagne_stn, lasagne, theano', True),
        ('import theano, lasagne_stn._platform.flags, lasagne', True),
    ],
)
def test_any_order_of_imports_works_and_is_silent(environment, imports, whole):
    out, error, status = hooked(environment, imports + REPORT)
    assert (error, status) == ('', 0)
    flags = ['blas.ldflags', 'openmp' if toolchain.find_compiler() else 'cxx']
    assert out.startswith('%s %s theano ' % (whole, sorted(flags)))
    assert out.endswith('Loader\n')


def test_a_program_without_the_package_gets_nothing_but_theano(environment):
    # Without a compiler, no key in the compile cache can name a class of the package.
    flags = environment['THEANO_FLAGS'] + ',cxx='
    code = (
        'import theano.tensor as T, theano, lasagne, sys\n'
        'x = T.matrix(); print(theano.function([x], T.dot(x, x))([[1, 2], [3, 4]]))\n'
        'names = [name for name in sys.modules if name.startswith("lasagne_stn")]\n'
        'print({".".join(name.split(".")[:2]) for name in names})'
    )
    out, error, status = hooked(dict(environment, THEANO_FLAGS=flags), code)
    assert (error, status) == ('', 0)
    assert out == "[[ 7. 10.]\n [15. 22.]]\n{'lasagne_stn._platform'}\n"


def test_flags_of_the_user_win(environment):
    flags = environment['THEANO_FLAGS'] + ',floatX=float32,blas.ldflags=-lmine'
    code = (
        'import theano, os; print(theano.config.floatX, theano.config.blas.ldflags,'
        ' os.environ["THEANO_FLAGS"] == %r)' % flags
    )
    out, error, status = hooked(dict(environment, THEANO_FLAGS=flags), code)
    assert (out, error, status) == ('float32 -lmine True\n', '', 0)


def test_the_hook_loads_one_module_in_less_than_a_millisecond(environment, tmp_path):
    shutil.copy(os.path.join(SITE, '_lasagne_stn_hook.py'), str(tmp_path))
    assert compileall.compile_dir(str(tmp_path), quiet=1)  # as pip does
    code = (
        'import os, sys, time; before = set(sys.modules); sys.path.insert(0, %r)\n'
        'start = time.process_time()\n'
        'import _lasagne_stn_hook; _lasagne_stn_hook.install()\n'
        'seconds = time.process_time() - start\n'
        'print(sorted(set(sys.modules) - before), seconds)' % str(tmp_path)
    )
    times = []
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, '-S', '-c', code],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        modules, _, seconds = done.stdout.rpartition(' ')
        assert modules == "['_lasagne_stn_hook']"
        times.append(float(seconds))
    assert min(times) < 1e-3


def test_looking_for_theano_imports_nothing(environment):
    code = (
        'import sys, importlib.util; spec = importlib.util.find_spec("theano")\n'
        'spec.loader.get_code("theano")\n'
        'print([n for n in sys.modules if n.startswith(("theano", "lasagne_stn"))])'
        '\nimport theano; print(theano.config.floatX)'
    )
    out, error, status = hooked(environment, code)
    assert (out, error, status) == ('[]\nfloat64\n', '', 0)


def test_a_variable_switches_the_hook_off(environment):
    code = (
        'print([f for f in sys.meta_path if f.__class__.__module__ == '
        '"_lasagne_stn_hook"])'
    )
    environment = dict(environment, LASAGNE_STN_HOOK='0')
    assert hooked(environment, 'import sys;' + code) == ('[]\n', '', 0)


def test_without_the_package_theano_is_imported_as_ever(environment, packages):
    code = packages(theano='value = 3\n') + (
        'import theano; print(theano.value, type(theano.__loader__).__name__,'
        ' theano.__spec__.loader is theano.__loader__, "lasagne_stn" in sys.modules)'
    )
    out, error, status = hooked(environment, code, '-I', '-S')
    assert (out, error, status) == ('3 SourceFileLoader True False\n', '', 0)


def test_a_broken_package_is_a_warning_and_theano_is_imported(environment, packages):
    code = packages(theano='value = 3\n', lasagne_stn='') + (
        'import warnings; warnings.simplefilter("default")\n'
        'import theano; print(theano.value, "lasagne_stn" in sys.modules)'
    )
    out, error, status = hooked(environment, code, '-I', '-S')
    assert (out, status) == ('3 False\n', 0)
    assert 'RuntimeWarning: lasagne_stn cannot prepare the import of theano' in error
    assert 'or set LASAGNE_STN_HOOK=0' in error


def test_an_import_that_failed_can_be_tried_again(environment):
    code = (
        'import os, sys; flags = os.environ["THEANO_FLAGS"]\n'
        'os.environ["THEANO_FLAGS"] = flags + ",floatX=float33"\n'
        'try: import theano\n'
        'except ValueError as problem: print("float33" in str(problem))\n'
        'os.environ["THEANO_FLAGS"] = flags\n'
        'import theano; print("lasagne_stn" in sys.modules, theano.config.floatX)'
    )
    assert hooked(environment, code) == ('True\nFalse float64\n', '', 0)


def test_a_line_whose_module_is_gone_is_silent(environment, tmp_path):
    shutil.copy(os.path.join(SITE, 'lasagne_stn_hook.pth'), str(tmp_path))
    code = 'import site, sys; site.addsitedir(%r); print(len(sys.meta_path) > 0)'
    done = subprocess.run(
        [sys.executable, '-I', '-S', '-c', code % str(tmp_path)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.stdout == 'True\n'
