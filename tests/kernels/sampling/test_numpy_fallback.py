"""The numpy fallback's policies against slow loops."""

import numpy as np
import pytest

from helpers import oracle
from lasagne_stn.kernels.sampling import numpy_fallback
from lasagne_stn.sampling import BORDER_MODES
from lasagne_stn.sampling.markers import SamplerKind


@pytest.mark.parametrize('interpolation', sorted(numpy_fallback.POLICIES))
@pytest.mark.parametrize('border_mode', BORDER_MODES)
def test_a_policy_equals_the_loops_and_its_transpose(border_mode, interpolation, rng):
    kind = SamplerKind(2, False, border_mode, 0.0, True, interpolation)
    images, size = rng.normal(size=(2, 3, 4, 6)), (5, 7)
    points = rng.uniform(-1.8, 1.8, size=(2, 5, 7, 2))
    output = numpy_fallback.sample(kind, images, points, size)
    expected = oracle.sample(images, points, interpolation, border_mode)
    np.testing.assert_allclose(output, expected, rtol=1e-9, atol=1e-12)
    cotangent = rng.normal(size=output.shape)
    to_images, to_points = numpy_fallback.sample_gradient(
        kind, ('images', 'coords'), images, points, size, cotangent
    )
    np.testing.assert_allclose((output * cotangent).sum(), (images * to_images).sum())
    if interpolation == 'nearest':
        assert not to_points.any()


def test_a_nan_point_is_nan_in_its_pixel_only(rng):
    for interpolation in numpy_fallback.POLICIES:
        kind = SamplerKind(2, False, 'constant', 0.0, True, interpolation)
        points = rng.uniform(-1, 1, size=(1, 2, 3, 2))
        points[0, 1, 2, 0] = np.nan
        found = numpy_fallback.sample(
            kind, rng.normal(size=(1, 1, 5, 4)), points, (2, 3)
        )
        assert np.argwhere(np.isnan(found)).tolist() == [[0, 0, 1, 2]]
