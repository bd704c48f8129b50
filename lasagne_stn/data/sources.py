"""Finds, downloads and describes the images that a command uses."""

from __future__ import annotations

import os
from typing import Tuple

import numpy as np

from .cluttered_mnist import load_cluttered
from .digits import load_digits
from .mnist import FILES, load_mnist

__all__ = ['VARIABLE', 'MNIST', 'find_data', 'fetch_mnist', 'cache_folder']

Data = Tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
VARIABLE = 'LASAGNE_STN_DATA'  # of the environment
MNIST = 'mnist'  # given in place of a folder
ADDRESS = 'https://ossci-datasets.s3.amazonaws.com/mnist/'
SHA256 = dict(
    zip(
        FILES,
        [  # checksums of the gzipped files
            '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
            '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
            '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6',
            'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6',
        ],
    )
)


def find_data(source: str | os.PathLike | None = None) -> tuple[Data, str]:
    """Load the images of a folder or file, by default scikit-learn's digits.

    Parameters
    ----------
    source : str or Path, optional
        A folder with MNIST's four IDX files, an ``.npz`` file of cluttered digits, or
        ``'mnist'`` for MNIST from the cache, which is downloaded on first use. The
        default is the value of the environment variable LASAGNE_STN_DATA, or
        scikit-learn's digits if it is not set.

    Returns
    -------
    data : tuple of numpy array
        Training images and labels, test images and labels, as
        :func:`lasagne_stn.data.load_mnist` returns them.
    description : str
        What the images are and how many there are.

    Raises
    ------
    OSError, ValueError
        If a file is missing or damaged or cannot be downloaded, or if a set is empty,
        pixels are outside [0, 1] or labels are outside 0 to 9.
    """
    source = str(source or os.environ.get(VARIABLE, ''))
    if not source:
        data, name = load_digits(), 'digits from scikit-learn'
    elif source == MNIST:
        data, name = load_mnist(fetch_mnist()), 'MNIST from ' + cache_folder()
    elif source.endswith('.npz'):
        data, name = load_cluttered(source), 'digits in ' + source
    else:
        data, name = load_mnist(source), 'IDX files in ' + source
    _check(name, *data)
    counts = len(data[0]), len(data[2])
    return data, '%s: %d to train, %d to test' % (name, *counts)


def _check(name, *data):
    """Check that the arrays can be digits: neither empty nor out of range."""
    for part, images, labels in (('training', *data[:2]), ('test', *data[2:])):
        if not images.size:
            raise ValueError('find_data: the %s have no %s images.' % (name, part))
        low, high = images.min(), images.max()
        if not 0 <= low <= high <= 1:
            raise ValueError(
                'find_data: the %s must have pixels from 0 to 1, got %g to %g in the '
                '%s images.' % (name, low, high, part)
            )
        if labels.min() < 0 or labels.max() > 9:
            raise ValueError(
                'find_data: the %s must have labels from 0 to 9, got %d to %d in the '
                '%s labels.' % (name, labels.min(), labels.max(), part)
            )


def cache_folder() -> str:
    """Return the folder for downloads, in XDG_CACHE_HOME or by default in ~/.cache.

    Returns
    -------
    str
        A path. The folder may not exist yet.
    """
    cache = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    return os.path.join(cache, 'lasagne-stn')


def fetch_mnist(folder: str | os.PathLike | None = None) -> str | os.PathLike:
    """Download MNIST's four files unless they exist.

    Parameters
    ----------
    folder : str or Path, optional
        Where the files are stored, by default :func:`cache_folder`.

    Returns
    -------
    str or Path
        The folder.

    Raises
    ------
    OSError
        If a missing file cannot be downloaded. The message says which files to put
        into which folder.
    ValueError
        If a download does not have the SHA-256 of the published file.
    ImportError
        If a file is missing and pooch is not installed.
    """
    folder = folder or cache_folder()
    missing = [
        name
        for name in FILES
        if not any(
            os.path.isfile(os.path.join(folder, name + ending))
            for ending in ('', '.gz')
        )
    ]
    if not missing:
        return folder
    advice = (
        'Put %s into %s, from any copy of MNIST, or give a folder that contains them.'
        % (', '.join(name + '.gz' for name in missing), folder)
    )
    try:
        import pooch
    except ImportError:
        raise ModuleNotFoundError(
            'fetch_mnist needs pooch, which is not installed.\nRun: pip install '
            '"lasagne-stn[paper]"\n' + advice,
            name='pooch',
        ) from None
    for name in missing:
        try:
            pooch.retrieve(
                ADDRESS + name + '.gz', 'sha256:' + SHA256[name], name + '.gz', folder
            )
        except OSError as problem:
            raise OSError(
                'fetch_mnist: %s cannot be downloaded (%s).\n%s'
                % (ADDRESS + name + '.gz', problem, advice)
            ) from problem
    return folder
