"""Reads the four IDX files of MNIST, plain or gzipped."""

from __future__ import annotations

import gzip
import os
import zlib

import numpy as np

__all__ = ['load_mnist', 'read_idx']

FILES = (
    'train-images-idx3-ubyte',
    'train-labels-idx1-ubyte',
    't10k-images-idx3-ubyte',
    't10k-labels-idx1-ubyte',
)
UNSIGNED_BYTES = 0x08  # type code in the third byte of an IDX file


def load_mnist(
    folder: str | os.PathLike,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Read MNIST, or a data set in its format, from a folder [1]_.

    Parameters
    ----------
    folder : str or Path
        Contains ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``,
        ``t10k-images-idx3-ubyte`` and ``t10k-labels-idx1-ubyte``, each plain or gzipped
        with the ending ``.gz``.

    Returns
    -------
    train_images : numpy array
        float32 in [0, 1], shape ``(images, rows, columns)``; 1 is ink.
    train_labels : numpy array
        int32, shape ``(images,)``.
    test_images, test_labels : numpy array
        The same for the test set.

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If a file is damaged, or the numbers of images and labels differ.

    References
    ----------
    .. [1] LeCun, Cortes, Burges (1998): The MNIST database of handwritten digits,
       which defines the IDX format.
    """
    arrays = []
    for images, labels in (FILES[:2], FILES[2:]):
        pixels = read_idx(_find(folder, images), num_axes=3)
        classes = read_idx(_find(folder, labels), num_axes=1)
        if len(pixels) != len(classes):
            raise ValueError(
                'load_mnist: %s has %d images, but %s has %d labels.\nTake both files '
                'from the same data set.' % (images, len(pixels), labels, len(classes))
            )
        arrays += [pixels.astype('float32') / np.float32(255), classes.astype('int32')]
    train_images, train_labels, test_images, test_labels = arrays
    return train_images, train_labels, test_images, test_labels


def _find(folder, name):
    """Return the path of an IDX file, plain or gzipped."""
    path = os.path.join(str(folder), name)
    for candidate in (path, path + '.gz'):
        if os.path.isfile(candidate):
            return candidate
    raise FileNotFoundError(
        "load_mnist: %s has neither %s nor %s.gz.\nGive the folder with MNIST's four "
        'files: %s.' % (folder, name, name, ', '.join(FILES))
    )


def read_idx(path: str | os.PathLike, num_axes: int) -> np.ndarray:
    """Read an IDX file of unsigned bytes.

    Parameters
    ----------
    path : str or Path
        A file whose name ends in ``.gz`` is decompressed.
    num_axes : int
        Number of axes that the array must have: 3 for images, 1 for labels.

    Returns
    -------
    numpy array
        uint8, with `num_axes` axes.

    Raises
    ------
    ValueError
        If the file cannot be decompressed, has another type or number of axes, or its
        length differs from what its header says.
    """
    content = _content(path)
    magic = bytes([0, 0, UNSIGNED_BYTES, num_axes])
    if content[:4] != magic:
        raise _damaged(
            path,
            'must start with the bytes %s, %s'
            % (
                magic.hex(' '),
                'got ' + content[:4].hex(' ') if content else 'but is empty',
            ),
        )
    header = 4 + 4 * num_axes
    if len(content) < header:
        raise _damaged(path, 'ends within its header')
    shape = np.frombuffer(content[4:header], '>u4').astype('int64')
    needed = header + int(np.prod(shape))
    if len(content) != needed:
        raise _damaged(
            path,
            'has %d bytes, but its header says %s, which is %d bytes'
            % (len(content), ' x '.join(map(str, shape)), needed),
        )
    return np.frombuffer(content, 'uint8', offset=header).reshape(shape)


def _content(path):
    opener = gzip.open if str(path).endswith('.gz') else open
    try:
        with opener(path, 'rb') as file:
            return file.read()
    except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
        raise _damaged(path, 'cannot be decompressed (%s)' % problem) from problem


def _damaged(path, fault):
    return ValueError(
        'read_idx: %s %s.\nThe file is damaged or not an IDX file of this kind: '
        'download it again.' % (path, fault)
    )
