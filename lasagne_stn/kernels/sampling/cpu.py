"""The fused ops for the CPU: a sampler, and its gradient, in one step each."""

import glob
import hashlib
import os
from functools import lru_cache

from theano import gof
from theano import tensor as T
from theano.gof.op import OpenMPOp
from theano.gof.params_type import ParamsType
from theano.scalar import bool as bool_
from theano.scalar import float64

from ... import config
from . import numpy_fallback

__all__ = ['FusedSample', 'FusedSampleGradient', 'C_CODE', 'checksum']

C_CODE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'c_code')


class _Fused(gof.COp):
    """What both ops share: how their C code is found, compiled and cached."""

    __props__ = ('kind',)
    params_type = ParamsType(border_value=float64, align_corners=bool_)

    def __init__(self, kind, file_name, function):
        super().__init__(
            os.path.join(C_CODE, file_name), 'APPLY_SPECIFIC(%s)' % function
        )
        self.kind = kind
        # Known when it runs, so that the compiled code serves every value.
        self.border_value = kind.border_value
        self.align_corners = kind.align_corners

    def macros(self):
        """What the C code is told before it is compiled, as a dict."""
        return {
            'STN_DIMS': self.kind.dims,
            'STN_AFFINE': int(self.kind.affine),
            'STN_BORDER': 'stn::BORDER_' + self.kind.border_mode.upper(),
        }

    def get_c_macros(self, node, name, check_input=None):
        """Theano's own macros and ours."""
        defined, undefined = super().get_c_macros(node, name, True)
        ours = self.macros().items()
        return (
            '\n'.join([defined] + ['#define %s %s' % item for item in ours]),
            '\n'.join([undefined] + ['#undef ' + key for key, _ in ours]),
        )

    def c_header_dirs(self):
        """Where the kernel's headers are."""
        return [C_CODE]

    def c_compile_args(self):
        """OpenMP, where the compiler has it, and full optimisation."""
        return (
            ['-O3']
            + (['-fopenmp'] if _has_openmp() else [])
            + ([] if config.fast_path else ['-DSTN_NO_FAST'])
        )

    def c_code_cache_version(self):
        """A number that changes with the text of any file of the kernel."""
        return (checksum(), self.params_type.c_code_cache_version())


def _has_openmp():
    """Whether the compiler knows OpenMP; Theano asks it once."""
    if OpenMPOp.gxx_support_openmp is None:
        OpenMPOp.gxx_support_openmp = OpenMPOp.test_gxx_support()
    return bool(OpenMPOp.gxx_support_openmp)


@lru_cache(maxsize=None)
def checksum():
    """A number made of the names and texts of all files of the kernels."""
    digest = hashlib.sha256()
    for path in sorted(glob.glob(os.path.join(C_CODE, '**', '*.*'), recursive=True)):
        with open(path, 'rb') as file:
            digest.update(os.path.relpath(path, C_CODE).encode() + b'\0' + file.read())
    return int.from_bytes(digest.digest()[:7], 'big')


class FusedSample(_Fused):
    """Sampled images from images, matrices or points, and the size of the output.

    Parameters
    ----------
    kind : SamplerKind
        What is computed, see :mod:`lasagne_stn.sampling.markers`.
    """

    def __init__(self, kind):
        super().__init__(kind, 'theano/fused_sample.c', 'sample')

    def make_node(self, images, coords, size):
        """Images of the dtype that goes in."""
        images, coords, size = _variables(images, coords, size)
        output = T.TensorType(images.dtype, (False,) * images.ndim)()
        return gof.Apply(self, [images, coords, size], [output])

    def perform(self, node, inputs, outputs, params):
        """In numpy, where nothing is compiled."""
        outputs[0][0] = numpy_fallback.sample(self.kind, *inputs)

    def infer_shape(self, node, shapes):
        """Batch and channels of the images, and the size."""
        size = node.inputs[2]
        return [shapes[0][:2] + tuple(size[axis] for axis in range(self.kind.dims))]


class FusedSampleGradient(_Fused):
    """Gradients of the sampled images, only those that are asked for.

    Parameters
    ----------
    kind : SamplerKind
        What was computed.
    wrt : tuple of str
        ('images',), ('coords',) or ('images', 'coords').
    """

    __props__ = ('kind', 'wrt')

    def __init__(self, kind, wrt):
        self.wrt = wrt
        super().__init__(kind, 'theano/fused_sample_gradient.c', 'sample_gradient')

    def make_node(self, images, coords, size, grad_output):
        """A gradient for each name in `wrt`."""
        images, coords, size = _variables(images, coords, size)
        grad_output = T.as_tensor_variable(grad_output).astype(images.dtype)
        like = {'images': images, 'coords': coords}
        return gof.Apply(
            self,
            [images, coords, size, grad_output],
            [like[name].type() for name in self.wrt],
        )

    def macros(self):
        """See :meth:`_Fused.macros`."""
        return dict(
            super().macros(),
            STN_GRAD_IMAGES=int('images' in self.wrt),
            STN_GRAD_COORDS=int('coords' in self.wrt),
        )

    def perform(self, node, inputs, outputs, params):
        """In numpy, where nothing is compiled."""
        for cell, gradient in zip(
            outputs, numpy_fallback.sample_gradient(self.kind, self.wrt, *inputs)
        ):
            cell[0] = gradient

    def infer_shape(self, node, shapes):
        """The shapes of what the gradients belong to."""
        return [shapes[{'images': 0, 'coords': 1}[name]] for name in self.wrt]


def _variables(images, coords, size):
    return (
        T.as_tensor_variable(images),
        T.as_tensor_variable(coords),
        T.cast(T.as_tensor_variable(size), 'int64'),
    )
