"""Supported versions of Python and of the dependencies."""

import importlib
import json
import re
import sys

import pytest
import theano

from lasagne_stn._platform import versions
from lasagne_stn._platform.compat.selection import theano_version


@pytest.mark.parametrize(
    'name, found, wanted',
    [
        ('numpy', '1.19.5', 'numpy>='),
        ('numpy', '2.6.0rc1', 'numpy>='),
        ('scipy', '1.4.1', 'scipy>=1.5,<1.19'),
        ('Theano-PyMC', '1.0.10', 'Theano-PyMC>='),
        ('Lasagne', None, 'Lasagne>=0.1'),
    ],
)
def test_an_unsupported_dependency_raises_an_error(monkeypatch, name, found, wanted):
    installed = {
        name: versions.installed_version(name) for name in versions.REQUIREMENTS
    }
    monkeypatch.setattr(versions, 'installed_version', installed.get)
    versions.check_versions()
    installed[name] = found
    version = '%s %s' % (name, found) if found else 'no version'
    message = 'needs %s.*, but %s is installed.\nRun: %s' % (
        re.escape(wanted),
        re.escape(version),
        re.escape(versions.install_command(name)),
    )
    with pytest.raises(ImportError, match=message):
        versions.check_versions()


@pytest.mark.parametrize('version', [(3, 7), (3, 15)])
def test_an_unsupported_python_raises_an_error(monkeypatch, version):
    versions.check_versions()
    monkeypatch.setattr(sys, 'version_info', version + (0, 'final', 0))
    message = (
        r'needs Python 3\.8 to 3\.14, this is 3\.%d\.\nCreate .*python3.13 -m venv'
    )
    with pytest.raises(ImportError, match=message % version[1]):
        versions.check_versions()


@pytest.mark.parametrize(
    'python, numpy, theano',
    [
        ((3, 8), 'numpy>=1.20,<2', 'Theano-PyMC>=1.0.5,<1.0.10'),
        ((3, 11), 'numpy>=1.20,<2', 'Theano-PyMC>=1.0.5,<1.0.10'),
        ((3, 12), 'numpy>=1.26,<2.6', 'Theano-PyMC>=1.0.9,<1.0.10'),
        ((3, 13), 'numpy>=2.1,<2.6', 'Theano-PyMC>=1.0.9,<1.0.10'),
        ((3, 14), 'numpy>=2.1,<2.6', 'Theano-PyMC>=1.0.9,<1.0.10'),
    ],
)
def test_requirements_depend_on_the_version_of_python(
    monkeypatch, python, numpy, theano
):
    monkeypatch.setattr(versions, 'REQUIREMENTS', versions._requirements(python))
    assert versions.requirement('numpy') == numpy
    assert versions.requirement('Theano-PyMC') == theano


def test_files_of_another_distribution_of_theano_raise_an_error(monkeypatch):
    monkeypatch.setattr(theano, '__version__', '1.0.5+unknown')
    message = (
        r'files of Theano 1\.0\.5\+unknown were installed over it\.\n'
        'Run: pip uninstall -y Theano Theano-PyMC; '
        + re.escape(versions.install_command('Theano-PyMC'))
    )
    with pytest.raises(ImportError, match=message):
        versions.check_versions()


def test_a_theano_without_a_version_is_accepted(monkeypatch, tmp_path):
    (tmp_path / 'theano').mkdir()
    (tmp_path / 'theano' / '__init__.py').touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert theano_version() is None
    (tmp_path / 'theano' / '_version.py').write_text('{"version": "1.0.7"}')
    assert theano_version() == '1.0.7'


def test_theano_in_our_own_wheel_has_the_version_in_its_files(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, 'path', [str(tmp_path)])
    assert versions.installed_version('Theano-PyMC') is None
    (tmp_path / 'theano').mkdir()
    (tmp_path / 'theano' / '__init__.py').touch()
    (tmp_path / 'theano' / '_version.py').write_text('{"version": "1.0.7"}')
    assert versions.installed_version('Theano-PyMC') == '1.0.7'


GIT = {'url': 'https://a.b/c', 'vcs_info': {'vcs': 'git', 'commit_id': '12ab'}}


@pytest.mark.parametrize(
    'origin, source',
    [
        (None, 'lasagne-stn'),
        ({'url': 'file:///a b', 'dir_info': {}}, "'file:///a b'"),
        (
            {'url': 'file:///a', 'dir_info': {'editable': True}},
            '--editable file:///a',
        ),
        (GIT, 'git+https://a.b/c@12ab'),
        ({'url': 'https://a.b/c.whl', 'archive_info': {}}, 'https://a.b/c.whl'),
    ],
)
def test_theano_in_our_own_wheel_comes_from_where_we_came_from(
    monkeypatch, tmp_path, origin, source
):
    monkeypatch.setattr(sys, 'path', [str(tmp_path)])
    monkeypatch.setattr(sys, 'version_info', (3, 12, 0, 'final', 0))
    start = 'pip install --force-reinstall --no-deps '
    assert versions.install_command('Theano-PyMC').startswith(start + '/')
    info = tmp_path / 'lasagne_stn-0.1.0.dist-info'
    info.mkdir()
    (info / 'METADATA').write_text('Name: lasagne-stn\nVersion: 0.1.0\n')
    if origin:
        (info / 'direct_url.json').write_text(json.dumps(origin))
    importlib.invalidate_caches()
    assert versions.install_command('Theano-PyMC') == start + source


def test_theano_instead_of_theano_pymc_raises_an_error(monkeypatch):
    only = {'Theano': theano.__version__}
    real = versions._metadata_version
    monkeypatch.setattr(
        versions,
        '_metadata_version',
        lambda name: only.get(name) if 'Theano' in name else real(name),
    )
    message = r'needs Theano-PyMC >=1\.0\..*, but Theano %s is installed\.\nRun: pip un'
    with pytest.raises(ImportError, match=message % re.escape(theano.__version__)):
        versions.check_versions()
