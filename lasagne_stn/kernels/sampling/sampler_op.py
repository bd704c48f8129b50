"""What the fused ops for the CPU and for a device share."""

from __future__ import annotations

import os
from typing import Any

from ...sampling.markers import SamplerKind
from ..c_op import CodeFolderOp

__all__ = ['C_CODE', 'SampleOp', 'SampleGradientOp']

C_CODE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'c_code')


class SampleOp(CodeFolderOp):
    """An op that computes sampled images; subclasses are for one device.

    Parameters
    ----------
    kind : SamplerKind
        What is computed, see :mod:`lasagne_stn.sampling.markers`.
    """

    __props__: tuple[str, ...] = ('kind',)
    source = 'fused_sample.c'
    function = 'sample'
    folder: str  # of the C code that Theano calls; set by a subclass

    def __init__(self, kind: SamplerKind) -> None:
        super().__init__(
            self.code.file('%s/%s' % (self.folder, self.source)),
            'APPLY_SPECIFIC(%s)' % self.function,
        )
        self.kind = kind
        # Passed at run time, so the compiled code serves every value.
        self.border_value = kind.border_value
        self.align_corners = kind.align_corners

    def infer_shape(self, node, shapes):
        """Return the shape of the output, from the images and the size."""
        size = node.inputs[2]
        return [shapes[0][:2] + tuple(size[axis] for axis in range(self.kind.dims))]


class SampleGradientOp(SampleOp):
    """An op that computes gradients of sampled images.

    Parameters
    ----------
    kind : SamplerKind
        What was computed.
    wrt : tuple of str
        The gradients: ('images',), ('coords',) or ('images', 'coords').
    """

    __props__ = ('kind', 'wrt')
    source = 'fused_sample_gradient.c'
    function = 'sample_gradient'

    def __init__(self, kind: SamplerKind, wrt: tuple[str, ...]) -> None:
        self.wrt = wrt
        super().__init__(kind)

    def like_inputs(self, values):
        """Return, for each gradient, the value that belongs to its input."""
        return [values[{'images': 0, 'coords': 1}[name]] for name in self.wrt]

    def macros(self) -> dict[str, Any]:
        """See :meth:`lasagne_stn.kernels.c_op.CodeFolderOp.macros`."""
        return dict(
            super().macros(),
            STN_GRAD_IMAGES=int('images' in self.wrt),
            STN_GRAD_COORDS=int('coords' in self.wrt),
        )

    def infer_shape(self, node, shapes):
        """Return the shapes of the inputs that the gradients belong to."""
        return self.like_inputs(shapes)
