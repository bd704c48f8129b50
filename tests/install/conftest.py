"""Paths of the build backend, and its modules without setuptools."""

import importlib.util
import pathlib

import pytest

BUILD = pathlib.Path(__file__).resolve().parents[2] / '.build'


@pytest.fixture(scope='session')
def build_folder():
    """The folder of the build backend."""
    return BUILD


def _module(name):
    path = BUILD / 'lasagne_stn_build' / (name + '.py')
    spec = importlib.util.spec_from_file_location('lasagne_stn_build_' + name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def archives():
    """The backend's module of source archives, loaded alone."""
    return _module('archives')


@pytest.fixture
def wheels():
    """The backend's module of wheels, loaded alone."""
    return _module('wheels')
