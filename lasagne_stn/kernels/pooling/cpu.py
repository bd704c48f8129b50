"""The ops of mean-pooling for the CPU, forward and gradient."""

from __future__ import annotations

import os
from typing import Sequence

from theano import Variable, gof
from theano import tensor as T
from theano.gof.params_type import ParamsType
from theano.scalar import bool as bool_
from theano.scalar import int64

from ... import checks
from ..c_op import SHARED, CodeFolder, CodeFolderOp, openmp_arguments
from . import numpy_fallback

__all__ = ['MeanPool', 'MeanPoolGradient', 'C_CODE']

C_CODE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'c_code')


class _MeanPoolOp(CodeFolderOp):
    """What both ops share: windows, and how the C code is compiled."""

    __props__ = ('window', 'whole_windows_only')
    code = CodeFolder(C_CODE, ['*.h', 'theano'], SHARED)
    # Passed at run time, so the compiled code serves every window.
    params_type = ParamsType(rows=int64, columns=int64, whole_windows_only=bool_)
    function: str

    def __init__(self, window: Sequence[int], whole_windows_only: bool) -> None:
        super().__init__(
            self.code.file('theano/%s.c' % self.function),
            'APPLY_SPECIFIC(%s)' % self.function,
        )
        axes = 'rows', 'columns'
        self.window = checks.size(type(self).__name__, 'window', window, axes)
        self.rows, self.columns = self.window
        self.whole_windows_only = whole_windows_only

    def c_compile_args(self) -> list[str]:
        """Return the arguments for full optimisation, and OpenMP if supported."""
        return ['-O3'] + openmp_arguments()

    def _output_shape(self, shape):
        """Return the shape of the output from the images'."""
        return tuple(shape[:2]) + tuple(
            (size if self.whole_windows_only else size + length - 1) // length
            for size, length in zip(shape[2:], self.window)
        )


class MeanPool(_MeanPoolOp):
    """The mean of each window of images; windows do not overlap.

    Parameters
    ----------
    window : pair of int
        Rows and columns of a window.
    whole_windows_only : bool
        Whether rows and columns that do not fill a window are dropped. Otherwise, the
        last windows are smaller, and their means are those of fewer pixels.

    Raises
    ------
    TypeError, ValueError
        If a window has no pixels.
    """

    function = 'mean_pool'

    def make_node(self, images: Variable):
        """Make a node; images are (batch, channels, rows, columns)."""
        images = T.as_tensor_variable(images)
        broadcastable = images.broadcastable[:2] + (False, False)
        return gof.Apply(self, [images], [T.TensorType(images.dtype, broadcastable)()])

    def infer_shape(self, node, shapes):
        """Return the shape of the output."""
        return [self._output_shape(shapes[0])]

    def perform(self, node, inputs, outputs, params):
        """Compute in numpy, for modes without compiled code."""
        shape = self._output_shape(inputs[0].shape)
        outputs[0][0] = numpy_fallback.mean_pool(inputs[0], self.window, shape)


class MeanPoolGradient(_MeanPoolOp):
    """The gradient of `MeanPool` with respect to the images.

    Parameters
    ----------
    window, whole_windows_only
        See :class:`MeanPool`.
    """

    function = 'mean_pool_gradient'

    def make_node(self, images: Variable, grad_output: Variable):
        """Make a node; only the shape and dtype of the images are used."""
        images = T.as_tensor_variable(images)
        gradient = T.as_tensor_variable(grad_output).astype(images.dtype)
        return gof.Apply(self, [images, gradient], [images.type()])

    def infer_shape(self, node, shapes):
        """Return the shape of the images."""
        return shapes[:1]

    def perform(self, node, inputs, outputs, params):
        """Compute in numpy, for modes without compiled code."""
        images, gradient = inputs
        shape = self._output_shape(images.shape)
        if gradient.shape != shape:
            raise ValueError(
                'MeanPoolGradient: the gradient must have the shape %s; got %s'
                % (shape, gradient.shape)
            )
        outputs[0][0] = numpy_fallback.mean_pool_gradient(
            images.shape, gradient, self.window
        )
