"""Finds the images that a command works on, fetches MNIST, and says which they are."""

import os

from .cluttered_mnist import load_cluttered
from .digits import load_digits
from .mnist import FILES, load_mnist

__all__ = ['VARIABLE', 'MNIST', 'find_data', 'fetch_mnist', 'cache_folder']

VARIABLE = 'LASAGNE_STN_DATA'
MNIST = 'mnist'  # the word that stands for a folder
ADDRESS = 'https://ossci-datasets.s3.amazonaws.com/mnist/'
SHA256 = dict(
    zip(
        FILES,
        [  # of the gzipped files
            '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
            '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
            '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6',
            'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6',
        ],
    )
)


def find_data(source=None):
    """The images of a folder or file, or else those that scikit-learn ships.

    Parameters
    ----------
    source : str, optional
        A folder with MNIST's four IDX files; an ``.npz`` of cluttered digits; or the
        word ``mnist``, for MNIST from the cache, where it is fetched on first use. By
        default what the environment variable LASAGNE_STN_DATA says; without it the
        digits of scikit-learn.

    Returns
    -------
    data : tuple of numpy array
        Training images and labels, test images and labels, as
        :func:`lasagne_stn.data.load_mnist` returns them.
    words : str
        What they are.

    Raises
    ------
    OSError, ValueError
        If a file is missing or damaged, cannot be fetched, or has no images, pixels
        outside 0 to 1, or labels outside 0 to 9.
    """
    source = str(source or os.environ.get(VARIABLE, ''))
    if not source:
        data, words = load_digits(), 'digits from scikit-learn'
    elif source == MNIST:
        data, words = load_mnist(fetch_mnist()), 'MNIST from ' + cache_folder()
    elif source.endswith('.npz'):
        data, words = load_cluttered(source), 'digits in ' + source
    else:
        data, words = load_mnist(source), 'IDX files in ' + source
    _check(words, *data)
    return data, '%s: %d to train, %d to test' % (words, len(data[0]), len(data[2]))


def _check(words, *data):
    """Refuse what cannot be digits: empty sets, other numbers, other classes."""
    for part, images, labels in (('train', *data[:2]), ('test', *data[2:])):
        if not images.size:
            raise ValueError('find_data: the %s have no images to %s.' % (words, part))
        low, high = images.min(), images.max()
        if not 0 <= low <= high <= 1:
            raise ValueError(
                'find_data: the %s must have pixels from 0 to 1, got %g '
                'to %g among the images to %s.' % (words, low, high, part)
            )
        if labels.min() < 0 or labels.max() > 9:
            raise ValueError(
                'find_data: the %s must have labels from 0 to 9, got %d '
                'to %d among those to %s.' % (words, labels.min(), labels.max(), part)
            )


def cache_folder():
    """Where fetched files are kept: in XDG_CACHE_HOME, by default ~/.cache.

    Returns
    -------
    str
        A path; the folder need not exist.
    """
    cache = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    return os.path.join(cache, 'lasagne-stn')


def fetch_mnist(folder=None):
    """Fetch the four files of MNIST, unless they are there.

    Parameters
    ----------
    folder : str, optional
        Where they are kept; by default :func:`cache_folder`.

    Returns
    -------
    str
        The folder.

    Raises
    ------
    OSError
        If they are not there and cannot be fetched; the message says which files to
        put where.
    ValueError
        If what came has another SHA-256 than the file that was published.
    ImportError
        If they are not there and pooch is not installed.
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
        'Put %s into %s, from any copy of MNIST, or give a folder that has them.'
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
                'fetch_mnist: %s cannot be fetched (%s).\n%s'
                % (ADDRESS + name + '.gz', problem, advice)
            ) from problem
    return folder
