"""Canvases with a digit each, random crops of them, and boxes of pixels."""

from __future__ import annotations

from typing import Sequence

import numpy as np
from lasagne.utils import floatX

from ....data import place_on_canvas
from ..digits_data import DIGIT

__all__ = ['CANVAS', 'sample_pairs', 'boxes_of', 'corners_of', 'overlap']

CANVAS = 84  # pixels along a side


def sample_pairs(
    images: np.ndarray,
    num_patches: int,
    shake: float,
    others: np.ndarray,
    count: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, ...]:
    """Return two batches of canvases with digits, and random crops of the first.

    Parameters
    ----------
    images : numpy array
        Digits of one class, ``(images, 28, 28)``.
    num_patches : int
        Pieces of clutter on a canvas.
    shake : float
        Standard deviation of the shifts, in pixels.
    others : numpy array
        Images that the clutter comes from.
    count : int
        Number of pairs.
    rng : numpy.random.Generator

    Returns
    -------
    first, second : numpy array
        Canvases, ``(count, 1, 84, 84)``.
    random_theta : numpy array
        Theta of random crops as large as a digit, ``(count, 3)``.
    shifts : numpy array
        What is added to the theta of the other crops, those of `first` before those of
        `second`: ``(2 * count, 3)``.
    """
    chosen = rng.integers(len(images), size=(2, count))
    first, second = (
        place_on_canvas(images[index], rng, (CANVAS, CANVAS), num_patches, others)[0][
            :, np.newaxis
        ]
        for index in chosen
    )
    scale = (DIGIT - 1) / (CANVAS - 1)
    random_theta = rng.uniform(scale - 1, 1 - scale, size=(count, 3))
    random_theta[:, 0] = scale
    shifts = rng.normal(0, shake / ((CANVAS - 1) / 2), size=(2 * count, 3))
    shifts[:, 0] = 0
    return first, second, floatX(random_theta), floatX(shifts)


def boxes_of(theta: np.ndarray) -> np.ndarray:
    """Return the boxes that an attention transformer crops from a canvas.

    Parameters
    ----------
    theta : numpy array
        Shape ``(images, 3)``: scale, then shifts in normalised coordinates.

    Returns
    -------
    numpy array
        Left, top, right and bottom, ``(images, 4)``, in pixels; 0 is the centre of the
        first pixel.

    Examples
    --------
    >>> boxes_of(np.array([[1, 0, 0], [.5, .5, -.5]]))
    array([[ 0. ,  0. , 83. , 83. ],
           [41.5,  0. , 83. , 41.5]])
    """
    half = (CANVAS - 1) / 2
    scale, centre = abs(theta[:, :1]), theta[:, 1:]
    return half * (1 + np.hstack([centre - scale, centre + scale]))


def corners_of(boxes: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """Return the corners of boxes.

    Parameters
    ----------
    boxes : numpy array
        As :func:`boxes_of` returns them.
    size : sequence of int
        Rows and columns of the image, in pixels.

    Returns
    -------
    numpy array
        Points (x, y) in normalised coordinates, ``(boxes, 2, 2, 2)``: rows, columns,
        coordinates.
    """
    pixels = boxes[:, [[[0, 1], [2, 1]], [[0, 3], [2, 3]]]]
    return 2.0 * pixels / (np.array(size[::-1]) - 1) - 1


def overlap(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the intersection over union of boxes, pair by pair.

    Parameters
    ----------
    boxes, others : numpy array
        Left, top, right and bottom, ``(boxes, 4)``.

    Returns
    -------
    numpy array
        From 0 to 1, ``(boxes,)``.

    Examples
    --------
    >>> overlap(np.array([[0, 0, 2, 2]]), np.array([[1, 0, 3, 2]]))
    array([0.33333333])
    """
    low = np.maximum(boxes[:, :2], others[:, :2])
    high = np.minimum(boxes[:, 2:], others[:, 2:])
    both = np.prod(np.maximum(high - low, 0), axis=1)
    areas = [np.prod(each[:, 2:] - each[:, :2], axis=1) for each in (boxes, others)]
    return both / (areas[0] + areas[1] - both)
