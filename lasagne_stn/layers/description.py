"""How layers describe themselves in ``repr``."""

from __future__ import annotations

import lasagne

__all__ = ['describe_layer']


def describe_layer(layer: lasagne.layers.Layer, *options: object) -> str:
    """Return a line with a layer's type, name, options and output shape.

    Parameters
    ----------
    layer : Layer
    *options
        What to show of its arguments.

    Returns
    -------
    str

    Examples
    --------
    >>> describe_layer(lasagne.layers.InputLayer((None, 6), name='theta'), 'sum')
    "InputLayer('theta', 'sum', output (None, 6))"
    """
    named = (layer.name, *options) if layer.name else options
    shown = ''.join(repr(value) + ', ' for value in named)
    return '%s(%soutput %s)' % (type(layer).__name__, shown, layer.output_shape)
