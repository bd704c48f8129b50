"""Identity ops that name the borders of a sampler in a graph.

A sampler is a graph of many of Theano's own operations. Markers stand round it: on what
goes in (the images, the matrices or points, the size of the output) and on what comes
out. They change no value. A gradient that passes a marker backwards goes through a
marker too, so that after ``T.grad`` the backward part of the graph has named borders as
well. When a function is compiled, a rewrite may put one kernel between the borders (see
``lasagne_stn.kernels``); it needs no other knowledge of the graph.
"""

from collections import namedtuple

from theano.compile import ViewOp

__all__ = ['SamplerKind', 'Marker', 'mark']

SamplerKind = namedtuple(
    'SamplerKind', 'dims affine border_mode border_value align_corners'
)
SamplerKind.__doc__ = """What a marked sampler computes, bilinear in each case.

Attributes
----------
dims : int
    2 for images, 3 for volumes.
affine : bool
    Whether matrices go in, or else points.
border_mode, border_value, align_corners
    See :func:`lasagne_stn.sampling.sampler.sample`.
"""


class Marker(ViewOp):
    """An identity that names a border of a sampler.

    It is a `ViewOp`, for of all operations with no state Scan leaves only these where
    they are: others it takes out of its loop, and the sampler would lose its borders.

    Parameters
    ----------
    role : str
        'images', 'coords' or 'size' at the entrance, 'output' at the exit; of the
        backward part 'grad_output' at the entrance, 'grad_images' and 'grad_coords' at
        the exit. 'second' at what the derivative of a backward part takes in.
    kind : SamplerKind
        What the sampler computes.
    """

    __props__ = ('role', 'kind')

    def __init__(self, role, kind):
        self.role, self.kind = role, kind

    def L_op(self, inputs, outputs, output_gradients):
        """The gradient, through a marker of the backward part."""
        role = (
            'grad_' + self.role
            if self.role in ('images', 'coords', 'output')
            else 'second'
        )
        return [Marker(role, self.kind)(output_gradients[0])]

    def R_op(self, inputs, eval_points):
        """The derivative along a direction goes through no marker."""
        return [eval_points[0]]

    def connection_pattern(self, node):
        """A size has no gradient."""
        return [[self.role != 'size']]


def mark(role, kind, value):
    """Mark a value; where `kind` is None there is nothing to mark.

    Parameters
    ----------
    role : str
        See :class:`Marker`.
    kind : SamplerKind or None
        What the sampler computes.
    value : Theano variable
        What passes the border.

    Returns
    -------
    Theano variable
    """
    return value if kind is None else Marker(role, kind)(value)
