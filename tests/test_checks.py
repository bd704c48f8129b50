"""Each check: a valid call, then one change."""

import numpy as np
import pytest

from lasagne_stn import checks


class Named:
    name = 'warp1'


def test_an_owner_is_called_by_its_name_or_its_kind():
    assert checks.owner_name(Named()) == "Named 'warp1'"
    assert checks.owner_name(object()) == 'object'
    assert checks.owner_name('sample') == 'sample'


def test_an_error_names_owner_argument_requirement_value_and_advice():
    error = checks.argument_error(
        Named(), 'theta', 'be short', 'long', 'Cut it.', TypeError
    )
    assert isinstance(error, TypeError)
    assert str(error) == "Named 'warp1': theta must be short, got 'long'.\nCut it."


@pytest.mark.parametrize('given', [(2, 3), (None, 3), (0, 3), (None, None)])
def test_a_fitting_shape_passes(given):
    assert checks.shape('warp', 'theta', given, ('batch', 3)) is None


@pytest.mark.parametrize('given', [(2,), (2, 3, 1), (2, 4), (-1, 3)])
def test_another_shape_is_an_error(given):
    with pytest.raises(ValueError, match=r'theta must have shape \(batch, 3\), got '):
        checks.shape('warp', 'theta', given, ('batch', 3))


def test_an_image_axis_of_no_pixels_is_an_error():
    checks.shape('warp', 'incoming', (2, 5), ('batch', 'rows'))
    with pytest.raises(ValueError, match=r'incoming must .*, got \(2, 0\)'):
        checks.shape('warp', 'incoming', (2, 0), ('batch', 'rows'))


@pytest.mark.parametrize('value', ['miror', None, 3])
def test_an_unknown_choice_is_an_error(value):
    checks.choice('warp', 'mode', 'mirror', ['mirror', 'wrap'])
    with pytest.raises(ValueError, match="mode must be one of 'mirror', 'wrap', got"):
        checks.choice('warp', 'mode', value, ['mirror', 'wrap'])


@pytest.mark.parametrize(
    'value, pair',
    [
        (2, (2, 2)),
        (0.5, (0.5, 0.5)),
        ((1, 3), (1, 3)),
        (np.float32(2), (2, 2)),
        (np.array([2.0, 3.0]), (2, 3)),
        ([1, 2], (1, 2)),
    ],
)
def test_a_factor_becomes_a_pair(value, pair):
    assert checks.positive_pair('warp', 'factor', value) == pair


@pytest.mark.parametrize(
    'value', [0, -1, float('nan'), float('inf'), (1, 2, 3), (1, 0)]
)
def test_a_factor_that_is_not_positive_is_an_error(value):
    with pytest.raises(ValueError, match='factor must be a positive number or 2 of'):
        checks.positive_pair('warp', 'factor', value)


@pytest.mark.parametrize('value', ['2', None, True, (1, 'a'), 1j])
def test_a_factor_that_is_no_number_is_an_error(value):
    with pytest.raises(TypeError, match='factor must be a positive number or 2 of'):
        checks.positive_pair('warp', 'factor', value)


def test_a_size_becomes_a_tuple():
    assert checks.size('warp', 'size', np.array([3, 4]), ('rows', 'columns')) == (3, 4)


@pytest.mark.parametrize(
    'value, error',
    [
        ((3, 0), ValueError),
        ((3,), ValueError),
        ((3, 4, 5), ValueError),
        ((3, 4.0), TypeError),
        (3, TypeError),
        ('34', TypeError),
        (None, TypeError),
        ((True, 4), TypeError),
    ],
)
def test_another_size_is_an_error(value, error):
    with pytest.raises(error, match=r'size must be \(rows, columns\) in pixels'):
        checks.size('warp', 'size', value, ('rows', 'columns'))


def test_an_unknown_keyword_meets_the_nearest_known_or_all():
    checks.keywords('warp', {}, ['name'])
    with pytest.raises(TypeError, match="'nam'.\nDid you mean 'name'?"):
        checks.keywords('warp', {'nam': 1}, ['name'])
    with pytest.raises(TypeError, match="'zzz'.\nKnown are 'name', 'size'."):
        checks.keywords('warp', {'zzz': 1}, ['name', 'size'])
