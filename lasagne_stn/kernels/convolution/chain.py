"""Finds what follows a convolution in a graph, and the gradient that belongs to it."""

from __future__ import annotations

from typing import NamedTuple

from theano import Variable, gof
from theano import tensor as T
from theano.tensor.nnet.abstract_conv import (
    AbstractConv2d_gradInputs,
    AbstractConv2d_gradWeights,
)
from theano.tensor.signal.pool import MaxPoolGrad, Pool

from .elementwise import (
    depends_on,
    elementwise_ancestors,
    incoming_gradient,
    is_elementwise,
)
from .kind import ConvolutionKind
from .parts import (
    clients,
    find_bias,
    find_pools,
    find_relu,
    is_bias_gradient,
    window_of,
)

__all__ = ['Backward', 'Chain', 'find_chain']


class Backward(NamedTuple):
    """The part of a graph that takes a gradient back through a convolution.

    Attributes
    ----------
    gradient : Theano variable
        With respect to the output of the chain.
    outputs : dict
        From 'images', 'weights' and 'bias' to the variables that are computed.
    """

    gradient: Variable
    outputs: dict[str, Variable]


class Chain(NamedTuple):
    """A convolution with what follows it.

    Attributes
    ----------
    kind : ConvolutionKind
        What is computed.
    images, weights : Theano variable
    bias : Theano variable or None
    output : Theano variable
        What the last part computes.
    backward : Backward or None
    """

    kind: ConvolutionKind
    images: Variable
    weights: Variable
    bias: Variable | None
    output: Variable
    backward: Backward | None


def find_chain(
    fgraph: gof.FunctionGraph, node: gof.Apply, kind: ConvolutionKind
) -> Chain | None:
    """Return a convolution with relu, max-pooling or both.

    Parameters
    ----------
    fgraph : theano.gof.FunctionGraph
    node : Apply
        Of the convolution.
    kind : ConvolutionKind
        Of the convolution alone.

    Returns
    -------
    Chain or None
        None if there is neither, or if something else uses what would no longer be
        computed.
    """
    images, weights = node.inputs
    biased, bias = find_bias(node.outputs[0])
    rectified = find_relu(biased)
    for activated in (rectified, biased):
        if activated is None:
            continue
        for pool in find_pools(activated) + [None]:
            if pool is None and activated is biased:
                continue
            output = activated if pool is None else pool.outputs[0]
            found = kind._replace(relu=activated is rectified)
            if pool is not None:
                found = found._replace(
                    pool=window_of(pool), whole_windows_only=bool(pool.op.ignore_border)
                )
            forward = _between(node.outputs[0], output)
            backward, slope, used = _masked_backward(
                fgraph, images, weights, biased, activated, pool, bias
            )
            if _is_closed(forward | used, output, backward):
                found = found._replace(slope=slope)
                return Chain(found, images, weights, bias, output, backward)
    return None


def _is_closed(nodes, output, backward):
    """Return whether nobody uses what the nodes compute except the given outputs."""
    wanted = {output}
    if backward:
        wanted.update(backward.outputs.values())
        nodes = nodes | {variable.owner for variable in backward.outputs.values()}
    return all(
        user in nodes
        for node in nodes
        for variable in node.outputs
        if variable not in wanted
        for user in clients(variable)
    )


def _masked_backward(fgraph, images, weights, biased, activated, pool, bias):
    """Return the backward part, relu's derivative at 0, and all nodes of that part.

    They are None, 0.5 and nothing if there is no such part, or one that has a form that
    no kernel computes.
    """
    nothing = None, 0.5, set()
    gradients = {
        node.inputs[1]
        for node in fgraph.apply_nodes
        if isinstance(node.op, (AbstractConv2d_gradWeights, AbstractConv2d_gradInputs))
        and node.inputs[0] in (images, weights)
        and _belongs(node.inputs[1], biased, activated, pool)
    }
    if len(gradients) != 1:
        return nothing
    gradient = gradients.pop()
    incoming, slope = gradient, 0.5
    if activated is not biased:
        found = incoming_gradient(gradient, biased)
        if found is None:
            return nothing
        incoming, slope = found
    used = _elementwise_nodes(gradient, {incoming, biased, activated})
    if pool is not None:
        node = incoming.owner
        if not _is_gradient_of(node, activated, pool):
            return nothing
        used.add(node)
        incoming = node.inputs[2]
    outputs = _find_outputs(gradient, images, weights, bias)
    if outputs is None:
        return nothing
    return Backward(incoming, outputs), slope, used


def _belongs(gradient, biased, activated, pool):
    """Return whether a gradient is one with respect to a convolution's output."""
    if activated is not biased:
        return is_elementwise(gradient) and (
            depends_on(gradient, biased) or depends_on(gradient, activated)
        )
    return _is_gradient_of(gradient.owner, activated, pool)


def _is_gradient_of(node, activated, pool):
    return (
        node is not None
        and isinstance(node.op, MaxPoolGrad)
        and node.inputs[0] is activated
        and node.inputs[1] is pool.outputs[0]
    )


def _find_outputs(
    gradient: Variable,
    images: Variable,
    weights: Variable,
    bias: Variable | None,
) -> dict[str, Variable] | None:
    """Return what is computed from a gradient with respect to a convolution's output.

    Returns
    -------
    dict or None
        From 'images', 'weights' and 'bias' to variables; None if something else is made
        from the gradient, too.
    """
    found = {}
    for user in clients(gradient):
        name = _role(user, images, weights, bias)
        if name is None or name in found:
            return None
        found[name] = user.outputs[0]
    return found


def _role(user, images, weights, bias):
    if user == 'output':
        return None
    if isinstance(user.op, AbstractConv2d_gradWeights) and user.inputs[0] is images:
        return 'weights'
    if isinstance(user.op, AbstractConv2d_gradInputs) and user.inputs[0] is weights:
        return 'images'
    return 'bias' if bias is not None and is_bias_gradient(user) else None


def _between(start, end):
    """Return the nodes from the owner of one variable on the way to another one."""
    leading: dict = {end: True}

    def leads_to_end(variable):
        if variable not in leading:
            ways = [
                leads_to_end(user.outputs[0])
                for user in clients(variable)
                if user != 'output' and isinstance(user.op, (T.Elemwise, Pool))
            ]
            leading[variable] = any(ways)
        return leading[variable]

    leads_to_end(start)
    return {variable.owner for variable, leads in leading.items() if leads}


def _elementwise_nodes(output, variables):
    """Return the element-wise nodes that compute a variable from others."""
    return {
        each.owner
        for each in elementwise_ancestors(output, variables)
        if is_elementwise(each)
        and each not in variables
        and any(depends_on(each, variable) for variable in variables)
    }
