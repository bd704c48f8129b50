"""The rewrite from Theano's mean-pooling to our ops, forward and gradient.

It runs before all of Theano's own optimisations. It serves windows whose size is known
when a function is compiled and that neither overlap nor reach into padding. Without
padding, 'average_inc_pad' and 'average_exc_pad' are the same, also for the smaller
windows at the border: Theano divides by the number of pixels in a window. All other
pooling keeps Theano's ops. Second derivatives are pooling again, and served as such.

To compile Theano's own pooling, exclude ``lasagne_stn_pooling`` from the mode, or set
``lasagne_stn.config.fused_convolution = False``.
"""

from __future__ import annotations

from theano import gof
from theano.compile import optdb
from theano.tensor.signal.pool import AveragePoolGrad, Pool

from ..rewriting import HostRewrite, HostRewriteDB, integers_of, replace
from .cpu import MeanPool, MeanPoolGradient

__all__ = ['ReplacePooling']

NAME = 'lasagne_stn_pooling'
FLOATS = {'float32', 'float64'}
MEANS = {'average_exc_pad', 'average_inc_pad'}
OURS = {Pool: MeanPool, AveragePoolGrad: MeanPoolGradient}


class ReplacePooling(HostRewrite):
    """Replace mean-pooling and its gradient by our ops."""

    def replace_nodes(self, fgraph: gof.FunctionGraph) -> None:
        """See :class:`lasagne_stn.kernels.rewriting.HostRewrite`."""
        for node in fgraph.toposort():
            window = _window_of(node) if type(node.op) in OURS else None
            if window:
                op = OURS[type(node.op)](window, bool(node.op.ignore_border))
                replace(fgraph, [(node.outputs[0], op(*node.inputs[:-3]))], NAME)


def _window_of(node):
    """Return rows and columns of a node's windows; None if our ops do not serve it."""
    arrays = node.inputs[:-3]
    dtypes = {each.dtype for each in arrays}
    if (
        node.op.mode not in MEANS
        or node.op.ndim != 2
        or arrays[0].ndim != 4
        or len(dtypes) > 1
        or not dtypes <= FLOATS
    ):
        return None
    size, stride, pad = map(integers_of, node.inputs[-3:])
    if (
        size is None
        or len(size) != 2
        or min(size) < 1
        or size != stride
        or pad != (0, 0)
    ):
        return None
    return size


optdb.register(NAME, HostRewriteDB(ReplacePooling), 0.46, 'fast_run')
