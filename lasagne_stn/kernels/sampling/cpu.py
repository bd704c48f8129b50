"""The fused ops for the CPU: a sampler, and its gradient, in one step each."""

from __future__ import annotations

from typing import Any

from theano import Variable, gof
from theano import tensor as T
from theano.gof.params_type import ParamsType
from theano.scalar import bool as bool_
from theano.scalar import float64

from ... import config
from ..c_op import SHARED, CodeFolder, CodeFolderOp, openmp_arguments
from . import numpy_fallback
from .sampler_op import C_CODE, SampleGradientOp, SampleOp

__all__ = ['FusedSample', 'FusedSampleGradient', 'INTERPOLATIONS']

INTERPOLATIONS = {'bilinear': 'stn::Bilinear'}  # their names in the C code


class _CpuOp(CodeFolderOp):
    """What both ops share: how their C code is compiled."""

    code = CodeFolder(C_CODE, ['*.h', 'theano', 'portable', 'avx512'], SHARED)
    folder = 'theano'
    params_type = ParamsType(border_value=float64, align_corners=bool_)

    def macros(self) -> dict[str, Any]:
        """See :meth:`lasagne_stn.kernels.c_op.CodeFolderOp.macros`."""
        return {
            'STN_DIMS': self.kind.dims,
            'STN_AFFINE': int(self.kind.affine),
            'STN_BORDER': 'stn::BORDER_' + self.kind.border_mode.upper(),
            'STN_INTERPOLATION': INTERPOLATIONS[self.kind.interpolation],
        }

    def c_compile_args(self) -> list[str]:
        """Return the arguments for full optimisation, and OpenMP if supported."""
        fast_path = [] if config.fast_path else ['-DSTN_NO_FAST']
        return ['-O3'] + openmp_arguments() + fast_path


class FusedSample(SampleOp, _CpuOp):
    """Sampled images from images, matrices or points, and the size of the output.

    Parameters
    ----------
    kind : SamplerKind
        What is computed, see :mod:`lasagne_stn.sampling.markers`.
    """

    def make_node(self, images: Variable, coords: Variable, size: Variable):
        """Make a node; the output has the dtype of the images."""
        images, coords, size = _variables(images, coords, size)
        output = T.TensorType(images.dtype, (False,) * images.ndim)()
        return gof.Apply(self, [images, coords, size], [output])

    def perform(self, node, inputs, outputs, params):
        """Compute in numpy, for modes without compiled code."""
        outputs[0][0] = numpy_fallback.sample(self.kind, *inputs)


class FusedSampleGradient(SampleGradientOp, _CpuOp):
    """Gradients of sampled images; only those that are needed.

    Parameters
    ----------
    kind : SamplerKind
        What was computed.
    wrt : tuple of str
        The gradients: ('images',), ('coords',) or ('images', 'coords').
    """

    def make_node(
        self, images: Variable, coords: Variable, size: Variable, grad_output: Variable
    ):
        """Make a node with an output for each name in `wrt`."""
        inputs = _variables(images, coords, size)
        inputs.append(T.as_tensor_variable(grad_output).astype(inputs[0].dtype))
        outputs = [variable.type() for variable in self.like_inputs(inputs)]
        return gof.Apply(self, inputs, outputs)

    def perform(self, node, inputs, outputs, params):
        """Compute in numpy, for modes without compiled code."""
        gradients = numpy_fallback.sample_gradient(self.kind, self.wrt, *inputs)
        for cell, gradient in zip(outputs, gradients):
            cell[0] = gradient


def _variables(images, coords, size):
    """Return the inputs as tensor variables, the size as int64."""
    return [
        T.as_tensor_variable(images),
        T.as_tensor_variable(coords),
        T.cast(T.as_tensor_variable(size), 'int64'),
    ]
