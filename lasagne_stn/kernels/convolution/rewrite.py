"""The rewrite from Theano's convolutions to fused ops, forward and gradient.

It runs before all of Theano's own optimisations, on the graph as the user built it.
First, convolutions that relu or max-pooling follows are replaced together with these
and with their gradients. Then the other convolutions are replaced, with a bias if they
have one, and after them the other gradients. What no kernel computes, or what has an
unexpected form, stays as it is.

To compile Theano's own convolutions, exclude ``lasagne_stn_convolution`` from the mode,
or set ``lasagne_stn.config.fused_convolution = False``.
"""

from __future__ import annotations

import numpy as np
from theano import gof
from theano import tensor as T
from theano.compile import optdb
from theano.tensor.nnet.abstract_conv import (
    AbstractConv2d,
    AbstractConv2d_gradInputs,
    AbstractConv2d_gradWeights,
)

from ..rewriting import HostRewrite, HostRewriteDB, replace
from .chain import find_chain
from .cpu import GRADIENTS, Convolution, ConvolutionGradient
from .methods import method_of
from .parts import base_kind, clients, find_bias, is_bias_gradient

__all__ = ['FuseConvolutions']

NAME = 'lasagne_stn_convolution'
FLOATS = {'float32', 'float64'}
# Of each gradient: its name, what it is computed from, and Theano's op.
ROLES = (
    ('weights', 'images', AbstractConv2d_gradWeights),
    ('images', 'weights', AbstractConv2d_gradInputs),
)


class FuseConvolutions(HostRewrite):
    """Replace convolutions and their gradients by fused ops."""

    def replace_nodes(self, fgraph: gof.FunctionGraph) -> None:
        """See :class:`lasagne_stn.kernels.rewriting.HostRewrite`."""
        for kinds, replace_node in (
            (AbstractConv2d, _replace_chain),
            (AbstractConv2d, _replace_convolution),
            (AbstractConv2d_gradWeights, _replace_gradients),
            (AbstractConv2d_gradInputs, _replace_gradients),
        ):
            for node in fgraph.toposort():
                if isinstance(node.op, kinds) and node in fgraph.apply_nodes:
                    kind = _served_kind(node)
                    if kind:
                        replace_node(fgraph, node, kind)


def _served_kind(node):
    """Return the kind of a convolution alone, None if no kernel computes it."""
    dtypes = {variable.dtype for variable in node.inputs[:2]}
    if len(dtypes) > 1 or not dtypes <= FLOATS:
        return None
    return base_kind(node.op)


def _method(op, kind):
    return method_of(
        op.imshp or (None,) * 4,
        op.kshp,
        (kind.top + kind.bottom, kind.left + kind.right),
        kind.pool,
        kind.whole_windows_only,
    )


def _replace_chain(fgraph, node, kind):
    """Replace a convolution, what follows it, and the gradients of all that."""
    chain = find_chain(fgraph, node, kind)
    method = chain and _method(node.op, chain.kind)
    if not method:
        return
    dtype = chain.images.dtype
    op = Convolution(chain.kind, method, dtype)
    output, mask = op(chain.images, chain.weights, _bias(chain.bias, chain.weights))
    pairs = [(chain.output, output)]
    if chain.backward:
        outputs = chain.backward.outputs
        wrt = tuple(name for name in GRADIENTS if name in outputs)
        op = ConvolutionGradient(chain.kind, method, dtype, wrt)
        inputs = chain.images, chain.weights, mask, chain.backward.gradient
        pairs += zip((outputs[name] for name in wrt), op(*inputs, return_list=True))
    replace(fgraph, pairs, NAME)


def _replace_convolution(fgraph, node, kind):
    """Replace a convolution, and the bias if it is added."""
    method = _method(node.op, kind)
    if method:
        images, weights = node.inputs
        output, bias = find_bias(node.outputs[0])
        op = Convolution(kind, method, images.dtype)
        replace(fgraph, [(output, op(images, weights, _bias(bias, weights)))], NAME)


def _bias(bias, weights):
    return _zeros(weights.dtype, weights.shape[0]) if bias is None else bias


def _zeros(dtype, *shape):
    return T.alloc(np.zeros((), dtype), *shape)


def _replace_gradients(fgraph, node, kind):
    """Replace the gradients that are made from one gradient of a convolution."""
    method = _method(node.op, kind)
    if not method:
        return
    gradient, outputs, inputs = node.inputs[1], {}, {}
    for user in [node, *clients(gradient)]:
        for name, other, kinds in ROLES:
            if (
                user != 'output'
                and isinstance(user.op, kinds)
                and name not in outputs
                and _alike(user, node)
                and not _depends([user.inputs[0]], outputs.values())
                and not _depends(inputs.values(), user.outputs)
            ):
                outputs[name], inputs[other] = user.outputs[0], user.inputs[0]
        if user != 'output' and is_bias_gradient(user):
            outputs['bias'] = user.outputs[0]
    images, weights = inputs.get('images'), inputs.get('weights')
    size = node.inputs[2]
    if images is None:  # of which only the shape is used
        channels = weights.shape[1]
        images = _zeros(gradient.dtype, gradient.shape[0], channels, size[0], size[1])
    if weights is None:
        shape = gradient.shape[1], images.shape[1], size[0], size[1]
        weights = _zeros(gradient.dtype, *shape)
    wrt = tuple(name for name in GRADIENTS if name in outputs)
    op = ConvolutionGradient(kind, method, gradient.dtype, wrt)
    found = op(images, weights, gradient, return_list=True)
    replace(fgraph, [(outputs[name], new) for name, new in zip(wrt, found)], NAME)


def _depends(variables, others):
    """Return whether one of the variables is computed from one of the others."""
    return not set(gof.graph.ancestors(list(variables))).isdisjoint(others)


def _alike(user, node):
    """Return whether two gradients belong to the same kind of convolution."""
    return base_kind(user.op) == base_kind(node.op) and user.op.kshp == node.op.kshp


optdb.register(NAME, HostRewriteDB(FuseConvolutions), 0.45, 'fast_run')
