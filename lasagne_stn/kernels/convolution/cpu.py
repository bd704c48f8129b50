"""The fused ops for the CPU: a convolution with what follows it, and its gradients."""

from __future__ import annotations

import os
from typing import Any

from theano import Variable, gof
from theano import tensor as T
from theano.gof.params_type import ParamsType
from theano.scalar import bool as bool_
from theano.scalar import float64, int64

from ..c_op import SHARED, CodeFolder, CodeFolderOp, openmp_arguments
from . import numpy_fallback
from .kind import ConvolutionKind
from .methods import Method

__all__ = ['Convolution', 'ConvolutionGradient', 'C_CODE']

C_CODE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'c_code')
C_TYPES = {'float32': 'float', 'float64': 'double'}
GRADIENTS = ('images', 'weights', 'bias')


class _ConvolutionOp(CodeFolderOp):
    """What both ops share: how their C code is compiled."""

    code = CodeFolder(C_CODE, ['*.h', 'theano'], SHARED)
    # Passed at run time, so the compiled code serves every value.
    params_type = ParamsType(
        top=int64,
        bottom=int64,
        left=int64,
        right=int64,
        flip=bool_,
        slope=float64,
        whole_windows_only=bool_,
    )
    source: str
    function: str

    def __init__(self, kind: ConvolutionKind, method: Method, dtype: str) -> None:
        super().__init__(
            self.code.file('theano/' + self.source),
            'APPLY_SPECIFIC(%s)' % self.function,
        )
        self.kind, self.method, self.dtype = kind, method, dtype
        for name in self.params_type.fields:
            setattr(self, name, getattr(kind, name))

    def macros(self) -> dict[str, Any]:
        """See :meth:`lasagne_stn.kernels.c_op.CodeFolderOp.macros`."""
        return {
            'STN_METHOD': 'stn::%s<%s, %d, %d, %s>'
            % (
                self.method.name,
                C_TYPES[self.dtype],
                self.method.size,
                self.kind.pool,
                str(self.kind.relu).lower(),
            ),
            'STN_POOL': self.kind.pool,
            'STN_MASKED': int(self.kind.masked),
            'STN_LARGEST_KERNEL': self.method.size - self.kind.pool + 1,
        }

    def c_compile_args(self) -> list[str]:
        """Return the arguments for full optimisation, and OpenMP if supported."""
        return ['-O3', '-Wno-psabi'] + openmp_arguments()

    def inputs(self, *values: Any) -> list[Variable]:
        """Return variables in the dtype of the op."""
        return [T.cast(T.as_tensor_variable(value), self.dtype) for value in values]

    def mask_type(self):
        """Return the type of the mask, (batch, rows, columns, filters)."""
        return T.TensorType('uint16', (False,) * 4)


class Convolution(_ConvolutionOp):
    """A convolution plus bias, with relu and max-pooling if its kind has them.

    Parameters
    ----------
    kind : ConvolutionKind
        What is computed.
    method : Method
        How it is computed.
    dtype : {'float32', 'float64'}
    """

    __props__ = ('kind', 'method', 'dtype')
    source, function = 'convolution.c', 'convolution'

    def make_node(self, images: Variable, weights: Variable, bias: Variable):
        """Make a node with the output and, if the kind has one, the mask."""
        inputs = self.inputs(images, weights, bias)
        outputs = [T.TensorType(self.dtype, (False,) * 4)()]
        if self.kind.masked:
            outputs.append(self.mask_type()())
        return gof.Apply(self, inputs, outputs)

    def infer_shape(self, node, shapes):
        """Return the shapes of the output and of the mask."""
        images, weights, _ = shapes
        size = tuple(
            self.kind.output_size(images[2 + axis], weights[2 + axis], axis)
            for axis in (0, 1)
        )
        found = [(images[0], weights[0]) + size]
        if self.kind.masked:
            found.append((images[0],) + size + ((weights[0] + 15) // 16 * 16,))
        return found

    def perform(self, node, inputs, outputs, params):
        """Compute in numpy, for modes without compiled code."""
        for cell, value in zip(outputs, numpy_fallback.convolve(self.kind, *inputs)):
            cell[0] = value


class ConvolutionGradient(_ConvolutionOp):
    """Gradients of `Convolution`; only those that are needed.

    Parameters
    ----------
    kind, method, dtype
        See :class:`Convolution`.
    wrt : tuple of str
        Some of 'images', 'weights' and 'bias', in this order.
    """

    __props__ = ('kind', 'method', 'dtype', 'wrt')
    source, function = 'convolution_gradient.c', 'convolution_gradient'

    def __init__(
        self, kind: ConvolutionKind, method: Method, dtype: str, wrt: tuple[str, ...]
    ) -> None:
        self.wrt = wrt
        super().__init__(kind, method, dtype)

    def macros(self) -> dict[str, Any]:
        """See :meth:`lasagne_stn.kernels.c_op.CodeFolderOp.macros`."""
        wanted = {
            'STN_GRAD_' + name.upper(): int(name in self.wrt) for name in GRADIENTS
        }
        return dict(super().macros(), **wanted)

    def make_node(self, images: Variable, weights: Variable, *mask_and_gradient):
        """Make a node; a mask, if the kind has one, comes before the gradient."""
        *mask, gradient = mask_and_gradient
        inputs = self.inputs(images, weights) + mask + self.inputs(gradient)
        axes = {'images': 4, 'weights': 4, 'bias': 1}
        outputs = [
            T.TensorType(self.dtype, (False,) * axes[name])() for name in self.wrt
        ]
        return gof.Apply(self, inputs, outputs)

    def infer_shape(self, node, shapes):
        """Return the shapes of what the gradients belong to."""
        images, weights = shapes[:2]
        found = {'images': images, 'weights': weights, 'bias': (weights[0],)}
        return [found[name] for name in self.wrt]

    def perform(self, node, inputs, outputs, params):
        """Compute in numpy, for modes without compiled code."""
        found = numpy_fallback.gradients(self.kind, *inputs)
        for cell, name in zip(outputs, self.wrt):
            cell[0] = found[name]
