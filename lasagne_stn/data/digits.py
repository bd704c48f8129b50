"""The handwritten digits that come with scikit-learn, in the format of MNIST."""

import numpy as np
from scipy.interpolate import CubicSpline

__all__ = ['load_digits', 'enlarge']

NUM_TEST = 450  # the last quarter of the 1797 digits
DEEPEST = 16.0  # ink of the darkest original pixel
MARGIN = 4  # empty pixels added around an original before the spline


def load_digits():
    """1797 real handwritten digits, with nothing to download [1]_.

    scikit-learn ships them as 8 x 8 pixels. Here each is enlarged to 20 x 20 pixels
    in the middle of an image of 28 x 28, as the digits of MNIST are. The last quarter
    of the file is for testing: the split is the same in every run, and neighbours in
    the file, often by one hand, do not fall on both sides of it.

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
        If scikit-learn is not installed; the message has the pip line.

    References
    ----------
    .. [1] Alpaydin, Kaynak (1998): Optical Recognition of Handwritten Digits, UCI
       Machine Learning Repository; scikit-learn has its test part, 13 writers.

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
    images = enlarge(original.images / DEEPEST)
    labels = original.target.astype('int32')
    return (
        images[:-NUM_TEST],
        labels[:-NUM_TEST],
        images[-NUM_TEST:],
        labels[-NUM_TEST:],
    )


def enlarge(images, digit_size=20, image_size=28):
    """Enlarge small images smoothly, and centre each in an empty image.

    Parameters
    ----------
    images : numpy array
        In [0, 1], shape ``(images, pixels, pixels)``; empty beyond the border.
    digit_size : int, optional
        Pixels that the small image's side grows to.
    image_size : int, optional
        Side of the result in pixels.

    Returns
    -------
    numpy array
        float32 in [0, 1], shape ``(images, image_size, image_size)``: a cubic spline
        through the pixels, clipped where it swings too far.

    Examples
    --------
    >>> enlarge(np.ones((5, 8, 8))).shape
    (5, 28, 28)
    """
    pixels = images.shape[1]
    known = np.arange(-MARGIN, pixels + MARGIN)
    wanted = (np.arange(image_size) - (image_size - 1) / 2.0) * pixels / digit_size + (
        pixels - 1
    ) / 2.0
    wanted = np.clip(wanted, known[0], known[-1])
    smooth = np.pad(images, [(0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)], 'constant')
    for axis in (1, 2):
        smooth = CubicSpline(known, smooth, axis=axis)(wanted)
    return np.clip(smooth, 0, 1).astype('float32')
