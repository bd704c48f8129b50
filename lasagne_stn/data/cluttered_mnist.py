"""Reads cluttered digits from an ``.npz`` file, the form in which they are shared."""

from __future__ import annotations

import os
import zipfile
import zlib

import numpy as np

__all__ = ['load_cluttered']


def load_cluttered(
    path: str | os.PathLike,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Read images that are already distorted, and their labels.

    Parameters
    ----------
    path : str or Path
        An ``.npz`` file with ``X_train``, ``y_train``, ``X_test`` and ``y_test``. The
        shape of images is ``(images, pixels)`` for square images, ``(images, rows,
        columns)`` or ``(images, 1, rows, columns)``. Labels are integers or one-hot
        rows. ``X_valid`` and ``y_valid``, if present, are appended to the training set.

    Returns
    -------
    train_images : numpy array
        float32, shape ``(images, rows, columns)``.
    train_labels : numpy array
        int32, shape ``(images,)``.
    test_images, test_labels : numpy array
        The same for the test set.

    Raises
    ------
    OSError
        If the file does not exist.
    ValueError
        If the file is damaged, or an array is missing or has the wrong shape or type.
    """
    try:
        with open(path, 'rb') as file, np.load(file, allow_pickle=False) as content:
            arrays = dict(content)
    except (TypeError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as problem:
        raise _file_error(
            path, 'is damaged or not a file of numpy arrays (%s)' % problem
        ) from problem
    parts: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for part in ('train', 'valid', 'test'):
        names = 'X_' + part, 'y_' + part
        missing = [name for name in names if name not in arrays]
        if part == 'valid' and missing == list(names):
            continue
        if missing:
            raise _file_error(
                path, 'has no %s, only %s' % (missing[0], ', '.join(sorted(arrays)))
            )
        images = _images(path, names[0], arrays[names[0]])
        labels = _labels(path, names[1], arrays[names[1]])
        if len(images) != len(labels):
            raise _file_error(
                path,
                'has %d images in %s and %d labels in %s'
                % (len(images), names[0], len(labels), names[1]),
            )
        parts[part] = images, labels
    sizes = {part: images.shape[1:] for part, (images, _) in parts.items()}
    if len(set(sizes.values())) > 1:
        raise _file_error(
            path,
            'has images of several sizes: '
            + ', '.join('%s %s x %s' % (part, *size) for part, size in sizes.items()),
        )
    train_images, train_labels = parts['train']
    if 'valid' in parts:
        train_images = np.concatenate([train_images, parts['valid'][0]])
        train_labels = np.concatenate([train_labels, parts['valid'][1]])
    return train_images, train_labels, *parts['test']


def _images(path, name, array):
    side = int(round(np.sqrt(np.prod(array.shape[1:]))))
    square = array.ndim == 2 and side**2 == array.shape[1]
    one_channel = array.ndim == 4 and array.shape[1] == 1
    if not (square or one_channel or array.ndim == 3) or array.dtype.kind not in 'fiu':
        raise _file_error(
            path,
            'has %s of shape %s and type %s, which are not square images of one '
            'channel' % (name, array.shape, array.dtype),
        )
    shape = (side, side) if square else array.shape[-2:]
    return array.reshape((len(array),) + shape).astype('float32')


def _labels(path, name, array):
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    elif array.ndim == 2 and array.size:
        array = array.argmax(axis=1)
    if array.ndim != 1 or array.dtype.kind not in 'fiu' or (array % 1 != 0).any():
        raise _file_error(
            path,
            'has %s of shape %s and type %s, which are not labels'
            % (name, array.shape, array.dtype),
        )
    return array.astype('int32')


def _file_error(path, fault):
    return ValueError('load_cluttered: %s %s.' % (path, fault))
