"""Checks that an argument is a random number generator."""

from __future__ import annotations

import numpy as np

from .. import checks

__all__ = ['check_generator']


def check_generator(owner: str, rng: np.random.Generator) -> None:
    """Check that `rng` is numpy's random generator, neither a seed nor a RandomState.

    Parameters
    ----------
    owner : str
        Name of the calling function, for the error message.
    rng : numpy.random.Generator
        The argument to check.

    Raises
    ------
    TypeError
        If `rng` is not a ``numpy.random.Generator``.
    """
    if not isinstance(rng, np.random.Generator):
        raise checks.argument_error(
            owner,
            'rng',
            'be a numpy.random.Generator',
            rng,
            'For example, pass numpy.random.default_rng(1).',
            error=TypeError,
        )
