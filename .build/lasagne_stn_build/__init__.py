"""The build backend: setuptools, and what it cannot do for this package.

- No release of Theano-PyMC has a wheel, and its source archive does not build on
  Python 3.12 and later. There, our wheel holds the package ``theano`` of Theano-PyMC
  1.0.9 and its licence, fetched from PyPI by pip while the wheel is built. Nothing of
  Theano is kept in this repository.
- Each wheel installs the files in ``.build/site`` next to the package: the hook that
  prepares Theano whoever imports it first.
- The source archive has the folder ``.build``, so it builds as the repository does.

The wheels' tags keep them apart. ``py312-none-any``, with Theano, fits Python 3.12 and
every later one. ``cp38.cp39.cp310.cp311-none-any`` requires theano-pymc instead and
fits these four only: a tag ``cp3X``, unlike ``py3X``, excludes later Pythons.
"""

import os
import sys

from setuptools import build_meta
from setuptools.build_meta import (
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_wheel,
)

from .archives import add_folder, theano_files
from .wheels import add_files, folder_files

__all__ = [
    'build_editable',
    'build_sdist',
    'build_wheel',
    'get_requires_for_build_editable',
    'get_requires_for_build_sdist',
    'get_requires_for_build_wheel',
    'prepare_metadata_for_build_editable',
    'prepare_metadata_for_build_wheel',
]

BUILD = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
THEANO_INSIDE = sys.version_info >= (3, 12)
TAG = 'py312-none-any' if THEANO_INSIDE else 'cp38.cp39.cp310.cp311-none-any'

get_requires_for_build_editable = build_meta.get_requires_for_build_editable
prepare_metadata_for_build_editable = build_meta.prepare_metadata_for_build_editable


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """Build the wheel for this Python; see PEP 517."""
    files, licences = _added_files()
    name = build_meta.build_wheel(wheel_directory, config_settings, metadata_directory)
    return add_files(wheel_directory, name, files, licences, TAG)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    """Build the wheel of an editable install for this Python; see PEP 660."""
    files, licences = _added_files()
    name = build_meta.build_editable(
        wheel_directory, config_settings, metadata_directory
    )
    return add_files(wheel_directory, name, files, licences, TAG)


def build_sdist(sdist_directory, config_settings=None):
    """Build the source archive; see PEP 517."""
    name = build_meta.build_sdist(sdist_directory, config_settings)
    add_folder(os.path.join(sdist_directory, name), BUILD)
    return name


def _added_files():
    """Return the hook, with Theano where it belongs, and Theano's licence."""
    files = folder_files(os.path.join(BUILD, 'site'))
    if not THEANO_INSIDE:
        return files, {}
    package, licences = theano_files()
    return dict(files, **package), licences
