"""The cache of patched modules in compiled form."""

import os
import sys

import pytest

from lasagne_stn._platform.compat import bytecode

TEXT = 'def double(x):\n    return 2 * x\n'
PATH = '/somewhere/module.py'


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Use a folder of this test."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.setattr(sys, 'dont_write_bytecode', False)
    return tmp_path / 'cache'


def doubled(text=TEXT, path=PATH):
    names = {}
    exec(bytecode.compiled(text, path), names)
    assert names['double'].__code__.co_filename == path
    return names['double'](3)


def entries():
    folder = bytecode.cache_folder()
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def test_a_module_is_compiled_once(monkeypatch):
    assert doubled() == 6
    (entry,) = entries()
    assert entry.startswith('module.py.')
    monkeypatch.setattr('builtins.compile', None)
    assert doubled() == 6
    assert entries() == [entry]


def test_another_text_path_or_level_has_an_entry_of_its_own(monkeypatch):
    assert doubled() == 6
    assert doubled(TEXT.replace('2', '5')) == 15
    assert doubled(path='/elsewhere/module.py') == 6
    monkeypatch.setattr(bytecode.sys, 'version', '3.99.0 (unheard of)')
    assert doubled() == 6
    assert len(entries()) == 4


@pytest.mark.parametrize('size', [0, 10, 32, 50, -1])
def test_a_damaged_entry_is_written_again(size):
    assert doubled() == 6
    path = os.path.join(bytecode.cache_folder(), entries()[0])
    with open(path, 'rb') as file:
        whole = file.read()
    damaged = whole[:size]
    if size < 0:  # as long as before
        damaged += bytes([whole[-1] ^ 1])
    with open(path, 'wb') as file:
        file.write(damaged)
    assert doubled() == 6
    with open(path, 'rb') as file:
        assert file.read() == whole


def test_without_a_folder_to_write_to_nothing_is_kept(cache):
    cache.write_text('a file, not a folder')
    assert doubled() == 6
    assert entries() == []
    assert cache.read_text() == 'a file, not a folder'


def test_a_full_disk_leaves_no_scratch_file(monkeypatch):
    def replace(*paths):
        raise OSError('No space left on device')

    monkeypatch.setattr(bytecode.os, 'replace', replace)
    assert doubled() == 6
    assert entries() == []


def test_nothing_is_kept_if_python_keeps_no_bytecode(monkeypatch):
    monkeypatch.setattr(sys, 'dont_write_bytecode', True)
    assert doubled() == 6
    assert entries() == []


def test_the_folder_is_below_the_users_cache(monkeypatch, cache):
    folder = bytecode.cache_folder()
    assert folder.startswith(str(cache / 'lasagne-stn'))
    assert '%d%d' % sys.version_info[:2] in os.path.basename(folder)
    for value in ('', 'relative'):
        monkeypatch.setenv('XDG_CACHE_HOME', value)
        home = os.path.join('.cache', 'lasagne-stn', 'bytecode')
        assert home in bytecode.cache_folder()


def test_without_a_home_nothing_is_kept(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('XDG_CACHE_HOME', '')
    monkeypatch.setattr(bytecode.os.path, 'expanduser', lambda path: path)
    assert bytecode.cache_folder() == ''
    assert doubled() == 6
    assert os.listdir(str(tmp_path)) == []
