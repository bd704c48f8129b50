"""Loading data from a folder, a file, the cache or the network."""

import gzip
import hashlib
import os
import sys
import types

import numpy as np
import pytest

from helpers.idx import idx_bytes
from lasagne_stn.data import fetch_mnist, find_data, load_cluttered, sources
from lasagne_stn.data.mnist import FILES


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    """Use a cache other than the user's."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))


@pytest.fixture
def npz(tmp_path, rng):
    """A file of cluttered digits, and the arrays in it."""
    content = {
        'X_train': rng.uniform(size=(5, 36)).astype('float32'),
        'y_train': np.array([[3], [1], [4], [1], [5]]),
        'X_valid': rng.uniform(size=(2, 36)),
        'y_valid': np.array([9, 2]),
        'X_test': rng.uniform(size=(3, 1, 6, 6)),
        'y_test': np.eye(10)[[6, 5, 3]],
    }
    path = tmp_path / 'cluttered.npz'
    np.savez(path, **content)
    return path, content


def test_the_default_is_scikit_learns_digits():
    data, description = find_data()
    assert description == 'digits from scikit-learn: 1347 to train, 450 to test'
    assert data[0].shape == (1347, 28, 28)


def test_a_folder_is_given_directly_or_by_the_environment(mnist_folder, monkeypatch):
    data, description = find_data(mnist_folder)
    assert description == 'IDX files in %s: 5 to train, 3 to test' % mnist_folder
    assert data[2].shape == (3, 4, 6)
    monkeypatch.setenv(sources.VARIABLE, str(mnist_folder))
    assert find_data()[1] == description
    assert find_data('')[1] == description


def test_cluttered_digits_are_read(npz):
    path, content = npz
    (images, labels, test_images, test_labels), description = find_data(path)
    assert description == 'digits in %s: 7 to train, 3 to test' % path
    np.testing.assert_array_equal(images[:5], content['X_train'].reshape(5, 6, 6))
    np.testing.assert_allclose(images[5:].reshape(2, 36), content['X_valid'], rtol=1e-6)
    np.testing.assert_allclose(test_images, content['X_test'][:, 0], rtol=1e-6)
    assert labels.tolist() == [3, 1, 4, 1, 5, 9, 2]
    assert test_labels.tolist() == [6, 5, 3]
    assert images.dtype == np.float32 and labels.dtype == np.int32


def test_the_validation_set_is_optional(npz):
    path, content = npz
    np.savez(
        path, **{name: array for name, array in content.items() if 'valid' not in name}
    )
    assert load_cluttered(path)[0].shape == (5, 6, 6)


@pytest.mark.parametrize(
    'changed, message',
    [
        (dict(y_test=None), 'has no y_test, only X_test, X_train, X_valid, y_train'),
        (
            dict(X_train=np.ones((5, 35))),
            r'has X_train of shape \(5, 35\) .*not square',
        ),
        (dict(X_train=np.full((5, 36), 'ink')), 'has X_train of .*not square images'),
        (
            dict(y_train=np.ones((5, 2, 2))),
            r'has y_train of shape \(5, 2, 2\).*not labels',
        ),
        (dict(y_train=np.full(5, 1.5)), 'has y_train of .*not labels'),
        (dict(y_train=np.ones(4)), 'has 5 images in X_train and 4 labels in y_train'),
        (dict(y_train=np.ones((5, 0))), r'has y_train of shape \(5, 0\) .*not labels'),
        (
            dict(X_test=np.ones((3, 49)), y_test=np.ones(3)),
            'has images of several sizes: train 6 x 6, valid 6 x 6, test 7 x 7',
        ),
        (dict(y_train=np.array([None] * 5)), 'is damaged or not a file of numpy array'),
    ],
)
def test_cluttered_digits_must_have_valid_arrays(npz, changed, message):
    path, content = npz
    load_cluttered(path)
    content = {
        name: array
        for name, array in dict(content, **changed).items()
        if array is not None
    }
    np.savez(path, **content)
    with pytest.raises(ValueError, match=r'cluttered\.npz ' + message):
        load_cluttered(path)


def test_the_error_names_a_damaged_file(npz):
    path, _ = npz
    with open(path.with_name('one.npz'), 'wb') as file:
        np.save(file, np.ones((3, 4)))
    with pytest.raises(ValueError, match=r'one\.npz is damaged or not a file of'):
        load_cluttered(path.with_name('one.npz'))
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(ValueError, match=r'cluttered\.npz is damaged or not a file'):
        load_cluttered(path)


def test_the_error_names_a_damaged_compressed_file(npz):
    path, content = npz
    np.savez_compressed(path, **content)
    load_cluttered(path)
    damaged = bytearray(path.read_bytes())
    damaged[100:200] = bytes(100)
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match=r'cluttered\.npz is damaged or not a file'):
        load_cluttered(path)


@pytest.mark.parametrize(
    'changed, message',
    [
        (
            dict(X_test=np.full((3, 36), 255.0)),
            'must have pixels from 0 to 1, got 255 to 255 in the test images',
        ),
        (
            dict(X_train=np.full((5, 36), np.nan)),
            'must have pixels .* got nan to nan in the training images',
        ),
        (
            dict(y_test=np.array([0, 12, 5])),
            'must have labels from 0 to 9, got 0 to 12 in the test labels',
        ),
        (
            dict(y_train=np.array([0, -1, 5, 2, 3])),
            'must have labels .* got -1 to 9 in the training labels',
        ),
        (dict(X_test=np.ones((0, 36)), y_test=np.ones(0)), 'have no test images'),
    ],
)
def test_data_must_be_digits(npz, changed, message):
    path, content = npz
    find_data(path)
    np.savez(path, **dict(content, **changed))
    with pytest.raises(ValueError, match=r'cluttered\.npz ' + message):
        find_data(path)


class Downloader(types.ModuleType):
    """Replaces pooch: has files and checks them as pooch does."""

    def __init__(self, files):
        super().__init__('pooch')
        self.files, self.fetched = files, []

    def retrieve(self, url, known_hash, fname, path):
        """Write one file."""
        if url not in self.files:
            raise ConnectionError('no network')
        kind, _, wanted = known_hash.partition(':')
        if hashlib.new(kind, self.files[url]).hexdigest() != wanted:
            raise ValueError('SHA256 hash of downloaded file does not match')
        os.makedirs(path, exist_ok=True)
        with open(os.path.join(path, fname), 'wb') as file:
            file.write(self.files[url])
        self.fetched.append(fname)


@pytest.fixture
def downloader(mnist_arrays, monkeypatch):
    """A network that has the four files, with the expected SHA-256."""
    files = {
        sources.ADDRESS + name + '.gz': gzip.compress(idx_bytes(array))
        for name, array in mnist_arrays.items()
    }
    monkeypatch.setattr(
        sources,
        'SHA256',
        {
            name: hashlib.sha256(files[sources.ADDRESS + name + '.gz']).hexdigest()
            for name in FILES
        },
    )
    module = Downloader(files)
    monkeypatch.setitem(sys.modules, 'pooch', module)
    return module


def test_mnist_is_downloaded_once(downloader, tmp_path):
    cache = tmp_path / 'cache' / 'lasagne-stn'
    for _ in range(2):
        data, description = find_data('mnist')
        assert description == 'MNIST from %s: 5 to train, 3 to test' % cache
        assert data[0].shape == (5, 4, 6)
        assert downloader.fetched == [name + '.gz' for name in FILES]
    (cache / (FILES[2] + '.gz')).unlink()
    find_data('mnist')
    assert downloader.fetched[4:] == [FILES[2] + '.gz']


def test_without_a_network_the_error_names_files_and_folder(downloader, tmp_path):
    downloader.files.clear()
    with pytest.raises(
        OSError,
        match=r'mnist/train-images-idx3-ubyte\.gz cannot be '
        r'downloaded \(no network\)\.\nPut train-images-idx3-ubyte\.gz, .* '
        'into .*cache/lasagne-stn, from any copy',
    ):
        fetch_mnist()
    (tmp_path / 'here').mkdir()
    with pytest.raises(OSError, match='into .*/here, from any copy'):
        fetch_mnist(tmp_path / 'here')


def test_a_wrong_checksum_raises_an_error(downloader):
    downloader.files[sources.ADDRESS + FILES[1] + '.gz'] += b'more'
    with pytest.raises(ValueError, match='SHA256 hash of downloaded file'):
        fetch_mnist()


def test_missing_pooch_raises_an_error_with_the_pip_command(monkeypatch):
    monkeypatch.setitem(sys.modules, 'pooch', None)
    with pytest.raises(
        ImportError,
        match='needs pooch, which is not installed.\nRun: '
        r'pip install "lasagne-stn\[paper\]"\nPut train-images',
    ):
        fetch_mnist()
