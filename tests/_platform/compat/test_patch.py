"""Patches: their places in the installed modules, and the error if there is none."""

import importlib.util
import re
from pathlib import Path

import pytest
import theano

from lasagne_stn._platform.compat import (
    c_api,
    compile_cache,
    hook,
    numpy_1_24,
    numpy_2,
    promotion,
    python_3_12,
    scan,
    scan_c_code,
    scipy_private,
    selection,
)
from lasagne_stn._platform.compat.patch import Patch, PatchError, apply_patches

# Of every numpy and scipy, in the order of application.
THEANO_PATCHES = [
    *python_3_12.PATCHES,
    *numpy_1_24.PATCHES,
    *promotion.PATCHES,
    *c_api.PATCHES,
    *scan.PATCHES,
    *compile_cache.PATCHES,
    *scipy_private.PATCHES,
    *numpy_2.PATCHES,
    *c_api.NUMPY_2_PATCHES,
]
MODULES = sorted({patch.module for patch in THEANO_PATCHES})
FOLDER = Path(theano.__file__).parent


def source(module):
    return FOLDER.joinpath(*module.split('.')[1:]).with_suffix('.py')


@pytest.mark.parametrize('module', MODULES)
def test_each_patch_has_its_place_and_keeps_the_lines(module):
    text = source(module).read_text(encoding='utf8')
    patches = [patch for patch in THEANO_PATCHES if patch.module == module]
    patched = apply_patches(text, patches, 'Theano')
    compile(patched, module, 'exec')
    changed = {
        number
        for number, (old, new) in enumerate(zip(text.split('\n'), patched.split('\n')))
        if old != new
    }
    assert patched.count('\n') == text.count('\n')
    assert 0 < len(changed) < 50
    with pytest.raises(PatchError):  # the texts that were replaced are gone
        apply_patches(patched, patches, 'Theano')


def test_patches_of_the_c_code_have_their_places():
    text = (FOLDER / 'scan_module' / 'c_code' / scan_c_code.C_FILE).read_text(
        encoding='utf8'
    )
    patched = scan_c_code.patched_c_code(text)
    assert patched.count('\n') == text.count('\n')
    assert patched != text


@pytest.mark.parametrize(
    'numpy, scipy, lasagne, among, not_among',
    [
        ('1.20.3', '1.5.4', '0.1', promotion.PATCHES, numpy_2.PATCHES),
        ('1.26.4', '1.8.0', '0.1', scipy_private.PATCHES, numpy_2.PATCHES),
        ('2.0.0rc1', '1.7.1', '0.1', numpy_2.PATCHES, scipy_private.PATCHES),
        ('2.5.5', '1.18.1', '0.2.dev1', c_api.NUMPY_2_PATCHES, []),
    ],
)
def test_versions_select_patches(monkeypatch, numpy, scipy, lasagne, among, not_among):
    monkeypatch.setattr('numpy.__version__', numpy)
    monkeypatch.setattr('scipy.__version__', scipy)
    monkeypatch.setattr(selection.metadata, 'version', lambda name: lasagne)
    found = list(selection.needed_patches())
    assert set(among) <= set(found)
    assert not set(not_among) & set(found)
    assert (lasagne == '0.1') == any(patch.module == 'lasagne' for patch in found)


def test_a_changed_module_raises_an_error_that_says_what_to_do(tmp_path):
    path = tmp_path / 'blas.py'
    patch = Patch('theano.tensor.blas', 'z.itemset(1)', 'z[()] = 1')
    loader = hook.Loader('theano.tensor.blas', str(path), [patch])
    path.write_text('def f(z):\n    z.itemset(1)\n    return z\n')
    assert 'f' in loader.get_code('theano.tensor.blas').co_names
    path.write_text('def f(z):\n    z.itemset(2)\n    return z\n')
    message = (
        r'cannot patch theano\.tensor\.blas of Theano 1\.\d+\.\d+: the module has no '
        r"text 'z\.itemset\(1\)'.*changed.*\. Run: lasagne-stn doctor$"
    )
    with pytest.raises(PatchError, match=message) as caught:
        loader.get_code('theano.tensor.blas')
    # Theano ignores ImportErrors of its optional parts.
    assert not isinstance(caught.value, ImportError)


def test_lasagne_is_named_in_its_message():
    assert re.match(r'Lasagne 0\.\d', selection.package_version('lasagne'))


def test_tracebacks_show_the_file_as_its_authors_wrote_it():
    import theano.gof.cmodule as module

    assert isinstance(module.__loader__, hook.Loader)
    assert module.__file__ == str(source('theano.gof.cmodule'))
    code = module.dlimport.__code__
    lines = Path(code.co_filename).read_text(encoding='utf8').split('\n')
    assert lines[code.co_firstlineno - 1].startswith('def dlimport(')


def test_the_finder_leaves_other_modules_to_python():
    finder = hook.Finder()
    assert repr(finder) == 'Finder(patch_theano=True)'
    for name in ('numpy', 'theanos.tensor', 'theano.gof.op', 'lasagne.nothing'):
        assert finder.find_spec(name) is None, name
    found = finder.find_spec('theano.gof.cmodule', [str(FOLDER / 'gof')])
    assert isinstance(found.loader, hook.Loader)
    late = hook.Finder(patch_theano=False)
    assert late.find_spec('theano.gof.cmodule', [str(FOLDER / 'gof')]) is None
    found = late.find_spec(hook.LATE_MODULE, [str(FOLDER / 'scan_module')])
    assert isinstance(found.loader, hook.Loader)


def test_a_module_that_theano_has_is_not_replaced(tmp_path):
    name = 'theano.tensor.signal.downsample'
    added = hook.Finder().find_spec(name, [str(tmp_path)])
    assert Path(added.origin).name == 'downsample.py'
    (tmp_path / 'downsample.py').write_text('')
    assert hook.Finder().find_spec(name, [str(tmp_path)]) is None
    assert importlib.util.find_spec(name).origin == added.origin
