"""Digits on a canvas among patches of others, against a slow loop."""

import numpy as np
import pytest

from lasagne_stn.data import place_on_canvas


def test_canvases_equal_a_slow_loop(rng):
    """Each image separately, from the numbers in the order they are sampled."""
    images, others = rng.uniform(size=(4, 7, 9)), rng.uniform(size=(5, 8, 11))
    canvases, corners = place_on_canvas(
        images, np.random.default_rng(8), (12, 15), 3, others
    )
    assert canvases.dtype == np.float32 and canvases.shape == (4, 12, 15)
    replay = np.random.default_rng(8)
    expected = np.zeros((4, 12, 15))
    positions = replay.integers([12 - 7 + 1, 15 - 9 + 1], size=(4, 2))
    np.testing.assert_array_equal(corners, positions)
    layers = [(positions, images)]
    for _ in range(3):
        sources = replay.integers(5, size=4)
        crops = replay.integers([8 - 6 + 1, 11 - 6 + 1], size=(4, 2))
        patches = [
            others[source][row : row + 6, column : column + 6]
            for source, (row, column) in zip(sources, crops)
        ]
        layers.append((replay.integers([12 - 6 + 1, 15 - 6 + 1], size=(4, 2)), patches))
    for positions, patches in layers:
        for canvas, (top, left), patch in zip(expected, positions, patches):
            for row in range(len(patch)):
                for column in range(len(patch[0])):
                    canvas[top + row, left + column] = max(
                        canvas[top + row, left + column], patch[row][column]
                    )
    np.testing.assert_allclose(canvases, expected, atol=1e-7)


def test_the_default_is_six_patches_of_the_images(rng):
    images = rng.uniform(size=(9, 28, 28))
    for got, expected in zip(
        place_on_canvas(images, np.random.default_rng(8)),
        place_on_canvas(images, np.random.default_rng(8), (60, 60), 6, images),
    ):
        np.testing.assert_array_equal(got, expected)


def test_without_clutter_the_canvas_shows_only_the_digit(rng):
    images = rng.uniform(0.1, 1, size=(50, 28, 28))
    canvases, corners = place_on_canvas(images, rng, (84, 84), num_patches=0)
    for image, canvas, (row, column) in zip(images, canvases, corners):
        np.testing.assert_allclose(
            canvas[row : row + 28, column : column + 28], image, atol=1e-7
        )
        assert np.count_nonzero(canvas) == 28 * 28


def test_all_valid_positions_occur(rng):
    corners = place_on_canvas(np.ones((400, 6, 7)), rng, (9, 9))[1]
    assert {tuple(corner) for corner in corners} == {
        (row, column) for row in range(4) for column in range(3)
    }


@pytest.mark.parametrize(
    'changed, message',
    [
        (dict(images=np.ones((2, 28))), 'images must have shape'),
        (dict(images=np.ones((2, 5, 28))), 'images must have at least 6 x 6 pixels'),
        (dict(others=np.ones((2, 28, 5))), 'others must have at least 6 x 6 pixels'),
        (
            dict(output_size=(60, 27)),
            'output_size must be at least 28 x 28, the size of',
        ),
        (dict(rng=5), r'rng must be a numpy.random.Generator, got 5'),
        (
            dict(num_patches=-1),
            'num_patches must be an integer of at least 0, got -1',
        ),
        (dict(num_patches=1.5), 'num_patches must be an integer .*, got 1.5'),
        (dict(output_size=60), r'output_size must be \(rows, columns\) in pixels'),
    ],
)
def test_invalid_arguments_raise_errors(rng, changed, message):
    given = dict(
        images=np.ones((2, 28, 28)),
        rng=rng,
        output_size=(60, 60),
        others=np.ones((3, 28, 28)),
    )
    place_on_canvas(**given)
    with pytest.raises((TypeError, ValueError), match='place_on_canvas: ' + message):
        place_on_canvas(**dict(given, **changed))
