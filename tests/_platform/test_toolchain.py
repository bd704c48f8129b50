"""The BLAS library, the compiler and the headers."""

import importlib.util
import os
import sys
import sysconfig
import types

import pytest

from lasagne_stn._platform import toolchain


def test_headers_are_found(monkeypatch, tmp_path):
    monkeypatch.setattr(sysconfig, 'get_paths', lambda: {'include': str(tmp_path)})
    assert toolchain.find_headers() is None
    (tmp_path / 'Python.h').write_text('')
    assert toolchain.find_headers() == str(tmp_path / 'Python.h')


class Machine:
    """A library folder of the system and one of scipy, with empty files."""

    def __init__(self, folder, monkeypatch):
        self.system, self.scipy = folder / 'lib', folder / 'scipy'
        self.monkeypatch = monkeypatch
        monkeypatch.setattr(toolchain, '_library_folders', lambda: [str(self.system)])
        self.scipy_is(self.scipy)

    def scipy_is(self, folder):
        package = types.SimpleNamespace(submodule_search_locations=[str(folder)])
        self.monkeypatch.setattr(importlib.util, 'find_spec', lambda name: package)

    def add(self, path):
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text('')
        return str(path)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    return Machine(tmp_path, monkeypatch)


def test_blas_is_the_systems_openblas_then_scipys_then_the_reference(machine):
    assert toolchain.find_blas() == ('', '')
    plain = machine.add(machine.system / 'libblas.so')
    assert toolchain.find_blas()[0] == plain
    folder = machine.scipy.parent / 'scipy.libs'
    machine.add(folder / 'libopenblas64_p-r0.so')
    wheel = machine.add(folder / 'libopenblasp-r0.3.18.so')
    assert toolchain.find_blas() == (
        wheel,
        '-Wl,--no-as-needed -Wl,%s -Wl,-rpath,%s' % (wheel, folder),
    )
    fast = machine.add(machine.system / 'libopenblas.so')
    assert toolchain.find_blas()[0] == fast


def test_a_link_to_openblas_is_preferred(machine):
    wheel = machine.add(machine.scipy / '.libs' / 'libopenblasp-r0.3.18.so')
    assert toolchain.find_blas()[0] == wheel
    real = machine.add(machine.system / 'openblas' / 'libblas.so.3')
    link = machine.system / 'libblas.so'
    link.symlink_to(real)
    assert toolchain.find_blas()[0] == str(link)


@pytest.mark.parametrize('name', ['a b', 'a,b', 'a"b', "a'b", 'a\\b', 'a:b', 'ä'])
def test_paths_that_the_linker_would_split_are_skipped(machine, name):
    folder = machine.scipy.parent / name
    machine.scipy_is(folder / 'scipy')
    machine.add(folder / 'scipy.libs' / 'libopenblasp-r0.3.18.so')
    assert toolchain.find_blas() == ('', '')


def test_brackets_in_a_path_are_not_a_pattern(machine):
    folder = machine.scipy.parent / '[a]'
    machine.scipy_is(folder / 'scipy')
    wheel = machine.add(folder / 'scipy.libs' / 'libopenblasp-r0.3.18.so')
    assert toolchain._scipy_libraries() == [wheel]


def test_libraries_are_searched_in_pythons_and_the_systems_folders():
    assert toolchain._library_folders()[0] == os.path.join(sys.prefix, 'lib')
    assert '/usr/lib' in toolchain._library_folders()
