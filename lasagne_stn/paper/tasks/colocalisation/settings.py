"""The settings of a search: the set of images, and all that decides the result."""

from __future__ import annotations

from collections import namedtuple
from typing import NamedTuple

__all__ = ['Clutter', 'CLUTTER', 'Search']


class Clutter(NamedTuple):
    """A set of images, and the weights that find digits there.

    Attributes
    ----------
    num_patches : int
        Pieces of clutter in an image.
    repulsion : float
        Final weight of the distance to the random crop.
    shake : float
        Standard deviation of a crop's random shifts in training, in pixels.
    """

    num_patches: int
    repulsion: float
    shake: float


CLUTTER = {'T': Clutter(0, 1.3, 1.5), 'TC': Clutter(16, 1.4, 0.0)}


class Search(
    namedtuple(
        'Search',
        'clutter digit seed iterations batch_size learning_rate margin repulsion shake '
        'encoder_iterations data',
    )
):
    """All that decides what a search finds.

    Attributes
    ----------
    clutter : str
        A key of ``CLUTTER``.
    digit : int
        The class whose images are searched.
    seed, iterations, batch_size : int
    learning_rate : float
        Adam's initial one.
    margin : float
        Margin of the loss, in units of the mean square of a digit's code.
    repulsion, shake : float
        By default those of ``CLUTTER[clutter]``.
    encoder_iterations : int
        Iterations of the encoder, which is trained with the same seed.
    data : str
        Fingerprint of the data set.
    """

    def __new__(
        cls,
        clutter: str = 'T',
        digit: int = 3,
        seed: int = 1,
        iterations: int = 5000,
        batch_size: int = 64,
        learning_rate: float = 1e-3,
        margin: float = 1.0,
        repulsion: float | None = None,
        shake: float | None = None,
        encoder_iterations: int = 3000,
        data: str = '',
    ) -> Search:
        default = CLUTTER[clutter]
        return super().__new__(
            cls,
            clutter,
            digit,
            seed,
            iterations,
            batch_size,
            learning_rate,
            margin,
            default.repulsion if repulsion is None else repulsion,
            default.shake if shake is None else shake,
            encoder_iterations,
            data,
        )
