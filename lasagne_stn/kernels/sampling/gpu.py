"""The fused ops for a device that Theano's gpuarray uses, CUDA or OpenCL.

The rewrite puts the ops of :mod:`lasagne_stn.kernels.sampling.cpu` into a graph.
gpuarray's own optimisation, which moves a graph to the device op by op, replaces them
by the ops of this module. Importing this module registers them; that is only done if a
device is active, see :mod:`lasagne_stn.kernels.sampling`.

Results are bit-for-bit reproducible: no atomic additions are used. The head of
``c_code/gpu/common.cluda`` describes the kernels.
"""

from __future__ import annotations

from typing import Any, Mapping, Sequence

import numpy as np
from theano import Variable, gof, gpuarray
from theano import tensor as T
from theano.gof.params_type import ParamsType
from theano.gpuarray.basic_ops import (
    CGpuKernelBase,
    Kernel,
    as_gpuarray_variable,
    gpu_contiguous,
    gpuarray_helper_inc_dir,
    infer_context_name,
)
from theano.gpuarray.opt import op_lifter, register_opt, register_opt2
from theano.gpuarray.type import GpuArrayType, gpu_context_type
from theano.scalar import bool as bool_
from theano.scalar import float64

from ...sampling.markers import SamplerKind
from ..c_op import CodeFolder, CodeFolderOp
from .cpu import FusedSample, FusedSampleGradient
from .sampler_op import C_CODE, SampleGradientOp, SampleOp
from .support import GATHERING, implementation_of

__all__ = ['GpuFusedSample', 'GpuFusedSampleGradient', 'INTERPOLATIONS']

TYPES = {'float32': 'ga_float', 'float64': 'ga_double'}
INTERPOLATIONS = {'bilinear': 'STN_BILINEAR'}  # their names in the kernels' text
GPU_ARRAY = (gpuarray.pygpu.gpuarray.GpuArray, gpuarray.pygpu.gpuarray.SIZE)


class _GpuOp(CodeFolderOp, CGpuKernelBase):
    """What both ops share: how their kernels are assembled, compiled and cached."""

    code = CodeFolder(C_CODE, ['*.h', 'gpu'])
    folder = 'gpu'
    params_type = ParamsType(
        context=gpu_context_type, border_value=float64, align_corners=bool_
    )

    def get_params(self, node):
        """Return the device, and what is passed at run time."""
        return self.params_type.get_params(self, context=node.inputs[0].type.context)

    def kernel_arguments(self) -> Mapping[str, tuple[str, Sequence[str]]]:
        """Return, for each kernel, its file and the arguments after the common ones.

        An argument is '*' for an array, or the name of a dtype.
        """
        raise NotImplementedError

    def gpu_kernels(self, node, name):
        """Return the kernels of a node, compiled when its function is."""
        dtype = node.inputs[0].dtype
        real, integer = np.dtype(dtype), np.dtype('int32')
        axis = [integer] + [real] * 5
        common = [integer] * 4 + [real] + axis + axis
        kernels = []
        for kernel, (file_name, arguments) in self.kernel_arguments().items():
            params = list(common)
            for argument in arguments:
                params += GPU_ARRAY if argument == '*' else [np.dtype(argument)]
            kernels.append(
                Kernel(
                    self._text(dtype, file_name),
                    params,
                    kernel,
                    Kernel.get_flags(dtype),
                    codevar='text_%s_%s' % (kernel, name),
                )
            )
        return kernels

    def _text(self, dtype, file_name):
        """Return the text of a kernel: its case, the common part, and its own part."""
        lines = [
            '#include "cluda.h"',
            '#define STN_REAL ' + TYPES[dtype],
            '#define STN_AFFINE %d' % self.kind.affine,
            '#define STN_BORDER STN_' + self.kind.border_mode.upper(),
            '#define STN_INTERPOLATION ' + INTERPOLATIONS[self.kind.interpolation],
        ]
        parts = ('gpu/common.cluda', 'gpu/taps.cluda', file_name)
        return '\n'.join(lines + [self.code.read(part) for part in parts])

    def macros(self) -> dict[str, Any]:
        """See :meth:`lasagne_stn.kernels.c_op.CodeFolderOp.macros`; for the host."""
        return {'STN_AFFINE': int(self.kind.affine)}

    def c_headers(self):
        """Return the headers of gpuarray."""
        return ['gpuarray_api.h', 'gpuarray_helper.h', 'numpy_compat.h']

    def c_header_dirs(self):
        """Return the folders of gpuarray's headers and ours."""
        theirs = [gpuarray_helper_inc_dir(), gpuarray.pygpu.get_include()]
        return theirs + super().c_header_dirs()

    def _variables(self, images, coords, size, *others):
        """Return the inputs, contiguous on the device except for the size."""
        context = infer_context_name(images, coords, *others)
        images, coords, *others = [
            gpu_contiguous(as_gpuarray_variable(variable, context))
            for variable in (images, coords) + others
        ]
        return [images, coords, T.cast(T.as_tensor_variable(size), 'int64')] + others


class GpuFusedSample(SampleOp, _GpuOp):
    """:class:`lasagne_stn.kernels.sampling.cpu.FusedSample` on the device."""

    def make_node(self, images: Variable, coords: Variable, size: Variable):
        """Make a node; the output has the dtype of the images."""
        inputs = self._variables(images, coords, size)
        output = GpuArrayType(
            inputs[0].dtype, (False,) * 4, context_name=inputs[0].type.context_name
        )()
        return gof.Apply(self, inputs, [output])

    def kernel_arguments(self) -> Mapping[str, tuple[str, Sequence[str]]]:
        """See :class:`_GpuOp`."""
        return {'stn_sample': ('gpu/sample.cluda', '***')}


class GpuFusedSampleGradient(SampleGradientOp, _GpuOp):
    """:class:`lasagne_stn.kernels.sampling.cpu.FusedSampleGradient` on the device.

    For the gradient with respect to the images, each source pixel gathers its sum, or
    the single owner of each source row adds it up; for theta, a tree computes the sum.
    Both are bit-for-bit reproducible, even if many output pixels read one source pixel.
    """

    def __init__(self, kind: SamplerKind, wrt: tuple[str, ...]) -> None:
        self.gathers = GATHERING.computes(kind)
        super().__init__(kind, wrt)

    def make_node(
        self, images: Variable, coords: Variable, size: Variable, grad_output: Variable
    ):
        """Make a node with an output for each name in `wrt`."""
        inputs = self._variables(images, coords, size, grad_output)
        outputs = [variable.type() for variable in self.like_inputs(inputs)]
        return gof.Apply(self, inputs, outputs)

    def kernel_arguments(self) -> Mapping[str, tuple[str, Sequence[str]]]:
        """See :class:`_GpuOp`."""
        kernels: dict[str, tuple[str, Sequence[str]]] = {}
        if 'images' in self.wrt:
            if self.gathers:
                kernels['stn_gather_pixels'] = ('gpu/gather.cluda', '***')
                if self.kind.border_mode == 'nearest':
                    kernels['stn_gather_corners'] = ('gpu/gather.cluda', '***')
            else:
                kernels['stn_find_rows'] = ('gpu/own_rows.cluda', '**')
                kernels['stn_own_rows'] = ('gpu/own_rows.cluda', '****')
        if 'coords' in self.wrt:
            file_name = 'gpu/coords_gradient.cluda'
            if self.kind.affine:
                kernels['stn_theta_sums'] = (file_name, ['*'] * 4 + ['int32', 'int32'])
                kernels['stn_theta_finish'] = (file_name, ['*', '*', 'int32'])
            else:
                kernels['stn_points_gradient'] = (file_name, '****')
        return kernels

    def macros(self) -> dict[str, Any]:
        """See :meth:`_GpuOp.macros`."""
        return dict(
            super().macros(),
            STN_GATHERS=int(self.gathers),
            STN_HAS_CORNERS=int(self.kind.border_mode == 'nearest'),
        )


def _has_kernel(op, inputs):
    return implementation_of('gpuarray', op.kind, inputs[0].dtype).fused


@register_opt('fast_compile')
@op_lifter([FusedSample])
@register_opt2([FusedSample], 'fast_compile')
def local_gpua_lasagne_stn_sample(op, context_name, inputs, outputs):
    """Replace a fused op by the one on the device."""
    return GpuFusedSample(op.kind) if _has_kernel(op, inputs) else None


@register_opt('fast_compile')
@op_lifter([FusedSampleGradient])
@register_opt2([FusedSampleGradient], 'fast_compile')
def local_gpua_lasagne_stn_sample_gradient(op, context_name, inputs, outputs):
    """Replace a fused gradient op by the one on the device."""
    return GpuFusedSampleGradient(op.kind, op.wrt) if _has_kernel(op, inputs) else None
