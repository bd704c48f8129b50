"""Selects the patches by the installed versions of numpy, scipy and Lasagne."""

from __future__ import annotations

import re
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Iterator

from .patch import Patch

__all__ = ['needed_patches', 'package_version', 'release', 'theano_version']


def needed_patches() -> Iterator[Patch]:
    """Return the patches for the installed versions, in the order of application.

    Those that make no difference on an old numpy are applied there too: what runs
    everywhere is tested everywhere.
    """
    import numpy as np
    import scipy

    from . import (
        c_api,
        compile_cache,
        lasagne_0_1,
        numpy_1_23,
        numpy_1_24,
        numpy_2,
        promotion,
        python_3_12,
        scan,
        scipy_private,
    )

    yield from python_3_12.PATCHES
    yield from numpy_1_23.PATCHES
    yield from numpy_1_24.PATCHES
    yield from promotion.PATCHES
    yield from c_api.PATCHES
    yield from scan.PATCHES
    yield from compile_cache.PATCHES
    if release(scipy.__version__) >= [1, 8]:
        yield from scipy_private.PATCHES
    if release(np.__version__) >= [2]:
        yield from numpy_2.PATCHES
        yield from c_api.NUMPY_2_PATCHES
    if metadata.version('lasagne') == '0.1':
        yield from lasagne_0_1.PATCHES


def release(version: str) -> list[int]:
    """Return the leading numbers of a version.

    >>> release('2.5.0rc1')
    [2, 5, 0]
    """
    numbers = re.split(r'[^\d.]', version, maxsplit=1)[0].split('.')
    return [int(number) for number in numbers if number]


def package_version(package: str) -> str:
    """Return the name and version of Theano or Lasagne, for messages."""
    if package == 'theano':
        return 'Theano %s' % theano_version()
    return '%s %s' % (package.capitalize(), metadata.version(package))


def theano_version() -> str | None:
    """Return the version that Theano's own files state, without importing them.

    The metadata may state another one, if a second distribution was installed over
    the first. None means that there is no Theano.
    """
    spec = PathFinder.find_spec('theano')
    for folder in (spec and spec.submodule_search_locations) or ():
        file = Path(folder, '_version.py')
        if file.is_file():
            found = re.search(r'"version": "([^"]+)"', file.read_text())
            return found and found[1]
    return None
