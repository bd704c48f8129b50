"""The options of a sampler, checked once and passed on as one value."""

from __future__ import annotations

from typing import NamedTuple

from .. import checks
from .borders import BORDER_MODES
from .interpolation import Kernel, as_kernel

__all__ = ['SamplingOptions', 'check_options']


class SamplingOptions(NamedTuple):
    """How a sampler reads images.

    Attributes
    ----------
    interpolation : Kernel
        The sampling kernel.
    border_mode : str
        One of ``lasagne_stn.sampling.borders.BORDER_MODES``.
    border_value : float
        The value outside the image for the border mode 'constant'.
    align_corners : bool
        The pixel rule, see :mod:`lasagne_stn.grid`.
    """

    interpolation: Kernel
    border_mode: str
    border_value: float
    align_corners: bool


def check_options(
    owner: object,
    interpolation: str | Kernel,
    border_mode: str,
    border_value: float,
    align_corners: bool,
) -> SamplingOptions:
    """Check the options of a sampler.

    Parameters
    ----------
    owner : str or object
        Named in error messages, see :func:`lasagne_stn.checks.owner_name`.
    interpolation, border_mode, border_value, align_corners
        See :func:`lasagne_stn.sample`.

    Returns
    -------
    SamplingOptions

    Raises
    ------
    TypeError, ValueError
        If an option has the wrong type or an unknown value.

    Examples
    --------
    >>> check_options('sample', 'nearest', 'wrap', 0, True)
    ... # doctest: +NORMALIZE_WHITESPACE
    SamplingOptions(interpolation=Nearest(), border_mode='wrap', border_value=0.0,
                    align_corners=True)
    """
    kernel = as_kernel(owner, interpolation)
    checks.choice(owner, 'border_mode', border_mode, BORDER_MODES)
    return SamplingOptions(
        kernel,
        border_mode,
        checks.number(owner, 'border_value', border_value),
        checks.flag(owner, 'align_corners', align_corners),
    )
