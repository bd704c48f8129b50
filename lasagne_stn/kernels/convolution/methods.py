"""The table that says how a convolution is computed; nothing else decides this.

Both methods multiply spectra of square tiles; they differ in what a vector holds, see
``c_code/README.md``. The first row of the table that serves a convolution computes it.
Where no row does, Theano's own ops stay.

>>> method_of((256, 1, 28, 28), (64, 1, 9, 9))
Method(name='FewChannels', size=28)
>>> method_of((256, 64, 10, 10), (64, 64, 7, 7))
Method(name='ManyChannels', size=10)
>>> method_of((64, 32, 64, 64), (64, 32, 3, 3)) is None
True
"""

from __future__ import annotations

from typing import NamedTuple, Sequence

__all__ = ['Method', 'METHODS', 'SIZES', 'method_of']

SMALLEST_KERNEL, LARGEST_KERNEL = 3, 11


class Method(NamedTuple):
    """How a convolution is computed.

    Attributes
    ----------
    name : str
        A class of the C++ code.
    size : int
        Rows and columns of a tile.
    """

    name: str
    size: int


class Row(NamedTuple):
    """A row of the table: what a method serves.

    Attributes
    ----------
    name : str
        A class of the C++ code.
    channels : tuple of int
        The smallest and the largest number of channels.
    kernel : int
        The smallest number of taps along a side, the geometric mean of both.
    largest_tile : int
        Rows and columns; larger images are cut into tiles.
    """

    name: str
    channels: tuple[int, int]
    kernel: int
    largest_tile: int

    def serves(self, channels: int, kernel: Sequence[int]) -> bool:
        """Return whether the row serves a number of channels and a kernel."""
        return (
            self.channels[0] <= channels <= self.channels[1]
            and min(kernel) >= SMALLEST_KERNEL
            and max(kernel) <= LARGEST_KERNEL
            and kernel[0] * kernel[1] >= self.kernel**2
        )


# Beside each row, what decided it: milliseconds for forward and backward, batch 256, 64
# filters, pooling 2 x 2, one AVX2 thread, of this method / of PyTorch 2.13.
METHODS = (
    # 9 x 9 on 1 x 28 x 28: 28 / 195; on 1 x 60 x 60: 200 / 1337.
    Row('FewChannels', (1, 2), 5, 64),
    # 7 x 7 on 64 x 10 x 10: 44 / 127; on 64 x 26 x 26: 302 / 2022.
    Row('ManyChannels', (3, 10**9), 5, 32),
    # 3 x 3 on 64 x 32 x 32, batch 64, no pooling: 200 / 167, so there is no row.
)
# Products of small primes, for which transforms are fast.
# fmt: off
SIZES = (
    8, 10, 12, 14, 15, 16, 18, 20, 21, 24, 25, 26, 28, 30, 32, 36, 40, 42, 45, 48, 50,
    56, 60, 64,
)
# fmt: on
USUAL_SIZE = 64  # of images whose size is not known


def method_of(
    image_shape: Sequence[int | None],
    filter_shape: Sequence[int | None],
    pads: Sequence[int] = (0, 0),
    pool: int = 1,
    whole_windows_only: bool = True,
) -> Method | None:
    """Return the method that computes a convolution, None if Theano's own ops do.

    Parameters
    ----------
    image_shape : sequence of int or None
        ``(batch, channels, rows, columns)``; None is unknown.
    filter_shape : sequence of int or None
        ``(filters, channels, rows, columns)``.
    pads : sequence of int, optional
        Rows and columns of zeros in all.
    pool : int, optional
        Side of the windows of max-pooling.
    whole_windows_only : bool, optional
        Whether pooling drops rows and columns that do not fill a window.

    Returns
    -------
    Method or None
    """
    channels = filter_shape[1]
    kernel = [taps for taps in filter_shape[2:] if taps is not None]
    if channels is None or len(kernel) < 2:
        return None
    for row in METHODS:
        if row.serves(channels, kernel):
            used = []
            for size, taps, pad in zip(image_shape[2:], kernel, pads):
                outputs = (USUAL_SIZE if size is None else size) + pad - taps + 1
                dropped = outputs % pool if whole_windows_only else 0
                used.append(outputs - dropped)
            return Method(row.name, _tile_size(row, used, kernel, pool))
    return None


def _tile_size(row, used, kernel, pool):
    """Return the tile that covers the outputs with the least work."""

    def work(size):
        tiles = 1
        for outputs, taps in zip(used, kernel):
            of_a_tile = (size - taps + 1) // pool * pool
            tiles *= -(-outputs // of_a_tile)
        return tiles * size**2

    largest = max(kernel) + pool - 1
    return min(
        (size for size in SIZES if largest <= size <= row.largest_tile), key=work
    )
