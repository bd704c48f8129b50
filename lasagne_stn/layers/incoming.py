"""The two layers that a transformer takes: images, and a localisation network."""

import numpy as np

from .. import checks

__all__ = ['incoming_pair', 'incoming_shapes']


def incoming_pair(owner, incoming, localization_network, downsample_factor):
    """Sort out the two ways to give a transformer its two layers.

    Parameters
    ----------
    owner : Layer
        Who asks.
    incoming : Layer, tuple or list
        The images, or ``[incoming, localization_network]`` as in the source of 2015,
        where the factor came next.
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
        If a list has not two members, or the factor comes twice.
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


def incoming_shapes(owner, incoming, localization_network, axes, transform):
    """Refuse layers whose shapes a transformer cannot take.

    Parameters
    ----------
    owner : Layer
        Who asks.
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
        If one is no layer, or has a wrong shape, or both differ in the batch.
    """
    images = _layer_shape(owner, 'incoming', incoming)
    theta = _layer_shape(owner, 'localization_network', localization_network)
    checks.shape(owner, 'incoming', images, ('batch', 'channels') + axes)
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
    """Output shape of a layer, or the tuple that stands for one."""
    given = getattr(incoming, 'output_shape', incoming)
    if not isinstance(given, tuple):
        raise checks.argument_error(
            owner, argument, 'be a layer or a shape tuple', incoming, error=TypeError
        )
    return given
