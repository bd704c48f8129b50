"""Parts that make networks with transformers train: head, step size and penalty."""

from __future__ import annotations

from typing import Any, Sequence

import lasagne
import numpy as np
import theano
import theano.tensor as T
from theano import Variable

from . import checks
from .layers import SamplingGridLayer, TransformerLayer
from .transforms import Transform, as_transform

__all__ = ['localisation_head', 'tag_localisation', 'scale_gradients', 'grid_penalty']


def localisation_head(
    incoming, transform: Transform, **kwargs: Any
) -> lasagne.layers.DenseLayer:
    """Return the last layer of a localisation network [1]_.

    Its weights are zero and its bias is the identity, so training starts from the
    undistorted image. Its parameters have the Lasagne tag ``localisation``.

    Parameters
    ----------
    incoming : Layer or tuple
        The last hidden layer.
    transform : Transform
        What the parameters mean.
    **kwargs
        Other options of ``lasagne.layers.DenseLayer``, such as ``name``.

    Returns
    -------
    lasagne.layers.DenseLayer
        With ``transform.num_params`` linear units.

    Raises
    ------
    TypeError, ValueError
        If `transform` is not a Transform, or an option is set by this function.

    References
    ----------
    .. [1] Jaderberg et al. (2015): Spatial Transformer Networks, section 3.1.

    Examples
    --------
    >>> from lasagne_stn import Attention
    >>> head = localisation_head((None, 20), Attention())
    >>> head.output_shape, head.b.get_value().tolist()
    ((None, 3), [1.0, 0.0, 0.0])
    """
    dims = getattr(transform, 'dims', 2)
    as_transform('localisation_head', transform, dims)
    bias = np.asarray(transform.identity, dtype=theano.config.floatX)
    ours = dict(
        num_units=transform.num_params,
        W=lasagne.init.Constant(0),
        b=bias,
        nonlinearity=None,
    )
    for keyword in sorted(set(ours) & set(kwargs)):
        raise checks.argument_error(
            'localisation_head',
            keyword,
            'not be given',
            kwargs[keyword],
            'This function sets it, so the network starts from the identity.',
            error=TypeError,
        )
    layer = lasagne.layers.DenseLayer(incoming, **ours, **kwargs)
    _tag(layer)
    return layer


def tag_localisation(
    head: lasagne.layers.Layer,
    treat_as_input: Sequence[lasagne.layers.Layer] | None = None,
) -> lasagne.layers.Layer:
    """Tag all parameters of a localisation network, not only those of its head.

    Parameters
    ----------
    head : Layer
        The network's last layer.
    treat_as_input : list of Layer, optional
        Where the localisation network begins; layers below are not tagged.

    Returns
    -------
    Layer
        `head`.

    Raises
    ------
    TypeError
        If `head` is not a layer.

    Examples
    --------
    >>> from lasagne.layers import DenseLayer, get_all_params
    >>> from lasagne_stn import Affine
    >>> head = localisation_head(DenseLayer((None, 9), 4), Affine())
    >>> len(get_all_params(head, localisation=True))
    2
    >>> len(get_all_params(tag_localisation(head), localisation=True))
    4
    """
    if not isinstance(head, lasagne.layers.Layer):
        raise checks.argument_error(
            'tag_localisation', 'head', 'be a layer', head, error=TypeError
        )
    for layer in lasagne.layers.get_all_layers(head, treat_as_input):
        if layer not in (treat_as_input or ()):
            _tag(layer)
    return head


def _tag(layer):
    """Tag parameters for Lasagne, and variables for `scale_gradients`."""
    for param in layer.params:
        layer.params[param].add('localisation')
        param.tag.localisation = True


def scale_gradients(
    grads: Sequence[Variable], params: Sequence[Variable], localisation: float = 0.1
) -> list[Variable]:
    """Scale the gradients of the localisation network, so it has its own step size.

    Parameters
    ----------
    grads : list of Theano variable
        The gradient of each parameter.
    params : list of Theano shared variable
        The parameters, in the same order.
    localisation : float, optional
        Factor for the gradients of parameters that :func:`localisation_head` or
        :func:`tag_localisation` tagged; the paper uses 0.1 for house numbers.

    Returns
    -------
    list of Theano variable
        For example for ``lasagne.updates.sgd(scaled, params, learning_rate)``. Update
        rules that divide by the size of the gradient, such as Adam, cancel the factor.

    Raises
    ------
    TypeError, ValueError
        If the lists differ in length or the factor is not a number.

    Examples
    --------
    >>> from lasagne_stn import Affine
    >>> head = localisation_head((None, 4), Affine())
    >>> scaled = scale_gradients([T.ones(6, 'float64')], [head.b], localisation=.5)
    >>> scaled[0].eval()
    array([0.5, 0.5, 0.5, 0.5, 0.5, 0.5])
    """
    if not isinstance(grads, (list, tuple)):
        raise checks.argument_error(
            'scale_gradients',
            'grads',
            'be a list, such as theano.grad(loss, params)',
            grads,
            error=TypeError,
        )
    if len(grads) != len(params):
        raise checks.argument_error(
            'scale_gradients',
            'grads',
            'have the length of params, %d' % len(params),
            len(grads),
        )
    factor = checks.number('scale_gradients', 'localisation', localisation)
    return [
        grad * np.asarray(factor, grad.dtype)
        if getattr(param.tag, 'localisation', False)
        else grad
        for grad, param in zip(grads, params)
    ]


def grid_penalty(layer: TransformerLayer, **kwargs: Any) -> Variable:
    """Return how far a transformer's source points lie outside the image.

    Add it to the loss, times a small factor: outside the image, a constant border has
    no gradient, but the penalty has. With dropout in the localisation network, the
    dropout masks differ from those of the network's output, as in every call of
    Lasagne's ``get_output``.

    Parameters
    ----------
    layer : TransformerLayer
        The transformer.
    **kwargs
        As for ``lasagne.layers.get_output``.

    Returns
    -------
    Theano scalar
        Mean squared distance of the normalised coordinates from [-1, 1]; 0 if all
        points are inside.

    Raises
    ------
    TypeError
        If `layer` is not a TransformerLayer.

    Examples
    --------
    >>> from lasagne.layers import InputLayer
    >>> from lasagne_stn import Translation
    >>> warp = TransformerLayer(InputLayer((1, 1, 3, 3)), InputLayer((1, 2)),
    ...                         transform=Translation())
    >>> inputs = dict(zip(warp.input_layers, (T.ones((1, 1, 3, 3)), T.ones((1, 2)))))
    >>> round(float(grid_penalty(warp, inputs=inputs).eval()), 4)  # x, y are 0, 1, 2
    0.3333
    """
    if not isinstance(layer, TransformerLayer):
        raise checks.argument_error(
            'grid_penalty', 'layer', 'be a TransformerLayer', layer, error=TypeError
        )
    points = lasagne.layers.get_output(SamplingGridLayer(layer), **kwargs)
    beyond = abs(points) - 1
    return T.mean(T.switch(T.gt(beyond, 0), beyond, T.zeros_like(beyond)) ** 2)
