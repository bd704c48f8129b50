"""The source of chance of distortions, which the caller gives."""

import numpy as np

from .. import checks

__all__ = ['check_generator']


def check_generator(owner, rng):
    """Refuse what is no generator of random numbers.

    Parameters
    ----------
    owner : str
        Name of the function that refuses.
    rng : numpy.random.Generator
        What came.

    Raises
    ------
    TypeError
        If `rng` is something else.
    """
    if not isinstance(rng, np.random.Generator):
        raise checks.argument_error(
            owner,
            'rng',
            'be a numpy.random.Generator',
            rng,
            'For example numpy.random.default_rng(1).',
            error=TypeError,
        )
