"""Reading MNIST's IDX files."""

import gzip

import numpy as np
import pytest

from helpers.idx import idx_bytes
from lasagne_stn.data.mnist import FILES, load_mnist


def test_plain_and_gzipped_files_are_read(mnist_folder, mnist_arrays):
    loaded = load_mnist(mnist_folder)
    for name, array in zip(FILES, loaded):
        divisor = 255.0 if 'images' in name else 1
        np.testing.assert_allclose(array, mnist_arrays[name] / divisor, rtol=1e-6)
    assert [array.dtype.name for array in loaded] == ['float32', 'int32'] * 2
    assert loaded[0].shape == (5, 4, 6) and loaded[2].shape == (3, 4, 6)


def test_the_error_names_a_missing_file(mnist_folder):
    load_mnist(mnist_folder)
    (mnist_folder / (FILES[3] + '.gz')).unlink()
    message = r'neither t10k-labels-idx1-ubyte nor t10k-labels-idx1-ubyte\.gz'
    with pytest.raises(FileNotFoundError, match=message):
        load_mnist(mnist_folder)


@pytest.mark.parametrize(
    'change, message',
    [
        (
            lambda old: b'',
            'must start with the bytes 00 00 08 03, but is empty',
        ),
        (
            lambda old: b'\0\0\x08\x01' + old[4:],
            'must start with the bytes 00 00 08 03, got 00 00 08 01',
        ),
        (lambda old: old[:9], 'ends within its header'),
        (lambda old: old[:-1], r'has 135 bytes, but .* 5 x 4 x 6, which is 136 bytes'),
        (
            lambda old: old + b'x',
            r'has 137 bytes, but .* 5 x 4 x 6, which is 136 bytes',
        ),
    ],
)
def test_the_error_names_a_damaged_file(mnist_folder, change, message):
    load_mnist(mnist_folder)
    path = mnist_folder / FILES[0]
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(
        ValueError,
        match=r'train-images-idx3-ubyte %s(.|\n)*download '
        'it again' % message,
    ):
        load_mnist(mnist_folder)


@pytest.mark.parametrize(
    'change',
    [
        lambda old: old[:-9],  # the end of the stream is missing
        lambda old: b'PK' + old[2:],  # not a gzip file
        lambda old: old[:10] + b'\xff\xff' + old[12:],  # an invalid block type
    ],
)
def test_the_error_names_a_damaged_gzip_file(mnist_folder, change):
    load_mnist(mnist_folder)
    path = mnist_folder / (FILES[1] + '.gz')
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ValueError, match=r'train-labels.*\.gz cannot be decompressed'):
        load_mnist(mnist_folder)


def test_numbers_of_images_and_labels_must_agree(mnist_folder, mnist_arrays):
    load_mnist(mnist_folder)
    (mnist_folder / (FILES[3] + '.gz')).write_bytes(
        gzip.compress(idx_bytes(mnist_arrays[FILES[3]][:2]))
    )
    with pytest.raises(ValueError, match='t10k-images.* 3 images, .* has 2 labels'):
        load_mnist(mnist_folder)
