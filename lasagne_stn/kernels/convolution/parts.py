"""Recognises the parts of a graph that a fused convolution computes."""

from __future__ import annotations

import theano
from theano import Variable, gof
from theano import tensor as T
from theano.tensor.nnet.abstract_conv import AbstractConv2d
from theano.tensor.signal.pool import Pool

from ..rewriting import integers_of
from .elementwise import is_relu
from .kind import ConvolutionKind

__all__ = [
    'base_kind',
    'clients',
    'find_bias',
    'find_pools',
    'find_relu',
    'is_bias_gradient',
    'window_of',
]

POOLS = (2, 3)


def base_kind(op: AbstractConv2d) -> ConvolutionKind | None:
    """Return the kind of a convolution alone, None if no kernel computes it.

    Parameters
    ----------
    op : AbstractConv2d
        Or one of its gradients; its shape of kernels must be known.
    """
    if (
        tuple(op.subsample) != (1, 1)
        or tuple(op.filter_dilation) != (1, 1)
        or op.num_groups != 1
        or op.unshared
        or op.kshp is None
        or None in op.kshp[-2:]
    ):
        return None
    kernel, mode = op.kshp[-2:], op.border_mode
    if mode == 'valid':
        pads = [(0, 0), (0, 0)]
    elif mode == 'half':
        pads = [(taps // 2,) * 2 for taps in kernel]
    elif mode == 'full':
        pads = [(taps - 1,) * 2 for taps in kernel]
    else:
        sides = mode if isinstance(mode, tuple) else (mode, mode)
        pads = [
            tuple(side) if isinstance(side, tuple) else (side, side) for side in sides
        ]
    (top, bottom), (left, right) = pads
    return ConvolutionKind(
        int(top), int(bottom), int(left), int(right), flip=bool(op.filter_flip)
    )


def find_bias(convolved: Variable):
    """Return a convolution plus bias and the bias; itself and None without a bias."""
    users = clients(convolved)
    if len(users) != 1 or users[0] == 'output':
        return convolved, None
    op = users[0].op
    if not (isinstance(op, T.Elemwise) and op.scalar_op == theano.scalar.add):
        return convolved, None
    others = [each for each in users[0].inputs if each is not convolved]
    if len(others) != 1 or len(users[0].inputs) != 2:
        return convolved, None
    shuffle = others[0].owner
    if (
        shuffle is None
        or not isinstance(shuffle.op, T.DimShuffle)
        or tuple(shuffle.op.new_order) != ('x', 0, 'x', 'x')
        or shuffle.inputs[0].dtype != convolved.dtype
    ):
        return convolved, None
    return users[0].outputs[0], shuffle.inputs[0]


def find_relu(variable):
    """Return relu of a variable, computed by element-wise operations; else None."""
    pending, seen = [variable], set()
    while pending:
        for user in clients(pending.pop()):
            if user == 'output' or user in seen or not isinstance(user.op, T.Elemwise):
                continue
            seen.add(user)
            if is_relu(user.outputs[0], variable):
                return user.outputs[0]
            pending.append(user.outputs[0])
    return None


def find_pools(variable):
    """Return the node of the only max-pooling that a kernel computes, in a list."""
    pools = [
        user
        for user in clients(variable)
        if user != 'output' and isinstance(user.op, Pool)
    ]
    return pools if len(pools) == 1 and window_of(pools[0]) in POOLS else []


def window_of(node):
    """Return the side of the windows of a pooling node; None if it has others."""
    op = node.op
    if op.mode != 'max' or op.ndim != 2:
        return None
    size, stride, pad = map(integers_of, node.inputs[-3:])
    if size is None or size != stride or pad != (0, 0) or size[0] != size[1]:
        return None
    return size[0]


def is_bias_gradient(node: gof.Apply) -> bool:
    """Return whether a node adds up what belongs to a filter."""
    op = node.op
    return isinstance(op, T.Sum) and op.axis is not None and tuple(op.axis) == (0, 2, 3)


def clients(variable: Variable) -> list:
    """Return the nodes that use a variable; 'output' if it is an output."""
    return [node for node, _ in variable.clients]
