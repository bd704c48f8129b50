"""The fused ops for a device that Theano's gpuarray reaches, CUDA or OpenCL.

They stand for the ops of the same name in :mod:`lasagne_stn.kernels.sampling.cpu`, which the
rewrite puts into a graph. gpuarray's own optimisation, which moves a graph to the
device op by op, finds here what to put in their place. Importing this module tells it;
that is done only where a device is active, see :mod:`lasagne_stn.kernels`.

All results have the same bits on each run: nothing is added up by atomic operations.
The kernels themselves are described at the head of ``c_code/gpu/common.cluda``.
"""

import os

import numpy as np
from theano import gof, gpuarray
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

from .cpu import C_CODE, FusedSample, FusedSampleGradient, checksum
from .rewrite import device_serves

__all__ = ['GpuFusedSample', 'GpuFusedSampleGradient']

TYPES = {'float32': 'ga_float', 'float64': 'ga_double'}
GATHERED = ('nearest', 'constant')  # borders of which an affine map is inverted


class _GpuFused(CGpuKernelBase):
    """What both ops share: how their kernels are put together, compiled and cached."""

    __props__ = ('kind',)
    params_type = ParamsType(
        context=gpu_context_type, border_value=float64, align_corners=bool_
    )

    def __init__(self, kind, file_name, function):
        super().__init__(
            os.path.join(C_CODE, file_name), 'APPLY_SPECIFIC(%s)' % function
        )
        self.kind = kind
        # Known when it runs, so that the compiled code serves every value.
        self.border_value = kind.border_value
        self.align_corners = kind.align_corners

    def get_params(self, node):
        """The device, and what is known only when it runs."""
        return self.params_type.get_params(self, context=node.inputs[0].type.context)

    def kernel_arguments(self):
        """From a kernel's name to its file and what follows the common arguments.

        An argument is '*' for an array, or the name of a dtype.
        """
        raise NotImplementedError

    def gpu_kernels(self, node, name):
        """The kernels of one node, compiled when its function is."""
        dtype = node.inputs[0].dtype
        pair = [np.dtype(dtype)] * 2
        axis = [np.dtype('int32'), np.dtype(dtype)] + pair + pair
        common = [np.dtype('int32')] * 4 + [np.dtype(dtype)] + axis + axis
        kernels = []
        for kernel, (file_name, arguments) in self.kernel_arguments().items():
            params = list(common)
            for argument in arguments:
                params += (
                    [gpuarray.pygpu.gpuarray.GpuArray, gpuarray.pygpu.gpuarray.SIZE]
                    if argument == '*'
                    else [np.dtype(argument)]
                )
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
        """Text of a kernel: the cases it is compiled for, the common part, its own."""
        lines = [
            '#include "cluda.h"',
            '#define STN_REAL ' + TYPES[dtype],
            '#define STN_AFFINE %d' % self.kind.affine,
            '#define STN_BORDER STN_' + self.kind.border_mode.upper(),
        ]
        for part in ('gpu/common.cluda', 'gpu/taps.cluda', file_name):
            with open(os.path.join(C_CODE, part)) as file:
                lines.append(file.read())
        return '\n'.join(lines)

    def macros(self):
        """What the C code on the host is told before it is compiled, as a dict."""
        return {'STN_AFFINE': int(self.kind.affine)}

    def get_c_macros(self, node, name, check_input=None):
        """Theano's own macros and ours."""
        defined, undefined = super().get_c_macros(node, name, True)
        ours = self.macros().items()
        return (
            '\n'.join([defined] + ['#define %s %s' % item for item in ours]),
            '\n'.join([undefined] + ['#undef ' + key for key, _ in ours]),
        )

    def c_headers(self):
        """Those of Theano's arrays on a device."""
        return ['gpuarray_api.h', 'gpuarray_helper.h', 'numpy_compat.h']

    def c_header_dirs(self):
        """Where they and the kernels' own headers are."""
        return [gpuarray_helper_inc_dir(), gpuarray.pygpu.get_include(), C_CODE]

    def c_code_cache_version(self):
        """A number that changes with the text of any file of the kernels."""
        return (checksum(), self.params_type.c_code_cache_version())

    def _variables(self, images, coords, size, *others):
        """Contiguous on the device, but for the size."""
        context = infer_context_name(images, coords, *others)
        images, coords, *others = [
            gpu_contiguous(as_gpuarray_variable(variable, context))
            for variable in (images, coords) + others
        ]
        return [images, coords, T.cast(T.as_tensor_variable(size), 'int64')] + others


class GpuFusedSample(_GpuFused):
    """:class:`lasagne_stn.kernels.sampling.cpu.FusedSample` on the device."""

    def __init__(self, kind):
        super().__init__(kind, 'gpu/fused_sample.c', 'sample')

    def make_node(self, images, coords, size):
        """Images of the dtype that goes in."""
        inputs = self._variables(images, coords, size)
        output = GpuArrayType(
            inputs[0].dtype, (False,) * 4, context_name=inputs[0].type.context_name
        )()
        return gof.Apply(self, inputs, [output])

    def kernel_arguments(self):
        """See :class:`_GpuFused`."""
        return {'stn_sample': ('gpu/sample.cluda', '***')}

    infer_shape = FusedSample.infer_shape


class GpuFusedSampleGradient(_GpuFused):
    """:class:`lasagne_stn.kernels.sampling.cpu.FusedSampleGradient` on the device.

    The gradient to the images is gathered by each source pixel, or added up by the one
    owner of each source row; that to theta is summed in a tree. Both have the same bits
    on each run, also where many output pixels read one source pixel.
    """

    __props__ = ('kind', 'wrt')

    def __init__(self, kind, wrt):
        self.wrt = wrt
        self.gathers = kind.affine and kind.border_mode in GATHERED
        super().__init__(kind, 'gpu/fused_sample_gradient.c', 'sample_gradient')

    def make_node(self, images, coords, size, grad_output):
        """A gradient for each name in `wrt`."""
        inputs = self._variables(images, coords, size, grad_output)
        like = {'images': inputs[0], 'coords': inputs[1]}
        return gof.Apply(self, inputs, [like[name].type() for name in self.wrt])

    def kernel_arguments(self):
        """See :class:`_GpuFused`."""
        kernels = {}
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

    def macros(self):
        """See :meth:`_GpuFused.macros`."""
        return dict(
            super().macros(),
            STN_GATHERS=int(self.gathers),
            STN_HAS_CORNERS=int(self.kind.border_mode == 'nearest'),
            STN_GRAD_IMAGES=int('images' in self.wrt),
            STN_GRAD_COORDS=int('coords' in self.wrt),
        )

    infer_shape = FusedSampleGradient.infer_shape


@register_opt('fast_compile')
@op_lifter([FusedSample])
@register_opt2([FusedSample], 'fast_compile')
def local_gpua_lasagne_stn_sample(op, context_name, inputs, outputs):
    """From the fused op to the one on the device."""
    return GpuFusedSample(op.kind) if device_serves(op.kind) else None


@register_opt('fast_compile')
@op_lifter([FusedSampleGradient])
@register_opt2([FusedSampleGradient], 'fast_compile')
def local_gpua_lasagne_stn_sample_gradient(op, context_name, inputs, outputs):
    """From the fused gradient to the one on the device."""
    return GpuFusedSampleGradient(op.kind, op.wrt) if device_serves(op.kind) else None
