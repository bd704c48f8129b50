"""The two inputs of a transformer: images, and a localisation network."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from .. import checks
from ..transforms import Transform

__all__ = ['incoming_pair', 'incoming_shapes']


def incoming_pair(
    owner: object, incoming, localization_network, downsample_factor
) -> tuple[Any, Any, Any]:
    """Support both ways to pass the two inputs of a transformer.

    Parameters
    ----------
    owner : Layer
        Named in error messages.
    incoming : Layer, tuple or list
        The images, or ``[incoming, localization_network]`` as in the source of 2015,
        where the factor was the next argument.
    localization_network : Layer, tuple or None
        Theta; after a list None, or the factor.
    downsample_factor : object
        The factor.

    Returns
    -------
    tuple
        ``(incoming, localization_network, downsample_factor)``.

    Raises
    ------
    ValueError
        If a list does not have two members, or the factor is given twice.
    """
    if not isinstance(incoming, list):
        return incoming, localization_network, downsample_factor
    if len(incoming) != 2:
        raise checks.argument_error(
            owner, 'incoming', 'be a layer, or a list of two layers', incoming
        )
    if localization_network is not None:
        if not np.array_equal(downsample_factor, 1):
            raise checks.argument_error(
                owner,
                'localization_network',
                'be None after a list of two layers, if downsample_factor is given',
                localization_network,
            )
        downsample_factor = localization_network
    return incoming[0], incoming[1], downsample_factor


def incoming_shapes(
    owner: object,
    incoming,
    localization_network,
    axes: Sequence[str],
    transform: Transform,
) -> list[tuple]:
    """Check the shapes of the two inputs of a transformer.

    Parameters
    ----------
    owner : Layer
        Named in error messages.
    incoming, localization_network : Layer or tuple
        The images and theta, or their shapes.
    axes : tuple of str
        Names of the image axes.
    transform : Transform
        What theta means.

    Returns
    -------
    list of tuple
        Shapes of the images and of theta.

    Raises
    ------
    TypeError, ValueError
        If one is not a layer or has the wrong shape, or their batch sizes differ.
    """
    images = _layer_shape(owner, 'incoming', incoming)
    theta = _layer_shape(owner, 'localization_network', localization_network)
    checks.shape(owner, 'incoming', images, ('batch', 'channels', *axes))
    count = transform.num_params
    checks.shape(
        owner,
        'localization_network',
        theta,
        ('batch', count),
        '%r takes %d parameters per image: give the last layer num_units=%d '
        'and nonlinearity=None.' % (transform, count, count),
    )
    if None not in (images[0], theta[0]) and images[0] != theta[0]:
        raise checks.argument_error(
            owner,
            'localization_network',
            'have the batch size of incoming, %d' % images[0],
            theta[0],
        )
    return [images, theta]


def _layer_shape(owner, argument, incoming):
    """Return the output shape of a layer, or the tuple given instead of a layer."""
    given = getattr(incoming, 'output_shape', incoming)
    if not isinstance(given, tuple):
        raise checks.argument_error(
            owner, argument, 'be a layer or a shape tuple', incoming, error=TypeError
        )
    return given
