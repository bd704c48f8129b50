"""What a fused convolution computes."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ['ConvolutionKind']


class ConvolutionKind(NamedTuple):
    """A convolution with stride 1, a bias, and what follows.

    Attributes
    ----------
    top, bottom, left, right : int
        Rows and columns of zeros around the images.
    flip : bool
        Whether filters are flipped: a true convolution. Otherwise, it is a correlation.
    relu : bool
        Whether negative outputs become 0.
    slope : float
        The derivative of relu at 0, as the graph has it: 0, 0.5 or 1.
    pool : int
        Side of the windows of max-pooling; 1 is none.
    whole_windows_only : bool
        Whether pooling drops rows and columns that do not fill a window.
    """

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0
    flip: bool = True
    relu: bool = False
    slope: float = 0.5
    pool: int = 1
    whole_windows_only: bool = True

    @property
    def masked(self) -> bool:
        """Whether the gradient needs a mask of the outputs that were used."""
        return self.relu or self.pool > 1

    def output_size(self, size: int, kernel: int, axis: int) -> int:
        """Return the length of the pooled output along an axis.

        Parameters
        ----------
        size, kernel : int or Theano variable
            Lengths of an image and of a filter along the axis.
        axis : int
            0 for rows, 1 for columns.

        >>> ConvolutionKind(pool=2).output_size(28, 9, 0)
        10
        >>> ConvolutionKind(pool=3, whole_windows_only=False).output_size(28, 9, 0)
        7
        """
        pads = self.left + self.right if axis else self.top + self.bottom
        used = size + pads - kernel + 1
        return (used if self.whole_windows_only else used + self.pool - 1) // self.pool
