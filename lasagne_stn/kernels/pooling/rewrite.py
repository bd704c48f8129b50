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

import theano
from theano import gof
from theano.compile import optdb
from theano.tensor.signal.pool import AveragePoolGrad, Pool

from ... import config
from ..rewriting import Rewrite, integers_of, replace, runs_on_device
from .cpu import MeanPool, MeanPoolGradient

__all__ = ['ReplacePoolingDB', 'ReplacePooling']

NAME = 'lasagne_stn_pooling'
FLOATS = {'float32', 'float64'}
MEANS = {'average_exc_pad', 'average_inc_pad'}
OURS = {Pool: MeanPool, AveragePoolGrad: MeanPoolGradient}


class ReplacePoolingDB(gof.DB):
    """Creates `ReplacePooling` for a mode; on a device, nothing is replaced."""

    def query(self, *tags, **subqueries):
        """Return the optimizer for a mode, given by its query."""
        return ReplacePooling(enabled=not runs_on_device(tags[0]))


class ReplacePooling(Rewrite):
    """Replace mean-pooling and its gradient by our ops.

    Parameters
    ----------
    enabled : bool, optional
        Whether anything is replaced.
    """

    def __init__(self, enabled: bool = True) -> None:
        super().__init__()
        self.enabled = enabled

    def apply(self, fgraph: gof.FunctionGraph) -> None:
        """Replace what our ops compute, one node after the other."""
        if not (self.enabled and config.fused_convolution and theano.config.cxx):
            return
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


optdb.register(NAME, ReplacePoolingDB(), 0.46, 'fast_run')
