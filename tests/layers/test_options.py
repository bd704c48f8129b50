"""Whole layers on a choice of options that holds every pair of them."""

from itertools import combinations, product

import numpy as np
import pytest
import theano
import theano.tensor as T

from helpers import oracle
from helpers.compiled import EXPLICIT, WAYS
from helpers.layers import INTERPOLATIONS, TRANSFORMS, Setting, check_bad_parameters
from lasagne_stn import (
    TransformerLayer,
)
from lasagne_stn.sampling import BORDER_MODES

OPTIONS = [
    list(TRANSFORMS),
    list(INTERPOLATIONS),
    list(BORDER_MODES),
    ['corners', 'edges'],
    ['float32', 'float64'],
    ['unknown', 'known', 'output_size'],
    sorted(WAYS),
]


def possible(pair):
    """Volumes are sampled over two pixels an axis: the others read 64 of them."""
    return not (
        any('3-D' in value for value in pair) and {'bicubic', 'Gaussian'} & set(pair)
    )


def pairwise(options):
    """A few choices among all, in which each possible pair of values occurs.

    Greedy: the next choice begins with the first pair still missing, and goes on with
    the value that brings most missing pairs.
    """
    missing = [
        ((i, one), (k, other))
        for (i, these), (k, those) in combinations(enumerate(options), 2)
        for one, other in product(these, those)
        if possible((one, other))
    ]
    missing = dict.fromkeys(missing)
    chosen = []
    while missing:
        choice = dict(next(iter(missing)))
        for position, values in enumerate(options):
            if position not in choice:
                allowed = [
                    value
                    for value in values
                    if possible(list(choice.values()) + [value])
                ]
                choice[position] = max(
                    allowed,
                    key=lambda value: sum(
                        tuple(sorted([(position, value), other])) in missing
                        for other in choice.items()
                    ),
                )
        for pair in combinations(sorted(choice.items()), 2):
            missing.pop(pair, None)
        chosen.append(tuple(choice[position] for position in range(len(options))))
    return chosen


CASES = pairwise(OPTIONS)


def test_the_choice_holds_every_pair():
    for i, k in combinations(range(len(OPTIONS)), 2):
        seen = {(case[i], case[k]) for case in CASES}
        assert seen == {
            pair for pair in product(OPTIONS[i], OPTIONS[k]) if possible(pair)
        }
    assert len(CASES) < 80


@pytest.mark.parametrize('case', CASES, ids=' '.join)
def test_layers_equal_the_loops_and_contain_bad_parameters(case, rng):
    setting = Setting(*case[:-1])
    setting.compile(WAYS[case[-1]].mode)
    exact = case[4] == 'float64'
    images, theta, cotangent = setting.arrays(rng, 2)
    found = setting.run(images, theta, cotangent)
    assert [array.dtype for array in found] == [case[4]] * 3
    # The images' range is 1, so that this is relative to it.
    np.testing.assert_allclose(
        found[0], setting.loops(images, theta), rtol=0, atol=1e-10 if exact else 1e-5
    )
    check_slopes(setting, found, images, theta, cotangent, rng)
    check_bad_parameters(setting, rng)
    none = setting.run(images[:0], theta[:0], cotangent[:0])
    assert [len(array) for array in none] == [0, 0, 0]


def check_slopes(setting, found, images, theta, cotangent, rng):
    """Compare gradients with a central difference of the loops along a random line."""
    tolerance = (
        dict(rtol=1e-5, atol=1e-6)
        if setting.dtype == 'float64'
        else dict(rtol=2e-3, atol=2e-3)
    )
    for position, array in enumerate((images, theta)):
        line, step, ends = rng.normal(size=array.shape), 1e-6, []
        for sign in (1, -1):
            moved = [images, theta]
            moved[position] = array + sign * step * line
            ends.append(np.sum(cotangent * setting.loops(*moved)))
        np.testing.assert_allclose(
            np.sum(found[1 + position] * line),
            (ends[0] - ends[1]) / (2 * step),
            **tolerance,
        )
    if setting.kernel == 'nearest':
        assert (found[2] == 0).all()


@pytest.mark.parametrize('shape', [(1, 1), (1, 4), (3, 1)])
@pytest.mark.parametrize('name', ['Projective', 'isotropic Affine', 'ThinPlateSpline'])
def test_images_of_one_row_or_column_and_outputs_of_one_pixel(name, shape, rng):
    transform, slow = TRANSFORMS[name]
    for align_corners, size in ((True, (1, 3)), (False, (1, 1))):
        layer = TransformerLayer(
            (None,) * 4,
            (None, transform.num_params),
            transform=transform,
            output_size=size,
            align_corners=align_corners,
            border_mode='mirror',
        )
        if 'isotropic' in repr(transform):
            slow = oracle.isotropic(TRANSFORMS[name][1], shape, align_corners)
        images = rng.normal(size=(2, 1) + shape)
        theta = transform.identity + rng.normal(
            scale=0.2, size=(2, transform.num_params)
        )
        symbols = T.dtensor4(), T.dmatrix()
        found = theano.function(
            symbols, layer.get_output_for(symbols), mode=EXPLICIT.mode
        )(images, theta)
        points = slow(theta, oracle.target_points(size, align_corners))
        expected = oracle.sample(
            images, points, border_mode='mirror', align_corners=align_corners
        )
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
