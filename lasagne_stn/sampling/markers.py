"""Identity ops that mark the inputs and outputs of a sampler in a graph.

A sampler is a graph of many Theano operations. Markers surround it: at its inputs (the
images, the matrices or points, the size of the output) and at its output. They do not
change any value. The gradient of a marker passes through another marker, so after
``T.grad`` the backward graph has marked inputs and outputs as well. When a function is
compiled, a rewrite may replace what is between the markers by one kernel (see
``lasagne_stn.kernels``); it does not need to know anything else about the graph.
"""

from __future__ import annotations

from typing import Hashable, NamedTuple, Sequence

from theano import Variable
from theano.compile import ViewOp

__all__ = ['SamplerKind', 'Marker', 'mark']


class SamplerKind(NamedTuple):
    """What a marked sampler computes.

    Attributes
    ----------
    dims : int
        2 for images, 3 for volumes.
    affine : bool
        True if the sampler's input is matrices, False if it is points.
    border_mode, border_value, align_corners
        See :func:`lasagne_stn.sample`.
    interpolation : str or tuple
        See :func:`lasagne_stn.sampling.interpolation.kernel_identity`.
    """

    dims: int
    affine: bool
    border_mode: str
    border_value: float
    align_corners: bool
    interpolation: Hashable = 'bilinear'


class Marker(ViewOp):
    """An identity op that marks an input or output of a sampler.

    It is a `ViewOp` because Scan hoists every other stateless op out of its loop, and
    the sampler would lose its markers.

    Parameters
    ----------
    role : str
        'images', 'coords' or 'size' for the inputs, 'output' for the output; in the
        backward graph 'grad_output' for the input, 'grad_images' and 'grad_coords' for
        the outputs. 'second' for the inputs of the derivative of a backward graph.
    kind : SamplerKind
        What the sampler computes.
    """

    __props__ = ('role', 'kind')

    def __init__(self, role: str, kind: SamplerKind) -> None:
        self.role, self.kind = role, kind

    def L_op(
        self,
        inputs: Sequence[Variable],
        outputs: Sequence[Variable],
        output_gradients: Sequence[Variable],
    ) -> list[Variable]:
        """Return the gradient through a marker of the backward graph."""
        forward = self.role in ('images', 'coords', 'output')
        role = 'grad_' + self.role if forward else 'second'
        return [Marker(role, self.kind)(output_gradients[0])]

    def R_op(
        self, inputs: Sequence[Variable], eval_points: Sequence[Variable]
    ) -> list[Variable]:
        """Return the directional derivative, which needs no marker."""
        return [eval_points[0]]

    def connection_pattern(self, node) -> list[list[bool]]:
        """Return that a gradient flows through every marker except for a size."""
        return [[self.role != 'size']]


def mark(role: str, kind: SamplerKind, value: Variable) -> Variable:
    """Mark a variable as an input or output of a sampler.

    Parameters
    ----------
    role : str
        See :class:`Marker`.
    kind : SamplerKind
        What the sampler computes.
    value : Theano variable

    Returns
    -------
    Theano variable
    """
    return Marker(role, kind)(value)
