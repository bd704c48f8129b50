"""The table of implementations: what computes which sampler on which device."""

from itertools import product

import pytest

from lasagne_stn.kernels.sampling.cpu import INTERPOLATIONS
from lasagne_stn.kernels.sampling.support import IMPLEMENTATIONS, implementation_of
from lasagne_stn.sampling import BORDER_MODES
from lasagne_stn.sampling.markers import SamplerKind


def kind(dims=2, affine=True, border_mode='nearest', interpolation='bilinear'):
    return SamplerKind(dims, affine, border_mode, 0.0, True, interpolation)


@pytest.mark.parametrize(
    'device, sampler, dtype, name',
    [
        ('cpu', kind(), 'float32', 'avx512'),
        ('cpu', kind(affine=False), 'float32', 'avx512'),
        ('cpu', kind(), 'float64', 'portable'),
        ('cpu', kind(border_mode='wrap'), 'float32', 'portable'),
        ('cpu', kind(dims=3), 'float32', 'portable'),
        ('gpuarray', kind(), 'float32', 'gathering'),
        ('gpuarray', kind(border_mode='constant'), 'float64', 'gathering'),
        ('gpuarray', kind(affine=False), 'float32', 'row-owning'),
        ('gpuarray', kind(border_mode='mirror'), 'float32', 'row-owning'),
        ('gpuarray', kind(dims=3), 'float32', 'explicit'),
    ],
)
def test_the_first_implementation_that_supports_a_sampler_computes_it(
    device, sampler, dtype, name
):
    assert implementation_of(device, sampler, dtype).name == name


@pytest.mark.parametrize('device', IMPLEMENTATIONS)
@pytest.mark.parametrize(
    'interpolation', ['nearest', ('bicubic', -0.75), 'Kernel at 0x7f00', None]
)
def test_other_sampling_kernels_are_explicit(device, interpolation):
    for dims, affine, border in product((2, 3), (True, False), BORDER_MODES):
        sampler = kind(dims, affine, border, interpolation)
        assert not implementation_of(device, sampler, 'float32').fused


@pytest.mark.parametrize('device', IMPLEMENTATIONS)
def test_bilinear_samplers_of_images_are_fused(device):
    for affine, border in product((True, False), BORDER_MODES):
        sampler = kind(2, affine, border)
        assert implementation_of(device, sampler, 'float32').fused
        assert implementation_of(device, sampler, 'float64').fused
        assert not implementation_of(device, sampler, 'float16').fused


def test_the_ops_know_the_names_of_all_interpolations_in_the_table():
    for one in IMPLEMENTATIONS['cpu']:
        assert set(one.interpolations or ()) <= set(INTERPOLATIONS)


def test_each_implementation_has_a_line_for_a_report():
    lines = [str(one) for one in IMPLEMENTATIONS['gpuarray']]
    assert lines[0].startswith(
        'gathering: bilinear; images; matrices; border mode nearest, border mode '
        'constant; float32, float64; each source pixel'
    )
    assert lines[-1] == 'explicit: every interpolation; images, volumes'
