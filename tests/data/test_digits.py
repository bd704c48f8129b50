"""scikit-learn's digits in the format of MNIST."""

import sys

import numpy as np
import pytest
from scipy import ndimage
from sklearn import datasets

from lasagne_stn.data.digits import enlarge, load_digits


@pytest.fixture(scope='module')
def digits():
    return load_digits()


def test_digits_have_the_format_of_mnist(digits):
    train_images, train_labels, test_images, test_labels = digits
    for images, labels, count in (
        (train_images, train_labels, 1347),
        (test_images, test_labels, 450),
    ):
        assert images.shape == (count, 28, 28) and images.dtype == np.float32
        assert images.min() == 0 and 0.95 < images.max() <= 1
        assert labels.shape == (count,) and labels.dtype == np.int32
        assert set(labels) == set(range(10))


def test_the_test_set_is_the_end_of_the_file(digits):
    target = datasets.load_digits().target
    np.testing.assert_array_equal(np.concatenate([digits[1], digits[3]]), target)


def test_digits_are_centred_and_margins_are_empty(digits):
    images = digits[0]
    border = images.copy()
    border[:, 3:-3, 3:-3] = 0
    assert border.max() < 0.1
    centre = np.array([ndimage.center_of_mass(image) for image in images])
    assert abs(centre.mean(axis=0) - 13.5).max() < 0.5


def test_a_linear_ramp_keeps_its_values_inside():
    """Pixel k of 8 is centred at (k + .5) * 20 / 8 - .5 + 4 of the enlarged image."""
    ramp = np.tile(np.arange(8) / 8.0, (8, 1))
    coordinate = (np.arange(28) - 4 + 0.5) * 8 / 20 - 0.5
    middle = slice(10, 18)
    expected = np.tile(coordinate[middle] / 8, (8, 1))
    np.testing.assert_allclose(
        enlarge(ramp[np.newaxis])[0][middle, middle], expected, atol=0.02
    )


def test_enlarging_equals_scipys_spline():
    digit = datasets.load_digits().images[3] / 16
    coordinate = (np.arange(28) - 4 + 0.5) * 8 / 20 - 0.5 + 10
    padded = np.pad(digit, 10, 'constant')
    expected = ndimage.map_coordinates(
        padded, np.meshgrid(coordinate, coordinate, indexing='ij'), order=3
    )
    np.testing.assert_allclose(
        enlarge(digit[np.newaxis])[0], expected.clip(0, 1), atol=0.01
    )


def test_missing_scikit_learn_raises_an_error_with_the_pip_command(monkeypatch):
    monkeypatch.setitem(sys.modules, 'sklearn', None)
    message = r'scikit-learn, which is not(.|\n)*pip install "lasagne-stn\[paper\]"'
    with pytest.raises(ImportError, match=message):
        load_digits()
