"""The C++ sampler for 64-bit ARM, cross-compiled and run by an emulator."""

import os
import shutil

import numpy as np
import pytest

from helpers.c_sampler import BORDERS, Case, EmulatedLibrary, compile_driver
from helpers.c_sampler_oracle import check, random_case, random_theta

COMPILER, EMULATOR = 'aarch64-linux-gnu-g++', 'qemu-aarch64'
MISSING = [name for name in (COMPILER, EMULATOR) if not shutil.which(name)]
pytestmark = pytest.mark.skipif(
    bool(MISSING) and 'CI' not in os.environ,
    reason='%s not found: apt-get install g++-aarch64-linux-gnu qemu-user'
    % ' and '.join(MISSING),
)


@pytest.fixture(scope='module')
def library(tmp_path_factory):
    assert not MISSING
    target = tmp_path_factory.mktemp('build') / 'serve'
    compile_driver('serve.cpp', target, ['-O2', '-fopenmp', '-static'], COMPILER)
    emulated = EmulatedLibrary([EMULATOR, str(target)])
    yield emulated
    emulated.close()


@pytest.mark.parametrize('affine', [True, False])
@pytest.mark.parametrize('dims', [2, 3])
@pytest.mark.parametrize('border', BORDERS)
@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_random(library, dtype, border, dims, affine):
    for seed in range(2):
        align_corners = seed == 0
        check(*random_case(seed, dims, dtype, affine, border, align_corners), library)


@pytest.mark.parametrize('border', BORDERS)
@pytest.mark.parametrize(
    'in_shape, out_shape', [((1, 9), (9, 1)), ((2, 2), (30, 31)), ((90, 125), (33, 40))]
)
def test_shapes(library, in_shape, out_shape, border):
    rng = np.random.default_rng(5)
    images = rng.standard_normal((2, 3) + in_shape).astype('float32')
    case = Case(images, random_theta(rng, 2, 2), out_shape, border=border)
    check(case, rng.standard_normal((2, 3) + out_shape).astype('float32'), library)


@pytest.mark.parametrize('dims', [2, 3])
@pytest.mark.parametrize('border', BORDERS)
def test_identity_is_a_copy(library, border, dims):
    rng = np.random.default_rng(1)
    images = rng.standard_normal((2, 3) + (5, 9, 14)[-dims:]).astype('float32')
    theta = random_theta(rng, dims, 2, 0)
    case = Case(images, theta, images.shape[2:], border=border)
    assert np.array_equal(case.sample(library), images)
    grad_images, _ = case.gradient(library, images)
    assert np.array_equal(grad_images, images)


@pytest.mark.parametrize('border', BORDERS)
@pytest.mark.parametrize('value', [np.inf, -1e30, 1e9])
def test_huge_theta_is_finite(library, value, border):
    rng = np.random.default_rng(8)
    for entry in range(6):
        images = rng.standard_normal((2, 2, 8, 11)).astype('float32')
        theta = random_theta(rng, 2, 2)
        theta[1, entry] = value
        case = Case(images, theta, (9, 7), border=border)
        output = case.sample(library)
        gradients = case.gradient(library, output)
        assert all(np.isfinite(array).all() for array in (output, *gradients))


@pytest.mark.parametrize('border', BORDERS)
def test_nan_theta_stays_in_its_own_image(library, border):
    rng = np.random.default_rng(7)
    images = rng.standard_normal((3, 2, 10, 12)).astype('float32')
    case = Case(images, random_theta(rng, 2, 3), (10, 12), border=border)
    before = case.sample(library)
    case.coords[1, 4] = np.nan
    after = case.sample(library)
    assert np.isnan(after[1]).all()
    assert np.array_equal(after[[0, 2]], before[[0, 2]])
