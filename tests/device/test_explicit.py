"""The explicit graph on the device against the CPU's, and that the device runs it.

Functions here do not fuse ops and do not work in place, so many layers share compiled
code. The networks are compiled as users compile them.
"""

from itertools import cycle, product

import numpy as np
import pytest
import theano

from helpers import oracle
from helpers.compiled import EXPLICIT
from helpers.host_work import host_operations
from helpers.layers import INTERPOLATIONS, TRANSFORMS, Setting, check_bad_parameters
from lasagne_stn import config
from lasagne_stn.sampling import BORDER_MODES

DEVICE = theano.compile.get_mode('FAST_RUN').excluding('fusion', 'inplace')
HOST = EXPLICIT.mode.excluding('gpuarray')
CORNERS = ['corners', 'edges']
IMAGES = [name for name in TRANSFORMS if '3-D' not in name]
# Both corner rules with every border, and with every interpolation; each transform.
CASES = [
    (transform, interpolation, border_mode, corners, 'float32', size)
    for (corners, border_mode), interpolation, transform, size in zip(
        product(CORNERS, BORDER_MODES),
        cycle(INTERPOLATIONS),
        cycle(IMAGES),
        cycle(['unknown', 'known', 'output_size']),
    )
]
CASES += [
    ('Translation 3-D', 'bilinear', 'wrap', 'corners', 'float32', 'unknown'),
    ('Attention 3-D', 'nearest', 'mirror', 'edges', 'float32', 'known'),
    ('Affine 3-D', 'bilinear', 'constant', 'corners', 'float32', 'output_size'),
]


def off_the_kinks(setting, theta):
    """Return whether every point is far enough from the kinks for rounding."""
    corners = setting.options['align_corners']
    points = setting.slow(theta, oracle.target_points(setting.output, corners))
    steps = [
        2 * oracle.to_pixels(points[..., axis], pixels, corners)
        for axis, pixels in enumerate(setting.shape[::-1])
    ]
    return all((abs(step - np.round(step)) > 2e-3).all() for step in steps)


@pytest.mark.parametrize('case', CASES, ids=' '.join)
def test_the_device_equals_the_cpu(case, rng, monkeypatch):
    monkeypatch.setattr(config, 'fused', False)
    setting = Setting(*case)
    arrays = setting.arrays(rng, 2)
    while not off_the_kinks(setting, arrays[1]):
        arrays = setting.arrays(rng, 2)
    setting.compile(HOST)
    expected = setting.run(*arrays)
    setting.compile(DEVICE)
    assert host_operations(setting.function) == []
    found = setting.run(*arrays)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-5, atol=1e-5)
    for array, gradient in zip(found[1:], expected[1:]):
        np.testing.assert_allclose(
            array, gradient, rtol=1e-4, atol=1e-4 * abs(gradient).max()
        )
    check_bad_parameters(setting, rng, tolerance=1e-5)


def test_the_cases_contain_every_value_of_every_option():
    for position, values in enumerate(
        [TRANSFORMS, INTERPOLATIONS, BORDER_MODES, CORNERS]
    ):
        assert {case[position] for case in CASES} == set(values)
