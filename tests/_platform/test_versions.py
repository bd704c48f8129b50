"""Supported versions of Python and of the dependencies."""

import re
import sys

import pytest

from lasagne_stn._platform import versions


@pytest.mark.parametrize(
    'name, found, wanted',
    [
        ('numpy', '1.24.0', 'numpy>=1.20,<1.24'),
        ('numpy', '2.0.0rc1', 'numpy>=1.20,<1.24'),
        ('scipy', '1.4.1', 'scipy>=1.5,<1.11'),
        ('Theano-PyMC', '1.0.10', 'Theano-PyMC>=1.0.5,<1.0.10'),
        ('Lasagne', None, 'Lasagne>=0.1'),
        ('setuptools', '81.0.0', 'setuptools>=0,<81'),
    ],
)
def test_an_unsupported_dependency_raises_an_error(monkeypatch, name, found, wanted):
    installed = {
        'numpy': '1.23.5',
        'scipy': '1.10.1',
        'Theano-PyMC': '1.0.9',
        'Lasagne': '0.2.dev1',
        'setuptools': '80.9.0',
    }
    monkeypatch.setattr(versions, 'installed_version', installed.get)
    versions.check_versions()
    installed[name] = found
    version = '%s %s' % (name, found) if found else 'no version'
    message = 'needs %s, but %s is installed.\nRun: pip install "%s"' % (
        wanted,
        version,
        wanted,
    )
    with pytest.raises(ImportError, match=re.escape(message)):
        versions.check_versions()


@pytest.mark.parametrize('version', [(3, 7), (3, 12)])
def test_an_unsupported_python_raises_an_error(monkeypatch, version):
    versions.check_versions()
    monkeypatch.setattr(sys, 'version_info', version + (0, 'final', 0))
    message = (
        r'needs Python 3\.8 to 3\.11, this is 3\.%d\.\nCreate .*python3.11 -m venv'
    )
    with pytest.raises(ImportError, match=message % version[1]):
        versions.check_versions()
