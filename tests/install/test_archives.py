"""Fetching Theano-PyMC while a wheel is built, and what our source archive holds."""

import io
import os
import re
import subprocess
import sys
import tarfile
from configparser import ConfigParser
from pathlib import Path

import pytest

from lasagne_stn._platform import versions
from lasagne_stn._platform.compat.selection import release

ROOT = 'Theano-PyMC-1.0.9/'


@pytest.fixture
def pip_environment(monkeypatch, tmp_path):
    """Pip finds nothing except in the folder that is returned."""
    pytest.importorskip('pip')
    for name in [name for name in os.environ if name.startswith('PIP_')]:
        monkeypatch.delenv(name)
    monkeypatch.setenv('PIP_CONFIG_FILE', os.devnull)
    monkeypatch.setenv('PIP_NO_INDEX', '1')
    monkeypatch.setenv('PIP_FIND_LINKS', str(tmp_path))
    return tmp_path


def write_archive(path, files):
    with tarfile.open(path, 'w:gz') as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def test_the_package_and_its_licence_are_read(archives, tmp_path):
    files = {
        ROOT + 'LICENSE.txt': b'licence',
        ROOT + 'doc/LICENSE.txt': b'another',
        ROOT + 'setup.py': b'setup',
        ROOT + 'theano/__init__.py': b'init',
        ROOT + 'theano/gof/c_code/a.c': b'c',
        ROOT + 'theano_other/__init__.py': b'other',
    }
    write_archive(tmp_path / 'a.tar.gz', files)
    assert archives.read_archive(tmp_path / 'a.tar.gz') == (
        {'theano/__init__.py': b'init', 'theano/gof/c_code/a.c': b'c'},
        {'theano/LICENSE.txt': b'licence'},
    )
    del files[ROOT + 'LICENSE.txt']
    write_archive(tmp_path / 'b.tar.gz', files)
    with pytest.raises(archives.BuildError, match=r'no package theano .*/b\.tar\.gz'):
        archives.read_archive(tmp_path / 'b.tar.gz')


def test_a_failed_download_says_what_was_fetched_and_what_to_do(
    archives, pip_environment
):
    with pytest.raises(archives.BuildError) as problem:
        archives.theano_files()
    message = str(problem.value)
    assert 'could not fetch Theano-PyMC 1.0.9' in message
    assert '%s -m pip download' % sys.executable in message
    assert 'No matching distribution found for theano-pymc==1.0.9' in message
    assert 'https://pypi.org/project/Theano-PyMC/1.0.9/#files' in message
    assert 'PIP_FIND_LINKS=' in message and 'PIP_INDEX_URL' in message


def test_an_archive_with_another_hash_is_rejected(archives, pip_environment):
    write_archive(pip_environment / 'Theano-PyMC-1.0.9.tar.gz', {ROOT + 'a': b''})
    with pytest.raises(archives.BuildError, match='DO NOT MATCH THE HASHES'):
        archives.theano_files()


def test_pip_does_not_see_the_variables_of_our_own_build(archives):
    given = {
        'HOME': '/h',
        'PYTHONPATH': '/p',
        'PIP_INDEX_URL': 'https://mirror',
        '_PYPROJECT_HOOKS_BACKEND_PATH': '/x',
        'PEP517_BACKEND_PATH': '/x',
    }
    assert archives._environment(given) == {
        'HOME': '/h',
        'PYTHONPATH': archives.SHADOW + os.pathsep + '/p',
        'PIP_INDEX_URL': 'https://mirror',
        'PIP_DISABLE_PIP_VERSION_CHECK': '1',
    }
    assert archives._environment({})['PYTHONPATH'] == archives.SHADOW


def test_setup_py_finds_the_old_names_of_configparser(archives, tmp_path):
    (tmp_path / 'setup.cfg').write_text('[versioneer]\nVCS = git\n')
    code = (
        'import configparser; parser = configparser.SafeConfigParser();'
        'file = open("setup.cfg"); parser.readfp(file); file.close();'
        'print(parser.get("versioneer", "VCS"), configparser.ConfigParser.__module__,'
        ' configparser.Error)'
    )
    done = subprocess.run(
        [sys.executable, '-W', 'error', '-c', code],
        cwd=str(tmp_path),
        env=dict(os.environ, PYTHONPATH=archives.SHADOW),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.stdout.startswith("git configparser <class 'configparser.Error'>\n")


def test_our_source_archive_holds_the_backend(archives, tmp_path, build_folder):
    path = str(tmp_path / 'some_name-1.0.tar.gz')
    write_archive(path, {'some_name-1.0/setup.cfg': b'[metadata]'})
    archives.add_folder(path, str(build_folder))
    with tarfile.open(path) as archive:
        names = [member.name for member in archive if member.isfile()]
        assert {(m.uid, m.uname) for m in archive if '.build' in m.name} == {(0, '')}
        (hook,) = (name for name in names if name.endswith('_hook.py'))
        content = archive.extractfile(hook).read()
    assert 'some_name-1.0/setup.cfg' in names
    assert 'some_name-1.0/.build/lasagne_stn_build/shadow/configparser.py' in names
    assert content == (build_folder / 'site' / '_lasagne_stn_hook.py').read_bytes()
    assert not [name for name in names if re.search('__pycache__|[.]pyc', name)]


def test_requirements_are_versions_that_the_import_accepts():
    requirement = pytest.importorskip('packaging.requirements').Requirement
    config = ConfigParser(interpolation=None)
    config.read(Path(__file__).parents[2] / 'setup.cfg')
    lines = config['options']['install_requires'].split('\n')
    stated = [requirement(line) for line in lines if line and line[0] != '#']
    for minor in range(8, 15):
        python = {'python_version': '3.%d' % minor}
        here = {
            r.name.lower(): r.specifier
            for r in stated
            if r.marker is None or r.marker.evaluate(python)
        }
        assert ('theano-pymc' in here) == ('six' not in here) == (minor < 12)
        for name, (first, end) in versions._requirements((3, minor)).items():
            if name.lower() in here:
                limits = {s.operator: s.version for s in here[name.lower()]}
                assert release(limits['>=']) >= release(first)
                assert end is None or release(limits['<']) <= release(end)
