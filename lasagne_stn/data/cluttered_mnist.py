"""Reads cluttered digits from an ``.npz`` file, as they are traded."""

import zipfile
import zlib

import numpy as np

__all__ = ['load_cluttered']


def load_cluttered(path):
    """Read images and labels that are distorted already.

    Parameters
    ----------
    path : str
        An ``.npz`` file with ``X_train``, ``y_train``, ``X_test`` and ``y_test``.
        Images are ``(images, pixels)`` and square, ``(images, rows, columns)``, or
        have one channel; labels are numbers, or a row of zeros with a one for each
        image. ``X_valid`` and ``y_valid`` are put behind the training images.

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
        If there is no such file.
    ValueError
        If the file is damaged, an array is missing, or one does not fit.
    """
    try:
        with open(path, 'rb') as file, np.load(file, allow_pickle=False) as content:
            arrays = dict(content)
    except (TypeError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as problem:
        raise _refusal(
            path, 'is no file of numpy arrays, or damaged (%s)' % problem
        ) from problem
    parts = {}
    for part in ('train', 'valid', 'test'):
        names = 'X_' + part, 'y_' + part
        missing = [name for name in names if name not in arrays]
        if part == 'valid' and missing == list(names):
            continue
        if missing:
            raise _refusal(
                path, 'has no %s, only %s' % (missing[0], ', '.join(sorted(arrays)))
            )
        images = _images(path, names[0], arrays[names[0]])
        labels = _labels(path, names[1], arrays[names[1]])
        if len(images) != len(labels):
            raise _refusal(
                path,
                'has %d images in %s and %d labels in %s'
                % (len(images), names[0], len(labels), names[1]),
            )
        parts[part] = images, labels
    sizes = {part: images.shape[1:] for part, (images, _) in parts.items()}
    if len(set(sizes.values())) > 1:
        raise _refusal(
            path,
            'has images of several sizes: '
            + ', '.join(
                '%s %d x %d' % ((part,) + size) for part, size in sizes.items()
            ),
        )
    train = parts['train']
    if 'valid' in parts:
        train = tuple(map(np.concatenate, zip(train, parts['valid'])))
    return train + parts['test']


def _images(path, name, array):
    side = int(round(np.sqrt(np.prod(array.shape[1:]))))
    square = array.ndim == 2 and side**2 == array.shape[1]
    one_channel = array.ndim == 4 and array.shape[1] == 1
    if not (square or one_channel or array.ndim == 3) or array.dtype.kind not in 'fiu':
        raise _refusal(
            path,
            'has %s of shape %s and type %s, which are no square '
            'images' % (name, array.shape, array.dtype),
        )
    shape = (side, side) if square else array.shape[-2:]
    return array.reshape((len(array),) + shape).astype('float32')


def _labels(path, name, array):
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    elif array.ndim == 2 and array.size:
        array = array.argmax(axis=1)
    if array.ndim != 1 or array.dtype.kind not in 'fiu' or (array % 1 != 0).any():
        raise _refusal(
            path,
            'has %s of shape %s and type %s, which are no labels'
            % (name, array.shape, array.dtype),
        )
    return array.astype('int32')


def _refusal(path, what):
    return ValueError('load_cluttered: %s %s.' % (path, what))
