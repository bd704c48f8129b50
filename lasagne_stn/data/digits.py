"""Reads scikit-learn's handwritten digits, in the format of MNIST."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline

__all__ = ['load_digits', 'enlarge']

NUM_TEST = 450  # the last quarter of the 1797 digits
MAX_INK = 16.0  # value of the darkest original pixel
MARGIN = 4  # empty pixels added around an original image before the spline


def load_digits() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Load 1797 real handwritten digits without a download [1]_.

    scikit-learn ships them as 8 x 8 pixels. Each is enlarged to 20 x 20 pixels in the
    middle of a 28 x 28 image, like the digits of MNIST. The last quarter of the file is
    the test set. The split is therefore always the same, and digits that are close in
    the file, often by the same writer, are on the same side of it.

    Returns
    -------
    train_images : numpy array
        float32 in [0, 1], shape ``(1347, 28, 28)``: images, rows, columns; 1 is ink.
    train_labels : numpy array
        int32, 0 to 9, shape ``(1347,)``.
    test_images, test_labels : numpy array
        The same for 450 other digits.

    Raises
    ------
    ImportError
        If scikit-learn is not installed. The message contains the pip command.

    References
    ----------
    .. [1] Alpaydin, Kaynak (1998): Optical Recognition of Handwritten Digits, UCI
       Machine Learning Repository. scikit-learn ships its test set, by 13 writers.

    Examples
    --------
    >>> train_images, train_labels, test_images, test_labels = load_digits()
    >>> train_images.shape, test_images.shape, test_labels[:5]
    ((1347, 28, 28), (450, 28, 28), array([3, 7, 3, 3, 4], dtype=int32))
    """
    try:
        from sklearn import datasets
    except ImportError:
        raise ModuleNotFoundError(
            'load_digits needs scikit-learn, which is not installed.\n'
            'Run: pip install "lasagne-stn[paper]"',
            name='sklearn',
        ) from None
    original = datasets.load_digits()
    images = enlarge(original.images / MAX_INK)
    labels = original.target.astype('int32')
    return (
        images[:-NUM_TEST],
        labels[:-NUM_TEST],
        images[-NUM_TEST:],
        labels[-NUM_TEST:],
    )


def enlarge(
    images: np.ndarray, digit_size: int = 20, image_size: int = 28
) -> np.ndarray:
    """Enlarge small images with a cubic spline and centre each in an empty image.

    Parameters
    ----------
    images : numpy array
        In [0, 1], shape ``(images, pixels, pixels)``. Zeros are assumed outside.
    digit_size : int, optional
        Side in pixels that the small image is enlarged to.
    image_size : int, optional
        Side in pixels of the result.

    Returns
    -------
    numpy array
        float32, shape ``(images, image_size, image_size)``. Where the spline overshoots
        it is clipped to [0, 1].

    Examples
    --------
    >>> enlarge(np.ones((5, 8, 8))).shape
    (5, 28, 28)
    """
    pixels = images.shape[1]
    known = np.arange(-MARGIN, pixels + MARGIN)
    from_centre = np.arange(image_size) - (image_size - 1) / 2.0
    wanted = from_centre * pixels / digit_size + (pixels - 1) / 2.0
    wanted = np.clip(wanted, known[0], known[-1])
    enlarged = np.pad(images, [(0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)], 'constant')
    for axis in (1, 2):
        enlarged = CubicSpline(known, enlarged, axis=axis)(wanted)
    return np.clip(enlarged, 0, 1).astype('float32')
